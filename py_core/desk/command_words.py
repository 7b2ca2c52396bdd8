"""Names of commands and of what may be wrong in their fields, in the page's language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from py_core.cases.commands import COMMANDS
from py_core.desk.turn import Turn
from py_core.packs import Pack
from py_core.views import language
from py_core.views.language import N_

# What the core says about a field (short English reasons) in words that help; anything else gets the general one.
_FAULTS: Mapping[str, str] = {
    "is missing": N_("Fill this in."),
    "is already used": N_("This number is already used in the case."),
    "is unknown": N_("Choose one of the case's procedures."),
    "has already ended": N_("This procedure has already ended."),
    "must be later than the date that stands": N_("Choose a date after the one that stands."),
    "is too late": N_("This date is beyond the last day that is allowed."),
    "must be at least 1": N_("Enter at least 1."),
    "lies after the last day away": N_("The absence ends before that day by itself."),
    "lies before the first day away": N_("This lies before the first day away."),
    "must be later than the first day away, which has come": N_(
        "The absence has begun: the first day back is a later one. What has taken place is not called off."
    ),
    "is only for a return on the first day away itself": N_(
        "Only where the first day back is the first day away, and that is today: leave this empty."
    ),
    "must say what of the first day away, which has come": N_(
        "Today is the first day away: say whether they came back in the course of it, or were not away at all."
    ),
    "would take away that the work was not handed over": N_(
        "The work was not handed over and no special reason is given: the day stays. Say that they are back, and add a note of what was entered wrongly."
    ),
    "is only for post A": N_("For post B nobody is named: leave this empty."),
    "is too long": N_("The steps together are longer than the promise."),
}
_GENERAL_FAULT = N_("This entry cannot be read. Compare it with the label and the hint.")
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def command_title(turn: Turn, name: str) -> str:
    """What a command is called on buttons and pages."""
    spec = COMMANDS.get(name)
    return turn.say(spec.title) if spec else name


def fault_text(message: str) -> str:
    """The message id for a fault that the core found in a field."""
    return _FAULTS.get(message, _GENERAL_FAULT)


def shown_params(turn: Turn, pack: Pack | None, params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a refusal as people read them: dates in words, roles by their names in law."""
    shown: dict[str, Any] = {}
    for key, value in params.items():
        if key == "roles" and pack is not None:
            names = [pack.term(f"role.{role.strip()}", turn.lang) for role in str(value).split(",")]
            shown[key] = turn.say(N_(", ")).join(names)
        elif isinstance(value, str) and _ISO_DAY.fullmatch(value):
            shown[key] = language.day_text(turn.lang, date.fromisoformat(value))
        else:
            shown[key] = value
    return shown


def with_article(turn: Turn, sentence: str, article: str) -> str:
    """A sentence with the article that it rests on, before its full stop."""
    if not article:
        return sentence
    stop = sentence[-1:] if sentence[-1:] in ("。", ".") else ""
    return sentence.removesuffix(stop) + turn.say(N_(" (%(text)s)"), text=article) + stop
