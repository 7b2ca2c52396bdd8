"""How a due date was counted, step by step, as data. Must not make text (see `views.explain`)."""

from __future__ import annotations

from py_core.cases.state import Case
from py_core.rules.assessment import Clock, Step
from py_core.rules.clocks import Clocks
from py_core.rules.reading import Reading
from py_core.rules.timing import Timing


def explain(case: Case, reading: Reading, clocks: Clocks, principal: Clock | None, timing: Timing) -> tuple[Step, ...]:
    """The steps for the clock that speaks for the case."""
    return () if principal is None else (Step("due", {"due": principal.due}, principal.article),)
