"""The pages between the password and being signed in: a code, an own password, a second factor to set up."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from py_core.desk.frame import render
from py_core.views.language import N_
from py_core.views.qr import qr_svg
from server.answers import chosen_language, remember_language
from server.sessions import Session
from server.who import parts_of

TITLES = {
    "code": N_("Enter the code"),
    "code_password": N_("Enter the code"),
    "password": N_("Choose your own password"),
    "factor": N_("Set up the second step of signing in"),
    "recovery": N_("Write down your recovery codes"),
}
PASSWORD_FAULTS = {
    "short": N_("Use at least 12 characters. Four or five words in a row are easy to remember."),
    "long": N_("Use at most 256 characters."),
    "plain": N_("Use more different characters."),
    "common": N_("This is among the passwords that everybody tries first. Choose another one."),
    "name": N_("Do not build the password around your account name."),
    "again": N_("The two entries differ. Type the same password twice."),
    "same": N_("This is the password of before. Choose a new one."),
    "current": N_("The present password is not right."),
}


def step_page(
    request: Request,
    session: Session,
    stage: str,
    target: str,
    kept: Mapping[str, str],
    *,
    status: int = 200,
    error: str = "",
    wait_seconds: int = 0,
    codes: tuple[str, ...] = (),
) -> Response:
    """One step; `kept` are hidden fields that travel on to the next."""
    from server.sign_in import outer_frame

    parts = parts_of(request)
    values = {
        "lang": chosen_language(request),
        "csrf": session.csrf,
        "page": outer_frame(request, TITLES[stage], f"sign-in-{stage}"),
        "stage": stage,
        "user": session.user,
        "kept": {"next": target, **kept},
        "error": error,
        "fault": PASSWORD_FAULTS.get(error, ""),
        "wait_seconds": wait_seconds,
        "codes": codes,
        "offered": None,
        "qr": "",
    }
    if stage == "factor":
        offered = parts.second_factors.offer(session.user, parts.city.current().directory.city_zh)
        values |= {"offered": offered, "qr": qr_svg(offered.address, "QR")}
    headers = {"retry-after": str(wait_seconds)} if wait_seconds else {}
    answer = HTMLResponse(render("sign_in_step.html", values), status, headers)
    remember_language(request, answer)
    return answer
