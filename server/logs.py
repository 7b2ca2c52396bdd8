"""Where the process's log lines go, and what they say of a fault: where in the program and of what kind.

Never in the words of the exception: a database quotes what was typed, and whoever reads the log reads no cases.
"""

from __future__ import annotations

import copy
import logging
import sys
import threading
import traceback
from typing import IO, Any

from sqlalchemy.exc import DBAPIError

_LINE = "%(asctime)s %(levelname)s %(name)s %(message)s"
_OF_POSTGRESQL = ("table_name", "constraint_name")  # names of the program's own, never values


def begin() -> None:
    """Every logger speaks on standard error from now on; what ends a thread speaks there too, as wordless as the rest."""
    root = logging.getLogger()
    if not any(isinstance(each.formatter, _Wordless) for each in root.handlers):
        root.addHandler(handler(sys.stderr))
    root.setLevel(logging.INFO)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    threading.excepthook = _thread_ended


def handler(stream: IO[str]) -> logging.Handler:
    """Writes log lines that quote no exception."""
    made = logging.StreamHandler(stream)
    made.setFormatter(_Wordless(_LINE))
    return made


def fault_text(error: BaseException) -> str:
    """The classes and places of an exception and of those before it, and the database's own code; not its message."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    told = [fault_text(before), "and then:"] if before is not None else []
    if isinstance(error, BaseExceptionGroup):
        told += [fault_text(each) for each in error.exceptions]
    told += ["".join(traceback.format_tb(error.__traceback__)).rstrip(), _kind(error)]
    return "\n".join(told)


def _kind(error: BaseException) -> str:
    said = f"{type(error).__module__}.{type(error).__qualname__}"
    original = error.orig if isinstance(error, DBAPIError) else error
    codes = [getattr(original, "sqlstate", None)]
    diagnosis = getattr(original, "diag", None)
    codes += [getattr(diagnosis, name, None) for name in _OF_POSTGRESQL]
    known = [code for code in codes if isinstance(code, str)]
    return f"{said} ({', '.join(known)})" if known else said


class _Wordless(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        shown = copy.copy(record)
        shown.exc_text = None  # what another handler made of it
        if shown.exc_info:
            # asyncio writes the exception once more into further lines of the message.
            shown.msg, shown.args = (shown.getMessage().splitlines() or [""])[0], ()
        return super().format(shown)

    def formatException(self, ei: Any) -> str:
        return fault_text(ei[1]) if ei[1] is not None else ""


def _thread_ended(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None:
        logging.getLogger("shouwen").error("a thread ended by a fault", exc_info=ended.exc_value)
