"""The command `shouwen`: a thin shell over the parts. Every subcommand imports what it needs when it is called."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from py_core import __version__
from py_core.errors import ShouwenError
from server.cli_where import add_where, settings_of

if TYPE_CHECKING:
    from server.city import City
    from server.parts import DemoAccount

SYNC_BYTES_MIN, SYNC_BYTES_MAX = 1024, 4 * 1024 * 1024


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one subcommand; 0 done, 1 it could not be done, 2 it was called wrongly."""
    parser = argparse.ArgumentParser(
        prog="shouwen", description="First-contact responsibility, published limits and accountability, offline-first."
    )
    parser.add_argument("--version", action="version", version=f"shouwen {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serving = commands.add_parser("serve", help="serve the record, its pages and the sync")
    add_where(serving)
    serving.add_argument("--port", type=int, default=8000, help="TCP port (default 8000)")
    serving.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    serving.add_argument("--public-url", help="address that the QR on receipts leads to (default: as published before)")
    serving.add_argument("--https", action="store_true", help="behind HTTPS: secure cookies, strict transport")
    serving.add_argument(
        "--page-bytes",
        type=_bytes_of_sync,
        metavar="N",
        help="acts in one page of the sync: what a line that breaks costs at most (default 262144)",
    )
    serving.add_argument(
        "--answer-bytes",
        type=_bytes_of_sync,
        metavar="N",
        help="pages in one answer of the sync, as sent: then a device stores them and asks again (default 163840)",
    )
    serving.add_argument("--web", type=Path, metavar="DIR", help="another build of the browser part than this copy's")
    serving.set_defaults(run=_serve)

    demo = commands.add_parser("demo", help="create the demonstration city once and name its accounts")
    add_where(demo)
    demo.set_defaults(run=_demo)

    code = commands.add_parser("demo-code", help="the second factor's code of now for the demonstration's accounts")
    code.set_defaults(run=_demo_code)

    from server import cli_carry, cli_city, cli_erase, cli_evidence, cli_law, cli_log, cli_record, cli_tools

    cli_law.add_commands(commands)
    cli_city.add_commands(commands)
    cli_record.add_commands(commands)
    cli_erase.add_commands(commands)
    cli_log.add_commands(commands)
    cli_evidence.add_commands(commands)
    cli_tools.add_commands(commands)
    cli_carry.add_commands(commands)
    arguments = parser.parse_args(argv)
    try:
        return int(arguments.run(arguments) or 0)
    except BrokenPipeError:  # the reader has seen enough (`| head`); what is buffered must not complain at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ShouwenError, OSError) as error:
        print(f"shouwen: {error}", file=sys.stderr)
        return 1


def _serve(arguments: argparse.Namespace) -> int:
    from server.outside import SystemClock, SystemEntropy
    from server.parts import assemble
    from server.serving import serve

    settings = settings_of(arguments, https=arguments.https)
    if arguments.web:
        settings = replace(settings, web_dist=arguments.web)
    settings = replace(
        settings,
        pull_page_bytes=arguments.page_bytes or settings.pull_page_bytes,
        answer_bytes=arguments.answer_bytes or settings.answer_bytes,
    )
    parts = assemble(settings, SystemClock(), SystemEntropy())
    publish_address(parts.city, arguments.public_url, f"http://{arguments.host}:{arguments.port}")
    version = parts.city.current().version
    city = f"directory version {version}" if version else "no directory yet: run `shouwen demo` or publish one"
    print(f"Shouwen on http://{arguments.host}:{arguments.port}/ ({city})", flush=True)
    serve(parts, arguments.host, arguments.port)
    return 0


def _bytes_of_sync(text: str) -> int:
    number = int(text)
    if not SYNC_BYTES_MIN <= number <= SYNC_BYTES_MAX:
        raise argparse.ArgumentTypeError(f"must be {SYNC_BYTES_MIN} to {SYNC_BYTES_MAX}")
    return number


def publish_address(city: City, wished: str | None, own: str) -> None:
    """Keeps the address on receipts right: the wished one; this server's own while no other was ever published."""
    published = city.current()
    known = str(published.document["public_url"])
    address = wished or (own if known == "" or known.startswith("http://127.0.0.1:") else known)
    if published.version and address != known:
        city.publish({**published.document, "public_url": address})


def _demo(arguments: argparse.Namespace) -> int:
    from server.demo.build import build
    from server.outside import SystemClock, SystemEntropy
    from server.parts import assemble

    parts = assemble(settings_of(arguments), SystemClock(), SystemEntropy())
    try:
        fresh = parts.city.current().version == 0
        accounts = build(parts, progress=_progress)
        if fresh:
            print(f"{parts.similar.catch_up()} cases are searchable.", flush=True)
        _print_accounts(accounts)
    finally:
        parts.close()
    return 0


def _demo_code(arguments: argparse.Namespace) -> int:
    from base64 import b32decode

    from server.demo.data import demo_secret
    from server.outside import SystemClock
    from server.second_factor import STEP_SECONDS, code_at

    now = int(SystemClock().now().timestamp())
    print(f"{code_at(b32decode(demo_secret()), now // STEP_SECONDS)} (for {STEP_SECONDS - now % STEP_SECONDS} s)")
    return 0


def _progress(done: int, total: int) -> None:
    if sys.stdout.isatty() or done == total or done * 10 // total != (done - 1) * 10 // total:
        print(f"\rdemonstration city: {done} of {total} acts", end="\n" if done == total else "", flush=True)


def _print_accounts(accounts: Sequence[DemoAccount]) -> None:
    if accounts:
        print("Demonstration accounts (name / password):")
    for account in accounts:
        who = f"{account.name}  {account.role_zh} / {account.role_en}"
        print(f"  {account.user:<12} {account.password:<16} {who}{' *' if account.secret else ''}")
    if any(account.secret for account in accounts):
        secret = next(account.secret for account in accounts if account.secret)
        print(f"  * asks for a code as well: `.venv/bin/shouwen demo-code` shows it, or enter {secret} into an app")
    print(end="", flush=True)


if __name__ == "__main__":
    sys.exit(main())
