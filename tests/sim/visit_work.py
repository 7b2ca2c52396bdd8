"""What visiting officers do: a plan, or one step in a visit that this desk holds, lawful or not, as one act."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from py_core.desk.ports import NewAct
from py_core.desk.recording import new_act
from py_core.desk.turn import Turn
from py_core.desk.visit_held import OpenVisit, open_visit
from py_core.errors import Refused
from py_core.values import local
from py_core.visits import VISIT_COMMANDS, decide_visit, plan_visit, possible, visit_id

from . import pictures, town

VISITS_MAX = 2
PAPERS = ("licence", "contract")
RARE = frozenset({"cancel", "note", "move"})


def visit_act(turn: Turn, chance: Random) -> tuple[list[NewAct], str] | None:
    """A new act of a visit with what it is; None when the desk refused it."""
    now = turn.surroundings.now
    known = sorted(record.id for record in turn.store.visits())
    try:
        if not known or (len(known) < VISITS_MAX and chance.random() < 0.3):
            made = visit_id(turn.surroundings.new_id())
            return [new_act(turn, made, "plan", plan_visit(_plan(turn, chance), local(now).date()), now)], "plan"
        opened = open_visit(turn, chance.choice(known))
        assert opened is not None
        # Most visits take place; what can be done at any time would otherwise be done all the time.
        offered = [name for name in possible(opened.visit) if name not in RARE or chance.random() < 0.1]
        name = chance.choice(offered if offered and chance.random() < 0.8 else sorted(VISIT_COMMANDS))
        events = decide_visit(opened.visit, name, _fields(opened, turn, chance, name), now)
        return [new_act(turn, opened.id, name, events, now)], f"visit_{name}"
    except Refused:
        return None


def _plan(turn: Turn, chance: Random) -> dict[str, Any]:
    return {
        "enterprise": f"works {chance.randrange(3)}",
        "on": (local(turn.surroundings.now).date() + timedelta(days=chance.randrange(4))).isoformat(),
        "officers": chance.sample(town.OFFICERS, 2),
        "unit": turn.person.unit if turn.person else "",
        "number": f"{turn.identity.device_code}-{turn.surroundings.next_device_seq:06}",
    }


def _fields(opened: OpenVisit, turn: Turn, chance: Random, name: str) -> dict[str, Any]:
    """Plausible fields for a command; those that it does not have are ignored by the core."""
    visit = opened.visit
    cases = sorted(record.id for record in turn.store.cases()) or ["0" * 32]
    held = visit.loose if name == "attach_papers" else visit.held
    paper = chance.choice(held) if held else None
    case = chance.choice(visit.requests or cases) if name != "add_request" else chance.choice(cases)
    if name == "return_papers" and paper is not None:
        case = paper.case
    return {
        **_plan(turn, chance),
        "case": case,
        "papers": [{"name": paper.name if paper else chance.choice(PAPERS), "copies": chance.randint(1, 2)}],
        "purpose": "photo",
        "attachments": [pictures.taken(chance)],
        "signed": True,
        "signer": "somebody",
        "shown": "what there is",
        "content": visit.signed_about,
        "summary": "done",
        "reason": "it rains",
        "text": f"note {chance.randrange(100)}",
    }
