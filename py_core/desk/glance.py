"""What lists need to know of a case, kept so that a list of thousands need not open them all.

Owns how long such a glance is true: until the case gets an act, the law or the directory changes, or time alone may
change it. Only speed depends on it: whatever is not kept is found again by folding and assessing the case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from py_core.cases.acts import RecordedAct
from py_core.cases.contradictions import Contradiction
from py_core.cases.state import Case, Fact
from py_core.city.rules import unit_of_case
from py_core.rules.engine import Assessment
from py_core.rules.policies import Policies
from py_core.values import local, next_midnight
from py_core.visits.enterprise import enterprise_key

_SENT_TO = frozenset({"delivered", "handed_over", "lead_designated", "handover_accepted", "accepted"})
_TITLE_CHARACTERS = 40
ORGANISATIONS = ("enterprise", "other_org")
# What an open case shows whose limit no longer runs: it was kept or missed, but something is owed and nothing is closed.
_STILL_OPEN = {"met": "kept", "met_late": "kept_late"}
_RECOUNTED, _ERASED = "recompute_due", "erase_content"  # kinds of the record's own acts


@dataclass(frozen=True, slots=True)
class Glance:
    """One case on one line, in no language. `until` None: nothing but another act can change it."""

    light: str  # of the assessment; "kept" and "kept_late" for "met" and "met_late" where the case is still open
    state: str
    due: date | None
    provisional: bool
    open: bool
    contested: bool
    number: str
    title: str
    offer: str
    pack: str
    matter: str
    unit: str  # where the case is now
    units: frozenset[str]  # every unit or person that it was sent to, as recorded
    people: frozenset[str]  # who acted or was named to act
    enterprise: str  # key of the enterprise or organisation that asks (`visits.enterprise`); "" for a person
    claimant_name: str  # who asks, as the case itself says; "" where that stands beside it or was erased
    registered: date | None
    arrived_at: datetime | None  # when the city record took the newest of its acts
    only_here: int  # acts that the city record does not have yet
    erased: bool  # its content was erased after its period
    noted: bool  # whoever works on it is to read something: a breach, what is owed, a contradiction, a moved date
    role: str  # who answers now, as a role of the regulations
    holder: str  # the person or unit that has it, as recorded; "": the case names none
    made_at: datetime
    until: datetime | None

    @property
    def is_over(self) -> bool:
        """Whether nothing is owed and nothing but another act can change that."""
        return self.until is None and not self.open

    def is_true_at(self, now: datetime) -> bool:
        return self.until is None or self.made_at <= now < self.until

    def as_row(self) -> list[Any]:
        """Plain JSON values for a host that keeps glances."""
        return [
            self.light, self.state, _text(self.due), self.provisional, self.open, self.contested, self.number, self.title,
            self.offer, self.pack, self.matter, self.unit, sorted(self.units), sorted(self.people),
            self.enterprise, self.claimant_name, _text(self.registered), _text(self.arrived_at), self.only_here, self.erased,
            self.noted, self.role, self.holder,
            _text(self.made_at), _text(self.until),
        ]  # fmt: skip


def glance_of(row: Sequence[Any]) -> Glance:
    """The glance that `as_row` gave."""
    (
        light, state, due, provisional, is_open, contested, number, title, offer, pack, matter, unit, units, people,
        enterprise, claimant_name, registered, arrived, only_here, erased, noted, role, holder,
        made, until,
    ) = row  # fmt: skip
    return Glance(
        light, state, date.fromisoformat(due) if due else None, provisional, is_open, contested, number, title, offer,
        pack, matter, unit, frozenset(units), frozenset(people), enterprise, claimant_name,
        date.fromisoformat(registered) if registered else None,
        datetime.fromisoformat(arrived) if arrived else None, only_here, erased, noted, role, holder, datetime.fromisoformat(made),
        datetime.fromisoformat(until) if until else None,
    )  # fmt: skip


def _text(value: date | datetime | None) -> str:
    return value.isoformat() if value else ""


def take(
    case: Case,
    acts: Sequence[RecordedAct],
    found: Assessment,
    contradictions: Sequence[Contradiction],
    policies: Policies,
) -> Glance:
    """A glance at an opened case."""
    registered = case.registered
    text = case.value("title") or (case.value("text") or "")[:_TITLE_CHARACTERS]
    contested = any(item.is_open for item in contradictions)
    only_here = sum(recorded.received_at is None for recorded in acts)
    enterprise, claimant_name = "", str(case.value("claimant_name") or "")
    if case.value("claimant") in ORGANISATIONS:
        enterprise = enterprise_key(claimant_name, str(case.value("claimant_id") or ""))
    return Glance(
        light=_STILL_OPEN.get(found.light, found.light) if found.open or contested else found.light,
        state=found.state,
        due=found.due,
        provisional=found.provisional,
        open=found.open or contested,
        contested=contested,
        number=str(case.value("number") or case.id[:8]),
        title=text,
        offer=case.value("offer") or "",
        pack=case.pack,
        matter=case.matter,
        unit=unit_of_case(case),
        units=_units(case),
        people=_people(case, acts),
        enterprise=enterprise,
        claimant_name=claimant_name,
        registered=local(registered.at).date() if registered else None,
        arrived_at=max((act.received_at for act in acts if act.received_at is not None), default=None),
        only_here=only_here,
        erased=acts[-1].act.kind == _ERASED,
        noted=bool(contested or found.breaches or set(found.owed) - {found.duty} or unseen_changes(case, acts)),
        role=found.responsible,
        holder=found.responsible_name,
        made_at=found.now,
        until=_until(case, found, contested, only_here, policies),
    )


def _until(case: Case, found: Assessment, contested: bool, only_here: int, policies: Policies) -> datetime | None:
    """When time alone may change the glance; the engine looks at days and at these hours of a day, nothing finer."""
    if only_here:
        return found.now  # what has not arrived counts as arriving now (P-14): true at no other moment
    running = any(clock.running for clock in found.clocks)
    lasting = policies.rule_version == "receipt"  # else a later version of the law may count for it (P-13)
    if lasting and case.registered is not None and not (found.problem or found.open or contested or running):
        return None
    now = local(found.now)
    hours = (policies.red_at, policies.business_hours_end)
    moments = [datetime.combine(now.date(), hour, now.tzinfo) + after for hour in hours for after in _AROUND]
    return min([moment for moment in moments if moment > now], default=next_midnight(now.date()))


_AROUND = (timedelta(0), timedelta(microseconds=1))  # lights turn at their hour, a day ends after it


def _units(case: Case) -> frozenset[str]:
    named = {
        str(fact.data[name])
        for fact in case.facts
        if fact.type in _SENT_TO
        for name in ("to", "lead", "by")
        if fact.data.get(name)
    }
    return frozenset(named | {unit for unit in [str(case.value("unit") or "")] if unit})


def _people(case: Case, acts: Sequence[RecordedAct]) -> frozenset[str]:
    # A date that the record counted anew after an act of the centre makes the case nobody's.
    acted = {recorded.act.user for recorded in acts if recorded.act.kind != _RECOUNTED}
    named = {str(fact.data[name]) for fact in case.facts for name in ("to", "handler") if fact.data.get(name)}
    return frozenset(acted | named)


def unseen_changes(case: Case, acts: Sequence[RecordedAct]) -> tuple[Fact, ...]:
    """Dates that the centre's change of the law moved and that nobody who works on the case has met since."""
    moved = case.all("due_recomputed")
    if not moved:
        return ()
    known: set[str] = set()
    by_hash = {recorded.hash: recorded for recorded in acts}
    waiting = [
        recorded.hash for recorded in acts if any(e.get("type") != "due_recomputed" for e in recorded.act.events)
    ]
    while waiting:  # everything that lies before an act that a person made
        each = waiting.pop()
        if each not in known:
            known.add(each)
            waiting += [dep for dep in by_hash[each].deps if dep in by_hash]
    unseen = (fact for fact in moved if fact.act not in known)
    # Several clocks of one case often move together: one line says it.
    lines = {(fact.data.get("old_due"), fact.data["new_due"], fact.data["cause"]): fact for fact in reversed([*unseen])}
    return tuple(reversed(lines.values()))
