"""The pages between the password and being signed in: a code, an own password, a second factor to set up."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from py_core.desk.account_words import PASSWORD_FAULTS, TITLES
from py_core.desk.frame import render
from py_core.views import language
from py_core.views.qr import qr_svg
from server.answers import chosen_language, remember_language
from server.sessions import Session
from server.who import parts_of


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

    parts, lang = parts_of(request), chosen_language(request)
    values = {
        "lang": lang,
        "csrf": session.csrf,
        "page": outer_frame(request, TITLES[stage], f"sign-in-{stage}"),
        "stage": stage,
        "user": session.user,
        "kept": {"next": target, **kept},
        "error": error,
        "fault": language.translate(lang, PASSWORD_FAULTS[error]) if error in PASSWORD_FAULTS else "",
        "wait_seconds": wait_seconds,
        "codes": codes,
        "offered": None,
        "qr": "",
    }
    if stage == "factor":
        issuer = f"{parts.city.current().directory.city_zh} {language.translate(language.ZH, 'Shouwen')}"
        offered = parts.second_factors.offer(session.user, issuer)
        values |= {"offered": offered, "qr": qr_svg(offered.address, "QR")}
    headers = {"retry-after": str(wait_seconds)} if wait_seconds else {}
    answer = HTMLResponse(render("sign_in_step.html", values), status, headers)
    remember_language(request, answer)
    return answer
