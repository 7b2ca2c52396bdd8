"""One act on a case: its form from the table of commands, the law's answer, and never the same act twice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from py_core.cases.acts import Event
from py_core.cases.commands import COMMANDS, Command, CommandSpec, decide
from py_core.cases.commands.gates import check
from py_core.cases.commands.messages import refuse
from py_core.cases.commands.offers import OF_APPROVERS, require_approver
from py_core.desk import act_fields, case_view, secrecy
from py_core.desk.approvals import asked_for, is_decision
from py_core.desk.command_words import command_title, fault_text, shown_params
from py_core.desk.forms import Form, shown_moment
from py_core.desk.frame import came_from, page, redirect
from py_core.desk.ports import NewAct, Response
from py_core.desk.problems import problem, refusal
from py_core.desk.recording import new_act
from py_core.desk.resent import form_key, sent_before
from py_core.desk.slips_offered import fits
from py_core.desk.steps_now import require_here, steps_now
from py_core.desk.turn import OpenCase, Turn
from py_core.errors import Refused
from py_core.packs import Pack, UnknownName
from py_core.packs.prints import load_prints
from py_core.reporters import COMPLAINER, COMPLAINT, complaint_apart
from py_core.rules.situation import Situation, look
from py_core.views.language import N_

# Steps that put a sheet into the person's hand lead to it; of several forms the one that belongs to the case.
_AFTER = {
    "issue_receipt": ("F-02",), "notify_correction": ("F-04",), "notify_refusal": ("F-06", "F-17"),
    "notify_extension": ("F-13",), "notify_procedure_time": ("F-14",), "refer_out": ("F-07",),
}  # fmt: skip


def show_act_form(turn: Turn, case_id: str, command: str) -> Response:
    """The form of a lawful step; a step that is not lawful now is answered with its reason."""
    return _with_case(turn, case_id, command, _show)


def take_act(turn: Turn, case_id: str, command: str) -> Response:
    """Records the step; sending the same form again leads to the case instead of a second act."""
    return _with_case(turn, case_id, command, _take)


def _with_case(turn: Turn, case_id: str, command: str, answer: object) -> Response:
    opened = turn.open(case_id)
    spec = COMMANDS.get(command)
    if opened is None:
        return problem(turn, 404, "unknown_case")
    if spec is None or not any(each.command == command for each in turn.packs.common.transitions):
        return problem(turn, 404, "unknown_page")
    assert callable(answer)
    try:
        response: Response = answer(turn, opened, spec)
    except Refused as refused:
        return refusal(turn, refused, f"/cases/{case_id}", opened.pack)
    except UnknownName:
        return problem(turn, 409, "newer_app_needed")
    return response


def _show(turn: Turn, opened: OpenCase, spec: CommandSpec) -> Response:
    require_lawful(turn, opened, spec)
    shown = shown_moment(turn.surroundings.now)
    filled = act_fields.defaults(turn, opened, spec)
    key = form_key(turn, opened.acts)
    return _page(
        turn, opened, spec, Form(turn, {}, {**filled, "key": key, "occurred_at": shown, "occurred_at_shown": shown})
    )


def _take(turn: Turn, opened: OpenCase, spec: CommandSpec) -> Response:
    form = Form(turn, turn.request.form)
    pack = opened.pack
    fields = act_fields.read_fields(turn, opened, spec, pack, form)
    begun = opened.case.registered
    occurred_at = form.moment("occurred_at", begun.day if begun is not None else None)
    keeps_apart = spec.event == COMPLAINT and secrecy.complainer_rule(turn, opened) is not None
    may_name = keeps_apart and secrecy.refuse_names(form, {"about": form.value("about")}, fields)
    if form.errors:
        return _page(turn, opened, spec, form, status=422, may_name=may_name)
    said = {name: value for name, value in fields.items() if name not in COMPLAINER}  # those stand beside the case
    if sent_before(turn, opened.acts, spec.name, form.value("key"), [{"type": spec.event, **said}]):
        return redirect(f"/cases/{opened.id}?done=again{_still_from(turn)}")
    require_lawful(turn, opened, spec)
    try:
        events = decide(opened.case, Command(spec.name, fields), turn.law(opened.case, occurred_at))
    except Refused as refused:
        if not refused.fields:
            raise
        for name, message in refused.fields.items():
            typed = act_fields.typed_name(name)
            if refused.code == "over_cap":  # which day it is stands in the refusal itself
                form.fault(typed, refused.message, **shown_params(turn, opened.pack, refused.params))
            else:
                form.fault(typed, fault_text(message))
        return _page(turn, opened, spec, form, status=422)
    done = "decision" if is_decision(spec.name) else "act"
    location = f"/cases/{opened.id}{_slip_after(turn, opened, spec, fields)}?done={done}{_still_from(turn)}"
    return Response(303, location=location, acts=acts_of(turn, opened, spec, events, occurred_at))


def _still_from(turn: Turn) -> str:
    return f"&from={came_from(turn)}" if came_from(turn) else ""


def acts_of(
    turn: Turn, opened: OpenCase, spec: CommandSpec, events: tuple[Event, ...], at: datetime, after: int = 0
) -> tuple[NewAct, ...]:
    """The act in the case and, of a complaint whose maker stays secret, the one beside it that says who that is.

    `after` counts the acts of the same answer before these: one page may take the same step in several cases.
    """
    unit = turn.person.unit if turn.person else ""
    begun = opened.case.registered.data if opened.case.registered is not None else {}
    random_id = turn.surroundings.new_id()
    events, document, beside = complaint_apart(opened.id, begun, events, unit, random_id, turn.store.packs())
    made = new_act(turn, opened.id, spec.name, events, at, after)
    return (made,) if beside is None else (made, new_act(turn, document, "tell_reporter", (beside,), at, after + 1))


def _slip_after(turn: Turn, opened: OpenCase, spec: CommandSpec, fields: Mapping[str, object]) -> str:
    """The sheet that the step hands out, as the rest of the address; none for what was only told."""
    forms = _AFTER.get(spec.name, ())
    if not forms or fields.get("form") == "oral":
        return ""
    prints = load_prints()
    form = next((form for form in forms if len(forms) == 1 or fits(turn, opened, prints[form])), "")
    return f"/slips/{form}" if form else ""


def require_lawful(turn: Turn, opened: OpenCase, spec: CommandSpec) -> None:
    """Raises `Refused` with the article when the step is not among those that are lawful now for this person."""
    context = turn.law(opened.case)
    if spec.name == "reveal_field" and (hidden := secrecy.hidden_reporter(turn, opened)):
        raise refuse("not_permitted", hidden, roles=", ".join(secrecy.who_sees_reporter(turn, opened)))
    if any(item.command == spec.name for item in steps_now(turn, opened)):
        return
    pack = opened.pack
    if pack is None or opened.case.matter not in pack.matters:
        raise refuse("not_registered", "")
    known = [
        each.sources[pack.id]
        for each in pack.common.transitions
        if each.command == spec.name and pack.id in each.sources
    ]
    article = known[0] if known else pack.matters[opened.case.matter].article
    require_here(turn, opened, spec.name, article)
    if not turn.roles.intersection(spec.roles):
        raise refuse("not_permitted", article, roles=", ".join(spec.roles))
    situation = look(opened.case, turn.packs, context.calendar, context.happened_at, context.policies)
    if spec.name in OF_APPROVERS:
        require_approver(situation, context.roles)
    try:
        check(spec.event, situation, None)
    except Refused as refused:
        if refused.article:
            raise
        raise Refused(refused.code, article, refused.message, refused.instead, refused.params) from refused
    if not known:
        raise refuse("not_in_this_regulation", article)
    if _fits_state(pack, spec.name, situation):
        raise Refused(
            "not_needed",
            article,
            N_(
                "There is nothing to do by this step here: it was taken already, or this matter is dealt with by another."
            ),
            N_("Choose one of the steps that the case page offers."),
        )
    raise Refused(
        "wrong_state",
        article,
        N_("The case stands at “%(state)s”; this step does not belong there."),
        N_("Choose one of the steps that the case page offers."),
        {"state": case_view.state_name(turn, opened)},
    )


def _fits_state(pack: Pack, command: str, situation: Situation) -> bool:
    """Whether the step belongs to the state of the case, so that something else keeps it from being offered."""
    ever = {"any", "open"} if situation.reading.closed_by is None else {"any"}
    return any(
        each.command == command
        and pack.id in each.sources
        and not ever.union({situation.state}).isdisjoint(each.states)
        for each in pack.common.transitions
    )


def _page(
    turn: Turn, opened: OpenCase, spec: CommandSpec, form: Form, status: int = 200, *, may_name: bool = False
) -> Response:
    pack = opened.pack
    return page(
        turn,
        "do.html",
        command_title(turn, spec.name),
        f"do-{opened.id}-{spec.name}",
        {
            "case_id": opened.id,
            "number": opened.number,
            "case_title": f"{case_view.title_of(turn, opened)} · {opened.number}",
            "command": spec.name,
            "note": "",
            "head": case_view.summary(turn, opened),
            "asker": case_view.asker(turn, opened),
            "said": opened.case.value("text") or "",
            "asked": asked_for(turn, opened, spec.name),
            "form": form,
            "may_name": may_name,
            "fields": act_fields.field_views(turn, opened, spec, pack),
        },
        status=status,
        where="cases",
    )
