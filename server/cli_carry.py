"""The command line's part about carried files: `import-carried`. A shell over `carry_import`."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from server.cli_where import add_where, open_existing, settings_of


def add_commands(subparsers: Any) -> None:
    """Adds `import-carried`."""
    taking = subparsers.add_parser("import-carried", help="take in an outbox file that was carried here by USB stick")
    add_where(taking)
    taking.add_argument("file", type=Path, help="the outbox file (shouwen-….carry)")
    taking.add_argument(
        "--receipts", type=Path, metavar="FILE", help="where the receipts go (default: beside the file)"
    )
    taking.set_defaults(run=_take)


def _take(arguments: argparse.Namespace) -> int:
    from py_core.carry import RECEIPTS_ENDING, CarryRefused
    from py_core.desk.act_view import QUARANTINE_REASONS, UNKNOWN_REASON
    from py_core.desk.carry_words import carry_problem
    from server.outside import SystemClock, SystemEntropy
    from server.parts import assemble

    data = arguments.file.read_bytes()
    settings = settings_of(arguments)
    open_existing(settings).close()
    parts = assemble(settings, SystemClock(), SystemEntropy())
    try:
        taken = parts.carry_import.take(data, "")
    except CarryRefused as error:
        print(f"shouwen: {arguments.file}: {carry_problem('en', error.code)} ({error})", file=sys.stderr)
        return 1
    finally:
        parts.close()
    for verdict in taken.verdicts:
        why = f": {QUARANTINE_REASONS.get(verdict.reason, UNKNOWN_REASON)}" if verdict.reason else ""
        print(f"{verdict.hash[:12]} {verdict.verdict}{why}")
    target = arguments.receipts or arguments.file.with_name(taken.stem + RECEIPTS_ENDING)
    target.write_bytes(taken.receipts)
    counted = Counter(verdict.verdict for verdict in taken.verdicts)
    print(f"{counted['accepted']} taken, {counted['had']} were there, {counted['quarantined']} held back: {target}")
    return 0
