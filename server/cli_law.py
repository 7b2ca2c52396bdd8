"""The command line's part about the law: assess scenario files, check and show the rule packs. A shell over py_core."""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

from py_core.errors import Malformed, ShouwenError


def add_commands(subparsers: Any) -> None:
    """Adds `assess` and `packs` to the command line."""
    assessing = subparsers.add_parser("assess", help="say what the law finds in scenario files")
    assessing.add_argument("files", nargs="+", type=Path, metavar="FILE", help="TOML with [[scenario]] tables")
    assessing.add_argument("--json", action="store_true", help="print a JSON array")
    assessing.add_argument("--lang", choices=("zh", "en"), default="zh", help="language of texts (default zh)")
    assessing.set_defaults(run=_assess)

    packs = subparsers.add_parser("packs", help="check or show the rule packs")
    actions = packs.add_subparsers(required=True, metavar="ACTION")
    checking = actions.add_parser("check", help="validate every pack and the register of articles")
    checking.set_defaults(run=_check)
    showing = actions.add_parser("show", help="print an article's rules and the scenarios that test it")
    showing.add_argument("article", help="e.g. WH-XS-6")
    showing.add_argument("--scenarios", type=Path, default=None, help="folder of scenarios (default tests/scenarios)")
    showing.add_argument("--lang", choices=("zh", "en"), default="zh")
    showing.set_defaults(run=_show)


def _assess(arguments: argparse.Namespace) -> int:
    from py_core.scenarios import as_json, as_text, replay

    results = []
    try:
        for path in arguments.files:
            for scenario in _scenarios(path):
                try:
                    results.append((str(scenario.get("pack")), replay(scenario, arguments.lang)))
                except ShouwenError as error:
                    raise Malformed(f"{path}: scenario {scenario.get('id', '?')}:", str(error)) from error
    except (ShouwenError, OSError) as error:
        print(f"shouwen assess: {error}", file=sys.stderr)
        return 2
    print(as_json([found for _, found in results]) if arguments.json else as_text(results, arguments.lang))
    return 0


def _scenarios(path: Path) -> list[dict[str, Any]]:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Malformed(str(path), f"is not TOML: {error}") from error
    found = data.get("scenario")
    if not isinstance(found, list) or not found:
        raise Malformed(str(path), "has no [[scenario]] table")
    return found


def _check(arguments: argparse.Namespace) -> int:
    from py_core.packs import load_packs
    from py_core.packs.articles import base_article, citations, load_articles

    try:
        packs, articles = load_packs(), load_articles()
    except (ShouwenError, tomllib.TOMLDecodeError) as error:
        print(f"shouwen packs check: {error}", file=sys.stderr)
        return 1
    unknown = sorted(
        citation
        for citation in citations()
        if citation.partition("-")[0] in packs and base_article(citation) not in articles
    )
    for citation in unknown:
        print(f"shouwen packs check: {citation} is cited and is not in the register of articles", file=sys.stderr)
    for pack in (version for key in packs for version in packs.versions(key)):
        empty = [key for key, setting in pack.settings.items() if setting.required and setting.value is None]
        count = sum(article.pack == pack.id for article in articles.values())
        line = f"{pack.id} {pack.version} from {pack.in_force_from}: {len(pack.matters)} matter types, {count} articles"
        print(line + (f"; to be filled in: {', '.join(empty)}" if empty else ""))
    return 1 if unknown else 0


def _show(arguments: argparse.Namespace) -> int:
    from py_core.packs.articles import base_article, load_articles, rules_of

    articles = load_articles()
    article = articles.get(base_article(arguments.article))
    if article is None:
        near = [key for key in articles if key.startswith(arguments.article.partition("-")[0] + "-")]
        known = ", ".join(near or articles)
        print(f"shouwen packs show: there is no article {arguments.article!r}; known: {known}", file=sys.stderr)
        return 2
    print(f"{arguments.article} [{article.status}] {article.zh if arguments.lang == 'zh' else article.en}")
    print(f"  {article.how}")
    for rule in rules_of(arguments.article):
        print(f"\n{rule.place}")
        print(json.dumps(rule.value, ensure_ascii=False, indent=2, default=str))
    folder = arguments.scenarios or Path(__file__).parents[1] / "tests" / "scenarios"
    tests = [
        f"{scenario.get('id')}: {scenario.get('title')}"
        for path in sorted(folder.glob("*.toml"))
        for scenario in _scenarios(path)
        if scenario.get("article") == arguments.article
    ]
    print(f"\n{len(tests)} scenarios" + ("" if folder.is_dir() else f" (no folder {folder})"))
    for test in tests:
        print(f"  {test}")
    return 0
