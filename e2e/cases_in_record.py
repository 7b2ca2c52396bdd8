"""Cases made in the record itself, by the record's own device: where a journey needs what no day of the demonstration has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from e2e.further_steps import FURTHER, MATTER, SETTING, WALKED_IN, FurtherStep
from e2e.working_days import LIN
from py_core.cases.acts import Act, RecordedAct
from py_core.cases.commands import ALL_ROLES, COMMANDS, Command, Context, decide
from py_core.cases.history import order
from py_core.cases.state import fold
from py_core.city import CITY_ID
from py_core.values import local
from server.devices import SERVER_DEVICE
from server.own_device import OwnAct
from server.parts import Parts


def make_real(parts: Parts, wanted: Iterable[str]) -> dict[str, tuple[str, FurtherStep]]:
    """Makes one case for each of these commands in the record itself; where the form stands, and whose it is."""
    made: dict[str, tuple[str, FurtherStep]] = {}
    now = local(parts.clock.now())
    document = parts.city.current().document
    city = parts.city.publish({**document, "policies": {**document["policies"], **SETTING}}).directory
    people = {person.id: set(person.roles) for person in city.people.values()}
    for command in wanted:
        pack, step = next((pack, step) for (pack, name), step in FURTHER.items() if name == command)
        case_id, at = parts.entropy.token(16).hex(), now - step.later - timedelta(minutes=3)
        acts: list[RecordedAct] = []
        for name, fields in step.commands(pack):
            fields = {**fields, "number": f"K9-{case_id[:6]}"} if name == "register" else fields
            user = next(who for who in (LIN, step.who, *people) if not people[who].isdisjoint(COMMANDS[name].roles))
            context = Context(at, parts.packs, parts.calendar, city.policies, user, ALL_ROLES, "xingqiao")
            _record(parts, case_id, acts, Command(name, fields), context)
        made[command] = f"/cases/{case_id}/do/{command}", step
    return made


def record_past_case(
    parts: Parts, years: int, *steps: tuple[str, Mapping[str, Any], str], title: str = "期满的旧件"
) -> str:
    """A case of the hotline in the record itself that began so many years ago; each step with who does it. Its id."""
    case_id = parts.entropy.token(16).hex()
    at = local(parts.clock.now()) - timedelta(days=366 * years)
    told = {
        **WALKED_IN,
        **MATTER["HL"],
        "pack": "HL",
        "title": title,
        "text": "多年前的旧事。",
        "number": f"K9-{case_id[:6]}",
    }
    acts: list[RecordedAct] = []
    for command, fields, user in [("register", told, LIN), *steps]:
        at += timedelta(minutes=30)
        context = Context(at, parts.packs, parts.calendar, user=user, roles=ALL_ROLES, unit="xingqiao")
        _record(parts, case_id, acts, Command(command, fields), context)
    return case_id


def record_city_act(parts: Parts, event: Mapping[str, Any], user: str) -> None:
    """What somebody decides about the city's rules, as a page of the centre would record it."""
    now, seq = local(parts.clock.now()).replace(microsecond=0), parts.own_device.next_seq()
    version = parts.packs.version
    act = Act(str(event["type"]), (event,), user, SERVER_DEVICE, seq, now, now, None, None, version, "0.1.0")
    parts.own_device.append([OwnAct(CITY_ID, act.text(), user)])


def _record(parts: Parts, case_id: str, acts: list[RecordedAct], command: Command, context: Context) -> None:
    """One act of somebody, told to the record's own device as of its moment."""
    events = decide(fold(case_id, order(acts)) if acts else None, command, context)
    number, at, seq = len(acts), context.now, parts.own_device.next_seq()
    act = Act(command.name, events, context.user, SERVER_DEVICE, seq, at, at, None, None, parts.packs.version, "0.1.0")
    parts.own_device.append([OwnAct(case_id, act.text(), context.user)], at)
    acts.append(RecordedAct(f"{number:064x}", (f"{number - 1:064x}",) if number else (), act, at, number))
