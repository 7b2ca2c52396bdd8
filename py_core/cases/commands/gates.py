"""The gates: what the law refuses, with a stable code and its article; identical offline and on the server.

Each gate looks at the case as it stands and at the checked fields; `data` None asks only whether the step can be
offered at all. Must not build or record events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from py_core.cases.commands import absence_gates
from py_core.cases.commands.messages import refuse
from py_core.cases.events import tells_no_time
from py_core.errors import Refused
from py_core.packs import Matter, Pack
from py_core.rules.extension import new_date, pending
from py_core.rules.situation import Situation
from py_core.rules.vetoes import standing_vetoes
from py_core.values import N_

Data = Mapping[str, Any]
Gate = Callable[[Situation, Data | None], None]

# A closed case takes none of these any more.
_WORK = frozenset(
    {
        "scope_judged", "handed_over", "handover_accepted", "lead_requested", "lead_designated", "referred_out",
        "delivered", "accepted", "materials_received", "materials_completed", "correction_notified",
        "procedure_started", "extension_requested", "extension_approved", "extension_refused", "extension_notified",
        "refusal_proposed", "refusal_reported", "refusal_marked_major", "refusal_decided", "refusal_notified",
        "return_requested", "ticket_refused",
    }
)  # fmt: skip


# Asked as of the moment at which they are recorded, however early they are said to have happened.
AS_OF_NOW = frozenset({"absence_ended"})


def check_registration(pack: Pack, matter: Matter, data: Data) -> None:
    """Gates of the first event; `data` holds the checked fields."""
    if data.get("staff") == "support" and pack.support_staff_article:
        raise refuse("support_staff", pack.support_staff_article)
    if matter.claimants and data.get("claimant", matter.claimants[0]) not in matter.claimants:
        raise refuse("wrong_matter", matter.article, {"matter": N_("does not fit who asks")})
    if matter.clock == "promise" and "promise" not in data and "explicit_limit" not in data:
        raise refuse("missing_promise", pack.promise_article, {"promise": N_("is missing")})
    if matter.explicit_only and "explicit_limit" not in data:
        raise refuse("missing_field", matter.article, {"explicit_limit": N_("is missing")})
    _drawn(pack, data)


def _drawn(pack: Pack, data: Data) -> None:
    if data.get("strokes") and not data.get("signed"):
        raise refuse(
            "malformed_field", pack.signature_article, {"strokes": N_("is drawn, but the answer is: not signed")}
        )


def check(event_type: str, situation: Situation, data: Data | None) -> None:
    """Raises `Refused` when this event is not lawful now."""
    if situation.case.first("content_erased") is not None:
        raise refuse("content_erased", situation.reading.matter.article)
    if event_type in _WORK and situation.reading.closed_by is not None:
        raise refuse("case_closed", situation.reading.matter.article)
    gate = _GATES.get(event_type)
    if gate is not None:
        gate(situation, data)


def _registered_again(s: Situation, data: Data | None) -> None:
    if s.reading.closed_by is not None:
        raise refuse("already_registered", s.reading.matter.article)
    if data is not None and data.get("staff") == "support" and s.pack.support_staff_article:
        raise refuse("support_staff", s.pack.support_staff_article)


def _signature_recorded(s: Situation, data: Data | None) -> None:
    if data is None:
        return
    _drawn(s.pack, data)
    if not data["signed"] and not data.get("unsigned_reason"):
        raise refuse("missing_field", s.pack.signature_article, {"unsigned_reason": N_("is missing")})


def _accepted(s: Situation, data: Data | None) -> None:
    reading = s.reading
    taken = reading.stage == "handling" and reading.role in ("handler", "first_responder", "lead_unit") and reading.name
    if not taken:
        return
    if (data or {}).get("by", "") not in assisting_units(s):
        raise refuse("already_accepted", s.pack.first_responder_article)


def assisting_units(s: Situation) -> frozenset[str]:
    """Units that a work order reached beside the one that accepted it first (HL-6); their acceptance is a fact too."""
    reading = s.reading
    if not s.pack.dispatch_article:
        return frozenset()
    return frozenset(reading.units) - {reading.name}


def _handover_accepted(s: Situation, data: Data | None) -> None:
    if not s.reading.handed:
        raise refuse("nothing_handed_over", s.pack.handover_article)


def _lead_designated(s: Situation, data: Data | None) -> None:
    promise = s.case.value("promise")
    if data is None or promise is None or not data.get("steps"):
        return
    total = sum(n for _, n in data["steps"])
    if promise["period"].unit == "workday" and total > promise["period"].n:
        raise refuse("over_promise", s.pack.promise_article, {"steps": N_("is too long")}, promise=promise["period"].n)


def _delivered(s: Situation, data: Data | None) -> None:
    if not s.pack.dispatch_article:
        raise refuse("not_in_this_regulation", s.pack.handover_article)


def _procedure_started(s: Situation, data: Data | None) -> None:
    if not s.reading.matter.procedures:
        raise refuse("no_suspension_for_matter", s.pack.common.procedure_article)
    if data is not None and data["procedure"] == "other" and not data.get("name"):
        raise refuse("missing_field", s.pack.common.procedure_article, {"name": N_("is missing")})
    _procedure_time(s, "procedure_started", data)
    if data is not None and data["id"] in s.reading.procedures:
        raise refuse("unknown_procedure", s.pack.common.procedure_article, {"id": N_("is already used")})


def _procedure_time(s: Situation, event_type: str, data: Data | None) -> None:
    if data is None:
        return
    article = s.pack.common.procedure_article
    if tells_no_time(event_type, data):
        raise refuse("missing_field", article, {"expected_workdays": N_("is missing")})
    if data.get("expected_workdays", 1) < 1:
        raise refuse("malformed_field", article, {"expected_workdays": N_("must be at least 1")})


def _procedure_time_notified(s: Situation, data: Data | None) -> None:
    _procedure_known(s, data)
    _procedure_time(s, "procedure_time_notified", data)


def _procedure_known(s: Situation, data: Data | None) -> None:
    running = {key for key, procedure in s.reading.procedures.items() if procedure.finished is None}
    known = set(s.reading.procedures)
    if not known or (data is not None and data["id"] not in known):
        raise refuse("unknown_procedure", s.pack.common.procedure_article, {"id": N_("is unknown")})
    if data is None and not running:
        raise refuse("unknown_procedure", s.pack.common.procedure_article)


def _procedure_running(s: Situation, data: Data | None) -> None:
    _procedure_known(s, data)
    if data is not None and s.reading.procedures[data["id"]].finished is not None:
        raise refuse("unknown_procedure", s.pack.common.procedure_article, {"id": N_("has already ended")})


def _extension_rule(s: Situation) -> str:
    rule = s.reading.matter.extension
    if not s.pack.has_extension:
        raise refuse("no_extension_in_pack", s.reading.matter.article)
    if rule is None:
        raise refuse("no_extension_for_matter", s.reading.matter.article)
    if s.clocks.extending.granted is not None:
        raise refuse("already_extended", rule.article)
    return rule.article


def _extension_amount(s: Situation, data: Data | None, article: str) -> None:
    due = s.due_without_extension()
    if due is None:
        raise refuse("no_extension_for_matter", article)
    if not s.timing.in_time(s.timing.now, due):
        raise refuse("late_extension", article, due=due.isoformat())
    if data is None:
        return
    if data.get("workdays", 1) < 1:
        raise refuse("malformed_field", article, {"workdays": N_("must be at least 1")})
    wanted = new_date(data, due, s.timing)
    if wanted is None:
        raise refuse("missing_field", article, {"until": N_("must be filled in, or the working days")})
    _capped(s, wanted, due, article, "until" if "until" in data else "workdays")


def _capped(s: Situation, wanted: date, due: date, article: str, named: str) -> None:
    if wanted <= due:
        raise refuse("malformed_field", article, {named: N_("must be later than the date that stands")})
    limit = s.extension_cap()
    if limit is not None and wanted > limit:
        raise refuse("over_cap", article, {named: N_("is too late")}, cap=limit.isoformat())


def _extension_requested(s: Situation, data: Data | None) -> None:
    article = _extension_rule(s)
    _extension_amount(s, data, article)


def _extension_approved(s: Situation, data: Data | None) -> None:
    article = _extension_rule(s)
    rule = s.reading.matter.extension
    request = pending(s.case)
    if request is None:
        raise refuse("nothing_requested", article)
    if data is None:
        _extension_amount(s, None, article)
        return
    if rule is not None and data["by_role"] not in rule.approvers:
        raise refuse("wrong_approver", article, roles=", ".join(rule.approvers))
    named = data if "until" in data or "workdays" in data else request.data
    _extension_amount(s, named, article)


def _extension_refused(s: Situation, data: Data | None) -> None:
    article = _extension_rule(s)
    if pending(s.case) is None:
        raise refuse("nothing_requested", article)


def _extension_notified(s: Situation, data: Data | None) -> None:
    article = _extension_rule(s)
    approved = s.clocks.extending.notice_owed
    if approved is None:
        raise refuse("nothing_approved", article)
    until = granted_until(s)
    if data is not None and until is not None and data["until"] != until:
        raise refuse("malformed_field", article, {"until": N_("is not the date that was approved")})


def granted_until(s: Situation) -> date | None:
    """The date that the approved extension grants, also where it names working days only; None without one."""
    before = s.due_without_extension()
    for fact in (s.clocks.extending.notice_owed, s.case.last("extension_requested")):
        if fact is not None and before is not None:
            until = new_date(fact.data, before, s.timing)
            if until is not None:
                return until
    return None


def _refusal_reported(s: Situation, data: Data | None) -> None:
    if not s.reading.refusal:
        raise refuse("nothing_proposed", s.pack.refusal_filing_article)


def _refusal_filed(s: Situation, data: Data | None) -> None:
    if s.reading.refusal_reported is None:
        raise refuse("not_reported_to_leader", s.pack.refusal_filing_article)


def _refusal_decided(s: Situation, data: Data | None) -> None:
    _refusal_filed(s, data)
    if s.reading.refusal_major is not None and s.reading.refusal_met is None:
        raise refuse("meeting_not_recorded", s.pack.refusal_meeting_article)
    if data is not None and data["outcome"] == "solve" and not str(data.get("note") or "").strip():
        raise refuse("missing_field", s.pack.refusal_meeting_article, {"note": N_("is missing")})


def needs_filing(s: Situation) -> bool:
    """Whether a refusal must first go to the leader: outside units under BZ-FD-1 (C-21)."""
    return s.case.value("claimant") in s.pack.refusal_filing_for


def _refusal_notified(s: Situation, data: Data | None) -> None:
    if needs_filing(s) or s.reading.refusal:
        _refusal_filed(s, data)
        decided = s.reading.refusal_decided
        if decided is None or decided.data["outcome"] != "agree":
            raise refuse("not_agreed", s.pack.refusal_article)
    elif data is not None and not data.get("reason"):
        raise refuse("missing_field", s.pack.refusal_article, {"reason": N_("is missing")})


def _fed_back(s: Situation, data: Data | None) -> None:
    if s.pack.feedback_limit is None:
        raise refuse("not_in_this_regulation", s.reading.matter.article)
    if s.reading.stage == "replied":
        return
    if s.reading.unsought:
        raise refuse("opinion_not_sought", s.pack.opinion_article)
    raise refuse("not_replied", s.pack.feedback_limit.article)


def _reviewed(s: Situation, data: Data | None) -> None:
    if s.reading.stage != "review_pending":
        raise refuse("not_fed_back", s.pack.review_article or s.reading.matter.article)


def _called_back(s: Situation, data: Data | None) -> None:
    if s.reading.stage not in ("callback_pending", "archived"):
        raise refuse("not_reviewed", s.pack.review_article or s.reading.matter.article)


def _deemed_consent_confirmed(s: Situation, data: Data | None) -> None:
    matter = s.reading.matter
    clock = s.clocks.main
    silent = matter.deemed_consent and clock is not None and clock.late and not clock.provisional
    if not silent or s.case.first("deemed_consent_confirmed"):
        raise refuse("no_deemed_consent", matter.deemed_consent_article or matter.article)


def _veto(s: Situation) -> None:
    if not s.pack.veto_article:
        raise refuse("not_in_this_regulation", s.reading.matter.article)
    if not s.case.first("accountability_opened"):
        raise refuse("no_accountability_file", s.pack.veto_article)


def _veto_recorded(s: Situation, data: Data | None) -> None:
    _veto(s)
    if not s.timing.policies.settings.get(s.pack.veto_setting):
        raise refuse("setting_missing", s.pack.veto_article)
    if data is None:
        return
    if not s.pack.in_force_from.year <= data["year"] <= s.timing.today.year:
        raise refuse("malformed_field", s.pack.veto_article, {"year": N_("must be a year up to this one")})
    if (data["year"], data["subject"]) in standing_vetoes(s.case):
        raise refuse("veto_already_recorded", s.pack.veto_article)


def _veto_withdrawn(s: Situation, data: Data | None) -> None:
    _veto(s)
    standing = standing_vetoes(s.case)
    if not standing or (data is not None and (data["year"], data["subject"]) not in standing):
        raise refuse("no_such_veto", s.pack.veto_article)


def reporter_is_apart(s: Situation) -> bool:
    """Whether who asks stands in a document beside the case (`py_core.reporters`)."""
    rule = s.pack.hidden_reporter
    return rule is not None and rule.covers(s.case.matter, s.case.value("request_kind"))


def _field_revealed(s: Situation, data: Data | None) -> None:
    """Whoever sees a number in full says what for; "something else" has to be said in words (PIPL 6)."""
    if data is None:
        return
    article = s.reading.matter.article
    # Whether somebody who stays secret has left a number is not in the case: only who has it here is asked for it.
    is_here = s.case.value(data["field"]) or reporter_is_apart(s)
    if data["field"] == "complainer_phone":
        is_here = any(fact.data.get("beside") for fact in s.case.all("complaint_filed"))
    if not is_here:
        raise refuse("malformed_field", article, {"field": N_("is not recorded in this case")})
    if data["purpose"] == "other" and not str(data.get("words") or "").strip():
        raise refuse("missing_field", article, {"words": N_("is missing")})


_GATES: Mapping[str, Gate] = {
    "field_revealed": _field_revealed,
    "deemed_consent_confirmed": _deemed_consent_confirmed,
    "veto_recorded": _veto_recorded,
    "veto_withdrawn": _veto_withdrawn,
    "registered": _registered_again,
    "signature_recorded": _signature_recorded,
    "accepted": _accepted,
    "handover_accepted": _handover_accepted,
    "lead_designated": _lead_designated,
    "delivered": _delivered,
    "procedure_started": _procedure_started,
    "procedure_time_notified": _procedure_time_notified,
    "procedure_finished": _procedure_running,
    "extension_requested": _extension_requested,
    "extension_approved": _extension_approved,
    "extension_refused": _extension_refused,
    "extension_notified": _extension_notified,
    "absence_recorded": absence_gates.recorded,
    "absence_ended": absence_gates.ended,
    "noted": absence_gates.noted,
    "refusal_reported": _refusal_reported,
    "refusal_marked_major": _refusal_filed,
    "refusal_decided": _refusal_decided,
    "refusal_notified": _refusal_notified,
    "fed_back": _fed_back,
    "review_passed": _reviewed,
    "review_returned": _reviewed,
    "called_back": _called_back,
}


def lawful(event_type: str, situation: Situation) -> bool:
    """Whether the step can be offered now, whatever would be filled in."""
    try:
        check(event_type, situation, None)
    except Refused:
        return False
    return True
