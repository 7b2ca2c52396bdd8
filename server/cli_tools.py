"""The command line's part about other software that may use the door at /automerge."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta
from typing import Any

from server.cli_where import add_where, settings_of


def add_commands(subparsers: Any) -> None:
    """Adds `tools`, `tool-grant` and `tool-revoke`."""
    listing = subparsers.add_parser("tools", help="list other software that may read or write at /automerge")
    add_where(listing)
    listing.set_defaults(run=_list)

    granting = subparsers.add_parser("tool-grant", help="let a tool in; prints its token once")
    add_where(granting)
    granting.add_argument("name", help="what the tool is called")
    granting.add_argument(
        "--user", required=True, help="account that stands for it: the tool sees what that person sees"
    )
    granting.add_argument("--write", action="store_true", help="may also write, through the same gate as a device")
    granting.add_argument("--days", type=int, default=30, help="ends by itself after so many days (default 30)")
    granting.set_defaults(run=_grant)

    ending = subparsers.add_parser("tool-revoke", help="shut a tool out for ever")
    add_where(ending)
    ending.add_argument("device", help="its device id, as `shouwen tools` lists it")
    ending.set_defaults(run=_revoke)


def _with_parts(arguments: argparse.Namespace) -> Any:
    from server.cli_where import open_existing
    from server.outside import SystemClock, SystemEntropy
    from server.parts import assemble

    settings = settings_of(arguments)
    open_existing(settings).close()
    return assemble(settings, SystemClock(), SystemEntropy())


def _list(arguments: argparse.Namespace) -> int:
    parts = _with_parts(arguments)
    try:
        for tool in parts.tools.all():
            until = datetime.fromtimestamp(tool.expires_at_ms / 1000, UTC).date()
            may = "reads and writes" if tool.may_write else "reads"
            state = "shut out" if tool.device.revoked else f"until {until}"
            print(f"{tool.device.id}  {tool.device.name}  for {tool.user}  {may}  {state}")
    finally:
        parts.close()
    return 0


def _grant(arguments: argparse.Namespace) -> int:
    parts = _with_parts(arguments)
    try:
        life = timedelta(days=arguments.days)
        token, tool = parts.tools.let_in(arguments.name, arguments.user, arguments.write, life)
    finally:
        parts.close()
    print(f"device {tool.device.id}\ntoken  {token}\nThe token is shown only now; it is the tool's password.")
    return 0


def _revoke(arguments: argparse.Namespace) -> int:
    parts = _with_parts(arguments)
    try:
        parts.tools.shut_out(arguments.device)
    finally:
        parts.close()
    print(f"{arguments.device} is shut out")
    return 0
