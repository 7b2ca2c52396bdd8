"""The pages between the password and being signed in: a code, an own password, a second factor to set up."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from py_core.desk.account_words import PASSWORD_FAULTS, PROOF_FAULTS, TITLES
from py_core.desk.frame import render
from py_core.views import language
from py_core.views.qr import qr_svg
from server.answers import chosen_language, remember_language
from server.forms import Form
from server.parts import Parts
from server.second_factor import Offered
from server.sessions import Session

_PROOF = {"current": PROOF_FAULTS["current"]}
_NO_CODES_YET = {"wait": PROOF_FAULTS["wait"]}  # else a recovery code is named as a way out


def offer_factor(parts: Parts, user: str) -> Offered:
    """A new secret under the name by which an app will call the city's record."""
    issuer = f"{parts.city.current().directory.city_zh} {language.translate(language.ZH, 'Shouwen')}"
    return parts.second_factors.offer(user, issuer)


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
    offered: Offered | None = None,
    sent: tuple[str, Form] | None = None,
) -> Response:
    """One step; `kept` are hidden fields that travel on to the next. The secret of a second step stands in it only when
    it was `offered` just now. `sent`: path and fields of the form with which the last step leads on."""
    from server.sign_in import outer_frame

    lang = chosen_language(request)
    frame = outer_frame(request, TITLES[stage], f"sign-in-{stage}")
    if codes or sent or kept:
        frame["other_language_href"] = ""  # the page in the other language has neither codes nor what was typed
    faults = {**PASSWORD_FAULTS, **_PROOF, **(_NO_CODES_YET if stage == "factor" else {})}
    values = {
        "lang": lang,
        "csrf": session.csrf,
        "page": frame,
        "stage": stage,
        "user": session.user,
        "kept": {"next": target, **kept},
        "error": error,
        "fault": language.translate(lang, faults[error]) if error in faults else "",
        "at": "password" if error in _PROOF else "new_password" if error in PASSWORD_FAULTS else "code",
        "wait_seconds": wait_seconds,
        "codes": codes,
        "offered": offered,
        "sent": sent,
        "qr": qr_svg(offered.address, "QR") if offered else "",
    }
    headers = {"retry-after": str(wait_seconds)} if wait_seconds else {}
    answer = HTMLResponse(render("sign_in_step.html", values), status, headers)
    remember_language(request, answer)
    return answer
