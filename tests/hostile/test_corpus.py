"""At least 20,000 hostile inputs a run: none accepted wrongly, none ends anything but its own worker, none is dear.

A failing input says its kind and its seed; put them into `kept.toml`, where they stay tests for ever. What a run cost
is printed (`pytest -s`): processor time, which other jobs on the machine do not change, and memory.
"""

from __future__ import annotations

import os
import resource
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from . import kinds_bytes, kinds_order, kinds_text, oracle, readers
from .kinds import KINDS, attempt_of
from .world import World, peak_of

INPUTS = int(os.environ.get("HOSTILE_INPUTS", "20000"))
FIRST_SEED = int(os.environ.get("HOSTILE_FROM", "0"))
HONEST = "honest"  # the kind without which nothing would show that anything is taken; it is no hostile input
SEEDS = -(-INPUTS // (len(KINDS) - 1))  # of each kind
READ_EVERY = 20  # seeds of a kind: that many apart, what was taken is also looked at on every page
CPU_SECONDS_MAX = 1.0
BYTES_MAX = 256 * 1024 * 1024
KEPT = tomllib.loads((Path(__file__).parent / "kept.toml").read_text(encoding="utf-8"))["seed"]
MAKERS = (kinds_bytes, kinds_order, kinds_text)


@dataclass
class Cost:
    """What the dearest input so far took."""

    hostile: int = 0
    honest: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    gate_seconds: float = 0.0
    dearest: str = ""
    worker_bytes: int = 0  # of those that lived to be asked; the others ended at their limit


@pytest.fixture(scope="module")  # what later tests take is not counted as the gate's
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("hostile"))
    yield made
    made.close()


@pytest.fixture(scope="module")  # what later tests take is not counted as the gate's
def cost(world: World) -> Iterator[Cost]:
    before = _peak()
    counted = Cost()
    yield counted
    grown = _peak() - before
    print(
        f"\nhostile: {counted.hostile} inputs beside {counted.honest} honest ones, {sum(counted.verdicts.values())} rulings {dict(counted.verdicts)}; dearest "
        f"{counted.gate_seconds * 1000:.0f} ms of processor time in the server ({counted.dearest}), which grew by "
        f"{grown >> 20} MiB; workers took up to {counted.worker_bytes >> 20} MiB"
    )
    assert grown <= BYTES_MAX
    assert counted.worker_bytes <= BYTES_MAX


@pytest.mark.parametrize("name", sorted(KINDS))
def test_nothing_is_accepted_wrongly_and_nothing_falls_over(world: World, cost: Cost, name: str) -> None:
    with world.parts.database.writing():  # one transaction around all: each input has a savepoint of its own
        before = cost.hostile
        for seed in range(FIRST_SEED, FIRST_SEED + SEEDS):
            _try(world, cost, name, seed, read=seed % READ_EVERY == 0)
        assert cost.hostile - before == (0 if name == HONEST else SEEDS)


def test_a_run_has_as_many_hostile_inputs_as_it_says() -> None:
    """Each kind is a test of its own that counts its inputs; of them all, the honest ones left out."""
    assert HONEST in KINDS
    assert sum(SEEDS for name in KINDS if name != HONEST) >= INPUTS
    assert INPUTS >= 20_000 or "HOSTILE_INPUTS" in os.environ


@pytest.mark.parametrize("row", KEPT, ids=lambda row: f"{row['kind']}-{row['seed']}")
def test_what_once_went_wrong_stays_right(world: World, cost: Cost, row: dict[str, object]) -> None:
    _try(world, cost, str(row["kind"]), int(str(row["seed"])), read=True)


def test_honest_work_between_the_harm_is_taken(world: World) -> None:
    """After everything above, by a gate and a worker that are still there."""
    for seed in range(30):
        attempt = attempt_of(world, "honest", seed)
        with world.undone() as connection:
            rulings = world.admit(connection, attempt)
        assert [ruling.verdict for ruling in rulings] == ["accepted"], seed


def _try(world: World, cost: Cost, name: str, seed: int, *, read: bool) -> None:
    attempt = attempt_of(world, name, seed)
    with world.undone() as connection:
        began = time.process_time()
        rulings = world.admit(connection, attempt)
        took = time.process_time() - began
        found = oracle.complaints(world, attempt, rulings)
        accepted = {ruling.case_id for ruling in rulings if ruling.verdict == "accepted"}
        if read:
            for document in sorted(accepted):
                found += readers.complaints(world, connection, document)
    if took > cost.gate_seconds:
        cost.gate_seconds, cost.dearest = took, f"{name} {seed}"
    cost.worker_bytes = max(cost.worker_bytes, peak_of(world.engine))
    if name == HONEST:
        cost.honest += 1
    else:
        cost.hostile += 1
    cost.verdicts.update(ruling.reason or ruling.verdict for ruling in rulings)
    assert not found, f"kind {name}, seed {seed}: {found}"
    assert took <= CPU_SECONDS_MAX, f"kind {name}, seed {seed} took {took:.2f} s of processor time"


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
