"""What facts do beside the main line: papers and corrections, special procedures, the refusal and its filing.

Owns those of the transitions L01–L39. Must not know `now` or policies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from py_core.cases.state import Fact
from py_core.rules.reading import EARLY, Procedure, Reading, Round


def _materials_received(r: Reading, fact: Fact) -> None:
    if not fact.data["complete"]:
        r.rounds.append(Round(fact))
    elif r.rounds:
        _completes(r, fact)
    elif r.complete is None:
        r.complete = fact


def _completes(r: Reading, fact: Fact) -> None:
    if r.rounds and r.rounds[-1].completed is None:
        r.rounds[-1].completed = fact
    elif not r.rounds and r.complete is None:
        r.complete = fact


def _correction_notified(r: Reading, fact: Fact) -> None:
    if fact.data.get("overlooked"):
        r.overlooked.append(fact)
        return
    if r.rounds and r.rounds[-1].completed is None and r.rounds[-1].notice is None:
        r.rounds[-1].notice = fact


def _procedure_started(r: Reading, fact: Fact) -> None:
    r.procedures.setdefault(fact.data["id"], Procedure(fact))


def _procedure_time_notified(r: Reading, fact: Fact) -> None:
    procedure = r.procedures.get(fact.data["id"])
    if procedure is not None and procedure.told is None:
        procedure.told = fact


def _procedure_finished(r: Reading, fact: Fact) -> None:
    procedure = r.procedures.get(fact.data["id"])
    if procedure is not None and procedure.finished is None:
        procedure.finished = fact


def _refusal_proposed(r: Reading, fact: Fact) -> None:
    if r.closed_by is None:
        r.refusal = "refusal_pending"
        r.refusal_proposed = fact
        r.refusal_reported = r.refusal_major = r.refusal_met = r.refusal_decided = None


def _refusal_reported(r: Reading, fact: Fact) -> None:
    if r.closed_by is None:
        r.refusal = r.refusal or "refusal_pending"
        r.refusal_reported = r.refusal_reported or fact


def _refusal_marked_major(r: Reading, fact: Fact) -> None:
    if r.refusal:
        r.refusal = "leaders_meeting"
        r.refusal_major = fact
        r.refusal_decided = None


def _leaders_meeting_recorded(r: Reading, fact: Fact) -> None:
    if r.closed_by is None:
        r.refusal_met = fact


def _refusal_decided(r: Reading, fact: Fact) -> None:
    if not r.refusal:
        return
    r.refusal_decided = fact
    if fact.data["outcome"] == "agree":
        r.refusal = "refusal_pending"
    else:
        r.refusal = ""
        if fact.data["outcome"] == "correct" and r.stage in EARLY:
            r.stage = "accepted"


def _refusal_notified(r: Reading, fact: Fact) -> None:
    if r.closed_by is not None:
        return
    if r.refusal and r.refusal_reported is None and r.pack.refusal_limit is not None:
        return  # BZ-FD-1: without filing there is no lawful refusal; the fact stays a breach
    r.refusal = "refused"
    r.refusal_notified = fact
    r.stop = r.stop or fact
    r.close("refused", fact)


SIDE_LINES: Mapping[str, Callable[[Reading, Fact], None]] = {
    "materials_received": _materials_received,
    "materials_completed": _completes,
    "correction_notified": _correction_notified,
    "procedure_started": _procedure_started,
    "procedure_time_notified": _procedure_time_notified,
    "procedure_finished": _procedure_finished,
    "refusal_proposed": _refusal_proposed,
    "refusal_reported": _refusal_reported,
    "refusal_marked_major": _refusal_marked_major,
    "leaders_meeting_recorded": _leaders_meeting_recorded,
    "refusal_decided": _refusal_decided,
    "refusal_notified": _refusal_notified,
}
