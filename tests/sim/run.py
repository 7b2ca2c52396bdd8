"""Runs seeds: one, many, many in several processes; and prints a failing one so that it can be run again."""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

from . import erasing
from .city_record import CityRecord
from .device import Device
from .faults import Faults
from .invariants import check
from .trace import Broken
from .world import World


@dataclass(slots=True)
class Outcome:
    """What became of one seed; `broken` is empty when every invariant held."""

    seed: int
    trace_hash: str
    broken: str = ""
    lines: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


def run_seed(
    seed: int,
    device_class: type[Device] = Device,
    record_class: type[CityRecord] = CityRecord,
    faults: Faults | None = None,
) -> Outcome:
    """One seed to its end. A fault of the product that raises is a broken invariant with its text."""
    world = World(seed, device_class, record_class, faults)
    broken = ""
    try:
        world.run()
        check(world)
        if seed % erasing.EVERY == 0:
            erasing.erase_and_meet(world, Random(f"erasing {seed}"))
    except Broken as error:
        broken = str(error)
    except Exception as error:  # whatever the product raises, the seed has to be named with it
        import traceback

        broken = f"{type(error).__name__}: {error}\n{traceback.format_exc()}"
    finally:
        world.close()
    world.trace.note("broken" if broken else "all invariants hold")
    world.counts["record crashes"] = world.record.crashes
    return Outcome(seed, world.trace.hash, broken, world.trace.lines, world.counts)


def _brief(seed: int) -> Outcome:
    outcome = run_seed(seed)
    if not outcome.broken:
        outcome.lines = []
    return outcome


def run_many(seeds: Iterable[int], processes: int) -> list[Outcome]:
    """All outcomes, in the order of the seeds."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes) as pool:
        return pool.map(_brief, list(seeds), chunksize=5)


def describe(outcome: Outcome, lines: int = 40) -> str:
    """A failing seed for people: what broke, its last steps, how to run it again."""
    tail = "\n".join(f"  {line}" for line in outcome.lines[-lines:])
    return (
        f"seed {outcome.seed}: {outcome.broken}\n{tail}\n"
        f"again: python -m tests.sim {outcome.seed}   or   pytest tests/sim --seed {outcome.seed}"
    )


def report(outcomes: list[Outcome], began: float) -> str:
    """What the run saw, so that a run that saw nothing is noticed."""
    seen: Counter[str] = Counter()
    for outcome in outcomes:
        seen.update(outcome.counts)
    figures = ", ".join(f"{name} {number}" for name, number in sorted(seen.items()))
    failed = [outcome.seed for outcome in outcomes if outcome.broken]
    seconds = time.monotonic() - began
    return f"{len(outcomes)} seeds in {seconds:.1f} s, failed: {failed or 'none'}\n{figures}"
