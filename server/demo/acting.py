"""Acts out scripted cases: commands through the core's `decide`, acts as signed changes of the persons' own devices.

Everybody acts in the order of time, as in a living city; the clock is the script's. Must not write to the record.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from py_core import __version__
from py_core.calendars import WorkCalendar
from py_core.cases.acts import Act, Event, RecordedAct
from py_core.cases.commands import Command, Context, decide
from py_core.cases.history import order
from py_core.cases.state import Case, evolve, fold
from py_core.change import ActChange, decode_act_change, sign_bytes
from py_core.directory import Directory
from py_core.packs import Packs
from py_core.reporters import apart, reporter_id
from py_core.visits import Visit, decide_visit, fold_visit, is_visit_id, plan_visit
from server.demo.own_devices import DemoDevice
from server.engine import CaseEngine
from server.record import Submission

ONLINE = timedelta(seconds=4)
BEACON_AGE = timedelta(minutes=3)  # since the device last heard the record's time
NUMBER_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Step:
    """What one person does at one moment. `travel`: how long the act needs to reach the record (offline work)."""

    at: datetime
    user: str
    command: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    travel: timedelta = ONLINE
    unseen: int = 0  # how many of the case's last acts this person's device had not received
    also: tuple[tuple[str, Mapping[str, Any]], ...] = ()  # further commands of the same act, as one form makes them


Script = Generator[Step, Case | None, None]
"""Yields steps in the order of time; each `yield` gives the case after the step."""

VisitScript = Generator[Step, Visit | None, None]
"""The same for a visit to an enterprise."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A submission with the moment at which it reaches the record."""

    submission: Submission
    received_at: datetime


Beacons = Callable[[datetime], str]
"""The id of the record's signed word on the time, as a device heard it at that moment."""


@dataclass(slots=True)
class _Play:
    """One case while it is acted out."""

    case_id: str
    script: Script | VisitScript
    acts: list[RecordedAct] = field(default_factory=list)
    raws: list[bytes] = field(default_factory=list)

    def seen(self, unseen: int) -> tuple[list[RecordedAct], list[bytes]]:
        end = len(self.acts) - unseen
        return self.acts[:end], self.raws[:end]

    def received(self, now: datetime) -> date:
        return (self.acts[0].act.occurred_at if self.acts else now).date()


class Stage:
    """Where the plays are given: who has which device, which law is in force."""

    def __init__(
        self,
        directory: Directory,
        packs: Packs,
        calendar: WorkCalendar,
        devices: Mapping[str, DemoDevice],
        engine: CaseEngine,
        beacons: Beacons,
    ) -> None:
        self._directory = directory
        self._packs = packs
        self._calendar = calendar
        self._devices = devices
        self._engine = engine
        self._beacons = beacons

    def give(self, plays: Iterable[tuple[str, Script | VisitScript]], until: datetime) -> list[Delivery]:
        """Acts all cases (id, script) out up to a moment, and what must reach the record, in the order of arrival."""
        waiting: list[tuple[datetime, int, _Play, Step]] = []
        for number, (case_id, script) in enumerate(plays):
            self._push(waiting, number, _Play(case_id, script), None, until)
        made: list[Delivery] = []
        while waiting:
            _, number, play, step = heapq.heappop(waiting)
            made += self._take(play, step)
            acts = order(play.acts)
            found = fold_visit(play.case_id, acts) if is_visit_id(play.case_id) else fold(play.case_id, acts)
            self._push(waiting, number, play, found, until)
        return sorted(made, key=lambda delivery: delivery.received_at)

    def _push(
        self,
        waiting: list[tuple[datetime, int, _Play, Step]],
        number: int,
        play: _Play,
        found: Case | Visit | None,
        until: datetime,
    ) -> None:
        try:
            step = next(play.script) if found is None else play.script.send(found)  # type: ignore[arg-type]
        except StopIteration:
            return
        if step.at <= until:
            heapq.heappush(waiting, (step.at, number, play, step))

    def _take(self, play: _Play, step: Step) -> list[Delivery]:
        """The act of a step; of a report also the one that says who made it, in its own document."""
        person = self._directory.people[step.user]
        device = self._devices[step.user]
        acts, raws = play.seen(step.unseen)
        context = Context(
            now=step.at,
            packs=self._packs,
            calendar=self._calendar,
            policies=self._directory.policies,
            user=step.user,
            roles=frozenset(person.roles),
            unit=person.unit,
        )
        seq = device.next_seq()
        fields = dict(step.fields)
        number = f"{device.code}-{seq:0{NUMBER_DIGITS}d}"  # as the desk numbers what it registers
        commands = [(step.command, fields if acts else fields | {"number": number}), *step.also]

        def act(events: tuple[Event, ...], kind: str = step.command, seq: int = seq) -> Act:
            return Act(
                kind=kind,
                events=events,
                user=step.user,
                device=device.id,
                device_seq=seq,
                occurred_at=step.at,
                claimed_at=step.at,
                beacon=self._beacons(step.at - BEACON_AGE),
                since_beacon_ms=round(BEACON_AGE.total_seconds() * 1000),
                pack_version=self._packs.on(play.received(step.at)).version,
                app_version=__version__,
            )

        def draft(event: Event) -> RecordedAct:
            return RecordedAct("draft", (), act((event,)))

        decided = _visit_events if is_visit_id(play.case_id) else _case_events
        events = decided(play, acts, commands, context, draft)
        kept, beside = apart(play.case_id, events, self._packs)
        received_at = step.at + step.travel
        made = act(kept)
        submission, change = self._signed(play.case_id, device, step, raws, made)
        play.acts.append(RecordedAct(change.hash, change.causes, made, received_at))
        play.raws.append(submission.raw)
        delivered = [Delivery(submission, received_at)]
        if beside is not None:
            told = act((beside,), "tell_reporter", device.next_seq())
            submission, _ = self._signed(reporter_id(play.case_id), device, step, [], told)
            delivered.append(Delivery(submission, received_at))
        return delivered

    def _signed(
        self, document: str, device: DemoDevice, step: Step, raws: list[bytes], act: Act
    ) -> tuple[Submission, ActChange]:
        actor = device.actor_on(step.at.date())
        raw = self._engine.append_texts(raws, bytes.fromhex(actor), [act.text()])[-1]
        change = decode_act_change(raw)
        signature = device.sign(sign_bytes(document, change.hash))
        return Submission(document, device.alg, signature, raw, device.id, step.user), change


Commands = Sequence[tuple[str, Mapping[str, Any]]]
Draft = Callable[[Event], RecordedAct]


def _case_events(
    play: _Play, acts: Sequence[RecordedAct], commands: Commands, context: Context, draft: Draft
) -> list[Event]:
    case = fold(play.case_id, order(acts)) if acts else None
    events: list[Event] = []
    for name, given in commands:
        for event in decide(case, Command(name, given), context):
            events.append(event)
            case = evolve(case, draft(event), event, play.case_id)
    return events


def _visit_events(
    play: _Play, acts: Sequence[RecordedAct], commands: Commands, context: Context, draft: Draft
) -> list[Event]:
    known = list(order(acts))
    events: list[Event] = []
    for name, given in commands:
        if name == "plan":
            made = plan_visit(given, context.now.date())
        else:
            made = decide_visit(fold_visit(play.case_id, known), name, given, context.now)
        events += made
        known += [draft(event) for event in made]
    return events
