"""What the short marks of pages stand for, in words for whoever points at them: articles, readings, breaches."""

from __future__ import annotations

import re

from py_core.desk.turn import Turn
from py_core.views import language
from py_core.views.language import N_

_BETWEEN = re.compile(r", |、| · ")


def in_words(turn: Turn, marks: str) -> str:
    """One mark or several, such as “JY-3.3.5, 民法典 203”; what is no mark of ours stays as it stands."""
    return turn.say(N_("; ")).join(_word(turn, mark) for mark in _BETWEEN.split(marks))


def _word(turn: Turn, mark: str) -> str:
    common = turn.packs.common
    named = common.policies.get(mark) or common.breaches.get(mark)
    if named is None:
        return turn.cite(mark)
    return named.en if turn.lang == language.EN else named.zh
