"""A fault in the midst of a request says in the log where and of what kind it was, and quotes nothing that was typed."""

from __future__ import annotations

import asyncio
import io
import logging
import threading
from collections.abc import Iterator, Sequence

import pytest
from browsing import Browser
from laptop import PASSWORD
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from server import logs
from server.parts import Parts

NAME, PHONE, ACCOUNT, WORD = "欧阳针眼", "13900009999", "needle", "a password in the wrong field"
_FORBIDS_SQLITE = ("CREATE TRIGGER forbids BEFORE INSERT ON directories BEGIN SELECT RAISE(ABORT, 'not today'); END",)
_FORBIDS = (
    "CREATE FUNCTION forbids() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not: %', NEW.document "
    "USING ERRCODE = 'unique_violation', DETAIL = NEW.document, CONSTRAINT = 'one_only'; END $$",
    "CREATE TRIGGER forbids BEFORE INSERT ON directories FOR EACH ROW EXECUTE FUNCTION forbids()",
)
_CUTS = (
    "CREATE FUNCTION cuts() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); RETURN NEW; END $$",
    "CREATE TRIGGER cuts BEFORE INSERT ON directories FOR EACH ROW EXECUTE FUNCTION cuts()",
)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the process would write on standard error."""
    stream = io.StringIO()
    handler = logs.handler(stream)
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


def wordless(log: io.StringIO) -> str:
    """What was logged, without a typed word however it is spelled."""
    told = log.getvalue()
    for word in (NAME, PHONE, ACCOUNT, WORD, PASSWORD):
        for spelled in (word, word.encode("unicode_escape").decode(), repr(word.encode())[2:-1]):
            assert spelled not in told, word
    return told


def tell(parts: Parts, statements: Sequence[str]) -> None:
    with parts.database.writing() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement.replace("%", "%%") if is_postgresql(parts) else statement)


def is_postgresql(parts: Parts) -> bool:
    return parts.database.engine.dialect.name == "postgresql"


def enter_person(browser: Browser) -> int:
    shown = browser.get("/centre/people/new")
    fields = {"user": ACCOUNT, "name": NAME, "phone": PHONE, "unit": "shihe", "title": "科员", "role": "officer"}
    return browser.send_form("/centre/people/new", shown, **fields).status_code


def test_what_the_database_refuses_in_the_midst_of_a_request_is_not_quoted(
    browser: Browser, parts: Parts, log: io.StringIO
) -> None:
    browser.sign_in("he")
    tell(parts, _FORBIDS if is_postgresql(parts) else _FORBIDS_SQLITE)
    assert enter_person(browser) == 500
    told = wordless(log)
    assert "POST /centre failed" in told
    assert "server/city.py" in told, "where it was"
    assert "sqlalchemy.exc.IntegrityError" in told
    assert ("23505, one_only" if is_postgresql(parts) else "dbapi2.IntegrityError") in told


def test_an_exception_of_the_database_does_not_carry_what_was_typed(parts: Parts) -> None:
    """Whoever shows it, a command on a terminal for example."""
    with pytest.raises(DBAPIError) as refused, parts.database.reading() as connection:
        connection.execute(text("SELECT :word FROM nowhere"), {"word": WORD})
    assert WORD not in str(refused.value)


def test_a_line_that_is_lost_in_the_midst_of_a_request_quotes_nothing(
    browser: Browser, parts: Parts, log: io.StringIO
) -> None:
    browser.sign_in("he")
    # The embedded database has no line: there a table is put out of reach that is written last.
    tell(parts, _CUTS if is_postgresql(parts) else ("ALTER TABLE audit RENAME TO elsewhere",))
    assert enter_person(browser) == 500
    told = wordless(log)
    assert "sqlalchemy.exc.OperationalError" in told
    if is_postgresql(parts):
        assert "57P01" in told, "admin_shutdown, as when it is started anew"
        tell(parts, ("DROP FUNCTION cuts CASCADE",))
    else:
        tell(parts, ("ALTER TABLE elsewhere RENAME TO audit",))
    assert enter_person(browser) == 200, "nothing of the first try was kept"


def test_what_is_typed_at_the_sign_in_is_not_quoted(browser: Browser, parts: Parts, log: io.StringIO) -> None:
    shown = browser.get("/sign-in")
    tell(parts, ("ALTER TABLE accounts RENAME TO elsewhere",))
    assert browser.send_form("/sign-in", shown, user=WORD, password=PASSWORD).status_code == 500
    assert "server/accounts.py" in wordless(log)
    tell(parts, ("ALTER TABLE elsewhere RENAME TO accounts",))


def test_no_exception_is_quoted_by_whichever_logger_or_thread(
    parts: Parts, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the one that caused it, not one of a group, not by asyncio, which writes it into the message, too."""

    def refused() -> None:
        with parts.database.reading() as connection:
            connection.execute(text("SELECT :word FROM nowhere"), {"word": WORD})

    def caused() -> None:
        try:
            refused()
        except Exception as error:
            raise ExceptionGroup(WORD, [ValueError(WORD), KeyError(WORD)]) from error

    async def nobody_asks() -> None:
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        future.set_exception(ValueError(WORD))
        del future
        await asyncio.sleep(0)

    monkeypatch.setattr(threading, "excepthook", logs._thread_ended)
    try:
        caused()
    except ExceptionGroup:
        logging.getLogger("shouwen.followed").exception("it failed")
    asyncio.run(nobody_asks())
    thread = threading.Thread(target=refused)
    thread.start()
    thread.join()
    told = wordless(log)
    assert told.count("in refused") == 2, "as cause, and at the end of the thread"
    assert "builtins.KeyError" in told
    assert "exception was never retrieved" in told
    assert "a thread ended by a fault" in told
