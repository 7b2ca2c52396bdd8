"""The command line's part about erasure: what is due, and the job that erases it. A shell over `erasing`."""

from __future__ import annotations

import argparse
from typing import Any

from server.cli_where import add_where, open_existing, settings_of
from server.database import is_storage_full


def add_commands(subparsers: Any) -> None:
    """Adds `erase`."""
    erasing = subparsers.add_parser("erase", help="tell whose period is over; with --due erase their content for ever")
    add_where(erasing)
    erasing.add_argument("--by", required=True, metavar="NAME", help="account that orders it and stands in every act")
    erasing.add_argument("--due", action="store_true", help="erase what is due (without it: only tell)")
    erasing.add_argument(
        "--holds-placed", action="store_true", help="once after a return from a backup: lost holds are in place again"
    )
    erasing.add_argument(
        "--rewrite", action="store_true", help="PostgreSQL: also write the tables anew (VACUUM FULL; locks them)"
    )
    erasing.set_defaults(run=_erase)


def _erase(arguments: argparse.Namespace) -> int:
    from server.erasing import due, erase_due
    from server.outside import SystemClock, SystemEntropy
    from server.parts import assemble

    settings = settings_of(arguments)
    open_existing(settings).close()
    parts = assemble(settings, SystemClock(), SystemEntropy())
    try:
        if not arguments.due:
            found = due(parts, arguments.by)
            for document in found:
                kept = document.kept
                assert kept is not None, "only what has a period is due"
                print(f"{document.record.id}  {document.number or '—'}  {kept.rule.id}  kept until {kept.kept_until}")
            print(f"{len(found)} due; nothing was erased (--due erases)")
            return 0
        done = erase_due(parts, arguments.by, holds_placed=arguments.holds_placed)
        parts.database.forget_deleted(rewrite=arguments.rewrite)
    finally:
        parts.close()
    print(f"{done.documents} erased: {done.acts} acts, {done.contents} photographs and papers; hashes stand")
    if done.left_out:
        print(f"{done.left_out} acts erased that had been left out of the record and belonged to nothing in it")
    if done.waiting:
        print(f"{done.waiting} left: work of theirs waits for a decision at the centre")
    if done.failed:
        print(f"{done.failed} could not be erased: the log above says why")
    if done.why is not None and is_storage_full(done.why):
        print("the disk is full: make room, then run this again")
    elif done.why is not None and not done.failed:
        print("what was erased was not taken off the disk wholly: the log above says why; run this again")
    return 0 if done.why is None else 1
