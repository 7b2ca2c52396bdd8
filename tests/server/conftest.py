"""A record of its own for each test; one engine process for all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from laptop import SeededEntropy, StandingClock, city_document

from server.engine import EngineOutside
from server.parts import Parts, assemble
from server.settings import Settings


class _SharedEngine(EngineOutside):
    """Outlives the parts that use it: a process start per test would be most of the run."""

    def close(self) -> None:
        """Left running for the next test."""

    def end(self) -> None:
        super().close()


@pytest.fixture(scope="session")
def engine() -> Iterator[EngineOutside]:
    shared = _SharedEngine(10.0, 256 * 1024 * 1024)
    yield shared
    shared.end()


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def parts(tmp_path: Path, clock: StandingClock, engine: EngineOutside) -> Iterator[Parts]:
    made = assemble(Settings(tmp_path / "data"), clock, SeededEntropy("tests"), engine)
    made.city.publish(city_document())
    yield made
    made.close()
