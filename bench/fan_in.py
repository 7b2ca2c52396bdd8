"""A thousand devices fetch their first sync at once from one server process, while others go on working.

Loopback only; the devices speak the real protocol over real HTTP/1.1, each over a connection of its own, and read each
answer to its last end without rebuilding the changes (a device does that on its own machine). Meanwhile a monitor asks
for its health, an officer opens Today, and another device pushes single acts and waits for their receipts.
"""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert

from bench.figure import Figure
from bench.setting.server import QuietCity
from bench.setting.shared_cases import ACTS, UNIT, make, write_record
from py_core import __version__, wire
from py_core.cases.acts import Act
from py_core.change import decode_act_change, sign_bytes
from py_core.packed import messages
from py_core.packs import load_packs
from server.demo.data import directory_document
from server.demo.own_devices import DemoDevice
from server.devices import enrol
from server.outside import SystemClock, SystemEntropy, to_ms
from server.parts import Parts, assemble
from server.settings import Settings
from server.tables import devices
from server.trial import append_texts

DEVICES = 1_000
CASES = 500
PUSHES = 400
USERS = ("linxiao", "zhaolei", "sunguoping", "wuhaiyan")
PUSHER = "linxiao"
OTHER_EVERY_SECONDS = 0.3
OTHER_SECONDS_MAX = 5.0
SECONDS_MAX = 360.0  # for all devices; who is not done then is an error


@dataclass
class Seen:
    """What the crowd and the others met."""

    done: int = 0
    bytes: int = 0
    seconds: float = 0.0
    errors: list[str] = field(default_factory=list)
    others: dict[str, list[float]] = field(default_factory=dict)


def figures() -> Iterator[Figure]:
    """The slowest other request, with what the crowd took."""
    with tempfile.TemporaryDirectory(prefix="shouwen-bench-") as name:
        folder = Path(name)
        crowd, bodies, token = _prepared(folder)
        city = QuietCity(folder)
        city.start()
        try:
            seen = asyncio.run(_together(city, crowd, bodies, token))
            memory = city.memory_bytes()
        finally:
            city.stop()
    slowest = {kind: max(times, default=0.0) for kind, times in seen.others.items()}
    count = sum(map(len, seen.others.values()))
    told = ", ".join(f"{kind} {seconds:.1f} s" for kind, seconds in slowest.items())
    value = (
        f"slowest of {count} other requests {max(slowest.values()):.1f} s ({told}), {len(seen.errors)} errors; "
        f"{seen.done} devices with {CASES * ACTS} acts each in {seen.seconds:.0f} s, {seen.bytes / 1e6:.0f} MB, "
        f"server's memory at most {memory / 1e6:.0f} MB"
    )
    if seen.errors:
        value += f" ({seen.errors[0]})"
    good = not seen.errors and seen.done == DEVICES and max(slowest.values()) <= OTHER_SECONDS_MAX
    yield Figure("fan-in", value, f"no other request > {OTHER_SECONDS_MAX:.0f} s, no error", good)


def _prepared(folder: Path) -> tuple[list[tuple[str, str]], list[bytes], str]:
    """A record with cases and devices; (device, session) of the crowd, the bodies of the pushes, the pusher's session."""
    parts = assemble(Settings(folder, similar_cases=False), SystemClock(), SystemEntropy())
    try:
        parts.city.publish(directory_document())
        write_record(parts, make(CASES))
        bodies = _pushes(parts)
        now_ms = to_ms(parts.clock.now())
        crowd = [
            (hashlib.sha256(f"crowd {number}".encode()).hexdigest()[:32], USERS[number % 4])
            for number in range(DEVICES)
        ]
        with parts.database.writing() as connection:
            rows = [
                {
                    "id": device, "user": user, "alg": wire.ALG_ED25519, "public_key": bytes(32), "name": "crowd",
                    "code": f"{number:05x}", "enrolled_at_ms": now_ms,
                }
                for number, (device, user) in enumerate(crowd)
            ]  # fmt: skip
            connection.execute(insert(devices), rows)
            tokens = {user: parts.sessions.start(user)[0] for user in USERS}
        return [(device, tokens[user]) for device, user in crowd], bodies, tokens[PUSHER]
    finally:
        parts.close()


def _pushes(parts: Parts) -> list[bytes]:
    own = DemoDevice(hashlib.sha256(b"bench fan-in").digest(), PUSHER)
    with parts.database.writing() as connection:
        now_ms = to_ms(parts.clock.now())
        own.id = enrol(connection, parts.entropy, parts.receipts.key, own.ask(PUSHER), now_ms).id
    actor = own.actor_on(datetime.now(UTC).date())
    bodies = []
    for number in range(PUSHES):
        case_id = hashlib.sha256(f"push {number}".encode()).hexdigest()[:32]
        event = {
            "type": "registered", "pack": "HL", "matter": "citizen", "channel": "walk_in", "claimant": "person",
            "title": "路灯不亮", "text": "河西路口路灯坏了三天，晚上看不清路。", "unit": UNIT,
        }  # fmt: skip
        at = datetime.now(UTC).replace(microsecond=0)
        who = (PUSHER, own.id, own.next_seq())
        act = Act("registered", (event,), *who, at, at, None, None, load_packs().version, __version__)
        (raw,) = append_texts((), bytes.fromhex(actor), [act.text()])
        signature = own.sign(sign_bytes(case_id, decode_act_change(raw).hash))
        hello = wire.Hello(own.id, 10**9, 10**9, __version__, 0, scope=f"{UNIT}/2", can=f"{wire.REVOKES} {wire.PACKED}")
        announced = [wire.message_frame(each) for each in own.announcements]
        bodies.append(
            wire.encode_frames([messages.short(hello), *announced, wire.Pushed(case_id, own.alg, signature, raw)])
        )
    return bodies


async def _together(city: QuietCity, crowd: list[tuple[str, str]], bodies: list[bytes], token: str) -> Seen:
    seen = Seen()
    # The server has been serving for a while: what it folds for its first page is no part of a rush.
    async for _ in _answer(*await asyncio.open_connection("127.0.0.1", city.port), "GET", "/today", token, b""):
        pass
    begun = time.perf_counter()
    others = asyncio.create_task(_others(city.port, bodies, token, seen))
    try:
        async with asyncio.timeout(SECONDS_MAX):
            await asyncio.gather(*(_first_sync(city.port, device, session, seen) for device, session in crowd))
    except TimeoutError:
        seen.errors.append(f"{DEVICES - seen.done} devices were not done in {SECONDS_MAX:.0f} s")
    seen.seconds = time.perf_counter() - begun
    others.cancel()
    await asyncio.gather(others, return_exceptions=True)
    return seen


async def _first_sync(port: int, device: str, session: str, seen: Seen) -> None:
    cursor, scope, more = 0, "", True
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while more:
            hello = wire.Hello(device, cursor, 10**6, __version__, 0, scope=scope, can=f"{wire.REVOKES} {wire.PACKED}")
            body = wire.encode_frame(messages.short(hello))
            frames = wire.FrameReader()
            end = None
            async for piece in _answer(reader, writer, "POST", "/sync", session, body):
                seen.bytes += len(piece)
                for frame in frames.feed(piece):
                    if isinstance(frame, wire.Short) and frame.type == wire.TYPE_END:
                        end = wire.read_message(messages.long(frame))
            if not isinstance(end, wire.End):
                raise RuntimeError("an answer had no end")
            cursor, scope, more = end.cursor, end.scope, end.more
        writer.close()
        if cursor < CASES * ACTS:
            raise RuntimeError(f"the first sync ended at {cursor}")
        seen.done += 1
    except (OSError, RuntimeError, ValueError, asyncio.IncompleteReadError) as error:
        seen.errors.append(repr(error))


async def _others(port: int, bodies: list[bytes], token: str, seen: Seen) -> None:
    """Everything else that goes on, one request of each kind after the other, until it is told to stop."""
    waiting = iter(bodies)
    kinds: dict[str, Callable[[], tuple[str, str, bytes] | None]] = {
        "health": lambda: ("GET", "/healthz", b""),
        "page": lambda: ("GET", "/today", b""),
        "push": lambda: ("POST", "/sync", body) if (body := next(waiting, None)) is not None else None,
    }

    async def go_on(kind: str) -> None:
        times = seen.others.setdefault(kind, [])
        while (asked := kinds[kind]()) is not None:
            begun = time.perf_counter()
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                came = b"".join([piece async for piece in _answer(reader, writer, asked[0], asked[1], token, asked[2])])
                writer.close()
                if kind == "push" and not _is_receipted(came):
                    raise RuntimeError("a push got no receipt")
            except (OSError, RuntimeError, ValueError, asyncio.IncompleteReadError) as error:
                seen.errors.append(f"{kind}: {error!r}")
            except asyncio.CancelledError:
                times.append(time.perf_counter() - begun)  # what it has waited so far counts
                raise
            times.append(time.perf_counter() - begun)
            await asyncio.sleep(OTHER_EVERY_SECONDS)

    await asyncio.gather(*(go_on(kind) for kind in kinds))


def _is_receipted(answer: bytes) -> bool:
    frames = wire.read_frames(answer, bytes_max=wire.ANSWER_BYTES_MAX)
    return isinstance(frames[0], wire.Short) and frames[0].type == wire.TYPE_RECEIPTS


async def _answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, method: str, path: str, session: str, body: bytes
) -> AsyncIterator[bytes]:
    """The body of an answer as it comes; raises `RuntimeError` unless it is a 200."""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: shouwen={session}\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
    status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if " 200 " not in status:
        raise RuntimeError(f"{path}: {status}")
    if headers.get("transfer-encoding") == "chunked":
        while size := int(await reader.readuntil(b"\r\n"), 16):
            yield await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readexactly(2)
    else:
        yield await reader.readexactly(int(headers["content-length"]))
