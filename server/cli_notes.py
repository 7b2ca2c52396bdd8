"""What a command of the machine did that the audit trail has to tell: nobody is signed in there, so the row names the
command and the machine's own account."""

from __future__ import annotations

import os
import pwd

from sqlalchemy import Connection

from server import audit
from server.outside import Clock, to_ms


def note_command(connection: Connection, clock: Clock, command: str, what: str, about: str = "", **said: str) -> None:
    """Adds the row inside the caller's writing transaction, so that what is not noted is not done."""
    audit.note(connection, to_ms(clock.now()), "", what, about, command=command, account=_account(), **said)


def _account() -> str:
    """By the number that the kernel knows: a name in the environment is whatever somebody wrote there."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name[:64]
    except KeyError:  # a container's number without a name
        return str(os.getuid())
