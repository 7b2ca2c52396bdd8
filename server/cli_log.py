"""The command line's part about proof: checkpoints for an outside witness, the record's signing keys."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from py_core.checkpoint import NOTE_BYTES_MAX, log_name, verifier_key
from server.cli_where import add_where, open_existing, settings_of


def add_commands(subparsers: Any) -> None:
    """Adds `checkpoint` and `keys`."""
    checkpoint = subparsers.add_parser("checkpoint", help="print the log's signed checkpoint, for an outside witness")
    add_where(checkpoint)
    checkpoint.add_argument("--from", dest="url", metavar="URL", help="ask this running record instead of --data")
    checkpoint.add_argument(
        "--verify-against", type=Path, metavar="OLD", help="prove that the log continues this kept checkpoint"
    )
    checkpoint.set_defaults(run=_checkpoint)

    keys = subparsers.add_parser("keys", help="the record's signing keys")
    actions = keys.add_subparsers(required=True, metavar="ACTION")
    showing = actions.add_parser("show", help="print every public key in the form of signed notes, the last is in use")
    add_where(showing)
    showing.set_defaults(run=_show_keys)
    rotating = actions.add_parser("rotate", help="make a new key, signed by the present one; restart the server after")
    add_where(rotating)
    rotating.set_defaults(run=_rotate)


def _checkpoint(arguments: argparse.Namespace) -> int:
    from server.witness import InDatabase, OverHttp, Seen, Source, look, look_again

    older = None
    if arguments.verify_against is not None:
        with arguments.verify_against.open(encoding="utf-8", errors="replace", newline="") as file:
            older = file.read(NOTE_BYTES_MAX + 1)

    def see(source: Source) -> Seen:
        return look(source) if older is None else look_again(source, older)

    if arguments.url is not None:
        seen = see(OverHttp(arguments.url))
    else:
        from server.checkpoints import Checkpoints
        from server.outside import SystemClock, SystemEntropy, to_ms
        from server.record_keys import open_keys

        settings, clock = settings_of(arguments), SystemClock()
        database = open_existing(settings)
        try:
            with database.writing() as connection:
                keys = open_keys(connection, settings.data, SystemEntropy(), to_ms(clock.now()))
            seen = see(InDatabase(database, Checkpoints(database, clock, keys), keys.name))
        finally:
            database.close()
    print(seen.note, end="")
    if older is not None:
        sizes = f"{seen.checkpoint.acts.size} acts and {seen.checkpoint.registry.size} entries of the registry"
        print(f"shouwen: the log of {sizes} continues the kept one ({seen.steps} hashes prove it)", file=sys.stderr)
    return 0


def _show_keys(arguments: argparse.Namespace) -> int:
    from server.outside import from_ms
    from server.record_keys import chain_of

    database = open_existing(settings_of(arguments))
    try:
        with database.reading() as connection:
            chain = chain_of(connection)
    finally:
        database.close()
    for link in chain:
        key = verifier_key(log_name(chain[0].public_key), link.public_key)
        print(f"{from_ms(link.since_ms).isoformat(timespec='seconds')}  {key}")
    return 0


def _rotate(arguments: argparse.Namespace) -> int:
    from server.cli_notes import note_command
    from server.outside import SystemClock, SystemEntropy, to_ms
    from server.record_keys import rotate

    settings = settings_of(arguments)
    database = open_existing(settings)
    try:
        with database.writing() as connection:
            rotated = rotate(connection, settings.data, SystemEntropy(), to_ms(SystemClock().now()))
            note_command(connection, SystemClock(), "keys rotate", "key_changed")
            database.after_commit(rotated)
    finally:
        database.close()
    print(f"The record signs with a new key, which the old one has signed. Restart every server over {settings.data}")
    print("and take a backup: the old key stays in the folder, because old outbox files and beacons need it.")
    return 0
