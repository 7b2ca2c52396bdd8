"""外出: somebody's absence said once, recorded as the case page would record it, one act in every case that it concerns."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

from py_core.cases.acts import Event, canonical_json
from py_core.cases.commands import COMMANDS, Command, decide
from py_core.desk import absence, case_view
from py_core.desk.absence import Held, Recorded
from py_core.desk.act_form import acts_of, require_lawful
from py_core.desk.act_view import act_title, facts_in_case
from py_core.desk.command_words import fault_text
from py_core.desk.forms import CHOOSE, Form
from py_core.desk.frame import page, redirect
from py_core.desk.ports import NewAct, Response
from py_core.desk.problems import problem, refusal
from py_core.desk.slips_city import own_posts
from py_core.desk.slips_subject import Sheet
from py_core.desk.turn import OpenCase, Turn
from py_core.desk.visit_plan import read_day
from py_core.errors import Refused
from py_core.rules.absences import standing, why_not_back
from py_core.views import language
from py_core.views.language import N_

RECORD, END, NOTE = "record_absence", "end_absence", "note"
SHEET = "F-23"
UNBRIEFED = "B-12"
B_HOLDER = "B"  # the choice "the holder of the B post"; a person's id names somebody else
WORDS_MAX, REASON_MAX, OTHERS_MAX = 300, 500, 40

LEFT_OUT = N_("Not included in the absence from %(first)s to %(last)s: %(why)s")


@dataclass(frozen=True, slots=True)
class Said:
    """What the form says, as far as it can be read."""

    first: date
    last: date
    briefed: bool
    reason: str
    stand_in: str
    words: Mapping[str, str]  # by case
    chosen: frozenset[str]


@dataclass(frozen=True, slots=True)
class Planned:
    """One act that confirming makes: a step of the case page with its fields."""

    opened: OpenCase
    command: str
    fields: Mapping[str, Any]


def show_absence(turn: Turn) -> Response:
    """What is recorded already, and the form for all open cases; `?of=` for somebody whom one may stand in for."""
    user = _of(turn, (turn.request.query.get("of") or [""])[-1])
    if not user:
        return problem(turn, 403, "not_allowed")
    held = absence.held_by(turn, user)
    to_come = absence.recorded(turn, held)
    defaults = {"of": user, "stand_in": B_HOLDER if absence.stand_ins(turn, user) else ""}
    if len(to_come) == 1 and len(to_come[0].held) < len(held):  # what came since gets the same days
        defaults |= {"from": to_come[0].first.isoformat(), "to": to_come[0].last.isoformat()}
    return _page(turn, user, held, Form(turn, {}, defaults))


def take_absence(turn: Turn) -> Response:
    """Shows what would be recorded; records it when that was seen; or ends an absence in every case that has it."""
    form = Form(turn, turn.request.form)
    user = _of(turn, form.value("of"))
    if not user:
        return problem(turn, 403, "not_allowed")
    held = absence.held_by(turn, user)
    try:
        if form.value("end"):
            return _end(turn, user, held, form)
        return _record(turn, user, held, form)
    except Refused as refused:
        return refusal(turn, refused, "/absence")


def _of(turn: Turn, asked: str) -> str:
    user = asked or turn.identity.user
    return user if user in absence.whose(turn) else ""


def _address(turn: Turn, user: str, done: str) -> str:
    return f"/absence?done={done}" + ("" if user == turn.identity.user else f"&of={user}")


# ------------------------------------------------------------------------------------------------ recording


def _record(turn: Turn, user: str, held: list[Held], form: Form) -> Response:
    said = _read(turn, user, held, form)
    if said is None:
        return _page(turn, user, held, form, status=422)
    planned = _plan(turn, held, said)
    if form.value("do") != "confirm" or form.value("seen") != _seen(planned):
        return _page(turn, user, held, form, preview=_preview(turn, held, said, planned))
    if not planned:
        return redirect(_address(turn, user, "absence_again"))
    return Response(303, location=_address(turn, user, "absence"), acts=_acts(turn, planned))


def _acts(turn: Turn, planned: list[Planned]) -> tuple[NewAct, ...]:
    """The acts of the case page's own steps, each decided by the law of its case."""
    acts: list[NewAct] = []
    now = turn.surroundings.now
    for each in planned:
        spec = COMMANDS[each.command]
        require_lawful(turn, each.opened, spec)
        events = decide(each.opened.case, Command(each.command, each.fields), turn.law(each.opened.case))
        acts += acts_of(turn, each.opened, spec, events, now, after=len(acts))
    return tuple(acts)


def _read(turn: Turn, user: str, held: list[Held], form: Form) -> Said | None:
    first, last = read_day(form, "from"), read_day(form, "to")
    today = turn.moment.date()
    if first is not None and last is not None and last < first:
        form.fault("to", N_("The last day lies before the first day away."))
    elif last is not None and last < today:
        form.fault("to", N_("These days are over. Only somebody who is away now or later is recorded here."))
    stand_in = form.choice("stand_in", [each["value"] for each in _stand_in_choices(turn, user)], CHOOSE)
    briefed = form.choice("briefed", ("yes", "no"), N_("Say whether the work was handed over."))
    reason = form.text("reason", REASON_MAX)
    if briefed == "yes" and reason:
        form.fault("reason", N_("Only for work that could not be handed over: leave this empty, or choose no above."))
    sent = form.values("case")
    words = {each.opened.id: form.text(f"words-{each.opened.id}", WORDS_MAX) for each in held}
    if first is not None and last is not None:
        for each in held:
            left_out = each.opened.id not in sent and not each.covered(first, last)
            if left_out and not words[each.opened.id]:
                form.fault(f"words-{each.opened.id}", N_("Write why this case is left out; it is noted in the case."))
    form.in_order(["from", "to", "stand_in", "briefed", "reason", *(f"words-{each.opened.id}" for each in held)])
    if form.errors or first is None or last is None:
        return None
    named = "" if stand_in == B_HOLDER else stand_in
    return Said(first, last, briefed == "yes", reason, named, words, frozenset(sent))


def _plan(turn: Turn, held: list[Held], said: Said) -> list[Planned]:
    """What is still to be recorded: a case that says it already gets nothing, however often the form is sent."""
    planned = []
    for each in held:
        if each.covered(said.first, said.last):
            continue
        words = said.words[each.opened.id]
        if each.opened.id in said.chosen:
            fields = {
                "who": each.post, "from": said.first.isoformat(), "to": said.last.isoformat(), "briefed": said.briefed,
                "reason": said.reason, "stand_in": said.stand_in if each.post == "A" else "", "explained": words,
                "person": each.person,
            }  # fmt: skip
            planned.append(Planned(each.opened, RECORD, {name: text for name, text in fields.items() if text != ""}))
        elif not _noted(turn, each.opened, text := _why_not(turn, said, words)):
            planned.append(Planned(each.opened, NOTE, {"text": text}))
    return planned


def _why_not(turn: Turn, said: Said, why: str) -> str:
    day = partial(language.day_text, turn.lang)
    return turn.say(LEFT_OUT, first=day(said.first), last=day(said.last), why=why)


def _noted(turn: Turn, opened: OpenCase, text: str) -> bool:
    return any(fact.user == turn.identity.user and fact.data["text"] == text for fact in opened.case.all("noted"))


def _seen(planned: list[Planned]) -> str:
    """Names what stood in the preview: only what was seen is recorded."""
    told = [[each.opened.id, each.command, dict(each.fields)] for each in planned]
    return hashlib.sha256(canonical_json(told).encode()).hexdigest()[:16]


def _end(turn: Turn, user: str, held: list[Held], form: Form) -> Response:
    """The return, recorded in every case of one absence."""
    key = form.value("end")
    back = read_day(form, "back")
    group = next((each for each in absence.recorded(turn, held) if each.key == key), None)
    if group is None and not form.errors:  # another window or device was first
        return redirect(_address(turn, user, "absence_again"))
    today = turn.moment.date()
    if group and back and (fault := why_not_back(group.first, group.last, back, today)):
        form.fault("back", fault_text(fault))
    if form.errors or group is None or back is None:
        return _page(turn, user, held, form, status=422)
    said = {"who": group.post, "back": back.isoformat()}
    planned = [
        Planned(each.opened, END, said | absence.ended_by(group.ends(each), said["back"])) for each in group.held
    ]
    return Response(303, location=_address(turn, user, "absence_ended"), acts=_acts(turn, planned))


# ------------------------------------------------------------------------------------------------ showing


def _stand_in_choices(turn: Turn, user: str) -> list[dict[str, str]]:
    """The configured B first; somebody else only whom the section has named (BZ-GW-3)."""
    holders = turn.say(N_(", ")).join(case_view.person_name(turn, each) for each in absence.stand_ins(turn, user))
    b = [{"value": B_HOLDER, "text": turn.say(N_("%(who)s, who holds the B post"), who=holders)}] if holders else []
    return b + [
        {"value": each.id, "text": each.name, "hint": each.title} for each in absence.others_of_unit(turn, user)
    ]


def _preview(turn: Turn, held: list[Held], said: Said, planned: list[Planned]) -> dict[str, Any]:
    by_id = {each.opened.id: each for each in held}
    rows = []
    for each in planned:
        event: Event = {"type": COMMANDS[each.command].event, **each.fields}
        rows.append(
            {
                **_case_row(turn, each.opened),
                "act": act_title(turn, (event,)),
                "facts": facts_in_case(turn, each.opened, event),
                "answers": _will_answer(turn, by_id[each.opened.id], said) if each.command == RECORD else "",
            }
        )
    return {
        "seen": _seen(planned),
        "rows": rows,
        "already": sum(each.covered(said.first, said.last) for each in held),
        "breach": case_view.breach_text(turn, UNBRIEFED) if _is_breach(said, planned) else "",
    }


def _is_breach(said: Said, planned: list[Planned]) -> bool:
    return not said.briefed and not said.reason and any(each.command == RECORD for each in planned)


def _will_answer(turn: Turn, held: Held, said: Said) -> str:
    """Who answers for a case on the days away (BZ-AB-4)."""
    other = "B" if held.post == "A" else "A"
    around = standing(held.opened.case, case_view.reading(turn, held.opened.case))
    both = any(each.who == other and each.overlaps(said.first, said.last) for each in around)
    if both and not (held.post == "A" and said.stand_in):
        return turn.say(N_("Both of the post are away: the head of the unit answers, or whom the head arranges."))
    users = [said.stand_in] if said.stand_in else absence.stand_ins(turn, case_view.answers(turn, held.opened))
    if held.post == "B" or not users:
        return turn.say(N_("The head of the unit answers for it on these days, or whom the head arranges."))
    names = turn.say(N_(", ")).join(case_view.person_name(turn, each) for each in users)
    return turn.say(N_("%(who)s answers for it on these days."), who=names)


def _case_row(turn: Turn, opened: OpenCase) -> dict[str, Any]:
    due = opened.glance.due
    return {
        "id": opened.id,
        "number": opened.number,
        "title": case_view.title_of(turn, opened),
        "light": opened.glance.light,
        "state": case_view.state_name(turn, opened),
        "due": language.day_text(turn.lang, due) if due else "",
    }


def _form_row(turn: Turn, held: Held, form: Form, sent: bool) -> dict[str, Any]:
    today = turn.moment.date()
    days = {(each.first, each.last) for each in held.away if each.last >= today}
    return {
        **_case_row(turn, held.opened),
        "stands_in": held.post == "B",
        "checked": held.opened.id in form.values("case") if sent else True,
        "has": turn.say(N_("; ")).join(_days(turn, *each) for each in sorted(days)),
        "words": f"words-{held.opened.id}",
    }


def _days(turn: Turn, first: date, last: date) -> str:
    day = partial(language.day_text, turn.lang)
    if first == last:
        return day(first)
    return turn.say(N_("%(first)s to %(last)s"), first=day(first), last=day(last))


def _group_row(turn: Turn, user: str, group: Recorded, held: list[Held]) -> dict[str, Any]:
    today = turn.moment.date()
    users = [group.stand_in] if group.stand_in else absence.stand_ins(turn, user)
    names = turn.say(N_(", ")).join(case_view.person_name(turn, each) for each in users)
    waiting = [recorded for each in group.held for recorded in each.opened.acts if recorded.received_at is None]
    return {
        "key": group.key,
        "days": _days(turn, group.first, group.last),
        "begun": group.first <= today,
        "back": max(today, group.first + timedelta(days=group.first <= today)).isoformat(),
        "can_end": group.first < group.last or group.first > today,
        "stand_in": names if group.post == "A" else "",
        "n": len(group.held),
        "only_here": bool(waiting),
        "rows": [_case_row(turn, each.opened) for each in group.held],
        "rest": sum(each.post == group.post and not each.covered(group.first, group.last) for each in held),
    }


def _page(
    turn: Turn, user: str, held: list[Held], form: Form, status: int = 200, preview: dict[str, Any] | None = None
) -> Response:
    sent = bool(turn.request.form) and not form.value("end")
    others = absence.without_posts(turn, user)
    mine = user == turn.identity.user
    sheet = Sheet(turn, person=turn.person) if mine and turn.person else None
    return page(
        turn,
        "absence.html",
        turn.say(N_("Record an absence")),
        f"absence-{user}",
        {
            "form": form,
            "of": user,
            "mine": mine,
            "who": case_view.person_name(turn, user),
            "people": [
                {
                    "href": "/absence" if each == turn.identity.user else f"/absence?of={each}",
                    "label": turn.say(N_("My own absence")) if each == turn.identity.user else case_view.person_name(turn, each),
                    "current": each == user,
                }
                for each in absence.whose(turn)
            ],
            "groups": [_group_row(turn, user, each, held) for each in absence.recorded(turn, held)],
            "rows": [_form_row(turn, each, form, sent) for each in held],
            "stand_ins": _stand_in_choices(turn, user),
            "has_b": bool(absence.stand_ins(turn, user)),
            "others": [_case_row(turn, each) for each in others[:OTHERS_MAX]],
            "others_n": len(others),
            "preview": preview,
            "sheet": f"/slips/{SHEET}/{user}" if sheet and own_posts(sheet) else "",
            "sheet_form": SHEET,
            "labels": [
                {"name": "from", "label": turn.say(N_("First day away"))},
                {"name": "to", "label": turn.say(N_("Last day away"))},
                {"name": "stand_in", "label": turn.say(N_("Who stands in"))},
                {"name": "back", "label": turn.say(N_("First day back"))},
                *({"name": f"words-{each.opened.id}", "label": each.opened.number} for each in held),
            ],
        },
        status=status,
        where="today",
    )  # fmt: skip
