"""The door for other Automerge software: `/automerge` speaks automerge-repo's WebSocket protocol over the record.

A tool comes with its token (server.tools), sees the documents that its person sees, and may write only with a grant:
then every change goes through the same gate as a device's. Nothing here decides about a change, and a tool's bytes
are read by the engine's own process only. Documents change for a tool as they change for everybody.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from dataclasses import dataclass, field

from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket, WebSocketDisconnect

from py_core.change import actor_sign_bytes, decode_act_change, sign_bytes
from py_core.city import CITY_ID
from py_core.errors import Malformed
from py_core.wire import ALG_ED25519, ActorAnnouncement
from server import record, repo_protocol
from server.city import reader_in, sees_whole_city
from server.devices import actor_owner, announce_actor
from server.gate import Ruling
from server.outside import to_ms
from server.parts import Parts
from server.record import Submission
from server.repo_protocol import Join, SyncMessage
from server.tools import Tool
from server.trial import NotTaken

PEER = "shouwen-record"
DOCUMENTS_MAX = 5_000  # one connection may follow
CHANGES_MAX = 200  # one message may bring
_NOT_LET_IN = 4401
_BAD_MESSAGE = 4400
_log = logging.getLogger("shouwen.door")


@dataclass(slots=True)
class _Talk:
    """One connection: what it follows and what it was told last."""

    tool: Tool
    session: str
    peer: str = ""
    followed: dict[str, int] = field(default_factory=dict)  # case -> how many changes it had when it was told
    aside: dict[str, list[bytes]] = field(default_factory=dict)  # what the gate did not take of this tool's
    last_reply: dict[str, bytes] = field(default_factory=dict)
    told: int = 0


async def door(socket: WebSocket) -> None:
    """One tool's connection, until either side ends it."""
    parts: Parts = socket.app.state.parts
    tool = await run_in_threadpool(parts.tools.find, _token(socket))
    await socket.accept()
    if tool is None:
        await socket.close(_NOT_LET_IN, "no such token, or not any more")
        return
    talk = _Talk(tool, parts.entropy.token(8).hex())
    news = parts.bell.listen()
    listening = asyncio.create_task(socket.receive())
    waiting = asyncio.create_task(news.wait())
    try:
        while not parts.bell.closing:
            done, _ = await asyncio.wait({listening, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if listening in done:
                message = listening.result()
                if message["type"] == "websocket.disconnect":
                    return
                for answer in await run_in_threadpool(_heard, parts, talk, message.get("bytes")):
                    await socket.send_bytes(answer)
                listening = asyncio.create_task(socket.receive())
            if waiting in done:
                news.clear()
                if await run_in_threadpool(parts.tools.find, _token(socket)) is None:
                    await socket.close(_NOT_LET_IN, "not any more")
                    return
                for answer in await run_in_threadpool(_grown, parts, talk):
                    await socket.send_bytes(answer)
                waiting = asyncio.create_task(news.wait())
    except Malformed as error:
        await socket.send_bytes(repo_protocol.error(PEER, talk.peer or "?", str(error)))
        await socket.close(_BAD_MESSAGE, str(error)[:100])
    except WebSocketDisconnect:
        return
    finally:
        parts.bell.leave(news)
        listening.cancel()
        waiting.cancel()


def _token(socket: WebSocket) -> str:
    """From the header (bearer, or the password of a basic one) or, for browsers, from the address."""
    scheme, _, value = socket.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2]
        except ValueError:
            return ""
    return socket.query_params.get("token", "")


def _heard(parts: Parts, talk: _Talk, data: bytes | None) -> list[bytes]:
    """The answers to one message; raises `Malformed`."""
    if data is None or len(data) > repo_protocol.MESSAGE_BYTES_MAX:
        raise Malformed("message", f"is no binary message of at most {repo_protocol.MESSAGE_BYTES_MAX} bytes")
    message = repo_protocol.read_message(data)
    if isinstance(message, Join):
        if repo_protocol.VERSION not in message.versions:
            raise Malformed("join", f"offers no version of the protocol that is known here ({repo_protocol.VERSION})")
        talk.peer = message.sender
        return [repo_protocol.peer(PEER, talk.peer)]
    if not talk.peer:
        raise Malformed("message", "comes before the join")
    return _synchronise(parts, talk, message) if isinstance(message, SyncMessage) else []


def _synchronise(parts: Parts, talk: _Talk, message: SyncMessage) -> list[bytes]:
    case_id = message.case_id
    if not _may_read(parts, talk.tool, case_id):
        return [repo_protocol.unavailable(PEER, talk.peer, case_id)]
    if case_id not in talk.followed and len(talk.followed) >= DOCUMENTS_MAX:
        raise Malformed("request", f"is for more than {DOCUMENTS_MAX} documents; use several connections")
    answers: list[bytes] = []
    try:
        known = _known(parts, case_id)
        reply, brought = parts.engine.synchronise(known, talk.aside.get(case_id, ()), message.data)
        if brought:
            answers += _take(parts, talk, case_id, brought)
            known = _known(parts, case_id)
            talk.aside.setdefault(case_id, []).extend(raw for raw in brought if raw not in known)
            reply, _ = parts.engine.synchronise(known, talk.aside[case_id], message.data)
    except NotTaken as error:
        raise Malformed("message.data", f"is no sync message that the engine reads ({error.code})") from error
    if not known and message.asks:
        return [*answers, repo_protocol.unavailable(PEER, talk.peer, case_id)]
    talk.followed[case_id] = len(known)
    if reply is not None and talk.last_reply.get(case_id) != reply:
        talk.last_reply[case_id] = reply
        answers.append(repo_protocol.sync(PEER, talk.peer, case_id, reply))
    return answers


def _grown(parts: Parts, talk: _Talk) -> list[bytes]:
    """Begins to talk about every followed document that has got changes since."""
    answers = []
    for case_id, told in list(talk.followed.items()):
        known = _known(parts, case_id)
        if len(known) == told or not _may_read(parts, talk.tool, case_id):
            continue
        talk.followed[case_id] = len(known)
        reply, _ = parts.engine.synchronise(known, (), None)
        if reply is not None:
            talk.last_reply.pop(case_id, None)
            answers.append(repo_protocol.sync(PEER, talk.peer, case_id, reply))
    return answers


def _known(parts: Parts, case_id: str) -> list[bytes]:
    """The document's changes; nothing of one whose content was erased."""
    with parts.database.reading() as connection:
        entries = record.entries_of_case(connection, case_id)
    return [] if any(entry.residue is not None for entry in entries) else [entry.raw for entry in entries]


def _may_read(parts: Parts, tool: Tool, case_id: str) -> bool:
    """Whether the document is in the person's scope; a document that is not there yet may be begun by who may write."""
    with parts.database.reading() as connection:
        directory = parts.city.current_in(connection).directory
        person = reader_in(directory, tool.user, parts.clock.now())
        if person is None:
            return False
        units = record.units_of_case(connection, case_id)
        begun = bool(record.standing_of_case(connection, case_id))
    if case_id == CITY_ID or person.unit in units:
        return True
    if begun and not units:  # restricted or erased: no software holds it
        return False
    if sees_whole_city(person):
        return True
    return not units and tool.may_write


def _take(parts: Parts, talk: _Talk, case_id: str, brought: list[bytes]) -> list[bytes]:
    """Puts what a tool brought before the gate and tells it what became of each change."""
    tool = talk.tool
    if len(brought) + len(talk.aside.get(case_id, ())) > CHANGES_MAX:
        why = f"brings more than {CHANGES_MAX} changes, with those that were not taken; connect anew and send fewer"
        raise Malformed("message.data", why)
    if not tool.may_write:
        return [_tell(talk, case_id, "", "read_only")]
    now_ms = to_ms(parts.clock.now())
    with parts.database.writing() as connection:
        submissions = []
        for raw in brought:
            try:
                change = decode_act_change(raw)
            except Malformed:
                signature = bytes(64)  # the gate says what it is
            else:
                signature = tool.key.sign(sign_bytes(case_id, change.hash))
                if actor_owner(connection, change.actor) is None:
                    said = tool.key.sign(actor_sign_bytes(change.actor, tool.device.id)).hex()
                    announce_actor(connection, tool.device, ActorAnnouncement(change.actor, said), now_ms)
            submissions.append(Submission(case_id, ALG_ED25519, signature, raw, tool.device.id, tool.user))
        directory = parts.city.current_in(connection).directory
        rulings = parts.gate.admit(connection, submissions, directory, now_ms)
        if any(ruling.verdict == "accepted" for ruling in rulings):
            parts.bell.ring_after(parts.database, connection)
    return [_tell(talk, case_id, ruling.hash, _verdict(ruling)) for ruling in rulings]


def _verdict(ruling: Ruling) -> str:
    return ruling.reason or ruling.verdict


def _tell(talk: _Talk, case_id: str, change_hash: str, verdict: str) -> bytes:
    talk.told += 1
    news = {"type": "verdict", "hash": change_hash, "verdict": verdict}
    return repo_protocol.told(PEER, talk.peer, case_id, talk.session, talk.told, news)
