"""Which documents are due for erasure, held or erased, by the law and the settings of the turn. Shows and erases nothing.

The page of the centre and the record's own job ask the same question here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from py_core.cases.holds import standing
from py_core.cases.state import Fact
from py_core.city.filling import KEEPING
from py_core.desk.ports import CaseRecord
from py_core.desk.turn import Turn
from py_core.desk.visit_held import open_visits
from py_core.packs.retention import load_retention
from py_core.reporters import about
from py_core.retention import Kept, kept_beside, kept_case, kept_visit

SOON = timedelta(days=30)
_ERASES, _HOLDS = "erase_content", "place_hold"  # kinds of acts


@dataclass(frozen=True, slots=True)
class Document:
    """A case or visit with what is to be told of its keeping, or who reported or complained where no case of the record
    takes that along. Exactly one of `kept` and `erased` may be missing."""

    record: CaseRecord
    number: str  # empty: it has none
    visit: bool
    kept: Kept | None = None  # its period; None while it is not finished
    holds: tuple[Fact, ...] = ()
    erased: Fact | None = None


def documents(turn: Turn, within: timedelta = SOON) -> Iterator[Document]:
    """Every document that is erased, on hold, or due by `within` from now."""
    today = turn.moment.date()
    settings = turn.rules.settings_of(KEEPING)
    least = min(settings.get(rule.id, rule.years) for rule in load_retention().rules)
    for opened in turn.open_all():
        kinds = {recorded.act.kind for recorded in opened.record.acts}
        begun = opened.glance.registered
        recent = begun is None or _before(begun, today, least, within)
        if kinds.isdisjoint((_ERASES, _HOLDS)) and (opened.glance.open or recent):
            continue
        case = opened.case
        over = not (opened.glance.open or opened.glance.only_here)
        kept = kept_case(case, settings, today) if over else None
        erased, holds = case.first("content_erased"), standing(case, today)
        if erased or holds or _is_near(kept, today, within):
            yield Document(opened.record, opened.number, False, kept, holds, erased)
    for held in open_visits(turn):
        visit = held.visit
        kept = kept_visit(visit, settings, today)
        erased, holds = visit.first("content_erased"), standing(visit, today)
        if erased or holds or _is_near(kept, today, within):
            yield Document(held.record, visit.value("number"), True, kept, holds, erased)
    for beside in turn.store.reporters():
        opened_case = turn.open(about(beside.acts[0].act.events))
        kept = kept_beside(beside.id, beside.acts, opened_case.case if opened_case else None, settings)
        if _is_near(kept, today, within):
            yield Document(beside, "", False, kept)


def _before(begun: date, today: date, years: int, within: timedelta) -> bool:
    """Whether the shortest period of all cannot be over yet: most cases need no opening."""
    return begun.year + years > (today + within).year


def _is_near(kept: Kept | None, today: date, within: timedelta) -> bool:
    return kept is not None and kept.kept_until < today + within
