"""What the web build made is served with the right type, cached as its name allows, packed where it was packed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import brotli
import pytest
from browsing import Browser, serving
from laptop import SeededEntropy, StandingClock, city_document

from server.engine import EngineOutside
from server.parts import assemble
from server.settings import Settings

APP = b"/* style */" * 300
WASM = b"\0asm" * 500


@pytest.fixture
def browser(tmp_path: Path, clock: StandingClock, engine: EngineOutside) -> Iterator[Browser]:
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "assets" / "app.css").write_bytes(APP)
    (dist / "assets" / "app.css.br").write_bytes(brotli.compress(APP))
    (dist / "assets" / "pyodide-0123456789ab.wasm").write_bytes(WASM)
    (dist / "sw.js").write_bytes(b"// worker")
    (dist / "build-id.txt").write_bytes(b"secret of the build")
    (tmp_path / "outside.js").write_bytes(b"0utside the build")
    parts = assemble(Settings(tmp_path / "data", web_dist=dist), clock, SeededEntropy("assets"), engine)
    parts.city.publish(city_document())
    with serving(parts) as url, Browser(url) as made:
        yield made


def test_hashed_names_are_kept_for_ever(browser: Browser) -> None:
    answer = browser.get("/assets/pyodide-0123456789ab.wasm")
    assert answer.content == WASM
    assert answer.headers["content-type"] == "application/wasm"
    assert "immutable" in answer.headers["cache-control"]


def test_other_names_are_asked_for_each_time_and_cost_little(browser: Browser) -> None:
    answer = browser.get("/assets/app.css", headers={"accept-encoding": "identity"})
    assert answer.content == APP
    assert answer.headers["cache-control"] == "no-cache"
    again = browser.get(
        "/assets/app.css", headers={"accept-encoding": "identity", "if-none-match": answer.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


def test_what_was_packed_is_sent_packed_to_those_who_can(browser: Browser) -> None:
    with browser.stream("GET", "/assets/app.css", headers={"accept-encoding": "gzip, br"}) as answer:
        assert brotli.decompress(b"".join(answer.iter_raw())) == APP
        assert answer.headers["content-encoding"] == "br"
        assert answer.headers["vary"] == "accept-encoding"
        assert answer.headers["content-type"].startswith("text/css")


def test_the_service_worker_is_never_kept(browser: Browser) -> None:
    answer = browser.get("/sw.js")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize(
    "path",
    [
        "/assets/none.js",
        "/assets/../../outside.js",
        "/assets/%2e%2e/%2e%2e/outside.js",
        "/assets/..%2f..%2foutside.js",
        "/assets//etc/passwd",
        "/assets/build-id.txt",
        "/assets/app.css.br",
        "/assets/",
        "/worker.js",
    ],
)
def test_nothing_else_is_served(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 404 or answer.url.path == "/sign-in"
    assert b"0utside" not in answer.content
    assert b"secret" not in answer.content
