"""What a check of evidence finds, in words: proven, not proven, or wrong, each at its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from py_core.views import language
from py_core.views.language import N_

Kind = Literal["proven", "open", "wrong"]


class Id(str):
    """A value that is a message id itself."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about a place of the file; `message` is a message id (English)."""

    kind: Kind
    where: str
    message: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def text(self, lang: str) -> str:
        """The sentence in a language."""
        said = {name: language.translate(lang, it) if isinstance(it, Id) else it for name, it in self.params.items()}
        return language.translate(lang, self.message, said or None)


# What kinds of findings are called, and what they add up to.
KINDS = {"proven": N_("proven"), "open": N_("not proven"), "wrong": N_("at fault")}
HOLDS = N_("the evidence holds")
FAILS = N_("the evidence must not be believed")


@dataclass(slots=True)
class Findings:
    """Everything that a check found, in its order."""

    items: list[Finding] = field(default_factory=list)

    def proven(self, where: str, message: str, **params: Any) -> None:
        """Notes what is shown by signatures and hashes."""
        self.items.append(Finding("proven", where, message, params))

    def open(self, where: str, message: str, **params: Any) -> None:
        """Notes what nobody can conclude from this file."""
        self.items.append(Finding("open", where, message, params))

    def wrong(self, where: str, message: str, **params: Any) -> None:
        """Notes what contradicts a signature, a hash or the law."""
        self.items.append(Finding("wrong", where, message, params))

    def of(self, kind: Kind) -> list[Finding]:
        """The findings of a kind."""
        return [item for item in self.items if item.kind == kind]
