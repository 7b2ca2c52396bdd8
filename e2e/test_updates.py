"""A new version arrives: nobody gets stuck between two builds, and what was not sent yet is still there afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from e2e.builds import next_build, this_build
from e2e.harness import City, Laptop, wait_until
from e2e.officer import PASSPHRASE, PREPARE_MS_MAX, Officer
from e2e.pictures import look

KEPT_BUILDS = "async () => (await caches.keys()).filter(name => /-[0-9a-f]{16}$/.test(name))"
LOOK_FOR_UPDATES = "async () => { await (await navigator.serviceWorker.getRegistration()).update(); }"
TITLE = "更新之前离线登记的事项"


def replace_build(city: City, web: Path | None) -> None:
    city.stop()
    city.web = web
    city.start()


def change_over(page: Page, build: str) -> None:
    """Takes the offer; the page loads anew with the files of that build only."""
    offer = page.locator("[data-part=update]")
    expect(offer).to_contain_text("新版本已经就绪", timeout=PREPARE_MS_MAX)
    with page.expect_navigation():
        offer.get_by_role("button").click()
    wait_until(page, f"async () => String(await ({KEPT_BUILDS})()) === 'shouwen-{build}'", timeout=PREPARE_MS_MAX)


def test_a_device_that_is_still_being_prepared_changes_over(
    city: City, laptop: Callable[..., Laptop], tmp_path: Path
) -> None:
    lin = Officer(laptop("linxiao").open(), city, "linxiao")
    lin.sign_in()
    expect(lin.page.locator("#new-passphrase")).to_be_visible(timeout=PREPARE_MS_MAX)
    web, build = next_build(tmp_path / "web")
    replace_build(city, web)
    lin.page.reload()
    change_over(lin.page, build)
    lin.prepare_for_offline()


def test_a_device_at_work_changes_over_and_back_and_keeps_what_waits(
    prepared_city: Callable[..., City], laptop: Callable[..., Laptop], tmp_path: Path
) -> None:
    city = prepared_city("linxiao")
    page = laptop("linxiao").open()
    lin = Officer(page, city, "linxiao")
    lin.unlock()
    city.stop()
    case = lin.register_appeal("群众", "韩国强", TITLE, "内容")
    lin.open("/register")

    web, build = next_build(tmp_path / "web")
    for folder, name in ((web, build), (None, this_build())):
        replace_build(city, folder)
        page.evaluate(LOOK_FOR_UPDATES)
        expect(page.locator("[data-part=update]")).to_be_visible(timeout=PREPARE_MS_MAX)
        look(page, "device-update")
        page.fill("input[name=title]", f"打到一半 {name}")  # and changed over at once
        change_over(page, name)
        page.fill("#passphrase", PASSPHRASE)
        page.click("#unlock button[type=submit]")
        expect(page.locator("#lock")).to_be_visible()
        expect(page.locator("input[name=title]")).to_have_value(f"打到一半 {name}")
    lin.open(case)
    lin.expect_all_in_record()
