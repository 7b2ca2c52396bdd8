"""Answers one request of the desk over the record: what it shows is cut to the person, what it does goes through the gate.

Must not know HTTP (see `desk_routes`), so that a simulation can ask the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from py_core import __version__, desk
from py_core.desk import ports
from py_core.desk.turn import Turn
from py_core.rights import may
from py_core.values import local
from server.desk_store import DeskStore
from server.devices import SERVER_DEVICE
from server.forms import Form
from server.own_device import NotRecorded
from server.parts import Parts

PUBLIC = "/public/"
_CENTRE = "/centre"


def desk_request(
    method: str,
    path: str,
    query: Mapping[str, Sequence[str]],
    form: Form,
    lang: str,
    csrf: str,
) -> ports.Request:
    """A request as the desk reads it."""
    return ports.Request("GET" if method == "HEAD" else method, path, query, form, lang, csrf)


def answer_desk(parts: Parts, request: ports.Request, user: str) -> ports.Response:
    """Answers one request of a signed-in person; what it records is on the disk before the answer exists."""
    if request.method == "GET" or desk.only_looks(request.path):
        return _respond(parts, request, user, next_seq=1)
    # One writer from reading to recording: the acts have seen exactly what the person was answered from.
    try:
        with parts.database.writing():
            response = _respond(parts, request, user, next_seq=parts.own_device.next_seq())
            if response.decision is not None:
                parts.decisions.carry_out(response.decision, user)
            if response.acts:
                parts.own_device.commit(response.acts, user)
    except NotRecorded as error:
        return desk.problem_page(
            409,
            "not_recorded",
            lang=request.lang,
            path=request.path,
            csrf=request.csrf,
            app_version=__version__,
            reference=error.reason,
        )
    return response


def _respond(parts: Parts, request: ports.Request, user: str, next_seq: int) -> ports.Response:
    turn = turn_of(parts, request, user, next_seq)
    return desk.respond(request, turn.store, turn.identity, turn.surroundings)


def turn_of(parts: Parts, request: ports.Request, user: str, next_seq: int = 1) -> Turn:
    """The desk's view of the record for one request of this person."""
    directory = parts.city.current().directory
    now = parts.clock.now()
    person = directory.person_on(user, local(now).date())
    # Each page of the centre has a right of its own; some show counts of the whole record to people who read no case.
    at_centre = request.path.startswith(_CENTRE) and person is not None and may(person.roles, "see_centre")
    whole_city = request.path.startswith(PUBLIC) or at_centre
    store = DeskStore(
        parts.database,
        parts.casebook,
        directory,
        parts.calendar,
        parts.packs,
        parts.similar,
        parts.recomputation,
        parts.attachments,
        parts.erasing_again,
        user,
        now,
        whole_city,
    )
    surroundings = ports.Surroundings(
        now=now,
        new_id=lambda: parts.entropy.token(16).hex(),
        next_device_seq=next_seq,
        app_version=__version__,
        where="server",
    )
    identity = ports.Identity(user, SERVER_DEVICE, parts.own_device.code)
    return Turn(request, store, identity, surroundings)
