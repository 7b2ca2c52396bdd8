"""A contradiction as people read it: what does not fit, what stands meanwhile, what was decided and why."""

from __future__ import annotations

from typing import Any

from py_core.cases.contradictions import BOTH, Contradiction
from py_core.desk import act_view, case_view
from py_core.desk.turn import OpenCase, Turn
from py_core.views import language
from py_core.views.language import N_


def contradiction_view(turn: Turn, opened: OpenCase, item: Contradiction) -> dict[str, Any]:
    """Both sides with their times and proofs, the interim reading, and the decision when there is one."""
    recorded = {entry.hash: entry for entry in opened.acts}
    contested = frozenset(item.acts)
    sides = [act_view.act_view(turn, opened, recorded[key], contested) for key in item.acts if key in recorded]
    return {
        "code": item.code,
        "title": case_view.term(turn, opened, f"contradiction.{item.code}"),
        "article": item.article,
        "what": turn.say(
            N_(
                "These acts were recorded without knowing of each other. Nothing is lost: all of them stand on the timeline."
            )
        ),
        "stands": _stands(turn, sides, item.stands),
        "sides": sides,
        "resolved": _resolved(turn, opened, item, sides),
    }


def choice_text(turn: Turn, sides: list[dict[str, Any]], choice: str) -> str:
    """What a possible decision means, naming person and time."""
    if choice == BOTH:
        return turn.say(N_("All stand: they do not exclude each other"))
    side = next((side for side in sides if side["full_hash"] == choice), None)
    if side is None:
        return choice[:12]
    return turn.say(
        N_("The act of %(who)s stands (%(what)s, %(when)s)"), who=side["who"], what=side["title"], when=side["happened"]
    )


def _stands(turn: Turn, sides: list[dict[str, Any]], stands: str) -> str:
    if stands == BOTH:
        return turn.say(N_("all acts count"))
    side = next((side for side in sides if side["full_hash"] == stands), None)
    if side is None:
        return turn.say(N_("nothing counts yet"))
    return turn.say(N_("the act of %(who)s counts (%(when)s)"), who=side["who"], when=side["happened"])


def _resolved(turn: Turn, opened: OpenCase, item: Contradiction, sides: list[dict[str, Any]]) -> dict[str, str] | None:
    if item.resolved_by is None:
        return None
    decision = next((entry for entry in opened.acts if entry.hash == item.resolved_by), None)
    return {
        "decision": choice_text(turn, sides, item.stands),
        "reason": item.reason,
        "who": case_view.person_name(turn, decision.act.user) if decision else "",
        "when": language.moment_text(turn.lang, decision.act.occurred_at) if decision else "",
    }
