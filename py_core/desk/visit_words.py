"""What visits' forms have in common: limits of what is typed, refusals in words."""

from __future__ import annotations

from py_core.desk.command_words import shown_params
from py_core.desk.turn import Turn
from py_core.errors import Refused
from py_core.views import language

NAME_MAX, PLACE_MAX, PURPOSE_MAX, TEXT_MAX, REASON_MAX = 80, 120, 500, 2000, 300


def refusal_text(turn: Turn, refused: Refused) -> str:
    """A refusal as one line beside a field: why, and what to do."""
    params = shown_params(turn, None, refused.params)
    parts = [language.translate(turn.lang, text, params) for text in (refused.message, refused.instead) if text]
    return " ".join(parts)
