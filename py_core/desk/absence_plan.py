"""What an absence that was said once becomes: the acts still to be made, case by case; nothing that a case says already."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from py_core.cases.acts import canonical_json
from py_core.cases.events import ABSENCE_SOURCES
from py_core.cases.state import Case
from py_core.desk import absence, case_view
from py_core.desk.absence import Held
from py_core.desk.stand_ins import Days, around, overlapping
from py_core.desk.turn import OpenCase, Turn
from py_core.rules import absences
from py_core.rules.absences import Away
from py_core.views import language
from py_core.views.language import N_

RECORD, END, NOTE = "record_absence", "end_absence", "note"

# Acts of before a note named the absence said it with these words, in the language of whoever recorded them.
_IN_WORDS = N_("Not included in the absence from %(first)s to %(last)s: %(why)s")


@dataclass(frozen=True, slots=True)
class Said:
    """What the form says, as far as it can be read."""

    first: date
    last: date
    briefed: bool
    reason: str
    stand_in: str  # "" where it is the holder of the B post, or nobody
    without_b: tuple[Days, ...]  # while these last the head answers: they are recorded of the B post too
    words: Mapping[str, str]  # by case
    chosen: frozenset[str]


@dataclass(frozen=True, slots=True)
class Planned:
    """One act that confirming makes: a step of the case page with its fields."""

    opened: OpenCase
    command: str
    fields: Mapping[str, Any]


def plan(turn: Turn, held: list[Held], said: Said) -> list[Planned]:
    """What is still to be recorded: a case that says all of it already gets nothing, however often the form is sent."""
    planned = []
    for each in held:
        if each.opened.id in said.chosen:
            if not says_already(each, said):
                planned.append(Planned(each.opened, RECORD, _fields(each, said)))
            planned += _of_b(turn, each, said)
            continue
        why = said.words[each.opened.id]
        if not each.covered(said.first, said.last) and why and why != left_out(each, said.first, said.last):
            planned.append(Planned(each.opened, NOTE, _left_out_fields(each, said, why)))
    return planned


def _fields(held: Held, said: Said) -> dict[str, Any]:
    fields = {
        "who": held.post, "from": said.first.isoformat(), "to": said.last.isoformat(), "briefed": said.briefed,
        "reason": said.reason, "stand_in": _stand_in(held, said), "explained": said.words[held.opened.id],
        "person": held.person,
    }  # fmt: skip
    return {name: text for name, text in fields.items() if text != ""}


def _left_out_fields(held: Held, said: Said, why: str) -> dict[str, str]:
    days = {"absent_from": said.first.isoformat(), "absent_to": said.last.isoformat()}
    return {"absent": held.person, **days, "text": why}


def _of_b(turn: Turn, held: Held, said: Said) -> Iterator[Planned]:
    """The days of the B post's holder, where this case does not know them: only then does the head answer for it."""
    known = [each for each in around(turn, held.opened) if each.who == "B"]
    of_post = absence.stand_ins(turn, case_view.answers(turn, held.opened))
    person = {"person": of_post[0]} if len(of_post) == 1 else {}
    for first, last in overlapping(said.without_b, said.first, said.last):
        if held.post == "A" and not any(each.covers(first, last) for each in known):
            days = {"from": first.isoformat(), "to": last.isoformat()}
            fields = {"who": "B", **days, "briefed": True, **person, "known_from": ABSENCE_SOURCES[0]}
            yield Planned(held.opened, RECORD, fields)


def _stand_in(held: Held, said: Said) -> str:
    return said.stand_in if held.post == "A" else ""


def says_already(held: Held, said: Said) -> bool:
    """Whether the case says of these days what the form says; left empty, the form says nothing against it."""
    covering = [each for each in held.away if each.covers(said.first, said.last)]
    if not covering:
        return False
    since = covering[-1].fact.index
    newest = [each for each in held.away if each.fact.index >= since and each.overlaps(said.first, said.last)]
    return all(_is_same(each, held, said) for each in newest) and not new_words(held, said.words, said.first, said.last)


def _is_same(away: Away, held: Held, said: Said) -> bool:
    data = away.fact.data
    same_reason = not said.reason or said.reason == (data.get("reason") or "")
    return bool(data["briefed"]) == said.briefed and away.stand_in == _stand_in(held, said) and same_reason


def new_words(held: Held, words: Mapping[str, str], first: date, last: date) -> bool:
    """Whether something is written of a case that none of its records of these days says."""
    typed = words[held.opened.id]
    known = (each.fact.data.get("explained") for each in held.away if each.covers(first, last))
    return typed != "" and typed not in known


def left_out(held: Held, first: date, last: date) -> str:
    """Why this case was left out of the person's absence of these days; "" where it was not."""
    case = held.opened.case
    return absences.left_out(case, held.person, first, last) or _told_in_words(case, first, last)


def _told_in_words(case: Case, first: date, last: date) -> str:
    for lang in language.LANGUAGES:
        day = partial(language.day_text, lang)
        begin = language.translate(lang, _IN_WORDS, {"first": day(first), "last": day(last), "why": ""})
        for fact in reversed(case.all("noted")):
            text = str(fact.data["text"])
            if text.startswith(begin) and text != begin:
                return text.removeprefix(begin)
    return ""


def seen(planned: list[Planned]) -> str:
    """Names what stood in the preview: only what was seen is recorded."""
    told = [[each.opened.id, each.command, dict(each.fields)] for each in planned]
    return hashlib.sha256(canonical_json(told).encode()).hexdigest()[:16]
