"""Which faults a seed has, and how often. Most seeds have some, a few have none, a few have all."""

from __future__ import annotations

from dataclasses import dataclass, fields
from random import Random


@dataclass(frozen=True, slots=True)
class Faults:
    """Rates between 0 and 1, each per opportunity."""

    drop: float = 0.0  # a request or its answer vanishes
    late: float = 0.0  # a request arrives after its sender has given up, behind newer ones
    duplicate: float = 0.0  # a request arrives twice
    cut: float = 0.0  # an answer (or a request) ends early
    flip: float = 0.0  # bits change on the way
    forge: float = 0.0  # somebody on the line answers in the record's place
    device_crash: float = 0.0  # per transaction of a device
    disk_full: float = 0.0  # per transaction of a device
    record_crash: float = 0.0  # per exchange
    offline: float = 0.0  # share of the time that a device is without a line
    wrong_clock: float = 0.0  # share of devices
    clock_jump: float = 0.0  # per piece of work
    restore: float = 0.0  # per crash: the profile comes back from an older copy
    clone: float = 0.0  # per piece of work: the profile is copied to a second machine, both go on
    transfer: float = 0.0  # per piece of work: a person is moved to another unit
    revocation: float = 0.0  # per piece of work: the centre withdraws the device
    malice: float = 0.0  # somebody enrolled sends harm
    carry: float = 0.0  # per piece of work: the outbox goes by USB stick as well
    record_restore: float = 0.0  # chance, twice, that the record comes back from an older backup

    evict: float = 0.0  # per piece of work: the device parts with cases, or somebody asks one back

    @property
    def copies_profiles(self) -> bool:
        """Whether acts of honest people may rightly end in quarantine for another reason than scope."""
        return bool(self.restore or self.clone)


_MAXIMA = Faults(
    drop=0.3, late=0.2, duplicate=0.3, cut=0.4, flip=0.15, forge=0.15, device_crash=0.12, disk_full=0.1,
    record_crash=0.25, offline=0.6, wrong_clock=0.8, clock_jump=0.2, restore=0.9, clone=0.08, transfer=0.05,
    revocation=0.03, malice=0.5, carry=0.9, record_restore=0.3, evict=0.6,
)  # fmt: skip


def draw_faults(chance: Random) -> Faults:
    """This seed's faults."""
    share = chance.choice((0.0, 0.3, 0.5, 0.7, 1.0))
    rates = {}
    for field in fields(Faults):
        there = chance.random() < share
        rates[field.name] = round(getattr(_MAXIMA, field.name) * chance.random(), 3) if there else 0.0
    return Faults(**rates)


# Kinds of histories that are rougher than any seed's own.
ROUGH = Faults(
    drop=0.15, duplicate=0.2, cut=0.35, flip=0.2, forge=0.15, device_crash=0.15, record_crash=0.1, wrong_clock=0.9,
    clock_jump=0.2, malice=0.5,
)  # fmt: skip
MOVING = Faults(transfer=0.4, revocation=0.1, cut=0.2, device_crash=0.1, offline=0.5)
RESTORED = Faults(record_restore=1.0, offline=0.2)
COPYING = Faults(clone=0.3, cut=0.2, restore=0.5, device_crash=0.1)
AWAY = Faults(evict=0.9, offline=0.3, cut=0.2, device_crash=0.05, drop=0.2)
