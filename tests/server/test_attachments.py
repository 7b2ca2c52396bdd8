"""Contents in chunks: resumed, wrong, strange, too many, whose they are, and gone when nobody named them."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from browsing import Browser
from laptop import PASSWORD, Laptop, StandingClock, case_id, registered
from pictures import CHUNK, PHOTO, SHA, jpeg, naming, send
from sqlalchemy import func, select

from py_core.content_types import content_type
from server.attachments import UploadRefused
from server.parts import Parts
from server.tables import attachment_chunks, attachment_uploads, attachments

CASE = case_id(1)


def offset(parts: Parts, user: str, sha256: str = SHA) -> tuple[int, bool]:
    standing = parts.attachments.standing(user, sha256, parts.city.current().directory)
    return standing.offset, standing.complete


def may_read(parts: Parts, user: str, sha256: str = SHA) -> bool:
    return parts.attachments.readable(user, sha256, parts.city.current().directory) is not None


def read(parts: Parts, user: str = "lin") -> bytes:
    content = parts.attachments.readable(user, SHA, parts.city.current().directory)
    assert content is not None
    return b"".join(parts.attachments.pieces(content, 0, content.bytes - 1))


def count(parts: Parts, table: Any) -> int:
    with parts.database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
def lin(parts: Parts) -> Laptop:
    laptop = Laptop(parts, "lin")
    assert laptop.verdict(laptop.act(CASE, registered())) == "accepted"
    return laptop


def test_a_cut_upload_goes_on_where_it_stood(parts: Parts, lin: Laptop) -> None:
    assert offset(parts, "lin") == (0, False)
    parts.attachments.take("lin", SHA, len(PHOTO), 0, PHOTO[:1000])
    assert offset(parts, "lin") == (1000, False)
    with pytest.raises(UploadRefused) as again:
        parts.attachments.take("lin", SHA, len(PHOTO), 0, PHOTO[:1000])
    assert (again.value.status, again.value.offset) == (409, 1000)
    for at in range(1000, len(PHOTO), CHUNK):
        parts.attachments.take("lin", SHA, len(PHOTO), at, PHOTO[at : at + CHUNK])
    assert offset(parts, "lin") == (len(PHOTO), True)
    assert lin.verdict(lin.act(CASE, naming())) == "accepted"
    assert read(parts) == PHOTO


def test_content_that_does_not_fit_its_hash_is_forgotten(parts: Parts) -> None:
    with pytest.raises(UploadRefused) as wrong:
        send(parts, data=PHOTO[:-3] + b"x\xff\xd9", sha256=SHA)
    assert (wrong.value.status, wrong.value.code) == (422, "wrong_hash")
    assert offset(parts, "lin") == (0, False)
    assert count(parts, attachment_chunks) == 0
    send(parts)
    assert offset(parts, "lin") == (len(PHOTO), True)


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", b"<!DOCTYPE html><script>alert(1)</script>",
        b"GIF89a" + bytes(40), b"\xff\xd8\xff" + bytes(40), b"%PDF-1.7 " + bytes(40), b"PK\x03\x04" + bytes(40),
        PHOTO + b"<script>alert(1)</script>", b"RIFF\x00\x00\x00\x00WEBP" + bytes(40), bytes(10),
    ],
)  # fmt: skip
def test_only_pictures_and_papers_are_kept(parts: Parts, data: bytes) -> None:
    with pytest.raises(UploadRefused) as wrong:
        send(parts, data=data)
    assert (wrong.value.status, wrong.value.code) == (415, "wrong_type")
    assert count(parts, attachment_uploads) == 0


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PHOTO, "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(17) + b"\x00\x00\x00\x00IEND\xaeB`\x82", "image/png"),
        (b"RIFF\x14\x00\x00\x00WEBPVP8 " + bytes(12), "image/webp"),
        (b"%PDF-1.4\n" + bytes(30) + b"\n%%EOF\n", "application/pdf"),
    ],
)
def test_a_content_is_known_by_what_is_in_it(data: bytes, kind: str) -> None:
    assert content_type(data) == kind


def test_only_whom_a_case_in_scope_names_it_may_read(parts: Parts, lin: Laptop) -> None:
    send(parts)
    assert not may_read(parts, "lin"), "nothing names it yet"
    assert lin.verdict(lin.act(CASE, naming())) == "accepted"
    assert [may_read(parts, user) for user in ("lin", "zhao", "qian", "wu", "nobody")] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert lin.verdict(lin.act(CASE, {"type": "handed_over", "to": "linye"})) == "accepted"
    assert may_read(parts, "wu")


def test_who_only_knows_a_hash_neither_reads_it_nor_learns_that_it_is_here(parts: Parts, lin: Laptop) -> None:
    send(parts)
    assert lin.verdict(lin.act(CASE, naming())) == "accepted"
    wu = Laptop(parts, "wu")
    assert wu.verdict(wu.act(case_id(2), registered(unit="linye"))) == "accepted"
    assert wu.verdict(wu.act(case_id(2), naming())) == "accepted"
    assert offset(parts, "wu") == (0, False)
    assert not may_read(parts, "wu")
    send(parts, "wu")
    assert may_read(parts, "wu")
    assert count(parts, attachments) == 1
    assert sum(at < len(PHOTO) for at in range(0, len(PHOTO), CHUNK)) == count(parts, attachment_chunks), "kept once"


def test_what_one_can_read_already_need_not_be_sent_again(parts: Parts, lin: Laptop) -> None:
    send(parts)
    assert lin.verdict(lin.act(CASE, naming())) == "accepted"
    assert offset(parts, "zhao") == (len(PHOTO), True)
    assert parts.attachments.take("zhao", SHA, len(PHOTO), 0, PHOTO[:9]).complete


def test_what_nobody_named_goes_and_what_was_named_stays(parts: Parts, clock: StandingClock, lin: Laptop) -> None:
    other = jpeg(seed="b")
    send(parts)
    send(parts, data=other)
    parts.attachments.take("lin", "ab" * 32, 5000, 0, b"half")
    assert lin.verdict(lin.act(CASE, naming())) == "accepted"
    clock.pass_time(days=13)
    parts.attachments.sweep()
    assert count(parts, attachments) == 2
    clock.pass_time(days=2)
    parts.attachments.sweep()
    assert count(parts, attachments) == 1
    assert count(parts, attachment_uploads) == 1
    assert read(parts) == PHOTO


def test_a_content_outlives_the_upload_under_which_it_lay(parts: Parts, clock: StandingClock, lin: Laptop) -> None:
    send(parts, "wu")
    send(parts, "lin")
    assert lin.verdict(lin.act(CASE, naming())) == "accepted"
    clock.pass_time(days=15)
    parts.attachments.sweep()
    assert count(parts, attachment_uploads) == 1
    assert read(parts) == PHOTO


def test_a_person_cannot_fill_the_record_in_a_day(parts: Parts, clock: StandingClock) -> None:
    largest = 8 * 1024 * 1024
    for number in range(parts.settings.attachment_day_bytes_max // largest):
        parts.attachments.take("lin", f"{number:064x}", largest, 0, b"x")
    with pytest.raises(UploadRefused) as full:
        parts.attachments.take("lin", "cd" * 32, 100, 0, b"x")
    assert (full.value.status, full.value.code) == (429, "quota")
    assert full.value.retry_after_seconds
    parts.attachments.take("zhao", "ab" * 32, 100, 0, b"x")
    clock.pass_time(hours=25)
    parts.attachments.take("lin", "ab" * 32, 100, 0, b"x")


@pytest.mark.parametrize(("total", "at", "data"), [(0, 0, b"x"), (9 << 20, 0, b"x"), (10, 9, b"xy"), (10, 0, b"")])
def test_sizes_that_cannot_be_are_refused(parts: Parts, total: int, at: int, data: bytes) -> None:
    with pytest.raises(UploadRefused) as wrong:
        parts.attachments.take("lin", SHA, total, at, data)
    assert wrong.value.status == 413


def test_two_lines_that_send_the_same_at_once_end_with_one_whole_content(parts: Parts, lin: Laptop) -> None:
    assert lin.verdict(lin.act(CASE, naming())) == "accepted"
    faults: list[Exception] = []

    def line() -> None:
        try:
            while not (at := parts.attachments.standing("lin", SHA, parts.city.current().directory)).complete:
                try:
                    piece = PHOTO[at.offset : at.offset + 50_000]
                    parts.attachments.take("lin", SHA, len(PHOTO), at.offset, piece)
                except UploadRefused as refused:
                    if refused.status not in (409, 503):
                        raise
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=line) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert read(parts) == PHOTO


# Over HTTP


def patch(browser: Browser, at: int, data: bytes, total: int = len(PHOTO), **headers: str) -> httpx.Response:
    told = {
        "content-type": "application/offset+octet-stream", "upload-offset": str(at), "upload-length": str(total),
        "x-csrf-token": browser.csrf(), **headers,
    }  # fmt: skip
    return browser.patch(f"/attachments/{SHA}", content=data, headers=told)


def test_the_calls_of_the_vectors_are_answered_so(browser: Browser, parts: Parts) -> None:
    vector = json.loads((Path(__file__).parent.parent / "vectors" / "uploads.json").read_text(encoding="utf-8"))
    browser.sign_in("lin")
    told = {"x-csrf-token": browser.csrf()}
    for call in vector["calls"]:
        body = bytes.fromhex(call["body"])
        headers = {**told, **call["headers"]}
        answer = browser.request(call["method"], f"/attachments/{vector['sha256']}", content=body, headers=headers)
        assert answer.status_code == call["status"]
        assert {name: answer.headers[name] for name in call.get("answer", {})} == call.get("answer", {})
        if "code" in call:
            assert answer.json()["error"]["code"] == call["code"]


def test_the_whole_way_over_http(browser: Browser, parts: Parts, lin: Laptop) -> None:
    assert browser.head(f"/attachments/{SHA}").status_code == 401
    browser.sign_in("lin")
    head = browser.head(f"/attachments/{SHA}")
    assert (head.status_code, head.headers["upload-offset"], head.headers["upload-complete"]) == (200, "0", "?0")
    first = patch(browser, 0, PHOTO[:CHUNK])
    assert (first.status_code, first.headers["upload-offset"]) == (204, str(CHUNK))
    again = patch(browser, 0, PHOTO[:CHUNK])
    assert (again.status_code, again.headers["upload-offset"]) == (409, str(CHUNK))
    assert patch(browser, CHUNK, PHOTO[CHUNK : 2 * CHUNK]).status_code == 204
    last = patch(browser, 2 * CHUNK, PHOTO[2 * CHUNK :])
    assert (last.status_code, last.headers["upload-complete"]) == (204, "?1")
    assert browser.get(f"/attachments/{SHA}").status_code == 404
    assert lin.verdict(lin.act(CASE, naming())) == "accepted"
    whole = browser.get(f"/attachments/{SHA}")
    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, PHOTO, "image/jpeg")
    assert "sandbox" in whole.headers["content-security-policy"]
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert whole.headers["content-disposition"] == "inline"
    assert whole.headers["cache-control"] == "no-store"


def test_ranges(browser: Browser, parts: Parts, lin: Laptop) -> None:
    send(parts)
    assert lin.verdict(lin.act(CASE, naming())) == "accepted"
    browser.sign_in("zhao")
    size = len(PHOTO)
    for asked, first, last in (
        ("bytes=0-9", 0, 9), (f"bytes={CHUNK - 5}-{CHUNK + 5}", CHUNK - 5, CHUNK + 5),
        (f"bytes={size - 3}-", size - 3, size - 1), ("bytes=-4", size - 4, size - 1), (f"bytes=1-{size * 2}", 1, size - 1),
    ):  # fmt: skip
        part = browser.get(f"/attachments/{SHA}", headers={"range": asked})
        assert part.status_code == 206, asked
        assert part.headers["content-range"] == f"bytes {first}-{last}/{size}"
        assert part.content == PHOTO[first : last + 1]
    assert browser.get(f"/attachments/{SHA}", headers={"range": f"bytes={size}-"}).status_code == 416
    assert browser.get(f"/attachments/{SHA}", headers={"range": "bytes=9-1"}).status_code == 416
    assert browser.get(f"/attachments/{SHA}", headers={"range": "lines=1-2"}).status_code == 200


def test_strangers_and_broken_requests_are_refused(browser: Browser, parts: Parts, lin: Laptop) -> None:
    send(parts)
    assert lin.verdict(lin.act(CASE, naming())) == "accepted"
    browser.sign_in("wu", PASSWORD)
    assert browser.get(f"/attachments/{SHA}").status_code == 404
    assert patch(browser, 0, b"x", **{"x-csrf-token": "wrong"}).status_code == 403
    assert patch(browser, 0, b"x", **{"content-type": "text/html"}).status_code == 400
    assert patch(browser, 0, b"x", **{"upload-offset": "-1"}).status_code == 400
    assert patch(browser, 0, b"x", **{"upload-length": "9" * 30}).status_code == 400
    assert patch(browser, 0, bytes(CHUNK + 1)).status_code == 413
    assert patch(browser, 0, b"x", origin="https://evil.example").status_code == 403
    assert browser.get("/attachments/../../etc/passwd").status_code == 404
    assert browser.get(f"/attachments/{SHA.upper()}").status_code == 404
    assert count(parts, attachment_uploads) == 1
