"""Records an act of the centre about the law, after showing what it would do to open cases.

Must not know the pages (`city_rules_page`, `city_calendar_page`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from py_core.cases.acts import Act, RecordedAct, canonical_json
from py_core.city import CITY_ID, CityRules, city_rules
from py_core.city.changes import impact
from py_core.city.events import read_city_event
from py_core.desk import case_view
from py_core.desk.forms import Form
from py_core.desk.ports import Response
from py_core.desk.recording import new_act
from py_core.desk.turn import OpenCase, Turn
from py_core.rules.impact import Change
from py_core.views import language
from py_core.views.language import N_

SHOWN_MAX = 200
OVERTAKEN = N_("Somebody has decided the same thing in the meantime. Look at the page again before you record this.")
_DRAFT = "f" * 64


def rules_with(turn: Turn, event: Mapping[str, Any]) -> CityRules:
    """The city's rules as they would be after this event."""
    acts = _acts(turn)
    covered = {dep for recorded in acts for dep in recorded.deps}
    heads = tuple(recorded.hash for recorded in acts if recorded.hash not in covered)
    now = turn.surroundings.now
    draft = Act("draft", (event,), turn.identity.user, turn.identity.device, 1, now, now, None, None, "draft", "draft")
    return city_rules(
        (*acts, RecordedAct(_DRAFT, heads, draft)), turn.packs, turn.store.calendar(), turn.directory.policies
    )


def impact_view(turn: Turn, after: CityRules) -> dict[str, Any]:
    """Which open cases would change and how, the earliest new date first."""
    opened = {each.id: each for each in turn.open_all()}
    found = list(impact((each.case for each in opened.values()), turn.rules, after, turn.surroundings.now))
    found.sort(key=lambda change: (change.due_after is None, change.due_after or change.due_before, change.case_id))
    return {
        "looked_at": sum(not each.assessment.closed for each in opened.values()),
        "touched": sum(
            not each.assessment.closed and turn.rules.law_of(each.case).policies != after.law_of(each.case).policies
            for each in opened.values()
        ),
        "n": len(found),
        "moved": sum(change.due_before != change.due_after for change in found),
        "rows": [_row(turn, opened[change.case_id], change) for change in found[:SHOWN_MAX]],
        "more": max(len(found) - SHOWN_MAX, 0),
    }


def _row(turn: Turn, opened: OpenCase, change: Change) -> dict[str, Any]:
    def day(value: Any) -> str:
        return language.day_text(turn.lang, value) if value else ""

    return {
        "id": opened.id,
        "number": opened.number,
        "title": case_view.title_of(turn, opened) if turn.may("read_whole_city") else "",
        "unit": case_view.unit_name(turn, case_view.unit_of(opened)),
        "old": day(change.due_before),
        "new": day(change.due_after),
        "moved": change.due_before != change.due_after,
        "old_light": change.light_before,
        "new_light": change.light_after,
        "old_provisional": change.provisional_before,
        "new_provisional": change.provisional_after,
        "added": [case_view.breach_text(turn, code) for code in change.breaches_added],
        "removed": [case_view.breach_text(turn, code) for code in change.breaches_removed],
    }


def form_key(turn: Turn) -> str:
    """Names the state of the document that a form was made from."""
    return str(len(_acts(turn)))


def seen_acts(turn: Turn, form: Form) -> frozenset[str]:
    """The acts of the document that the form was made from."""
    return frozenset(recorded.hash for recorded in _acts(turn)[: _known(form)])


def sent_before(turn: Turn, form: Form, event: Mapping[str, Any]) -> bool:
    """Whether this very form already became an act: same person and content since it was shown."""
    text = canonical_json(dict(event))
    return form.value("confirmed") == "yes" and any(
        recorded.act.user == turn.identity.user and canonical_json(dict(each)) == text
        for recorded in _acts(turn)[_known(form) :]
        for each in recorded.act.events
    )


def overtaken(turn: Turn, form: Form, event: Mapping[str, Any]) -> bool:
    """Whether somebody decided the same thing since the form was shown: nobody replaces what they have not seen."""
    about = read_city_event(event, turn.packs).about
    seen = seen_acts(turn, form)
    return any(fact.about == about and fact.act not in seen for fact in turn.rules.facts)


def already_done(location: str) -> Response:
    """Leads on from a form that was sent before."""
    return Response(303, location=f"{location}{'&' if '?' in location else '?'}done=city_again")


def record(turn: Turn, event: Mapping[str, Any], location: str) -> Response:
    """Records the event."""
    act = new_act(turn, CITY_ID, str(event["type"]), (event,), turn.surroundings.now)
    return Response(303, location=f"{location}{'&' if '?' in location else '?'}done=city", acts=(act,))


def _known(form: Form) -> int:
    key = form.value("key")
    return int(key) if key.isascii() and key.isdigit() and len(key) < 9 else 0


def _acts(turn: Turn) -> tuple[RecordedAct, ...]:
    city = turn.store.city()
    return city.acts if city else ()
