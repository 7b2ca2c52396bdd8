"""保存与清除: what is due for erasure, on hold, erased; and the form that places or lifts a hold. Erases nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from py_core.cases.holds import standing
from py_core.cases.state import Fact
from py_core.city.filling import KEEPING
from py_core.desk import case_view
from py_core.desk.act_view import act_title
from py_core.desk.centre import centre_menu
from py_core.desk.city_words import retention_rule_name
from py_core.desk.forms import Form
from py_core.desk.frame import page, redirect
from py_core.desk.keeping import Document, documents
from py_core.desk.ports import Response
from py_core.desk.problems import problem
from py_core.desk.recording import new_act
from py_core.desk.resent import form_key, sent_before
from py_core.desk.turn import OpenCase, Turn
from py_core.desk.undecided_warning import undecidable_warning, undecided_warning
from py_core.desk.unerased_warning import unerased_warning
from py_core.desk.visit_held import OpenVisit, open_visit
from py_core.packs.retention import load_retention
from py_core.retention import Kept, kept_case, kept_visit
from py_core.views import language
from py_core.views.language import N_
from py_core.visits import is_visit_id

REASON_MAX = 500
SHOWN_MAX = 200
HOLD_YEARS_MAX = 100


def show_keeping(turn: Turn) -> Response:
    """Everything that is erased, held or due within a month, without any content."""
    found = list(documents(turn))
    today = turn.moment.date()
    due = sorted((each for each in found if each.kept and not each.holds), key=_until)
    erased = sorted((each for each in found if each.erased), key=lambda each: _at(each.erased), reverse=True)
    rules = load_retention()
    english = turn.lang == language.EN
    return page(
        turn,
        "keeping.html",
        turn.say(N_("Keeping and erasure")),
        "keeping",
        {
            "subnavigation": centre_menu(turn, "keeping"),
            "restored": _restored(turn),
            "unerased": unerased_warning(turn),
            "undecided": undecided_warning(turn),
            "undecidable": undecidable_warning(turn),
            "lost_holds": _lost_holds(turn),
            "due": [_due_row(turn, each, today) for each in due[:SHOWN_MAX]],
            "due_more": max(len(due) - SHOWN_MAX, 0),
            "held": [_held_row(turn, each) for each in found if each.holds],
            "erased": [_erased_row(turn, each) for each in erased[:SHOWN_MAX]],
            "erased_count": len(erased),
            "ground": rules.ground_en if english else rules.ground_zh,
            "may_hold": turn.may("hold_content"),
            "may_set": turn.may("change_city_rules"),
        },
        where="centre",
    )


def _restored(turn: Turn) -> str:
    """That holds may have been lost with a return from a backup: the record cannot know which."""
    view = turn.store.centre()
    found = view.restored() if view is not None else None
    if found is None:
        return ""
    taken = found.taken_at or found.at
    return turn.say(
        N_(
            "The record came back from a backup of %(taken)s. Holds that were placed or lifted after it are lost: place them again before anything is erased. The next job asks once whether that is done."
        ),
        taken=language.moment_text(turn.lang, taken, short=True),
    )  # fmt: skip


def _lost_holds(turn: Turn) -> list[dict[str, Any]]:
    """Holds that a device had from before the restore and handed in again: late work until somebody decides."""
    view = turn.store.centre()
    found = []
    for each in view.held() if view is not None else ():
        for kind in each.kinds:
            if kind in ("hold_placed", "hold_lifted"):
                opened = _open(turn, each.case_id)
                number = opened.number if isinstance(opened, OpenCase) else case_view.unknown_title(turn, each.case_id)
                found.append({"item": each.id, "number": number, "what": act_title(turn, ({"type": kind},))})
    return found


def _until(document: Document) -> tuple[date, str]:
    assert document.kept is not None, "only documents with a period are due"
    return document.kept.kept_until, document.number


def _at(fact: Fact | None) -> Any:
    return fact.at if fact is not None else None


def _head(turn: Turn, document: Document) -> dict[str, Any]:
    number = document.number or turn.say(
        N_("who reported or complained; no case in the record (%(id)s)"), id=document.record.id[-6:]
    )
    return {"id": document.record.id, "number": number, "may_hold": bool(document.number)}


def _due_row(turn: Turn, document: Document, today: date) -> dict[str, Any]:
    kept = document.kept
    assert kept is not None, "only documents with a period are due"
    return {**_head(turn, document), **_period(turn, kept), "over": kept.is_due(today)}


def _period(turn: Turn, kept: Kept) -> dict[str, str]:
    return {
        "rule": kept.rule.en if turn.lang == language.EN else kept.rule.zh,
        "years": turn.say(N_("%(n)d years"), n=kept.years),
        "closed": language.day_text(turn.lang, kept.closed_on),
        "until": language.day_text(turn.lang, kept.kept_until),
    }


def _held_row(turn: Turn, document: Document) -> dict[str, Any]:
    return {**_head(turn, document), "holds": [_hold(turn, fact) for fact in document.holds]}


def _hold(turn: Turn, fact: Fact) -> dict[str, str]:
    return {
        "act": fact.act,
        "until": language.day_text(turn.lang, fact.data["until"]),
        "reason": fact.data["reason"],
        "who": case_view.person_name(turn, fact.user),
        "when": language.moment_text(turn.lang, fact.at, short=True),
    }


def _erased_row(turn: Turn, document: Document) -> dict[str, Any]:
    fact = document.erased
    assert fact is not None, "only erased documents have this row"
    return {**_head(turn, document), **erased_words(turn, fact), "count": fact.data["count"]}


def erased_words(turn: Turn, fact: Fact) -> dict[str, str]:
    """An erasure in words: when, under which rule, by whom."""
    return {
        "rule": retention_rule_name(turn, fact.data["rule"]),
        "years": turn.say(N_("%(n)d years"), n=fact.data["years"]),
        "until": language.day_text(turn.lang, fact.data["kept_until"]),
        "when": language.moment_text(turn.lang, fact.at, short=True),
        "day": language.day_text(turn.lang, fact.day),
        "who": case_view.person_name(turn, fact.user),
    }


# --------------------------------------------------------------------------------------------------- one hold


def show_hold(turn: Turn, case_id: str) -> Response:
    """The holds of one document and the forms that place and lift them."""
    opened = _open(turn, case_id)
    if opened is None:
        return problem(turn, 404, "unknown_case")
    return _hold_page(turn, opened, Form(turn, {}, {"key": form_key(turn, opened.acts)}))


def take_hold(turn: Turn, case_id: str) -> Response:
    """Records a hold with its reason and its last day, or that the standing ones are lifted."""
    opened = _open(turn, case_id)
    if opened is None:
        return problem(turn, 404, "unknown_case")
    form = Form(turn, turn.request.form)
    document = _facts(opened)
    today = turn.moment.date()
    lifts = form.choice("do", ("place", "lift")) == "lift"
    reason = form.text("reason", REASON_MAX, needed=N_("Write the reason: it is kept with the act."))
    if lifts:
        event: dict[str, Any] = {"type": "hold_lifted", "acts": sorted(form.values("acts")), "reason": reason}
    else:
        until = _until_typed(form, today)
        event = {"type": "hold_placed", "until": until.isoformat() if until else "", "reason": reason}
    kind = "lift_hold" if lifts else "place_hold"
    done = f"/centre/keeping/{case_id}?done={event['type']}"
    if not form.errors and sent_before(turn, opened.acts, kind, form.value("key"), [event]):
        return redirect(done)
    if document.first("content_erased") is not None:
        form.fault("reason", N_("The content was erased; there is nothing to hold any more."))
    elif lifts and not _all_stand(event["acts"], standing(document, today)):
        form.fault("reason", N_("This hold is no longer in force. Look at the page again."))
    if form.errors:
        return _hold_page(turn, opened, form, status=422)
    act = new_act(turn, case_id, kind, (event,), turn.surroundings.now)
    return Response(303, location=done, acts=(act,))


def _all_stand(acts: Sequence[str], holds: Sequence[Fact]) -> bool:
    return bool(acts) and {each.act for each in holds}.issuperset(acts)


def _until_typed(form: Form, today: date) -> date | None:
    try:
        until = date.fromisoformat(form.value("until"))
    except ValueError:
        form.fault("until", N_("Enter a date, such as 2026-12-01."))
        return None
    if not today <= until <= today.replace(year=today.year + HOLD_YEARS_MAX, day=1):
        form.fault("until", N_("Enter a day from today on; it can be placed again later."))
        return None
    return until


def _open(turn: Turn, document_id: str) -> OpenCase | OpenVisit | None:
    return open_visit(turn, document_id) if is_visit_id(document_id) else turn.open(document_id)


def _facts(opened: OpenCase | OpenVisit) -> Any:
    return opened.visit if isinstance(opened, OpenVisit) else opened.case


def _hold_page(turn: Turn, opened: OpenCase | OpenVisit, form: Form, status: int = 200) -> Response:
    today, settings = turn.moment.date(), turn.rules.settings_of(KEEPING)
    if isinstance(opened, OpenVisit):
        kept = kept_visit(opened.visit, settings, today)
        title, href = opened.visit.value("enterprise"), f"/visits/{opened.id}"
    else:
        kept = None if opened.glance.open else kept_case(opened.case, settings, today)
        title, href = case_view.title_of(turn, opened), f"/cases/{opened.id}"
    erased = _facts(opened).first("content_erased")
    return page(
        turn,
        "keeping_hold.html",
        turn.say(N_("Hold against erasure")),
        f"hold-{opened.id}",
        {
            "subnavigation": centre_menu(turn, "keeping"),
            "id": opened.id,
            "title": title,
            "href": href,
            "period": _period(turn, kept) if kept else None,
            "holds": [_hold(turn, fact) for fact in standing(_facts(opened), today)],
            "erased": erased_words(turn, erased) if erased else None,
            "form": form,
        },
        status=status,
        where="centre",
    )
