"""What people type lies readable nowhere: canary words go through every form that the device offers, then the closed
profile (with its history of addresses), and the server's log after the work has arrived, are searched for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import expect

from e2e.harness import City, Laptop
from e2e.officer import Officer
from e2e.test_faults import prepared
from py_core.cases.commands import COMMANDS

CANARY, CONTROL = "金丝雀七四二九", "对照明文一三五八"
CASES_MAX, VISITS_MAX = 40, 6
# Forms that the demonstration's cases must at least lead to, besides registering, planning and looking for cases.
COMMANDS_MIN = 18
# Typed into every field that takes words, as fast as a page can; the form then goes off or says what it lacks.
FILL = """canary => {
  const fields = [...document.querySelectorAll('main form textarea, main form input:not([type])')];
  fields.push(...document.querySelectorAll('main form input:is([type=text], [type=search], [type=tel])'));
  for (const [at, field] of fields.entries()) {
    field.value = `${canary}${at}`;
    field.dispatchEvent(new Event('input', { bubbles: true }));
  }
  for (const select of document.querySelectorAll('main form select')) select.selectedIndex = select.options.length - 1;
  for (const radio of document.querySelectorAll('main form input[type=radio]')) radio.checked = true;
  return fields.length;
}"""


def test_nothing_readable_lies_on_the_disk(prepared_city: Callable[..., City], laptop: Callable[..., Laptop]) -> None:
    city = prepared_city("linxiao")
    machine = laptop("linxiao")
    lin = prepared(city, machine, "linxiao")
    city.stop()
    case = lin.register_appeal("群众", CANARY, f"{CANARY}甲", f"{CANARY}乙")
    typed: dict[str, int] = {}
    for path in forms(lin):
        lin.open(path)
        typed[path] = lin.page.evaluate(FILL, CANARY)
        if typed[path]:
            lin.page.locator("main form button[type=submit]").first.click()
            expect(lin.page.locator("#lock")).to_be_visible()
    used = {path.split("/do/")[1].partition("?")[0] for path in typed if "/do/" in path}
    print(f"\ncanary: {sum(typed.values())} fields of {len(typed)} forms, steps {sorted(used)}")
    assert len(used & COMMANDS.keys()) >= COMMANDS_MIN
    assert all(typed[path] for path in ("/register", "/visits/plan", "/cases"))
    lin.open("/register")  # a draft that nobody sends
    lin.page.evaluate(FILL, CANARY)
    lin.open("/today")
    lin.page.evaluate(WRITE_READABLE, CONTROL)
    machine.close()
    assert files_with(machine.profile, CONTROL), "the search finds what is stored readable"
    assert files_with(machine.profile, CANARY) == []

    # The work arrives; the server writes none of it where operators look.
    city.start()
    machine.open()
    again = Officer(machine.context.pages[0], city, "linxiao")
    again.unlock(case)
    again.expect_all_in_record()
    machine.close()
    city.stop()
    log = (city.data / "server.log").read_bytes()
    assert log
    assert not any(needle in log for needle in needles(CANARY))
    assert files_with(machine.profile, CANARY) == []


def forms(lin: Officer) -> Iterator[str]:
    """Every address with a form: each step once, wherever a case or visit on this device offers it."""
    yield from ("/register", "/visits/plan", "/cases")
    steps: dict[str, str] = {}
    for listed, wanted, most in (("/cases", "/cases/", CASES_MAX), ("/visits?scope=unit", "/visits/", VISITS_MAX)):
        lin.open(listed)
        links = lin.page.locator(f"main a[href^='{wanted}']").evaluate_all(
            "links => links.map(link => link.getAttribute('href'))"
        )
        pages = [path for path in dict.fromkeys(links) if len(path) == len(wanted) + 32]
        for path in pages[:: max(1, len(pages) // most)]:
            lin.open(path)
            for href in lin.page.locator("main a[href*='/do/']").evaluate_all(
                "links => links.map(link => link.getAttribute('href'))"
            ):
                steps.setdefault(href.split("/")[1] + href.split("/do/")[1].partition("?")[0], href)
    yield from steps.values()


WRITE_READABLE = """text => new Promise((resolve, reject) => {
  const opening = indexedDB.open('control', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore('texts');
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const writing = opening.result.transaction('texts', 'readwrite', { durability: 'strict' });
    writing.objectStore('texts').put({ text }, 'one');
    writing.oncomplete = () => resolve(null);
  };
})"""


def needles(text: str) -> list[bytes]:
    """A text as files may hold it: in both encodings of browsers, and as addresses spell it."""
    return [text.encode("utf-8"), text.encode("utf-16-le"), text.encode("utf-16-be"), quote(text).encode()]


def files_with(folder: Path, text: str) -> list[Path]:
    """The files in which a text stands readable."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if any(needle in path.read_bytes() for needle in needles(text))]
