"""The command line's part about evidence: made from the record, checked anywhere."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from py_core.checkpoint import read_verifier_key
from py_core.errors import ShouwenError
from py_core.reporters import reporter_id
from py_core.views import language
from server.cli_notes import note_command
from server.cli_where import add_where, open_existing, settings_of


class UnreadableFile(ShouwenError):
    """A file that is no evidence, or too long."""

    code = "unreadable_file"


def add_commands(subparsers: Any) -> None:
    """Adds `evidence` and `verify-evidence`."""
    making = subparsers.add_parser("evidence", help="write the evidence of a case to the standard output")
    add_where(making)
    making.add_argument("case", help="the case's id (32 hex digits, as in its address)")
    making.add_argument(
        "--reporter",
        action="store_true",
        help="of who reported it instead, which is in no file of the case (of a complaint: the id in its page's address)",
    )
    making.add_argument("--why", default="", metavar="TEXT", help="what it is for; kept in the audit trail")
    making.add_argument(
        "--for", dest="witnessed", type=Path, action="append", default=[], metavar="CHECKPOINT",
        help="hold a proof for this checkpoint from outside too (may be repeated)",
    )  # fmt: skip
    making.set_defaults(run=_make)

    checking = subparsers.add_parser("verify-evidence", help="check an evidence file; needs no record and no network")
    checking.add_argument("file", type=Path)
    checking.add_argument(
        "--checkpoint", type=Path, action="append", default=[], metavar="CHECKPOINT",
        help="a checkpoint that somebody else than the record's operator has kept (may be repeated)",
    )  # fmt: skip
    checking.add_argument(
        "--key", action="append", default=[], metavar="KEY",
        help="a key of the record that you have from elsewhere: 64 hex digits, a line of `shouwen keys show`, or a file "
        "whose last line is one (may be repeated)",
    )  # fmt: skip
    checking.add_argument(
        "--lang", choices=(language.EN, language.ZH), default=language.ZH, help="language of what is said"
    )
    checking.set_defaults(run=_check)


def _make(arguments: argparse.Namespace) -> int:
    from server.outside import SystemClock, SystemEntropy
    from server.parts import assemble

    settings = settings_of(arguments)
    open_existing(settings).close()
    witnessed = [_read(path, 16 * 1024).decode("utf-8", "replace") for path in arguments.witnessed]
    parts = assemble(settings, SystemClock(), SystemEntropy())
    document = reporter_id(arguments.case) if arguments.reporter else arguments.case
    try:
        data = parts.evidence.make(document, "", witnessed)
        what, said = ("reporter_evidence_made", {"document": document}) if arguments.reporter else ("evidence_made", {})
        with parts.database.writing() as connection:  # before the file goes out
            note_command(connection, parts.clock, "evidence", what, arguments.case, why=arguments.why[:300], **said)
    finally:
        parts.close()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from py_core.evidence.check import EvidenceCheck
    from py_core.evidence.findings import FAILS, HOLDS, KINDS
    from py_core.evidence.lines import FILE_BYTES_MAX, read_evidence
    from server.keys import verifies

    words = {kind: language.translate(arguments.lang, word) for kind, word in KINDS.items()}
    file = read_evidence(_read(arguments.file, FILE_BYTES_MAX))
    trusted = [_read(path, 16 * 1024).decode("utf-8", "replace") for path in arguments.checkpoint]
    findings = EvidenceCheck(file, verifies, trusted, [_key(given) for given in arguments.key]).run()
    for kind in ("wrong", "proven", "open"):
        for finding in findings.of(kind):
            place = f"{finding.where}: " if finding.where else ""
            stream = sys.stderr if kind == "wrong" else sys.stdout
            print(f"[{words[kind]}] {place}{finding.text(arguments.lang)}", file=stream)
    good = not findings.of("wrong")
    counts = ", ".join(f"{len(findings.of(kind))} {words[kind]}" for kind in ("proven", "open", "wrong"))
    verdict = HOLDS if good else FAILS
    print(f"{arguments.file}: {language.translate(arguments.lang, verdict)} ({counts})")
    return 0 if good else 1


def _key(given: str) -> bytes:
    path = Path(given)
    text = _read(path, 16 * 1024).decode("utf-8", "replace") if path.is_file() else given
    return read_verifier_key((text.split() or [""])[-1])


def _read(path: Path, bytes_max: int) -> bytes:
    with path.open("rb") as file:
        data = file.read(bytes_max + 1)
    if len(data) > bytes_max:
        raise UnreadableFile(f"{path} is longer than {bytes_max} bytes")
    return data
