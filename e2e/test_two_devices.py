"""Step 4 of the main job: two devices accept the same case without network; the centre decides; both see it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from e2e.harness import City, Laptop
from e2e.officer import ARRIVAL_MS_MAX, Officer

REASON = "林晓先接待来人，赵磊协助，以先受理者为准。"


def test_a_double_acceptance_loses_nothing_and_is_decided(
    prepared_city: Callable[..., City], laptop: Callable[..., Laptop], shots: Path
) -> None:
    city = prepared_city("linxiao", "zhaolei")
    machines = {name: laptop(name) for name in ("linxiao", "zhaolei")}
    officers = {}
    for name, machine in machines.items():
        officers[name] = Officer(machine.open(), city, name)
        officers[name].unlock()
    case = waiting_case(officers["linxiao"])

    # Both laptops lose the network and both people accept the case.
    city.stop()
    for officer in officers.values():
        officer.do(case, "accept")
        officer.open(case)
        assert officer.ticks()[0 if newest_first(officer.page) else -1] == "device"
    city.start()

    # After both synced, both acts stand in both timelines and the case carries the contradiction.
    for officer in officers.values():
        officer.expect_all_in_record()
        officer.open(case)
        expect(officer.page.locator(".sw-contradiction")).to_be_visible(timeout=ARRIVAL_MS_MAX)
        expect(officer.page.locator(".sw-timeline__item--contested")).to_have_count(2)
        for person in ("林晓", "赵磊"):
            expect(officer.page.locator(".sw-timeline__item--contested", has_text=person)).to_have_count(1)
    officers["zhaolei"].page.screenshot(path=shots / "contradiction.png")

    # The centre's queue shows who did what when, and the reconciler decides with a reason.
    centre = Officer(laptop("qianwen").open(), city, "qianwen")
    centre.sign_in()
    centre.page.goto(city.url + "/centre/reconciliation")
    case_id = case.rsplit("/", 1)[1]
    centre.page.locator(f"a[href='/centre/reconciliation/{case_id}']").first.click()
    sides = centre.page.locator(".sw-side")
    expect(sides).to_have_count(2)
    for words in ("设备自称记录时间", "可证明的时间范围", "全市记录收到时间"):
        expect(sides.first).to_contain_text(words)
    centre.page.screenshot(path=shots / "reconciliation.png", full_page=True)
    centre.page.click("main form button")
    expect(centre.page.locator(".govuk-error-summary")).to_be_visible()  # no decision without a choice and a reason
    centre.page.locator("input[name=decision]").first.check()
    centre.page.fill("textarea[name=reason]", REASON)
    centre.page.click("main form button")
    expect(centre.page.locator(".sw-contradiction--resolved")).to_be_visible()

    # Both devices show the decision without being asked to.
    for officer in officers.values():
        expect(officer.page.locator(".sw-contradiction--resolved")).to_contain_text(REASON, timeout=ARRIVAL_MS_MAX)


def waiting_case(officer: Officer) -> str:
    """A case that was delivered to the township and that nobody accepted yet, found as the officer finds it."""
    officer.open("/today?scope=unit")
    expect(officer.page.locator(".sw-duty").first).to_be_visible()
    for link in officer.page.locator(".sw-duty__title a").all():
        path = link.get_attribute("href") or ""
        page = officer.page.context.new_page()
        page.goto(officer.city.url + path)
        expect(page.locator(".sw-case__head")).to_be_visible()
        found = page.locator(f"a[href='{path}/do/accept']").count()
        page.close()
        if found:
            return path
    raise AssertionError("the demo city has no delivered case that waits for acceptance")


def newest_first(page: Page) -> bool:
    """Whether the timeline begins with the newest act."""
    return page.locator(".sw-timeline .sw-ticks").first.evaluate("mark => mark.className").find("--device") >= 0
