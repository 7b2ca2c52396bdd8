"""The kinds of harm: every one is a function of the world and of chance, under its name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from random import Random

from py_core import wire

from . import world as w
from .world import Attempt, World

Kind = Callable[[World, Random], Attempt]
KINDS: dict[str, Kind] = {}


def kind(make: Kind) -> Kind:
    """Enters a function among the kinds."""
    KINDS[make.__name__] = make
    return make


def attempt_of(world: World, name: str, seed: int) -> Attempt:
    """The input with this name and seed: the same bytes in every run."""
    chance = Random(int.from_bytes(hashlib.sha256(f"{name} {seed}".encode()).digest()[:8], "big"))
    made = KINDS[name](world, chance)
    made.kind = name
    return made


def target(world: World, chance: Random) -> tuple[w.Laptop, str]:
    """Somebody who may work in a document, and the document."""
    return chance.choice(world.targets)


def one(world: World, laptop: w.Laptop, case: str, raw: bytes) -> Attempt:
    """One change, with a real signature of its sender over it."""
    return Attempt("", [world.submission(laptop, case, raw)])


def announcing(laptop: w.Laptop, attempt: Attempt, actor: bytes) -> Attempt:
    """The same attempt after the laptop has announced an actor with its own, valid signature."""
    attempt.announcements.append((laptop.device, laptop.announcement(actor)))
    return attempt


__all__ = ["KINDS", "Attempt", "Random", "World", "announcing", "attempt_of", "kind", "one", "target", "wire"]
