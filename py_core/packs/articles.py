"""The register of every article: what software does about it and which rules of the packs cite it.

Loaded only when somebody asks (checks, `packs show`); must not be needed to assess a case.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from py_core.errors import Malformed
from py_core.packs.load import pack_ids, version_files

STATUSES = ("encoded", "supported", "manual", "not software")
_SHARED = ("common.toml", "transitions.toml", "unnumbered.toml", "forms.toml", "liability.toml")
_CITED = re.compile(r"^(?:article|basis)$|_article$")


@dataclass(frozen=True, slots=True)
class Article:
    """One article: its status, the rule in our own words, and what is done about it or why not."""

    id: str
    pack: str
    status: str
    zh: str
    en: str
    how: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One place of a pack that cites an article: where it stands and what it says."""

    place: str
    value: Mapping[str, Any]


@cache
def load_articles() -> Mapping[str, Article]:
    """Every article by id; raises `Malformed` for an unknown status or an empty text."""
    found: dict[str, Article] = {}
    for pack_id in pack_ids():
        text = files("py_core.packs").joinpath(pack_id, "articles.toml").read_text(encoding="utf-8")
        for key, row in tomllib.loads(text).items():
            article = Article(key, pack_id, row["status"], row["zh"], row["en"], row["how"])
            if article.status not in STATUSES:
                raise Malformed(f"article {key} status", f"must be one of {', '.join(STATUSES)}")
            if not (article.zh and article.en and article.how):
                raise Malformed(f"article {key}", "must say the rule in both languages and what is done about it")
            if not key.startswith(pack_id + "-"):
                raise Malformed(f"article {key}", f"does not belong to {pack_id}")
            found[key] = article
    return found


def base_article(citation: str) -> str:
    """The registered article to which a citation belongs: HL-8(三) is part of HL-8."""
    return citation if citation in load_articles() else citation.partition("(")[0]


def rules_of(article_id: str) -> tuple[Rule, ...]:
    """Every table of the packs that cites this article."""
    found: list[Rule] = []
    pack_id = article_id.partition("-")[0]
    folder = files("py_core.packs")
    for name in (*(version_files(pack_id) if pack_id in pack_ids() else ()), *_SHARED):
        data = tomllib.loads(folder.joinpath(*name.split("/")).read_text(encoding="utf-8"))
        found += [Rule(f"{name} {place}", value) for place, value in _citing(data, "", article_id)]
    return tuple(found)


def _citing(value: Any, place: str, article_id: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(value, Mapping):
        cited = any(_CITED.search(key) and item == article_id for key, item in value.items())
        sources = value.get("sources")
        cited = cited or (isinstance(sources, Mapping) and article_id in sources.values())
        if cited or article_id in value.get("articles", ()):
            yield place or "(top)", value
        for key, item in value.items():
            name = f"{place}.{key}" if place else key
            yield from _citing(item, name, article_id)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            label = item.get("id", index) if isinstance(item, Mapping) else index
            yield from _citing(item, f"{place}[{label}]", article_id)


def citations() -> frozenset[str]:
    """Every article id that any pack cites."""
    found: set[str] = set()
    folder = files("py_core.packs")
    names = [name for pack_id in pack_ids() for name in version_files(pack_id)]
    for name in (*names, *_SHARED):
        _collect(tomllib.loads(folder.joinpath(*name.split("/")).read_text(encoding="utf-8")), found)
    return frozenset(found)


def _collect(value: Any, found: set[str]) -> None:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if isinstance(item, str) and _CITED.search(key):
                found.add(item)
            elif key == "sources" and isinstance(item, Mapping):
                found.update(item.values())
            elif key == "articles":
                found.update(item)
            else:
                _collect(item, found)
    elif isinstance(value, list):
        for item in value:
            _collect(item, found)
