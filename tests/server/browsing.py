"""A real uvicorn over real sockets, and a browser's manners for the tests: forms read from the page, cookies kept."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html.parser import HTMLParser

import httpx
from laptop import PASSWORD
from sqlalchemy import text

from server.parts import Parts
from server.serving import server_over


@contextmanager
def serving(parts: Parts) -> Iterator[str]:
    """The address of a server over these parts; it has ended when the block has."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = server_over(parts, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    listener.listen()  # connections wait in the queue until the server takes them
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        parts.bell.close()
        server.should_exit = True
        thread.join()
        listener.close()


def fill_disk(parts: Parts) -> None:
    """Leaves the database no room. In PostgreSQL every row for the log or an enrolment is the one too many."""
    if parts.database.engine.dialect.name == "postgresql":
        _tell_postgresql(parts, _FULL_POSTGRESQL)
    else:
        _give_back(parts)
        _let_grow(parts, 0)


def free_disk(parts: Parts) -> None:
    """Takes `fill_disk` back."""
    if parts.database.engine.dialect.name == "postgresql":
        _tell_postgresql(parts, ("DROP FUNCTION disk_is_full CASCADE",))
    else:
        _let_grow(parts, 1_000_000)


def _give_back(parts: Parts) -> None:
    """Pages that nobody uses any more would be room."""
    connection = parts.database.engine.raw_connection()
    try:
        connection.cursor().execute("VACUUM")
    finally:
        connection.close()


def _let_grow(parts: Parts, room: int) -> None:
    """No more than `room` pages, on every connection that the pool has or will need."""
    held = [parts.database.engine.connect() for _ in range(12)]
    for connection in held:
        pages = connection.scalar(text("PRAGMA page_count"))
        connection.execute(text(f"PRAGMA max_page_count = {pages + room}"))
    for connection in held:
        connection.close()


def _tell_postgresql(parts: Parts, statements: Sequence[str]) -> None:
    with parts.database.writing() as connection:
        for statement in statements:
            connection.execute(text(statement))


_FULL_POSTGRESQL = (
    "CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'could not extend file: no space left on device' USING ERRCODE = 'disk_full'; END $$",
    "CREATE TRIGGER full_log BEFORE INSERT ON changes EXECUTE FUNCTION disk_is_full()",
    "CREATE TRIGGER full_devices BEFORE INSERT ON devices EXECUTE FUNCTION disk_is_full()",
)


class _Fields(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self.radios: dict[str, list[dict[str, str]]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        name = found.get("name")
        if tag != "input" or not name:
            return
        if found.get("type") == "radio":
            self.radios.setdefault(name, []).append(found)
        if found.get("type") not in ("radio", "checkbox") or "checked" in found:
            self.values.setdefault(name, []).append(found.get("value", ""))


def fields_of(html: str) -> dict[str, list[str]]:
    """What a browser would send back for the inputs of a page."""
    parser = _Fields()
    parser.feed(html)
    return parser.values


def radios_of(html: str, name: str) -> list[dict[str, str]]:
    """The attributes of the radio buttons of one name."""
    parser = _Fields()
    parser.feed(html)
    return parser.radios.get(name, [])


class Browser(httpx.Client):
    """Follows redirections, keeps cookies, reads English."""

    def __init__(self, url: str) -> None:
        super().__init__(base_url=url, follow_redirects=True, cookies={"lang": "en"}, timeout=20)

    def send_form(self, path: str, shown: httpx.Response, **values: str) -> httpx.Response:
        """Posts the fields of the page that was shown, with these values typed in."""
        typed: dict[str, list[str] | str] = {**fields_of(shown.text), **values}
        return self.post(path, data=typed)

    def sign_in(self, user: str, password: str = PASSWORD, path: str = "/today") -> httpx.Response:
        shown = self.get(path)
        return self.send_form("/sign-in", shown, user=user, password=password)

    def csrf(self) -> str:
        return str(self.get("/me").json()["csrf"])
