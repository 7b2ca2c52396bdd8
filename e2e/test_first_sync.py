"""A device is prepared over a line that breaks again and again in its first sync, and closed in the middle of it: it goes
on from the last whole page that it has, and gets every act of every case."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from playwright.sync_api import expect
from sqlalchemy import select

from e2e.harness import City, Laptop
from e2e.officer import PASSPHRASE, PREPARE_MS_MAX, Officer
from e2e.sync_line import Break, SyncLine
from e2e.test_scope import CITY_ID, at_the_record, held_cases
from py_core.documents import is_case_id
from py_core.packs.device_figures import device_figures
from server.tables import changes, feed

SMALL_PAGES = ("--page-bytes", "12000", "--answer-bytes", "8000")  # a town's cases fill many pages and some answers
BREAKS = (Break(2), Break(1, inside=True), Break(1, away=True), Break(0, inside=True))


def test_a_first_sync_that_breaks_and_is_closed_goes_on_where_it_stood(
    city: City, laptop: Callable[..., Laptop]
) -> None:
    machine = laptop("linxiao")
    officer = Officer(machine.open(), city, "linxiao")
    officer.sign_in()
    city.stop()
    acts, old = acts_of_unit(city, "linxiao")
    inner = City(city.data)  # on a port of its own; the browser keeps the address that it knows
    inner.options = SMALL_PAGES
    inner.start()
    line = SyncLine(city.port, inner.port, BREAKS)
    try:
        officer.choose_passphrase()
        # The laptop is closed when it has dealt with the third broken answer; what it had is on its disk.
        assert line.asked_while_away.wait(PREPARE_MS_MAX / 1000)
        had = len(line.told)
        machine.close()
        line.come_back()
        officer.page = machine.open()
        officer.page.goto(city.url + "/today")
        officer.page.fill("#passphrase", PASSPHRASE)
        officer.page.click("#unlock button[type=submit]")
        expect(officer.page.locator("#offline-ready")).to_have_text("可离线使用", timeout=PREPARE_MS_MAX)
        assert not line.left, "the sync was over before the line had broken as often as it should"
        assert len(line.told) > had + 2

        # Every request, also the first after the laptop was opened again, asks from the last whole page that came. Of
        # an answer that broke the browser may have dropped everything, but not of each.
        all_told = "\n".join(map(str, line.told))
        cursor, counted, again = 0, 0, 0
        for before, told in pairwise(line.told):
            came = cursor if before.cursor is None else before.cursor
            assert told.asked in (came, cursor), all_told
            again += not before.broken and told.asked == cursor < came
            counted += before.broken and told.asked == came > cursor
            cursor = told.asked
        assert counted, all_told
        assert again == 0, all_told
        assert sum(told.pages for told in line.told) > 10, "its pages were not small"

        # Nothing between them was left out: every case, each with every act. Those finished long ago may have left again.
        assert set(acts) - {CITY_ID} - held_cases(officer.page) <= old
        many = max(filter(is_case_id, set(acts) - old), key=lambda case: (len(acts[case]), case))
        officer.open(f"/cases/{many}")
        expect(officer.page.locator(".sw-timeline .sw-ticks--record")).to_have_count(len(acts[many]))
    finally:
        line.close()
        inner.stop()


def acts_of_unit(city: City, user: str) -> tuple[dict[str, set[str]], set[str]]:
    """Every case of a person's unit with the hashes of its acts, as the record has them; and which of them may leave a
    device at once because nothing has come for so long."""
    with at_the_record(city) as parts, parts.database.reading() as connection:
        unit = parts.city.current().directory.people[user].unit
        told = select(feed.c.case_id, changes.c.hash, changes.c.received_at_ms, feed.c.kind).where(feed.c.unit == unit)
        rows = connection.execute(told.join(changes, changes.c.log_index == feed.c.log_index)).all()
        now_ms = parts.clock.now().timestamp() * 1000
    acts: dict[str, set[str]] = {}
    newest: dict[str, int] = {}
    for case_id, change_hash, received_at_ms, kind in rows:
        if kind == 0:
            acts.setdefault(case_id, set()).add(change_hash)
            newest[case_id] = max(received_at_ms, newest.get(case_id, 0))
    long_ms = device_figures({}).keep_foreign.total_seconds() * 1000
    return acts, {case_id for case_id, at_ms in newest.items() if now_ms - at_ms > long_ms}
