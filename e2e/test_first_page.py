"""The page that a day begins with: made before Python's files are read."""

from __future__ import annotations

from collections.abc import Callable

from e2e.harness import City, Laptop, wait_until
from e2e.officer import Officer

READ_MS_MAX = 60_000
_FILES_ARE_READ = "async () => 'files' in await shouwenTimings()"


def test_the_first_page_is_made_before_pythons_files_are_read(
    prepared_city: Callable[..., City], laptop: Callable[..., Laptop]
) -> None:
    city = prepared_city("linxiao")
    city.stop()
    page = laptop("linxiao").open()
    Officer(page, city, "linxiao").unlock()
    wait_until(page, _FILES_ARE_READ, timeout=READ_MS_MAX)
    marks = page.evaluate("shouwenTimings()")
    assert "imports" not in marks, "the engine started from its kept memory"
    assert marks["answer"] <= marks["files"]
