"""What a device may alert its person of, offline: lights that changed, and when the next one changes by itself.

Made for the page's timer, not for eyes. It says how many and never of whom: a notification stands on a locked screen.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from py_core.desk.duties import duties, usual_scope
from py_core.desk.frame import render
from py_core.desk.ports import Response
from py_core.desk.turn import Turn
from py_core.values import local

ALERTING = ("overdue", "red", "orange", "yellow")
REMINDER = "reminder"
_LOOK_AGAIN_HOURS = 6  # what arrives by sync asks anew anyway


def show_alerts(turn: Turn) -> Response:
    """Every light to be told of, by case, and the moment of the next change."""
    now = local(turn.surroundings.now)
    rows: list[dict[str, Any]] = []
    moments = [now + timedelta(hours=_LOOK_AGAIN_HOURS)]
    for opened in duties(turn, usual_scope(turn)):
        found = opened.assessment
        if found.light in ALERTING:
            rows.append({"key": f"{opened.id}-{found.light}-{found.due}", "light": found.light})
        if found.reminder_on == now.date():
            rows.append({"key": f"{opened.id}-{REMINDER}-{now.date()}", "light": REMINDER})
        if found.next_alert_at is not None:
            moments.append(found.next_alert_at)
    next_ms = round((min(moments) - now).total_seconds() * 1000)
    return Response(200, render("parts/alerts.html", {"lang": turn.lang, "rows": rows, "next_ms": next_ms}))
