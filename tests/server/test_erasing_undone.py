"""What an older backup brought back and cannot be erased again: the server starts, says so where it is read, tries again."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from browsing import fill_disk, free_disk, serving
from laptop import Laptop, StandingClock
from returned import erase_and_undo
from sqlalchemy import Connection, insert
from test_erasing import CANARIES, OLD, faults, left_of, lin, old, page

from py_core.errors import Malformed
from server import erasing, record, unerased
from server.cli import main
from server.database import Database
from server.erased_list import ErasedList
from server.erasing import erase_again_or_why, erase_due
from server.parts import Parts
from server.tables import accounts
from server.unerased import ErasingAgain

__all__ = ["lin", "old"]  # fixtures
FULL, UNKNOWN = "服务器磁盘已满", "原因见服务器日志"


@pytest.fixture
def listed(old: Parts, lin: Laptop) -> Parts:
    """A record with a document that its list of erasures names, as after a return from an older backup."""
    erase_and_undo(old)
    assert left_of(old) == list(CANARIES)
    return old


@contextmanager
def full_database(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Of an erasure alone SQLite's last pages may just hold the act, so something more comes with it."""
    erase = record.erase
    rows = [{"user": f"{number}", "password_hash": "x" * 256, "changed_at_ms": 0} for number in range(200)]

    def erase_and_more(connection: Connection, *given: Any) -> None:
        connection.execute(insert(accounts), rows)
        erase(connection, *given)

    with monkeypatch.context() as patched:
        patched.setattr(record, "erase", erase_and_more)
        fill_disk(parts)
        try:
            yield
        finally:
            free_disk(parts)


@contextmanager
def failing(monkeypatch: pytest.MonkeyPatch, where: object, name: str, error: Exception) -> Iterator[None]:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(where, name, fail)
        yield


def full_list(_: Parts, monkeypatch: pytest.MonkeyPatch) -> Any:
    return failing(monkeypatch, ErasedList, "_append", OSError(errno.ENOSPC, "No space left on device"))


def full_tidying(_: Parts, monkeypatch: pytest.MonkeyPatch) -> Any:
    return failing(monkeypatch, Database, "forget_deleted", OSError(errno.ENOSPC, "No space left on device"))


def broken_document(_: Parts, monkeypatch: pytest.MonkeyPatch) -> Any:
    return failing(monkeypatch, erasing, "_residues", Malformed("change", "has no bytes"))


def unreadable_list(_: Parts, monkeypatch: pytest.MonkeyPatch) -> Any:
    return failing(monkeypatch, ErasedList, "read", OSError(errno.EIO, "Input/output error"))


@pytest.mark.parametrize(
    ("trouble", "count", "why"),
    [
        (full_database, "1 件", FULL),
        (full_list, "1 件", FULL),
        (full_tidying, "尚未从磁盘上彻底抹去", FULL),
        (broken_document, "1 件", UNKNOWN),
        (unreadable_list, "尚未从磁盘上彻底抹去", UNKNOWN),
    ],
)
def test_the_server_starts_and_says_what_is_undone_until_it_is_done(
    listed: Parts, monkeypatch: pytest.MonkeyPatch, trouble: Any, count: str, why: str
) -> None:
    with trouble(listed, monkeypatch), serving(listed) as url:
        assert httpx.get(url + "/healthz").status_code == 200
        for path in ("/centre", "/centre/keeping"):
            for user in ("he", "yan"):
                said = warning(listed, user, path)
                assert (count in said, why in said) == (True, True), (user, path)
        assert warning(listed, "luo", "/centre") == "", "the security officer erases nothing"
    listed.erasing_again.attempt(lambda: erase_again_or_why(listed))
    assert warning(listed, "he", "/centre") == ""
    assert (left_of(listed), faults(listed)) == ([], [])


def test_it_is_tried_again_every_hour_until_nothing_is_left(
    clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unerased, "HOUR_SECONDS", 0)
    tries = iter([(2, Malformed("change", "x")), RuntimeError("gone"), (1, OSError(errno.ENOSPC, "full")), (0, None)])
    seen: list[Any] = []
    again = ErasingAgain(clock)

    def erase() -> tuple[int, Exception | None]:
        seen.append(again.undone)
        result = next(tries)
        if isinstance(result, Exception):
            raise result
        return result

    again.attempt(erase)
    again.start(erase)
    assert again._thread is not None
    again._thread.join(20)
    assert [each and (each.documents, each.storage_full) for each in [*seen, again.undone]] == [
        None, (2, False), (0, False), (1, True), None,
    ]  # fmt: skip
    again.close()


def test_the_job_says_that_the_disk_is_full(
    old: Parts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--data", str(old.settings.data)]
    where += ["--database-url", old.settings.database_url] if old.settings.database_url is not None else []
    with failing(monkeypatch, erasing, "tidy", OSError(errno.ENOSPC, "No space left on device")):
        assert main(["erase", *where, "--by", "he", "--due"]) == 1
    assert "the disk is full: make room" in capsys.readouterr().out
    with full_list(old, monkeypatch):
        done = erase_due(old, "he")
    assert (done.documents, done.failed, isinstance(done.why, OSError)) == (0, 1, True)
    assert (erase_due(old, "he").documents, OLD in [each.document for each in listed_of(old)]) == (1, True)


def listed_of(parts: Parts) -> Any:
    return ErasedList(parts.settings.data).read(parts.own_device.public_key)


def warning(parts: Parts, user: str, path: str) -> str:
    return str(page(parts, user, path).html.partition('id="unerased"')[2].partition("</div>")[0])
