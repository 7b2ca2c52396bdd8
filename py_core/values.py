"""Small values that every layer shares: the local time of the law, marks on messages. Must not know cases or packs."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone

# The law counts in Beijing time; there has been no summer time since 1992, so a fixed offset is exact and fast.
LOCAL = timezone(timedelta(hours=8))


def N_(message: str) -> str:
    """Marks a message id (English) for the catalogue; the text is chosen when somebody reads it."""
    return message


def local(moment: datetime) -> datetime:
    """The same instant in the law's local time; a moment without offset is already local."""
    if moment.tzinfo is LOCAL:
        return moment
    if moment.tzinfo is None:
        return moment.replace(tzinfo=LOCAL)
    return moment.astimezone(LOCAL)


def next_midnight(day: date) -> datetime:
    """The instant at which `day` has ended (24:00 local)."""
    return datetime(day.year, day.month, day.day, tzinfo=LOCAL) + timedelta(days=1)


_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'')
NESTING_MAX = 40


def nests_too_deep(text: str) -> bool:
    """Whether JSON or TOML from outside nests deeper than anything honest: in the browser the parser's stack is short,
    and running over it ends the whole interpreter instead of raising."""
    depth = 0
    for character in re.sub(r"[^\[\]{}]+", "", _QUOTED.sub("", text)):
        depth += 1 if character in "[{" else -1
        if depth > NESTING_MAX:
            return True
    return False
