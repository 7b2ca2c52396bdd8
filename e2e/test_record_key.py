"""The record changes its signing key while laptops are away: they follow its signed chain, and no other."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from playwright.sync_api import expect

from e2e.harness import SHOUWEN, City, Laptop
from e2e.officer import ARRIVAL_MS_MAX, Officer


def rotate(city: City) -> None:
    subprocess.run([str(SHOUWEN), "keys", "rotate", "--data", str(city.data)], check=True, stdout=subprocess.DEVNULL)


def test_a_device_that_was_away_for_two_changes_follows_and_refuses_a_key_that_nobody_signed(
    prepared_city: Callable[..., City], laptop: Callable[..., Laptop], shots: Path
) -> None:
    city = prepared_city("linxiao")
    city.stop()
    lin = Officer(laptop("linxiao").open(), city, "linxiao")
    lin.unlock()
    case = lin.register_appeal("群众", "石小雨", "换钥期间的登记", "内容")

    rotate(city)
    rotate(city)
    city.start()
    lin.open(case)
    lin.expect_all_in_record()
    lin.open("/sync")
    expect(lin.page.locator("#offered-again")).to_have_count(0)  # another key is no restored record

    # A third key whose place in the chain was not signed for by the one before.
    city.stop()
    later = lin.register_appeal("群众", "石大雨", "冒充期间的登记", "内容")
    rotate(city)
    with closing(sqlite3.connect(city.data / "record.sqlite3")) as record, record:
        record.execute("UPDATE record_keys SET signature = zeroblob(64) WHERE n = 3")
    city.start()
    lin.open("/sync")
    expect(lin.page.locator("main")).to_contain_text("本设备不认识", timeout=ARRIVAL_MS_MAX)
    laptop("linxiao").picture(shots / "other-record.png")
    lin.open(later)
    expect(lin.page.locator(".sw-timeline .sw-ticks--device").first).to_be_visible()
