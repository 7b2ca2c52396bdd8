"""日历订阅: the page of a secret address from which calendar programs fetch one's duties. Made by the server only."""

from __future__ import annotations

from datetime import datetime

from py_core.desk.frame import page
from py_core.desk.ports import Response
from py_core.desk.turn import Turn
from py_core.views import language
from py_core.views.language import N_


def show_subscription(turn: Turn, made_at: datetime | None, address: str, *, ended: bool = False) -> Response:
    """Whether there is an address and since when; `address` is given only right after it was made."""
    return page(
        turn,
        "calendar_subscription.html",
        turn.say(N_("Subscribe to your due dates")),
        "calendar-subscription",
        {
            "made": language.moment_text(turn.lang, made_at) if made_at else "",
            "address": address,
            "ended": ended,
        },
        where="today",
    )
