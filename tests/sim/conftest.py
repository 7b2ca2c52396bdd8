"""`pytest tests/sim --seed N` runs one seed again; `--seeds N` how many the sweep runs."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, default=None, help="run this one seed of the simulation")
    parser.addoption("--seeds", type=int, default=None, help="how many seeds the sweep runs")
