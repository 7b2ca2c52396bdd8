"""Errors that a person may read: a stable code, what happened, why (article or fact), what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class ShouwenError(Exception):
    """Root of every error that the core raises on purpose."""

    code: str  # stable; every subclass sets it


class Malformed(ShouwenError):
    """Data from outside does not have the agreed shape; `where` names the place, `why` the fault."""

    code = "malformed"

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where} {why}")
        self.where = where
        self.why = why


@dataclass
class Refused(ShouwenError):
    """A command that the law or the case's state does not allow (`code` is the contract's refusal code).

    `message` and `instead` are gettext message ids (English) with `params`; `article` cites the source.
    `fields` maps a form field to its own message id when the fault lies in what was typed.
    """

    code: str
    article: str
    message: str
    instead: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.code} ({self.article}): {self.message % dict(self.params)}"
