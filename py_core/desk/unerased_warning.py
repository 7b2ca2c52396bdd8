"""The warning that what had been erased is there again: what is undone, why, and what to do. For who sees the keeping."""

from __future__ import annotations

from py_core.desk.turn import Turn
from py_core.views import language
from py_core.views.language import N_


def unerased_warning(turn: Turn) -> str:
    """In words; empty when nothing is undone, or for whom it is no concern."""
    view = turn.store.centre() if turn.may("see_keeping") else None
    undone = view.unerased() if view is not None else None
    if undone is None:
        return ""
    what = (
        N_(
            "Documents that had been erased came back with a backup and are not erased again: %(n)d (tried %(when)s). %(todo)s"
        )
        if undone.documents
        else N_("What had been erased is not taken off the disk wholly (tried %(when)s). %(todo)s")
    )
    todo = (
        N_("The record's disk is full: make room on it. The record tries again every hour and at its next start.")
        if undone.storage_full
        else N_("The server's log says why (shouwen.erasing). The record tries again every hour and at its next start.")
    )
    tried = language.moment_text(turn.lang, undone.tried_at, short=True)
    return turn.say(what, n=undone.documents, when=tried, todo=turn.say(todo))
