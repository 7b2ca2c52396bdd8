"""Fixtures: a demo city built once for the run and copied for each test, laptops, screenshots."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect, sync_playwright

from e2e.harness import SHOUWEN, City, Laptop
from e2e.prepared import DESKTOP, Prepared, profile_of

EXPECT_MS_MAX = 30_000  # two busy cores unlock and start Python more slowly than any officer's laptop
expect.set_options(timeout=EXPECT_MS_MAX)


FAILED = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def demo_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("city") / "data"
    subprocess.run([str(SHOUWEN), "demo", "--data", str(data)], check=True, stdout=subprocess.DEVNULL)
    return data


@pytest.fixture(scope="session")
def prepared(playwright: Playwright, demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Prepared devices of whoever is asked for, made when first needed."""
    folder = tmp_path_factory.mktemp("prepared")
    shutil.copytree(demo_data, folder / "data")
    return Prepared(playwright, folder)


@pytest.fixture
def city(demo_data: Path, tmp_path: Path) -> Iterator[City]:
    shutil.copytree(demo_data, tmp_path / "data")
    running = City(tmp_path / "data")
    running.start()
    yield running
    running.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.when == "call" and report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture
def laptop(
    playwright: Playwright, tmp_path: Path, request: pytest.FixtureRequest, shots: Path
) -> Iterator[Callable[..., Laptop]]:
    """Makes laptops by name; the same name is the same profile."""
    made: dict[str, Laptop] = {}

    def make(name: str, size: tuple[int, int] = DESKTOP) -> Laptop:
        if name not in made:
            made[name] = Laptop(playwright, profile_of(tmp_path, name), size)
        return made[name]

    yield make
    for name, each in made.items():
        if FAILED in request.node.stash:
            each.picture(shots / f"failed-{request.node.name}-{name}.png")
        each.close()


@pytest.fixture
def prepared_city(prepared: Prepared, tmp_path: Path) -> Iterator[Callable[..., City]]:
    """Starts a city in which these people have prepared devices, locked: `laptop` gives them by name."""
    running: list[City] = []

    def give(*people: str) -> City:
        running.append(prepared.copy(tmp_path, *people))
        return running[-1]

    yield give
    for city in running:
        city.stop()


@pytest.fixture(scope="session")
def shots() -> Path:
    """Where screenshots of this run go (ignored by git; the README's picture is copied from here)."""
    folder = Path(__file__).parent.parent / "screens"
    folder.mkdir(exist_ok=True)
    return folder
