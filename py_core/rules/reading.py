"""The digest of a case's facts that the rest of the engine asks: where the main line stands, papers, procedures, refusal.

Owns the data; `main_line` fills it. Must not know `now` or policies.
"""

from __future__ import annotations

from py_core.cases.state import Fact
from py_core.packs import Matter, Pack

EARLY = frozenset({"registered", "scope_pending", "accepted"})


class Round:
    """One receipt of incomplete papers: when they came, when all corrections were told, when they were complete."""

    __slots__ = ("completed", "notice", "received")

    def __init__(self, received: Fact) -> None:
        self.received = received
        self.notice: Fact | None = None
        self.completed: Fact | None = None


class Procedure:
    """One special procedure: its start, the fact by which its time was told, its end."""

    __slots__ = ("finished", "kind", "started", "told")

    def __init__(self, started: Fact) -> None:
        self.started = started
        self.kind: str = started.data["procedure"]
        self.told: Fact | None = started if started.data.get("told") else None
        self.finished: Fact | None = None


class Reading:
    """The digest of the facts that the rest of the engine asks."""

    __slots__ = (
        "asked_first",
        "called_back",
        "closed_by",
        "complete",
        "had_by",
        "handed",
        "lead",
        "matter",
        "name",
        "overlooked",
        "pack",
        "procedures",
        "refusal",
        "refusal_decided",
        "refusal_major",
        "refusal_met",
        "refusal_notified",
        "refusal_proposed",
        "refusal_reported",
        "replies",
        "returned",
        "role",
        "rounds",
        "stage",
        "stop",
        "stops",
        "units",
        "unsought",
    )  # fmt: skip

    def __init__(self, pack: Pack, matter: Matter) -> None:
        self.pack = pack
        self.matter = matter
        self.stage = ""
        self.role = "first_responder"
        self.name = ""
        self.asked_first = ""  # the person who registered: the holder until somebody takes the case
        self.had_by: list[tuple[int, str]] = []  # who had the case from which fact on; "" while no person had it
        self.stops: frozenset[str] = frozenset(matter.stop)
        self.stop: Fact | None = None  # the fact that stopped the main clock, if it still counts
        self.closed_by: Fact | None = None
        self.handed = False
        self.lead: Fact | None = None
        self.units: list[str] = []
        self.returned = False
        self.rounds: list[Round] = []
        self.complete: Fact | None = None  # complete papers without any incomplete receipt before
        self.overlooked: list[Fact] = []
        self.procedures: dict[str, Procedure] = {}
        self.replies: list[list[Fact | None]] = []  # [reply with the view sought, its feedback]
        self.unsought: list[Fact] = []  # replies without asking for the person's view
        self.called_back: Fact | None = None
        self.refusal = ""  # "" | refusal_pending | leaders_meeting | refused
        self.refusal_proposed: Fact | None = None
        self.refusal_reported: Fact | None = None
        self.refusal_major: Fact | None = None
        self.refusal_met: Fact | None = None  # the leaders' meeting on this proposal (BZ-FD-2)
        self.refusal_decided: Fact | None = None
        self.refusal_notified: Fact | None = None

    @property
    def holder(self) -> str:
        """The person who has the case, as the case names them, whoever stands in; "" where it is a unit or nobody yet."""
        if self.role == "first_responder":
            return self.name or self.asked_first
        return self.name if self.role == "handler" else ""

    def holder_at(self, index: int) -> str:
        """Who had the case when this fact was recorded."""
        return next((name for since, name in reversed(self.had_by) if since < index), "")

    def close(self, stage: str, fact: Fact) -> None:
        self.stage = stage
        self.closed_by = fact

    def reopen(self) -> None:
        """The same clock goes on: a reply sent back or found untrue never stopped it (C-31)."""
        self.stage = "handling"
        self.stop = None
        self.closed_by = None
