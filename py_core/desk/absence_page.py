"""外出: somebody's absence said once, recorded as the case page would record it, one act in every case that it concerns."""

from __future__ import annotations

from datetime import date
from typing import Any

from py_core.cases.acts import Event
from py_core.cases.commands import COMMANDS, Command, decide
from py_core.cases.events import FIRST_DAY
from py_core.desk import absence, absence_plan, case_view, stand_ins
from py_core.desk.absence import Held, Recorded
from py_core.desk.absence_plan import END, RECORD, Planned, Said
from py_core.desk.act_form import acts_of, require_lawful
from py_core.desk.act_view import act_title, facts_in_case
from py_core.desk.command_words import fault_text, shown_params, with_article
from py_core.desk.forms import Form
from py_core.desk.frame import page, redirect
from py_core.desk.ports import NewAct, Response
from py_core.desk.problems import problem, refusal
from py_core.desk.slips_city import own_posts
from py_core.desk.slips_subject import Sheet
from py_core.desk.stand_ins import B_HOLDER, HEAD, Days
from py_core.desk.turn import OpenCase, Turn
from py_core.desk.visit_plan import read_day
from py_core.desk.visit_view import common_term
from py_core.errors import Refused
from py_core.rules.absences import why_not_back
from py_core.views import language
from py_core.views.language import N_

SHEET = "F-23"
UNBRIEFED = "B-12"
WORDS_MAX, REASON_MAX, OTHERS_MAX = 300, 500, 40
_SHARED = ("from", "to", "stand_in", "briefed", "reason")  # fields that all cases get


def show_absence(turn: Turn) -> Response:
    """What is recorded already, and the form for all open cases; `?of=` for somebody whom one may stand in for."""
    user = _of(turn, (turn.request.query.get("of") or [""])[-1])
    if not user:
        return problem(turn, 403, "not_allowed")
    held = absence.held_by(turn, user)
    to_come = absence.recorded(turn, held)
    without_b = stand_ins.days_without_b(turn, user, held)
    defaults = {"of": user, "stand_in": B_HOLDER if absence.stand_ins(turn, user) and not without_b else ""}
    if len(to_come) == 1:  # what came since gets the same days, and what is recorded can be corrected
        first, last, named = to_come[0].first, to_come[0].last, to_come[0].stand_in
        defaults |= {"from": first.isoformat(), "to": last.isoformat()}
        if named:
            defaults["stand_in"] = named
        elif stand_ins.overlapping(without_b, first, last):
            defaults["stand_in"] = HEAD
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
    planned = absence_plan.plan(turn, held, said)
    acts = _acts(turn, planned, form)
    if form.errors:
        form.in_order(_order(held))
        return _page(turn, user, held, form, status=422)
    if form.value("do") != "confirm" or form.value("seen") != absence_plan.seen(planned):
        return _page(turn, user, held, form, preview=_preview(turn, held, said, planned))
    if not planned:
        return redirect(_address(turn, user, "absence_again"))
    return Response(303, location=_address(turn, user, "absence"), acts=acts)


def _order(held: list[Held]) -> list[str]:
    return [*_SHARED, *(f"words-{each.opened.id}" for each in held)]


def _acts(turn: Turn, planned: list[Planned], form: Form) -> tuple[NewAct, ...]:
    """The acts of the case page's own steps, each decided by the law of its case; what it refuses is a fault in the form."""
    acts: list[NewAct] = []
    now = turn.surroundings.now
    for each in planned:
        spec = COMMANDS[each.command]
        try:
            require_lawful(turn, each.opened, spec)
            events = decide(each.opened.case, Command(each.command, each.fields), turn.law(each.opened.case))
        except Refused as refused:
            _fault(turn, each, refused, form)
        else:
            acts += acts_of(turn, each.opened, spec, events, now, after=len(acts))
    return tuple(acts)


def _fault(turn: Turn, each: Planned, refused: Refused, form: Form) -> None:
    """What the law of a case refuses: at the field that all cases share, else at the line of the case."""
    line = "back" if each.command == END else f"words-{each.opened.id}"
    for name, message in refused.fields.items():
        form.fault(name if name in (*_SHARED, "back", "first_day") else line, fault_text(message))
    if not refused.fields:
        params = shown_params(turn, each.opened.pack, refused.params)
        why = with_article(turn, language.translate(turn.lang, refused.message, params), refused.article)
        form.fault(line, N_("%(number)s: %(why)s"), number=each.opened.number, why=why)


def _read(turn: Turn, user: str, held: list[Held], form: Form) -> Said | None:
    first, last = read_day(form, "from"), read_day(form, "to")
    today = turn.moment.date()
    if first is not None and last is not None and last < first:
        form.fault("to", N_("The last day lies before the first day away."))
    elif last is not None and last < today:
        form.fault("to", N_("These days are over. Only somebody who is away now or later is recorded here."))
    days = (first, last) if first is not None and last is not None else None
    stand_in = stand_ins.read_choice(turn, user, stand_ins.choices(turn, user, held), form, days)
    briefed = form.choice("briefed", ("yes", "no"), N_("Say whether the work was handed over."))
    reason = form.text("reason", REASON_MAX)
    if briefed == "yes" and reason:
        form.fault("reason", N_("Only for work that could not be handed over: leave this empty, or choose no above."))
    sent = form.values("case")
    words = {each.opened.id: form.text(f"words-{each.opened.id}", WORDS_MAX) for each in held}
    if days is not None:
        for each in held:
            if each.opened.id not in sent:
                _read_left_out(each, words, days, form)
    form.in_order(_order(held))
    if form.errors or first is None or last is None:
        return None
    named = "" if stand_in in (B_HOLDER, HEAD) else stand_in
    without_b = stand_ins.days_without_b(turn, user, held) if stand_in == HEAD else ()
    return Said(first, last, briefed == "yes", reason, named, without_b, words, frozenset(sent))


def _read_left_out(each: Held, words: dict[str, str], days: Days, form: Form) -> None:
    """A case that is not ticked is recorded already, or was left out before, or says now why it is left out."""
    name = f"words-{each.opened.id}"
    if each.covered(*days):
        if absence_plan.new_words(each, words, *days):
            form.fault(name, N_("This case has its record. Tick it to add this, or leave this empty."))
    elif not words[each.opened.id] and not absence_plan.left_out(each, *days):
        form.fault(name, N_("Write why this case is left out; it is noted in the case."))


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
    acts: tuple[NewAct, ...] = ()
    if group is not None and back is not None and not form.errors:
        said = {"who": group.post, "back": back.isoformat()}
        if first_day := form.value("first_day"):
            said["first_day"] = first_day
        ended = [
            Planned(each.opened, END, said | absence.ended_by(group.ends(each), said["back"])) for each in group.held
        ]
        acts = _acts(turn, ended, form)
    if form.errors:
        return _page(turn, user, held, form, status=422)
    return Response(303, location=_address(turn, user, "absence_ended"), acts=acts)


# ------------------------------------------------------------------------------------------------ showing


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
                "answers": _will_answer(turn, by_id[each.opened.id], said) if _is_own(by_id, each) else "",
            }
        )
    covered = [each for each in held if each.covered(said.first, said.last)]
    left = [each for each in covered if each.opened.id not in said.chosen]
    return {
        "seen": absence_plan.seen(planned),
        "rows": rows,
        "cases": len({each.opened.id for each in planned}),
        "already": sum(absence_plan.says_already(each, said) for each in covered),
        "differs": sum(not absence_plan.says_already(each, said) for each in left),
        "breach": case_view.breach_text(turn, UNBRIEFED) if _is_breach(said, planned) else "",
    }


def _is_own(by_id: dict[str, Held], planned: Planned) -> bool:
    """Whether the act says that the person is away, not that the holder of the other post is."""
    return planned.command == RECORD and planned.fields["who"] == by_id[planned.opened.id].post


def _is_breach(said: Said, planned: list[Planned]) -> bool:
    return not said.briefed and not said.reason and any(each.command == RECORD for each in planned)


def _will_answer(turn: Turn, held: Held, said: Said) -> str:
    """Who answers for a case on the days away (BZ-AB-4)."""
    away_too = [
        *stand_ins.overlapping(said.without_b, said.first, said.last),
        *((each.first, each.last) for each in stand_ins.around(turn, held.opened) if each.who != held.post),
    ]
    common = stand_ins.overlapping(away_too, said.first, said.last) if not said.stand_in or held.post == "B" else ()
    if any(first <= said.first and said.last <= last for first, last in common):
        return turn.say(N_("Both of the post are away: the head of the unit answers, or whom the head arranges."))
    users = [said.stand_in] if said.stand_in else absence.stand_ins(turn, case_view.answers(turn, held.opened))
    if held.post == "B" or not users:
        return turn.say(N_("The head of the unit answers for it on these days, or whom the head arranges."))
    who = stand_ins.names(turn, users)
    if common:
        words = N_(
            "%(who)s answers for it; the head of the unit, or whom the head arranges, while both are away: %(days)s."
        )
        return turn.say(words, who=who, days=stand_ins.all_days_text(turn, sorted(set(common))))
    return turn.say(N_("%(who)s answers for it on these days."), who=who)


def _case_row(turn: Turn, opened: OpenCase) -> dict[str, Any]:
    due = opened.glance.due
    return {
        **case_view.brief(turn, opened),
        "due": language.day_text(turn.lang, due) if due else "",
    }


def _form_row(turn: Turn, held: Held, form: Form, sent: bool, days: Days | None) -> dict[str, Any]:
    """A case in the form; what is recorded, or was left out, of these days already is not ticked for it again."""
    today = turn.moment.date()
    known = sorted({(each.first, each.last) for each in held.away if each.last >= today})
    why = absence_plan.left_out(held, *days) if days else ""
    done = (held.covered(*days) or why != "") if days else bool(known)
    return {
        **_case_row(turn, held.opened),
        "stands_in": held.post == "B",
        "checked": held.opened.id in form.values("case") if sent else (not done or _all_ticked(turn)),
        "has": stand_ins.all_days_text(turn, known),
        "left_out": why,
        "words": f"words-{held.opened.id}",
    }


def _all_ticked(turn: Turn) -> bool:
    return "all" in turn.request.query


def _form_days(form: Form) -> Days | None:
    try:
        return date.fromisoformat(form.value("from")), date.fromisoformat(form.value("to"))
    except ValueError:
        return None


def _group_row(turn: Turn, user: str, group: Recorded, held: list[Held]) -> dict[str, Any]:
    today = turn.moment.date()
    users = [group.stand_in] if group.stand_in else absence.stand_ins(turn, user)
    without_b = stand_ins.overlapping(stand_ins.days_without_b(turn, user, group.held), group.first, group.last)
    alone = group.post == "A" and not group.stand_in
    waiting = [recorded for each in group.held for recorded in each.opened.acts if recorded.received_at is None]
    return {
        "key": group.key,
        "days": stand_ins.days_text(turn, group.first, group.last),
        "begun": group.first <= today,
        "back": max(today, group.first).isoformat(),
        "asks_first_day": group.first == today,
        "stand_in": stand_ins.names(turn, users) if group.post == "A" else "",
        "head": (stand_ins.all_days_text(turn, without_b) if users else "-")
        if alone and (without_b or not users)
        else "",
        "n": len(group.held),
        "only_here": bool(waiting),
        "rows": [_case_row(turn, each.opened) for each in group.held],
        "rest": sum(each.post == group.post and not each.covered(group.first, group.last) for each in held),
    }


def _page(
    turn: Turn, user: str, held: list[Held], form: Form, status: int = 200, preview: dict[str, Any] | None = None
) -> Response:
    sent = bool(turn.request.form) and not form.value("end")
    days = _form_days(form)
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
            "rows": [_form_row(turn, each, form, sent, days) for each in held],
            "all_href": "" if _all_ticked(turn) else f"/absence?of={user}&all=yes#absence-form",
            "stand_ins": [
                {"value": each.value, "text": each.text, "hint": each.hint} for each in stand_ins.choices(turn, user, held)
            ],
            "has_b": bool(absence.stand_ins(turn, user)),
            "others": [_case_row(turn, each) for each in others[:OTHERS_MAX]],
            "others_n": len(others),
            "preview": preview,
            "sheet": f"/slips/{SHEET}/{user}" if sheet and own_posts(sheet) else "",
            "sheet_form": SHEET,
            "first_day": [
                {"value": each, "text": common_term(turn, f"first_day.{each}")} for each in FIRST_DAY
            ],
            "labels": [
                {"name": "from", "label": turn.say(N_("First day away"))},
                {"name": "to", "label": turn.say(N_("Last day away"))},
                {"name": "stand_in", "label": turn.say(N_("Who stands in"))},
                {"name": "back", "label": turn.say(N_("First day back"))},
                {"name": "first_day", "label": turn.say(N_("If it is today, the first day away"))},
                *({"name": f"words-{each.opened.id}", "label": each.opened.number} for each in held),
            ],
        },
        status=status,
        where="today",
    )  # fmt: skip
