"""What the worker asks before it can work offline: who is signed in, enrolment of this browser, its return."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from py_core import __version__
from py_core.errors import Malformed
from py_core.rights import may
from py_core.values import local
from py_core.wire import read_json_object
from server import audit, passwords
from server.answers import problem_answer
from server.devices import EnrolmentRequest, enrol, enrolment_of
from server.outside import to_ms
from server.own_forms import caller
from server.parts import Parts
from server.proving import is_fresh
from server.returning import NotReturned, take_back
from server.who import parts_of, session_of


async def me(request: Request) -> Response:
    """Who is signed in, the session's token for calls, and the key that receipts and beacons verify with."""
    session = await session_of(request)
    if session is None:
        return problem_answer(request, 401, "signed_out")
    parts = parts_of(request)
    published = await run_in_threadpool(parts.city.current)
    person = published.directory.person_on(session.user, local(parts.clock.now()).date())
    if person is None:
        return problem_answer(request, 401, "signed_out")
    return JSONResponse(
        {
            "user": session.user,
            "name": person.name,
            "unit": person.unit,
            "may_work_offline": may(person.roles, "work_offline"),
            "csrf": session.csrf,
            "fresh": is_fresh(parts, session),
            "own_words": passwords.words_of(published.directory, person),
            "directory_version": published.version,
            "record_key": parts.receipts.public_key.hex(),
            "carry_keys": parts.carry_keys.published,
            "app_version": __version__,
        }
    )


async def enrol_device(request: Request) -> Response:
    """Takes this browser's public key in for the signed-in person, who signed in a few minutes ago."""
    session = await caller(request)
    if isinstance(session, Response):
        return session
    parts = parts_of(request)
    person = parts.city.current().directory.person_on(session.user, local(parts.clock.now()).date())
    if person is None or not may(person.roles, "work_offline"):
        return problem_answer(request, 403, "not_allowed")
    if not is_fresh(parts, session):
        return problem_answer(request, 403, "sign_in_again")
    try:
        data = read_json_object(await request.body())
        enrolled = await run_in_threadpool(_enrol, parts, session.user, data)
    except Malformed as error:
        return JSONResponse({"error": {"code": "malformed", "message": str(error)}}, 400)
    return JSONResponse(enrolled, 201)


async def return_device(request: Request) -> Response:
    """Takes a device in again that was enrolled after the backup from which this record came back."""
    session = await caller(request)
    if isinstance(session, Response):
        return session
    parts = parts_of(request)
    if not is_fresh(parts, session):
        return problem_answer(request, 403, "sign_in_again")
    try:
        data = read_json_object(await request.body())
        told, new = await run_in_threadpool(_return, parts, session.user, data)
    except Malformed as error:
        return JSONResponse({"error": {"code": "malformed", "message": str(error)}}, 400)
    except NotReturned as error:
        return JSONResponse({"error": {"code": error.code, "message": "this device has to be enrolled anew"}}, 403)
    return JSONResponse(told, 201 if new else 200)


def _return(parts: Parts, user: str, data: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    text = data.get("text")
    if not isinstance(text, str):
        raise Malformed("enrolment", "must have text and sig (hex)")
    with parts.database.writing() as connection:
        now_ms = to_ms(parts.clock.now())
        device, new = take_back(connection, parts.entropy, user, text, _hex(data, "sig"), now_ms)
    return {"device": device.id, "code": device.code}, new


def _enrol(parts: Parts, user: str, data: dict[str, Any]) -> dict[str, Any]:
    alg, name = data.get("alg"), data.get("name")
    if type(alg) is not int or not 0 <= alg <= 255 or not isinstance(name, str):
        raise Malformed("device", "must have alg (a number), public_key (hex), name and sig (hex)")
    asked = EnrolmentRequest(user, alg, _hex(data, "public_key"), name, _hex(data, "sig"))
    with parts.database.writing() as connection:
        now_ms = to_ms(parts.clock.now())
        device = enrol(connection, parts.entropy, parts.receipts.key, asked, now_ms)
        enrolment = enrolment_of(connection, device.id)
        audit.note(connection, now_ms, user, "device_enrolled", device.id, name=device.name)
    assert enrolment is not None, "it was written a moment ago"
    return {"device": device.id, "code": device.code, "enrolment": {"text": enrolment[0], "sig": enrolment[1]}}


def _hex(data: dict[str, Any], key: str) -> bytes:
    try:
        return bytes.fromhex(data.get(key, ""))
    except (TypeError, ValueError) as error:
        raise Malformed(f"device.{key}", "must be hex digits") from error
