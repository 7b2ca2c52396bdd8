"""What is wrong with a record, told in one form."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: `code` is stable, `where` names the case or the number in the log."""

    code: str
    where: str
    why: str
