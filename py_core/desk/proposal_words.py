"""What the rules propose to a person, in words: its kind, the trigger, breach or duty that it rests on, and its place.

Reads the packs; decides nothing itself (py_core.rules.proposals does).
"""

from __future__ import annotations

from py_core.desk.turn import Turn
from py_core.packs import Pack
from py_core.views import language
from py_core.views.language import N_


def proposal_words(turn: Turn, pack: Pack, name: str) -> str:
    """One proposal as a clerk would say it; one of a newer version by its key."""
    kind, _, detail = name.partition(":")
    if kind == "supervision":
        return turn.say(N_("Supervise: %(trigger)s"), trigger=trigger_words(turn, pack, detail))
    if kind == "breach" and detail in pack.common.breaches:
        breach = pack.common.breaches[detail]
        return turn.say(N_("Possible breach: %(breach)s (%(code)s)"), breach=_of(turn, breach), code=detail)
    if kind == "alert":
        duty = next((each for each in pack.common.unnumbered if each.id == detail), None)
        return turn.say(N_("Waits longer than the city has set: %(duty)s"), duty=_of(turn, duty)) if duty else name
    return pack.term(f"proposal.{kind}", turn.lang)


def trigger_words(turn: Turn, pack: Pack, trigger: str) -> str:
    """A trigger of supervision (HL-8) with its article."""
    row = next((each for each in pack.supervision if each.id == trigger), None)
    return f"{_of(turn, row)} {row.article}" if row else trigger


def _of(turn: Turn, row: object) -> str:
    return str(getattr(row, "en" if turn.lang == language.EN else "zh"))
