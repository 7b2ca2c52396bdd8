"""A SharedWorker ends when a moment without any page meets a check of the browser; nobody notices more than a pause.

Chromium (156) arms a check for five minutes later whenever the last page of a worker goes, and does not take it back
when a page comes: so whoever reloads at the wrong moment loses the worker, and with it what opened the device. Here
the worker is ended by the browser in just that moment: when the old page is gone and the new one has not connected.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import CDPSession, Page, Route, expect

from e2e.harness import City, Laptop
from e2e.officer import Officer, draft_is_kept

# Holds every new document before its first script, until the moment between two pages is over.
HOLD = """
if (top === self && location.pathname !== '/moment' && localStorage.getItem('hold') === 'yes') {
  const asked = new XMLHttpRequest();
  asked.open('GET', '/moment', false);
  try { asked.send(); } catch { /* nothing was there */ }
}
"""


class Moment:
    """Between two pages of one tab the worker that all pages share is ended, as the browser does it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.ended = 0
        self._session: CDPSession = page.context.new_cdp_session(page)
        page.context.add_init_script(HOLD)
        page.context.route("**/moment", self._end)

    def begin(self) -> None:
        self.page.evaluate("localStorage.setItem('hold', 'yes')")

    def over(self) -> None:
        self.page.evaluate("localStorage.removeItem('hold')")

    def _end(self, route: Route) -> None:
        for each in self._session.send("Target.getTargets")["targetInfos"]:
            if each["type"] == "shared_worker":
                self._session.send("Target.closeTarget", {"targetId": each["targetId"]})
                self.ended += 1
        route.fulfill(body="")


@pytest.fixture
def lin(prepared_city: Callable[..., City], laptop: Callable[..., Laptop]) -> Officer:
    city = prepared_city("linxiao")
    officer = Officer(laptop("linxiao").open(), city, "linxiao")
    officer.unlock()
    return officer


def test_a_navigation_whose_worker_ends_goes_on_with_what_was_typed(lin: Officer) -> None:
    lin.city.stop()
    page = lin.page
    moment = Moment(page)
    moment.begin()
    lin.open("/register")  # ends the worker that opened the device, and every one that follows
    page.fill("input[name=claimant_name]", "欧阳建国")
    page.reload()  # at once: nothing waits until the pause after typing has kept it
    expect(page.locator("#lock")).to_be_visible()
    expect(page.locator("input[name=claimant_name]")).to_have_value("欧阳建国")
    for path in ("/today", "/visits", "/sync"):
        lin.open(path)
    expect(page.locator("#passphrase")).to_have_count(0)
    assert moment.ended == 5
    moment.over()
    # The worker that took over signs and stores as the one before.
    case = lin.register_appeal("群众", "欧阳建国", "换了工作进程之后登记", "内容")
    lin.city.start()
    lin.open(case)
    lin.expect_all_in_record()


def test_a_device_that_was_locked_stays_locked_whatever_ends(lin: Officer) -> None:
    page = lin.page
    moment = Moment(page)
    lin.open("/register")
    page.click("#lock")
    expect(page.locator("#passphrase")).to_be_visible()
    moment.begin()
    page.reload()
    expect(page.locator("#passphrase")).to_be_visible()
    expect(page.locator("#lock")).to_have_count(0)
    assert moment.ended == 1
    moment.over()
    # The person comes back to where they were.
    lin.unlock("/register")
    expect(page).to_have_url(re.compile("/register$"))
    expect(page.locator("#register-submit")).to_be_visible()


def test_a_worker_that_ends_outside_of_the_app_asks_for_the_passphrase_where_one_was(lin: Officer) -> None:
    page = lin.page
    moment = Moment(page)
    lin.open("/register")
    page.fill("input[name=claimant_name]", "诸葛敏")
    draft_is_kept(page)  # leaving to another site asks nobody of this app
    moment.begin()
    page.goto("about:blank")
    page.goto(lin.city.url + "/register")
    lin.unlock("/register")
    assert moment.ended >= 1
    expect(page.locator("input[name=claimant_name]")).to_have_value("诸葛敏")


def test_working_at_the_centre_keeps_the_device_open(
    prepared_city: Callable[..., City], laptop: Callable[..., Laptop]
) -> None:
    """A page of the server is one of the worker's pages too, and hands over like the others."""
    city = prepared_city("qianwen")
    qian = Officer(laptop("qianwen").open(), city, "qianwen")
    qian.unlock()
    page = qian.page
    page.goto(city.url + "/centre")
    expect(page.locator("h1")).to_be_visible()
    moment = Moment(page)
    moment.begin()
    page.goto(city.url + "/centre/search")
    assert moment.ended == 1
    qian.open("/today")
    expect(page.locator("#passphrase")).to_have_count(0)
