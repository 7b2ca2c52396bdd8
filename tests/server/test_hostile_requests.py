"""Whatever a signed-in person's own program sends to the addresses, the answer is one of ours and never a fault.

Seeded; a failing request says its number. Runs on both databases: each has texts and numbers that only it refuses.
"""

from __future__ import annotations

import gzip
import json
import struct
from random import Random
from typing import Any
from urllib.parse import quote

import pytest
from browsing import Browser, fields_of
from laptop import Laptop, case_id, registered
from test_sync_packed import Client

from py_core import carry, wire
from py_core.change import decode_act_change
from server import record
from server.parts import Parts

REQUESTS = 120
WORDS = (
    "", "\u0000", "a\u0000b", "\ud7ff", "\u202e", "x" * 1_024, "x" * 5_000, "'; drop table changes; --", "../../etc/passwd",
    "%00", "{{7*7}}", "<script>", "null", "１２", "00" * 16, "99" * 32, "-1", "lin", "server",
)  # fmt: skip
NUMBERS: tuple[Any, ...] = (0, 1, -1, 2**31, 2**53 - 1, 2**53, 2**63, 2**64, 10**30, 1.5, True, None, "1", [], {})


def _json(kind: int, data: Any) -> bytes:
    payload = data if isinstance(data, bytes) else json.dumps(data).encode()
    return struct.pack(">IB", len(payload) + 1, kind) + payload


def _sync_body(chance: Random, laptop: Laptop) -> bytes:
    """A request of the sync with one thing, or many, that do not belong."""
    values: dict[str, Any] = {
        "t": "hello",
        "device": laptop.device,
        "cursor": 0,
        "config": 0,
        "app": "1",
        "waiting": 0,
        "v": 1,
    }
    optional = (
        "scope", "can", "purged", "asks", "want", "refused", "storage_used", "storage_quota", "storage_kept", "clock_offset_ms",
    )  # fmt: skip
    for name in chance.sample((*values, *optional), chance.randint(0, 3)):
        listed = [chance.choice((*WORDS, case_id(1), "ab" * 32)) for _ in range(chance.choice((0, 1, 3, 600)))]
        values[name] = chance.choice((chance.choice(WORDS), chance.choice(NUMBERS), listed))
    frames = [_json(1, values)]
    actor = {
        "t": "actor",
        "actor": chance.choice(("ab" * 16, *WORDS)),
        "sig": chance.choice(("00" * 64, *WORDS)),
        "alg": chance.choice(NUMBERS),
    }
    frames += [_json(1, actor)] * chance.choice((0, 0, 1, 70))
    head = bytes.fromhex(case_id(1)) + bytes([chance.randrange(256)]) + chance.randbytes(64)
    frames += [
        _json(3, head + chance.randbytes(chance.choice((0, 1, 200, 70_000)))) for _ in range(chance.choice((0, 1, 3)))
    ]
    if chance.random() < 0.5:
        odd = (
            _json(1, b'{"t":"hello","t":"hello"}'), _json(1, b'{"t":NaN}'), _json(1, b"\xff\xfe"), _json(1, b"[" * 9_000),
            _json(1, b'{"a":"\\ud800"}'), _json(9, b"x"), _json(2, bytes(40)), struct.pack(">IB", 2**32 - 1, 1), b"\x00",
            _json(1, {"t": "end", "cursor": 1, "more": False}), _json(1, {"t": ["x"]}), _json(1, [1]), struct.pack(">IB", 0, 1),
        )  # fmt: skip
        frames.insert(chance.randrange(len(frames) + 1), chance.choice(odd))
    body = b"".join(frames)
    if chance.random() < 0.2:
        body = body[: chance.randrange(len(body) + 1)]
    if chance.random() < 0.1:
        at = chance.randrange(max(1, len(body)))
        body = body[:at] + chance.randbytes(4) + body[at + 4 :]
    return body


def test_bodies_of_the_sync(parts: Parts, browser: Browser) -> None:
    lin = Laptop(parts, "lin")
    browser.sign_in("lin")
    for number in range(REQUESTS):
        chance = Random(f"sync {number}")
        body = _sync_body(chance, lin)
        headers = {"content-type": wire.CONTENT_TYPE}
        if chance.random() < 0.2:
            headers["content-encoding"] = chance.choice(("gzip", "br", "deflate", "gzip, gzip", ""))
            if chance.random() < 0.7:
                body = gzip.compress(chance.choice((body, body * 50, bytes(6_000_000))))
        answer = browser.post("/sync", content=body, headers=headers)
        assert answer.status_code in (200, 400, 403, 413, 426, 429), (number, answer.status_code, answer.text[:200])
    assert lin.verdict(lin.act(case_id(1), registered())) == "accepted"


def test_enrolments(parts: Parts, browser: Browser) -> None:
    browser.sign_in("lin")
    csrf = browser.csrf()
    key = Laptop(parts, "zhao").public_key.hex()
    for number in range(REQUESTS // 2):
        chance = Random(f"enrol {number}")
        data: Any = {"alg": 1, "public_key": key, "name": "laptop"}
        data[chance.choice(sorted(data))] = chance.choice((*WORDS, *NUMBERS))
        body = chance.choice((json.dumps(data).encode(), b"[" * 50_000, b"\xff", b"{}", b'{"alg":1,"alg":1}'))
        answer = browser.post("/devices", content=body, headers={"x-csrf-token": csrf})
        assert answer.status_code in (201, 400, 403), (number, answer.status_code, answer.text[:200])


@pytest.mark.parametrize(
    "point",
    [
        "00" * 32,
        "01" + "00" * 31,
        "ec" + "ff" * 30 + "7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    ],
)
def test_a_key_under_which_anybody_could_sign_is_not_enrolled(parts: Parts, browser: Browser, point: str) -> None:
    """Points of small order: with one as the key, its owner could later say that somebody else signed."""
    browser.sign_in("lin")
    body = {"alg": 1, "public_key": point, "name": "laptop"}
    assert browser.post("/devices", json=body, headers={"x-csrf-token": browser.csrf()}).status_code == 400


def test_attachments(parts: Parts, browser: Browser) -> None:
    browser.sign_in("lin")
    csrf = browser.csrf()
    for number in range(REQUESTS // 2):
        chance = Random(f"attachment {number}")
        name = chance.choice(("ab" * 32, "AB" * 32, "x", "ab" * 31, "%2e%2e%2fetc", "ab" * 32 + "/..", "%00" * 20))
        headers = {
            "x-csrf-token": csrf, "content-type": chance.choice(("application/offset+octet-stream", "text/html")),
            "upload-offset": chance.choice(("0", "1", "-1", "1e3", "9" * 10, "9" * 30, "")),
            "upload-length": chance.choice(("0", "1", "400", "9" * 10, "9" * 30, "x")),
            "range": chance.choice(("bytes=0-", "bytes=9-1", "bytes=-", "bytes=0-0,1-1", "bytes=99999999999-", "x")),
        }  # fmt: skip
        method = chance.choice(("PATCH", "PATCH", "GET", "HEAD", "PUT", "DELETE"))
        content = chance.randbytes(chance.choice((0, 1, 400, 300_000))) if method == "PATCH" else b""
        answer = browser.request(method, f"/attachments/{name}", content=content, headers=headers)
        assert answer.status_code < 500, (number, answer.status_code)


def test_carried_files(parts: Parts, browser: Browser) -> None:
    qian, lin = Laptop(parts, "qian"), Laptop(parts, "lin")
    browser.sign_in("qian")
    csrf = browser.csrf()
    honest = lin.outbox(lin.act(case_id(1), registered()))
    for number in range(REQUESTS // 4):
        chance = Random(f"carried {number}")
        data = bytearray(honest)
        choice = chance.randrange(5)
        if choice == 0:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        elif choice == 1:
            del data[chance.randrange(len(data)) :]
        elif choice == 2:
            data += chance.randbytes(5)
        elif choice == 3:
            data = bytearray(chance.randbytes(chance.choice((0, 8, 21, 400))))
        else:
            frames = _sync_body(chance, lin)
            alg = chance.choice((1, 2, 9))
            content = carry.pack_outbox(alg, lin.sign(carry.outbox_sign_bytes(frames)), frames)
            from server.carry_keys import seal_outbox

            data = bytearray(seal_outbox(1, parts.carry_keys.public[1], content))
        files = {"file": (chance.choice(WORDS[:8]) or "x", bytes(data))}
        answer = browser.post("/centre/carried", data={"csrf": csrf}, files=files)
        assert answer.status_code < 500, (number, answer.status_code, answer.text[:300])
    assert parts.carry_import.take(honest, "qian").verdicts[0].verdict in ("accepted", "had")
    assert qian.device != lin.device


def test_forms_and_addresses(parts: Parts, browser: Browser) -> None:
    lin = Laptop(parts, "lin")
    lin.sync(lin.act(case_id(1), registered()))
    browser.sign_in("lin")
    csrf = browser.csrf()
    paths = (
        "/register", f"/cases/{case_id(1)}/do/note", f"/cases/{case_id(1)}/do/accept", f"/cases/{case_id(1)}/do/request_extension",
        f"/cases/{case_id(1)}/do/start_procedure", "/visits/plan", "/sign-in", f"/cases/{case_id(1)}/do/attach", "/register/similar",
        f"/cases/{case_id(1)}", "/centre/rules/P-01", "/public/status", f"/cases/{case_id(1)}/do/x", "/cases", "/slips/F-01/x",
    )  # fmt: skip
    names = (
        "text", "title", "key", "at", "when", "offer", "claimant", "claimant_phone", "claimant_id", "channel", "outcome", "unit", "to", "reason",
        "workdays", "until", "attachments", "strokes", "strokes_json", "id", "procedure", "user", "password", "next", "q", "page", "light", "lang",
    )  # fmt: skip
    for number in range(REQUESTS):
        chance = Random(f"form {number}")
        values = {
            name: [
                chance.choice(
                    (*WORDS, "2026-02-30", "0001-01-01", "9999-12-31T23:59", "[" * 5_000, '{"w":1}', "1e9", MARKED)
                )
            ]
            for name in chance.sample(names, chance.randint(1, 12))
        }
        path = chance.choice(paths)
        if chance.random() < 0.3:
            answer = browser.get(path, params={name: value[0][:500] for name, value in values.items()})
        else:
            answer = browser.post(path, data={"csrf": csrf, **values})
        assert answer.status_code < 500, (number, path, answer.status_code, answer.text[:300])
        assert MARKED not in answer.text, (number, path)


MARKED = "<img src=x onerror=alert(7)>"


def test_bodies_in_short(parts: Parts, browser: Browser) -> None:
    """What a client of today sends, bent in every place: nothing of it is taken otherwise than it was meant."""
    lin = Laptop(parts, "lin")
    client = Client(parts, lin)
    client.exchange()
    for number in range(4):
        client.do(case_id(number), registered(title=f"{number}"))
        client.do(case_id(number), {"type": "accepted"})
    honest = client.sync.request()
    assert any(isinstance(frame, wire.Short) for frame in wire.read_frames(honest))
    browser.sign_in("lin")
    hashes = {decode_act_change(raw).hash for raw in client.raws.values()}
    for number in range(REQUESTS):
        chance = Random(f"short {number}")
        body = bytearray(honest)
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(body))
            body[at : at + chance.choice((0, 1, 2, 8))] = chance.randbytes(chance.choice((0, 1, 2, 8)))
        answer = browser.post("/sync", content=bytes(body), headers={"content-type": wire.CONTENT_TYPE})
        assert answer.status_code in (200, 400, 403, 409, 413, 426, 429), (
            number,
            answer.status_code,
            answer.text[:200],
        )
        with parts.database.reading() as connection:
            assert {entry.hash for entry in record.entries_from(connection, 0)} <= hashes, number
    client.converge()
    with parts.database.reading() as connection:
        assert {entry.hash for entry in record.entries_from(connection, 0)} == hashes


@pytest.mark.parametrize("name", ["user", "password", "next", "carried", "another"])
def test_signs_that_no_database_stores_are_refused_before_anybody_is_signed_in(browser: Browser, name: str) -> None:
    """With the cookie of the form, so that the check of the password would be reached."""
    for text in ("\u0000", "lin\u0000", "a\u0000b" * 200):
        shown = browser.get("/sign-in")
        answer = browser.send_form("/sign-in", shown, **{"user": "lin", "password": "x", name: text})
        assert answer.status_code == 400, (name, text)
        assert "a character that cannot be stored" in answer.text
    shown = browser.get("/sign-in")
    half = {**fields_of(shown.text), "user": ["lin"], "password": ["x"]}
    half.pop(name, None)
    body = "&".join(f"{quote(key)}={quote(value[0])}" for key, value in half.items()) + f"&{name}=%ED%A0%80"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert browser.post("/sign-in", content=body, headers=headers).status_code == 400, "half of a pair"


def test_signs_that_no_database_stores_are_refused_in_every_address_and_form(parts: Parts, browser: Browser) -> None:
    lin = Laptop(parts, "lin")
    lin.sync(lin.act(case_id(1), registered()))
    asked = ("/public/status?code=%00", "/sign-in?next=%00", "/public/status?%00=1", "/%00", "/calendar/%00.ics")
    for address in asked:
        assert browser.get(address).status_code == 400, address
    browser.sign_in("lin")
    asked = (f"/cases/{case_id(1)}?x=a%00", "/cases?q=%00", "/cases/%00", "/cases/%00/evidence", "/today?lang=%00")
    for address in asked:
        assert browser.get(address).status_code == 400, address
    csrf = browser.csrf()
    forms = ("/account", f"/cases/{case_id(1)}/do/note", "/calendar", "/register", "/public/status", "/sign-out")
    for path in forms:
        assert browser.post(path, data={"csrf": csrf, "text\u0000": "x"}).status_code == 400, path
        assert browser.post(path, data={"csrf": csrf, "text": "x\u0000"}).status_code == 400, path
    files = {"text": ("x", b"a\x00b")}  # in a file it is marked as what no text has; pages that take files refuse that
    noted = browser.post(f"/cases/{case_id(1)}/do/note", data={"csrf": csrf, "key": "1"}, files=files)
    assert (noted.status_code, noted.url.path) == (200, f"/cases/{case_id(1)}")
    assert "a\N{REPLACEMENT CHARACTER}b" in noted.text
    assert browser.get("/today").status_code == 200
    assert browser.get("/cases?q=%2500").status_code == 200, "the three signs %00, written out, are text"


def test_forms_before_signing_in(browser: Browser) -> None:
    """As `test_forms_and_addresses`, with the cookie of the form: what is typed reaches the check of the password."""
    for number in range(REQUESTS // 2):
        chance = Random(f"sign-in {number}")
        shown = browser.get("/sign-in")
        values = {name: chance.choice(WORDS) for name in ("user", "password", "next", "carried", "seal")}
        answer = browser.send_form("/sign-in", shown, **values)
        assert answer.status_code < 500, (number, answer.status_code, values)


def test_a_sign_that_postgresql_stores_none_of_leads_to_no_fault(parts: Parts, browser: Browser) -> None:
    """In what a device says of itself: a name under which it signed, and the version that it names."""
    browser.sign_in("lin")
    asked, lin = Laptop(parts, "zhao").ask("lap\0top"), Laptop(parts, "lin")
    body = {"alg": 1, "public_key": asked.public_key.hex(), "name": "lap\0top", "sig": asked.signature.hex()}
    assert browser.post("/devices", json=body, headers={"x-csrf-token": browser.csrf()}).status_code == 400
    parts.exchange.answer("lin", lin.frames(app="0.1\0.0"))
    assert lin.verdict(lin.act(case_id(3), registered())) == "accepted"
