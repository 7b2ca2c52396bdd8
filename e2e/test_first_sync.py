"""A device is prepared over a line that breaks in the middle of its first sync, again and again: it gets every case."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select

from e2e.cut_line import CutLine
from e2e.harness import City, Laptop
from e2e.officer import Officer
from e2e.test_scope import CITY_ID, at_the_record, held_cases
from server.tables import feed

CUTS = 4


def test_a_first_sync_that_is_cut_again_and_again_goes_on_where_it_stood(
    city: City, laptop: Callable[..., Laptop]
) -> None:
    officer = Officer(laptop("linxiao").open(), city, "linxiao")
    officer.sign_in()
    city.stop()
    with at_the_record(city) as parts, parts.database.reading() as connection:
        unit = parts.city.current().directory.people["linxiao"].unit
        told = select(feed.c.case_id, feed.c.kind).where(feed.c.unit == unit).order_by(feed.c.n)
        cases = {case for case, kind in dict(connection.execute(told).all()).items() if kind == 0} - {CITY_ID}
    inner = City(city.data)  # on a port of its own; the browser keeps the address that it knows
    inner.start()
    line = CutLine(city.port, inner.port, CUTS, 6_000, asked=b"POST /sync HTTP", answers=True)
    try:
        officer.prepare_for_offline()
        assert line.made == CUTS
        assert held_cases(officer.page) == cases
        officer.open("/cases")
    finally:
        line.close()
        inner.stop()
