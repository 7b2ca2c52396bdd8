"""The reminders that work has lain in quarantine for long (undecided it has no period and keeps its case from erasure),
and that nobody may decide about some of it."""

from __future__ import annotations

from datetime import timedelta

from py_core.city.filling import KEEPING
from py_core.desk.turn import Turn
from py_core.packs.retention import UNDECIDED, load_retention
from py_core.views import language
from py_core.views.language import N2_, N_


def undecided_warning(turn: Turn, *, here: bool = False) -> dict[str, str] | None:
    """In words, with the way there (`here`: the page is it); None when nothing waits that long, or for whom it is no
    concern."""
    view = turn.store.centre() if turn.may("read_whole_city") or turn.may("see_keeping") else None
    days = turn.rules.settings_of(KEEPING).get(UNDECIDED, load_retention().remind_days)
    late = view.held_before(turn.surroundings.now - timedelta(days=days)) if view is not None else None
    if late is None:
        return None
    count, first = late
    words = N2_(
        "%(n)d act that the record did not take has waited for a decision",
        "%(n)d acts that the record did not take have waited for a decision",
    )
    text = turn.say(
        N_(
            "%(acts)s for %(days)d days or longer, the first since %(since)s. As long as nobody decides, they are kept without end, and the case that they are in is not erased."
        ),
        acts=turn.count(words, count),
        days=days,
        since=language.day_text(turn.lang, first.astimezone(turn.moment.tzinfo).date()),
    )
    return {"text": text, "href": "/centre/quarantine" if turn.may("read_whole_city") and not here else ""}


def undecidable_warning(turn: Turn) -> str:
    """That everybody who decides about late work is named in some of it, told to who has to see to that; empty for all
    others."""
    view = turn.store.centre() if turn.may("read_whole_city") else None
    count = view.undecidable() if view is not None else 0
    if not count:
        return ""
    words = N2_(
        "%(n)d act that the record did not take is about a member of staff, and everybody who decides about late work is named in it.",
        "%(n)d acts that the record did not take are about members of staff, and everybody who decides about late work is named in them.",
    )
    todo = N_(
        "They are not shown it. Ask the administrator to give the role of reconciler to somebody else, who can then decide."
    )
    return turn.say(N_("%(first)s %(then)s"), first=turn.count(words, count), then=turn.say(todo))
