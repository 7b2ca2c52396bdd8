"""`/centre/devices/<id>/name`: an administrator gives a device another name; the signed enrolment record keeps the first."""

from __future__ import annotations

from sqlalchemy import select, update
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from py_core.desk import ports
from py_core.desk.account_words import DEVICE_NAME_TITLE, FILL_IN
from py_core.desk.centre import centre_menu
from py_core.desk.forms import Form
from py_core.desk.frame import page
from py_core.desk.problems import problem
from py_core.desk.turn import Turn
from server import audit
from server.centre_pages import for_right
from server.devices import NAME_MAX
from server.forms import Form as Sent
from server.outside import to_ms
from server.parts import Parts
from server.tables import devices


async def device_name(request: Request) -> Response:
    """The form with the present name; once sent, the new one."""
    device = request.path_params["device"]

    def make(parts: Parts, turn: Turn, sent: Sent) -> ports.Response | Response:
        with parts.database.reading() as connection:
            where = (devices.c.id == device, devices.c.user.is_not(None))
            known = connection.execute(select(devices.c.name, devices.c.code).where(*where)).first()
        if known is None:
            return problem(turn, 404, "unknown_page")
        form = Form(turn, sent, {"name": known.name})
        if sent:
            name = form.text("name", NAME_MAX, needed=FILL_IN)
            if not form.errors:
                _rename(parts, device, known.name, name, turn.identity.user)
                return RedirectResponse("/centre/devices?done=device_renamed", 303)
        values = {"form": form, "device": device, "code": known.code, "subnavigation": centre_menu(turn, "devices")}
        status = 422 if form.errors else 200
        title = turn.say(DEVICE_NAME_TITLE)
        return page(turn, "device_name.html", title, "device-name", values, where="centre", status=status)

    return await for_right(request, "name_devices", make)


def _rename(parts: Parts, device: str, before: str, name: str, by: str) -> None:
    if name == before:
        return
    with parts.database.writing() as connection:
        connection.execute(update(devices).where(devices.c.id == device).values(name=name))
        audit.note(connection, to_ms(parts.clock.now()), by, "device_renamed", device, before=before, name=name)
