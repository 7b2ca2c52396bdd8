"""What a visit's acts add up to: the plan that stands, requests, papers, signatures, and what contradicts itself.

Equal on every replica whatever arrives first: papers are sums, everything else follows the one order of acts.
Owns `fold_visit`, which never raises. Must not know what the requests are (cases of their own).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from py_core.cases.acts import RecordedAct, canonical_json
from py_core.cases.attached import Attachment
from py_core.cases.fields import read_moment
from py_core.cases.history import pasts
from py_core.cases.state import Fact, FactsByType, Ignored
from py_core.errors import Malformed
from py_core.values import local
from py_core.visits.events import VISIT_EVENTS, read_visit_event

PLANNED, STARTED, FINISHED, CANCELLED = "planned", "started", "finished", "cancelled"
STATES = (PLANNED, STARTED, FINISHED, CANCELLED)
# Whoever did one of these was there.
_WORK = frozenset(
    {"visit_started", "visit_request_added", "papers_taken", "visit_files_added", "visit_signed", "visit_finished"}
)
_TYPE_SHOWN_MAX = 64


@dataclass(frozen=True, slots=True)
class Paper:
    """One kind of paper in the hands of the visitors; `case` is the request to which it belongs, "" for none."""

    name: str
    case: str
    taken: int
    returned: int

    @property
    def held(self) -> int:
        """Copies that are with the office; below 0 when more was given back than was ever taken."""
        return self.taken - self.returned


@dataclass(frozen=True, slots=True)
class Apart:
    """Acts that do not fit together, all of them kept: `code` says how, `acts` are their hashes in order."""

    code: str
    acts: tuple[str, ...]


APART_CODES = ("finished_twice", "cancelled_and_done", "moved_apart", "papers_given_back_twice")


@dataclass(frozen=True, slots=True)
class Visit(FactsByType):
    """The checked facts of one visit. `planned` is None until a readable plan has arrived."""

    id: str
    facts: tuple[Fact, ...] = ()
    by_type: Mapping[str, tuple[Fact, ...]] = field(default_factory=dict)
    ignored: tuple[Ignored, ...] = ()
    acts: tuple[str, ...] = ()
    papers: tuple[Paper, ...] = ()
    apart: tuple[Apart, ...] = ()
    signed_about: str = ""  # what a signature must be about: the content when the visit was finished, else now

    @property
    def planned(self) -> Fact | None:
        return self.first("visit_planned")

    @property
    def state(self) -> str:
        """One of `STATES`; "" for a visit without a readable plan. What was done outweighs a cancellation."""
        if self.planned is None:
            return ""
        if "visit_finished" in self.by_type:
            return FINISHED
        if _WORK.intersection(self.by_type):
            return STARTED
        return CANCELLED if "visit_cancelled" in self.by_type else PLANNED

    @property
    def on(self) -> date | None:
        """The day for which it is planned now."""
        stands = self.last("visit_moved") or self.planned
        return stands.data["on"] if stands is not None else None

    @property
    def day(self) -> date | None:
        """The day on which it was, as far as it has been; else the planned one."""
        begun = self.first("visit_started") or self.first("visit_finished")
        return begun.day if begun is not None else self.on

    @property
    def officers(self) -> tuple[str, ...]:
        """Who goes, by their ids; once it has begun, who went."""
        said = (*self.all("visit_moved"), *self.all("visit_started")[:1])
        named = [fact for fact in said if fact.data.get("officers")]
        stands = named[-1] if named else self.planned
        return tuple(stands.data["officers"]) if stands is not None else ()

    @property
    def requests(self) -> tuple[str, ...]:
        """Ids of the cases that were asked for in this visit, in the order in which they were."""
        return tuple(dict.fromkeys(fact.data["case"] for fact in self.all("visit_request_added")))

    @property
    def files(self) -> tuple[Attachment, ...]:
        """Photographs and papers as they were added, each content once."""
        every = (file for fact in self.all("visit_files_added") for file in fact.data["attachments"])
        return tuple({file.sha256: file for file in every}.values())

    @property
    def held(self) -> tuple[Paper, ...]:
        """Papers that are still with the office."""
        return tuple(paper for paper in self.papers if paper.held > 0)

    @property
    def loose(self) -> tuple[Paper, ...]:
        """Papers that were taken, not given back, and belong to no request."""
        return tuple(paper for paper in self.held if not paper.case)

    @property
    def signature(self) -> Fact | None:
        """The newest signature, or reason for none, about exactly what the visit lists."""
        fitting = [fact for fact in self.all("visit_signed") if fact.data["content"] == self.signed_about]
        return fitting[-1] if fitting else None

    def value(self, name: str) -> str:
        """A text of the plan, "" when it was left out."""
        planned = self.planned
        return str(planned.data.get(name) or "") if planned is not None else ""


def fold_visit(visit_id: str, ordered_acts: Sequence[RecordedAct]) -> Visit:
    """The visit that these acts (in `order`) add up to; what cannot be read is kept in `ignored` with its reason."""
    facts: list[Fact] = []
    ignored: list[Ignored] = []
    by_type: dict[str, list[Fact]] = {}
    about = ""
    for index, (recorded, event) in enumerate(_events(ordered_acts)):
        event_type = str(event.get("type"))[:_TYPE_SHOWN_MAX]
        if event_type not in VISIT_EVENTS:
            ignored.append(Ignored(index, "unknown_event", event_type, recorded.hash))
            continue
        try:
            data = read_visit_event(event)
            at = read_moment(event["at"]) if "at" in event else local(recorded.act.occurred_at)
        except (Malformed, OverflowError) as error:
            ignored.append(Ignored(index, "malformed", event_type, recorded.hash, str(error)))
            continue
        if (event_type == "visit_planned") == bool(facts):
            code = "planned_again" if facts else "not_planned"
            ignored.append(Ignored(index, code, event_type, recorded.hash))
            continue
        if event_type == "visit_finished" and not about:
            about = content_digest(facts)
        arrived = None if recorded.received_at is None else local(recorded.received_at)
        fact = Fact(index, event_type, at, arrived, data, recorded.hash, recorded.act.user, recorded.act.device)
        facts.append(fact)
        by_type.setdefault(event_type, []).append(fact)
    found = {key: tuple(each) for key, each in by_type.items()}
    papers = _papers(facts)
    return Visit(
        visit_id,
        tuple(facts),
        found,
        tuple(ignored),
        tuple(dict.fromkeys(recorded.hash for recorded in ordered_acts)),
        papers,
        tuple(_apart(found, papers, ordered_acts)),
        about or content_digest(facts),
    )


def content_digest(facts: Sequence[Fact]) -> str:
    """What a signature binds: SHA-256 of the visit's number, requests, papers and files as these facts list them."""
    planned = facts[0].data if facts else {}
    content = {
        "number": planned.get("number", ""),
        "enterprise": planned.get("enterprise", ""),
        "code": planned.get("code", ""),
        "requests": sorted({fact.data["case"] for fact in facts if fact.type == "visit_request_added"}),
        "files": sorted(file.sha256 for fact in facts for file in fact.data.get("attachments", ())),
        "papers": [[paper.name, paper.case, paper.taken, paper.returned] for paper in _papers(facts)],
    }
    return hashlib.sha256(b"shouwen-visit-1" + canonical_json(content).encode()).hexdigest()


def _events(acts: Sequence[RecordedAct]) -> Iterator[tuple[RecordedAct, Mapping[str, object]]]:
    for recorded in acts:
        for event in recorded.act.events:
            yield recorded, event


def _papers(facts: Sequence[Fact]) -> tuple[Paper, ...]:
    """The sums by name and request, in the order in which the papers were first named; then sorted by request."""
    counted: dict[tuple[str, str], list[int]] = {}

    def count(name: str, case: str, taken: int = 0, returned: int = 0) -> None:
        line = counted.setdefault((name.strip(), case), [0, 0])
        line[0] += taken
        line[1] += returned

    for fact in facts:
        case = str(fact.data.get("case") or "")
        for name, copies in fact.data.get("papers", ()):
            if fact.type == "papers_taken":
                count(name, case, taken=copies)
            elif fact.type == "papers_returned":
                count(name, case, returned=copies)
            else:  # papers_attached: what lay loose belongs to a request now
                count(name, "", taken=-copies)
                count(name, case, taken=copies)
    lines = [Paper(name, case, *line) for (name, case), line in counted.items() if any(line)]
    return tuple(sorted(lines, key=lambda paper: (paper.case, paper.name)))


def _apart(
    found: Mapping[str, tuple[Fact, ...]], papers: Sequence[Paper], acts: Sequence[RecordedAct]
) -> Iterator[Apart]:
    finished, cancelled = found.get("visit_finished", ()), found.get("visit_cancelled", ())
    if len(finished) > 1:
        yield Apart("finished_twice", _hashes(finished))
    work = [fact for name in _WORK for fact in found.get(name, ())]
    if cancelled and work:
        first = min(work, key=lambda fact: fact.index)
        yield Apart("cancelled_and_done", _hashes((*cancelled, first)))
    moved = found.get("visit_moved", ())
    if len(moved) > 1:
        last = moved[-1]
        place = {recorded.hash: index for index, recorded in enumerate(acts)}
        seen = pasts(acts)[place[last.act]]
        others = [
            fact
            for fact in moved[:-1]
            if fact.act != last.act and not seen >> place[fact.act] & 1 and _goal(fact) != _goal(last)
        ]
        if others:
            yield Apart("moved_apart", _hashes((*others, last)))
    over = {paper.name for paper in papers if paper.held < 0}
    if over:
        moves = (*found.get("papers_returned", ()), *found.get("papers_attached", ()))
        touching = [fact for fact in moves if any(name.strip() in over for name, _ in fact.data["papers"])]
        yield Apart("papers_given_back_twice", _hashes(touching))


def _goal(fact: Fact) -> tuple[object, ...]:
    return fact.data["on"], tuple(fact.data.get("officers", ()))


def _hashes(facts: Sequence[Fact]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fact.act for fact in sorted(facts, key=lambda fact: fact.index)))
