"""Who may do what, read from `rights.toml`: the gate, the pages and the server's addresses ask nothing else.

Knows roles and rights; must not know who has a role (see `directory`) nor what a right does.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from py_core.errors import Malformed

WORK = "work_on_cases"  # what every act in a case or visit needs when no other right is named for it


@dataclass(frozen=True, slots=True)
class Role:
    """A role of the directory; `stands_for` are the regulations' roles that its holder fills."""

    id: str
    zh: str
    en: str
    stands_for: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Right:
    """One row of the table. `commands` need this right; `record_only`: only the record's own device states them."""

    id: str
    zh: str
    en: str
    roles: frozenset[str]
    commands: tuple[str, ...] = ()
    record_only: bool = False


@dataclass(frozen=True, slots=True)
class Rights:
    """The whole table; `apart` are the roles that go with no other."""

    roles: Mapping[str, Role]
    rows: Mapping[str, Right]
    apart: frozenset[str]
    of_command: Mapping[str, Right]

    def may(self, roles: Iterable[str], right: str) -> bool:
        """Whether one of these roles has the right; a right that is not in the table is a fault of the program."""
        return not self.rows[right].roles.isdisjoint(roles)

    def conflict(self, roles: Iterable[str]) -> tuple[str, str] | None:
        """Two roles that one person may not have together; None when all of them go together."""
        held = sorted(roles)
        for role in held:
            if role in self.apart and len(held) > 1:
                return role, next(other for other in held if other != role)
        return None


@cache
def rights() -> Rights:
    """The packaged table."""
    return read_rights(tomllib.loads(files("py_core").joinpath("rights.toml").read_text(encoding="utf-8")))


def may(roles: Iterable[str], right: str) -> bool:
    """Whether one of these roles has the right."""
    return rights().may(roles, right)


def read_rights(data: Mapping[str, Any]) -> Rights:
    """Reads the table; raises `Malformed` for a role or command that is named wrongly or twice."""
    try:
        roles = {key: Role(key, row["zh"], row["en"], tuple(row["stands_for"])) for key, row in data["roles"].items()}
        rows: dict[str, Right] = {}
        of_command: dict[str, Right] = {}
        for row in data["right"]:
            named = {**row, "roles": frozenset(row["roles"]), "commands": tuple(row.get("commands", ()))}
            right = Right(**named)
            if right.id in rows:
                raise Malformed(f"right {right.id}", "stands in the table twice")
            if unknown := right.roles - roles.keys():
                raise Malformed(f"right {right.id}", f"names unknown roles: {', '.join(sorted(unknown))}")
            for command in right.commands:
                if command in of_command:
                    raise Malformed(f"command {command}", f"needs {of_command[command].id} and {right.id}: choose one")
                of_command[command] = right
            rows[right.id] = right
        apart = frozenset(data["apart"]["roles"])
        if apart - roles.keys():
            raise Malformed("apart", "names an unknown role")
    except (KeyError, TypeError) as error:
        raise Malformed("rights", f"has a wrong or missing entry: {error}") from error
    return Rights(roles, rows, apart, of_command)
