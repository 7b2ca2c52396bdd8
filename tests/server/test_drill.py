"""The drill of an operator: the record burns down while a process serves it, and comes back with every photograph.

Real processes and commands, on both databases.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from browsing import Browser
from laptop import Laptop, SeededEntropy, StandingClock, case_id, city_document, registered
from pictures import CHUNK, PHOTO, SHA, naming
from postgresql import Cluster
from sqlalchemy import insert
from test_durability import ServerProcess

from py_core import wire
from server.engine import EngineOutside
from server.parts import Parts, assemble
from server.settings import Settings
from server.tables import accounts


@pytest.fixture
def prepared(tmp_path: Path, engine: EngineOutside, password_hash: str, database_url: str | None) -> Iterator[Parts]:
    """A city on disk, closed before a process opens it."""
    settings = Settings(tmp_path / "data", database_url=database_url)
    parts = assemble(settings, StandingClock(), SeededEntropy("drill"), engine)
    parts.city.publish(city_document())
    with parts.database.writing() as connection:
        connection.execute(insert(accounts).values(user="lin", password_hash=password_hash, changed_at_ms=0))
    yield parts
    parts.close()


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, database_url: str | None) -> Iterator[str | None]:
    """Where the record comes back to: an empty database of the same kind."""
    if database_url is None:
        yield None
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    url = cluster.make()
    yield url
    cluster.drop(url)


def shouwen(*arguments: str, url: str | None) -> str:
    """The command as the operator types it."""
    where = ["--database-url", url] if url else []
    command = [sys.executable, "-m", "server.cli", arguments[0], *where, *arguments[1:]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def said(browser: Browser, laptop: Laptop, *pushed: wire.Pushed) -> tuple[list[wire.Verdict], list[wire.Pulled]]:
    answer = browser.post("/sync", content=wire.encode_frames(laptop.frames(pushed)))
    assert answer.status_code == 200
    return laptop.take(wire.read_frames(answer.content))


def send_photo(browser: Browser) -> None:
    token = browser.csrf()
    for at in range(0, len(PHOTO), CHUNK):
        headers = {
            "x-csrf-token": token, "content-type": "application/offset+octet-stream",
            "upload-offset": str(at), "upload-length": str(len(PHOTO)),
        }  # fmt: skip
        answer = browser.patch(f"/attachments/{SHA}", content=PHOTO[at : at + CHUNK], headers=headers)
        assert answer.status_code == 204


def photo(browser: Browser) -> httpx.Response:
    return browser.get(f"/attachments/{SHA}")


def test_a_record_that_burned_down_comes_back_with_every_act_and_photograph(
    prepared: Parts, tmp_path: Path, database_url: str | None, empty_url: str | None
) -> None:
    lin, data, folder = Laptop(prepared, "lin"), prepared.settings.data, tmp_path / "backup"
    prepared.database.close()
    server = ServerProcess(data, database_url)
    server.start()
    try:
        with Browser(server.url) as browser:
            browser.sign_in("lin")
            acts = [lin.act(case_id(1), registered()), lin.act(case_id(1), naming())]
            receipts, _ = said(browser, lin, *acts)
            assert [each.verdict for each in receipts] == ["accepted", "accepted"]
            send_photo(browser)
            shouwen("backup", "--data", str(data), str(folder), url=database_url)  # while it is served
            later = lin.act(case_id(2), registered())
            assert said(browser, lin, later)[0][0].verdict == "accepted"
        server.end(signal.SIGKILL)

        shutil.rmtree(data)  # the machine is gone, and the database with it
        assert "2 acts" in shouwen("restore", "--data", str(data), str(folder), url=empty_url)
        assert "2 acts in 1 documents: all as it was written" in shouwen("verify", "--data", str(data), url=empty_url)

        server = ServerProcess(data, empty_url)
        server.start()
        with Browser(server.url) as browser:
            browser.sign_in("lin")
            assert photo(browser).content == PHOTO
            assert said(browser, lin) == ([], [])  # hears that the record came back
            again, pulled = said(browser, lin, *acts, later)
            assert [each.verdict for each in again] == ["had", "had", "accepted"]
            assert [each.sig for each in again[:2]] == [each.sig for each in receipts], "signed by the same key"
            assert {each.raw for each in pulled} == {each.raw for each in (*acts, later)}
        server.end(signal.SIGTERM)
        assert "3 acts in 2 documents: all as it was written" in shouwen("verify", "--data", str(data), url=empty_url)
    finally:
        if server.process is not None:
            server.end(signal.SIGKILL)
