"""Writes what a device says to the record: the frames of a request, or of an outbox file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from py_core.change import decode_act_change
from py_core.exchanged import LEFT_OUT, DeviceState, RefusedAct, WaitingAct
from py_core.log_watch import Fork
from py_core.packed import messages
from py_core.packed.changes import NotPackable
from py_core.packed.held import LogOf
from py_core.packed.outbox import Signed, pack_acts
from py_core.standing import Standing
from py_core.wire import (
    ECHO,
    FILED,
    NAMES_MAX,
    OFFERS_AGAIN,
    PACKED,
    PROVES,
    REVOKES,
    TYPE_ACTS,
    WATCHES,
    ActorAnnouncement,
    Frame,
    Hello,
    Pushed,
    Short,
    encode_frames,
    message_frame,
)


@dataclass(frozen=True, slots=True)
class About:
    """What a device says of itself with every request."""

    device: str
    app_version: str
    standing: Standing
    machine: DeviceState
    refused: Mapping[str, RefusedAct]
    waiting: int  # how many acts are only on this device
    fork: Fork | None
    log_of: LogOf  # what frames in short rest on


def body(
    about: About,
    batch: Sequence[WaitingAct],
    purged: tuple[str, ...] = (),
    want: tuple[str, ...] = (),
    *,
    held: tuple[str, ...] = (),
    filed: bool = False,
    short: bool = False,
    astray: bool = False,
) -> bytes:
    """The frames of a request: hello, an announcement for each actor used, the acts. `astray`: of some of the acts
    their documents do not know; `filed`: for a file."""
    actors = {act.actor: act for act in batch if act.actor_signature}
    machine = about.machine
    # Of what was left out by a receipts file the words are still to be heard.
    asks = [each.hash for each in about.refused.values() if each.reason != LEFT_OUT or not each.by]
    hello = Hello(
        device=about.device,
        cursor=about.standing.cursor,
        config=about.standing.config,
        app=about.app_version,
        waiting=about.waiting - len(batch),
        scope=about.standing.scope,
        lineage=about.standing.lineage[-1] if about.standing.lineage else "",
        log_size=about.standing.head.size if about.standing.head is not None else 0,
        can=" ".join(_can(filed=filed, short=short, echo=astray or bool(about.standing.custody.doubtful))),
        purged=purged,
        asks=tuple(asks[:NAMES_MAX]),
        want=want,
        refused=len(about.refused),
        storage_used=machine.storage_used,
        storage_quota=machine.storage_quota,
        storage_kept=machine.storage_kept,
        clock_offset_ms=machine.clock_offset_ms,
        forked=about.fork.text if about.fork is not None else "",
        held=held,
    )
    frames: list[Frame] = [messages.short(hello) if short else message_frame(hello)]
    frames += [
        message_frame(ActorAnnouncement(actor=act.actor, sig=act.actor_signature, alg=act.alg))
        for act in actors.values()
    ]
    plain: list[Frame] = [Pushed(act.case_id, act.alg, act.signature, act.raw) for act in batch]
    return encode_frames(frames + (_packed(batch, about.log_of) if short and batch else plain))


def _can(*, filed: bool, short: bool, echo: bool) -> Iterator[str]:
    yield REVOKES
    yield OFFERS_AGAIN
    yield WATCHES
    yield PROVES
    if filed:
        yield FILED
    if short:
        yield PACKED
    # What the record does not tell again would not come back into its document, or not save its case from doubt.
    if short and echo:
        yield ECHO


def _packed(batch: Sequence[WaitingAct], log_of: LogOf) -> list[Frame]:
    """The acts in short; from the first on that cannot be said so, in full."""
    indexes: dict[str, dict[str, int]] = {}

    def index_of(case_id: str, change_hash: str) -> int | None:
        if case_id not in indexes:
            indexes[case_id] = {one: index for index, one in log_of(case_id)}
        return indexes[case_id].get(change_hash)

    frames: list[Frame] = []
    acts = [Signed(act.case_id, act.alg, act.signature, act.raw) for act in batch]
    simple = next((at for at, act in enumerate(batch) if len(decode_act_change(act.raw).causes) > 1), len(acts))
    try:
        if simple:
            frames.append(Short(TYPE_ACTS, pack_acts(acts[:simple], index_of)))
    except NotPackable:
        simple = 0
    return frames + [Pushed(act.case_id, act.alg, act.signature, act.raw) for act in acts[simple:]]
