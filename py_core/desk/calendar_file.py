"""One's duties as a calendar file (RFC 5545), to be taken into any calendar program.

Written by hand: the usual library is 0.6 MB with what it needs, a tenth of all that a device loads, for one kind of
event without times, rules or zones. No personal data: calendars are synchronised to places that nobody here knows.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from datetime import UTC, timedelta

from py_core.desk import case_view
from py_core.desk.duties import duties, usual_scope
from py_core.desk.frame import page
from py_core.desk.ports import Response
from py_core.desk.turn import OpenCase, Turn
from py_core.views.language import N_

EVENTS_MAX = 500
LINE_OCTETS_MAX = 75
REFRESH = "PT4H"  # how often a program that subscribes should look again
FILE_NAME = "shouwen-duties.ics"


def show_calendar(turn: Turn) -> Response:
    """The page that offers the file; the file itself is in the link, so it is made without network and leaves no trace."""
    dated = dated_duties(turn)
    content = calendar_text(turn, dated).encode()
    return page(
        turn,
        "calendar_file.html",
        turn.say(N_("Calendar file of your duties")),
        "calendar",
        {
            "count": len(dated),
            "file": "data:text/calendar;charset=utf-8;base64," + base64.b64encode(content).decode(),
            "name": FILE_NAME,
        },
        where="today",
    )


def dated_duties(turn: Turn) -> list[OpenCase]:
    """The person's duties that have a due date, the nearest first."""
    return sorted((each for each in duties(turn, usual_scope(turn)) if each.glance.due), key=_order)[:EVENTS_MAX]


def calendar_text(turn: Turn, dated: Iterable[OpenCase]) -> str:
    """An all-day event on each due date, with a reminder the day before."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Shouwen//Duties//EN", "CALSCALE:GREGORIAN", "METHOD:PUBLISH"]
    lines += [f"NAME:{_escaped(turn.say(N_('Shouwen')))}", f"REFRESH-INTERVAL;VALUE=DURATION:{REFRESH}"]
    for opened in dated:
        lines += _event(turn, opened)
    lines.append("END:VCALENDAR")
    return "".join(f"{piece}\r\n" for line in lines for piece in _folded(line))


def _event(turn: Turn, opened: OpenCase) -> Iterator[str]:
    due, found = opened.glance.due, opened.assessment
    if due is None:
        return
    duty = case_view.term(turn, opened, f"duty.{found.duty}") if found.duty else case_view.state_name(turn, opened)
    article = found.principal.article if found.principal else ""
    summary = " · ".join(filter(None, (duty, opened.number)))
    yield "BEGIN:VEVENT"
    yield f"UID:{opened.id}@shouwen"
    yield f"DTSTAMP:{turn.surroundings.now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    yield f"DTSTART;VALUE=DATE:{due:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{due + timedelta(days=1):%Y%m%d}"
    yield f"SUMMARY:{_escaped(summary)}"
    yield f"DESCRIPTION:{_escaped(' '.join(filter(None, (case_view.matter_name(turn, opened), article))))}"
    yield "TRANSP:TRANSPARENT"
    yield "BEGIN:VALARM"
    yield "ACTION:DISPLAY"
    yield f"DESCRIPTION:{_escaped(summary)}"
    yield "TRIGGER:-PT15H"
    yield "END:VALARM"
    yield "END:VEVENT"


def _order(opened: OpenCase) -> tuple[str, str]:
    due = opened.glance.due
    return (due.isoformat() if due else "", opened.number)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> Iterator[str]:
    """A line in pieces of at most 75 octets, never inside a character; each further piece begins with a space."""
    piece = ""
    for character in line:
        if len((piece + character).encode()) > LINE_OCTETS_MAX:
            yield piece
            piece = " "
        piece += character
    yield piece
