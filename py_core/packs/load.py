"""Reads rule packs from TOML and refuses what has no source, no name or contradicts itself."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from py_core.errors import Malformed
from py_core.packs.citing import read_document
from py_core.packs.model import (
    Breach,
    Common,
    Extension,
    HiddenReporter,
    Limit,
    Matter,
    Pack,
    Packs,
    Policy,
    RestrictedMatters,
    Setting,
    Supervision,
    Transition,
    Unnumbered,
)
from py_core.periods import read_period

SHARED_FILES = ("common.toml", "transitions.toml", "unnumbered.toml")
_TABLES = frozenset(
    {
        "pack", "first_responder", "handover", "signature", "receipt", "identity", "correction", "promise", "refusal",
        "dispatch", "opinion", "feedback", "review", "absence", "message_card", "urgent_report",
        "supervised_by_instruction", "accountability", "veto", "settings", "phrases", "matter", "supervision", "terms",
        "hidden_reporter", "restricted", "document",
    }
)  # fmt: skip
VERSION_FILE = re.compile(r"pack(-[^.]+)?\.toml")
_POLICY_KEYS = frozenset({"zh", "en", "default", "options", "basis"})
_CLOCKS = frozenset({"main", "promise", "none"})
_EXTENSIONS = frozenset({"total", "added", "statutory"})


@cache
def pack_ids() -> tuple[str, ...]:
    """The regulations that are packaged: every folder with a pack.toml, in the order of their ids."""
    folders = [entry for entry in files("py_core.packs").iterdir() if entry.is_dir()]
    return tuple(sorted(folder.name for folder in folders if folder.joinpath("pack.toml").is_file()))


@cache
def version_files(pack_id: str) -> tuple[str, ...]:
    """The files of one regulation's versions: pack.toml, and pack-<anything>.toml for each further version."""
    entries = files("py_core.packs").joinpath(pack_id).iterdir()
    names = sorted(entry.name for entry in entries if VERSION_FILE.fullmatch(entry.name))
    return tuple(f"{pack_id}/{name}" for name in names)


@cache
def load_packs() -> Packs:
    """The packaged regulations, validated; raises `Malformed` naming the table that is wrong."""
    folder = files("py_core.packs")
    shared = [tomllib.loads(folder.joinpath(name).read_text(encoding="utf-8")) for name in SHARED_FILES]
    common = read_common({key: value for data in shared for key, value in data.items()})
    packs = {
        pack_id: [
            read_pack(tomllib.loads(folder.joinpath(*name.split("/")).read_text(encoding="utf-8")), common)
            for name in version_files(pack_id)
        ]
        for pack_id in pack_ids()
    }
    return Packs(packs, common)


def read_common(data: Mapping[str, Any]) -> Common:
    """Reads the shared part: policies, breaches, names, special procedures."""
    policies = {}
    for key, row in data["policy"].items():
        figures = {name: value for name, value in row.items() if name not in _POLICY_KEYS}
        if row["default"] not in row["options"]:
            raise Malformed(f"policy {key}", "has a default that is none of its options")
        policies[key] = Policy(key, row["zh"], row["en"], row["default"], tuple(row["options"]), row["basis"], figures)
    breaches = {
        row["id"]: Breach(row["id"], row["zh"], row["en"], row["detect"], tuple(row["liable"]), dict(row["sources"]))
        for row in data["breach"]
    }
    procedure = data["procedure"]
    return Common(
        policies=policies,
        breaches=breaches,
        terms=_terms(data["terms"], "common"),
        procedures=tuple(procedure["known"]),
        statutory_procedures=frozenset(procedure["statutory"]),
        procedure_article=procedure["article"],
        transitions=tuple(_transition(row) for row in data["transition"]),
        unnumbered=tuple(
            Unnumbered(row["id"], row["zh"], row["en"], tuple(row["articles"]), row.get("waits", ""))
            for row in data["unnumbered"]
        ),
        figures=data.get("citing", {}).get("figures", ""),
        contradictions={code: dict(row["sources"]) for code, row in data["contradiction"].items()},
    )


def read_pack(data: Mapping[str, Any], common: Common) -> Pack:
    """Reads one regulation; raises `Malformed` for a value without its article or a wrong name."""
    try:
        head = data["pack"]
        where = f"pack {head['id']}"
        unknown = set(data) - _TABLES
        if unknown:
            raise Malformed(where, f"has unknown tables: {', '.join(sorted(unknown))}")
        _require_articles(data, where)
        return _pack(data, head, common)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Malformed("pack", f"has a wrong or missing entry: {error!r}") from error


def _pack(data: Mapping[str, Any], head: Mapping[str, Any], common: Common) -> Pack:
    def table(name: str) -> Mapping[str, Any]:
        value: Mapping[str, Any] = data.get(name, {})
        return value

    first, handover, correction, refusal = (
        table("first_responder"), table("handover"), table("correction"), table("refusal"),
    )  # fmt: skip
    feedback, urgent = table("feedback"), table("urgent_report")
    if not head["version"].startswith(head["id"] + "-") or "+" in head["version"]:
        raise Malformed(f"pack {head['id']} version", f"must begin with {head['id']}- and have no +")
    matters = {row["id"]: _matter(row, f"pack {head['id']} matter {row['id']}") for row in data["matter"]}
    if len(matters) != len(data["matter"]):
        raise Malformed(f"pack {head['id']}", "names a matter twice")
    for matter in matters.values():
        for code in matter.overdue_breaches:
            if code not in common.breaches:
                raise Malformed(f"pack {head['id']} matter {matter.id}", f"names an unknown breach {code}")
    return Pack(
        id=head["id"],
        version=head["version"],
        zh=head["zh"],
        en=head["en"],
        issuer_zh=head["issuer_zh"],
        source_status=head["source_status"],
        in_force_from=_day(head["in_force_from"], "in_force_from"),
        in_force_until=_day(head["in_force_until"], "in_force_until") if "in_force_until" in head else None,
        article=head["article"],
        matters=matters,
        common=common,
        terms=_terms(table("terms"), head["id"]),
        settings={
            key: Setting(
                key,
                row["zh"],
                row["en"],
                row["article"],
                row.get("required", False),
                row.get("value"),
                row.get("kind", "text"),
                tuple(row.get("parts", ())),
            )
            for key, row in table("settings").items()
        },
        supervision=tuple(
            Supervision(row["id"], row["article"], row["when"], row["zh"], row["en"])
            for row in data.get("supervision", ())
        ),
        first_responder_rule=first["rule"],
        first_responder_article=first["article"],
        support_staff_article=first.get("support_staff_article", "") if first.get("support_staff_refused") else "",
        handover_enough=handover["enough"],
        handover_article=handover["article"],
        tracker=handover["tracker"],
        signature_channels=frozenset(table("signature").get("channels", ())),
        signature_article=table("signature").get("article", ""),
        receipt_channels=frozenset(table("receipt").get("channels", ())),
        receipt_fields=tuple(table("receipt").get("fields", ())),
        receipt_article=table("receipt").get("article", ""),
        identity_article=table("identity").get("article", ""),
        correction_limit=_limit(correction, "correction"),
        correction_article=correction.get("article", ""),
        correction_late_effect=correction.get("late_effect", ""),
        promise_compare=data["promise"]["compare"],
        promise_article=data["promise"]["article"],
        refusal_filing_for=frozenset(refusal.get("filing_for", ())),
        refusal_limit=_limit(refusal, "refusal"),
        refusal_article=refusal.get("article", ""),
        refusal_filing_article=refusal.get("filing_article", refusal.get("article", "")),
        refusal_meeting_article=refusal.get("meeting_article", refusal.get("article", "")),
        feedback_limit=_limit(feedback, "feedback"),
        opinion_required=table("opinion").get("required", False),
        opinion_article=table("opinion").get("article", ""),
        review_article=table("review").get("article", ""),
        dispatch_article=table("dispatch").get("article", ""),
        absence_article=table("absence").get("article", ""),
        message_card_article=table("message_card").get("article", ""),
        urgent_report_minutes=urgent.get("alert_minutes"),
        urgent_report_article=urgent.get("article", ""),
        instruction_article=table("supervised_by_instruction").get("article", ""),
        accountability_threshold=frozenset(table("accountability").get("threshold", ())),
        hidden_reporter=_hidden_reporter(table("hidden_reporter")),
        restricted=_restricted(table("restricted")),
        accountability_article=table("accountability").get("article", ""),
        forbidden_phrases=tuple(table("phrases").get("forbidden", ())),
        forbidden_phrases_article=table("phrases").get("article", ""),
        veto_article=table("veto").get("article", ""),
        veto_setting=table("veto").get("setting", ""),
        documents=tuple(read_document(row, common.figures) for row in data.get("document", ())),
    )


def _day(value: Any, where: str) -> date:
    if type(value) is not date:
        raise Malformed(where, "must be a date")
    return value


def _transition(row: Mapping[str, Any]) -> Transition:
    states = (row["from"],) if isinstance(row["from"], str) else tuple(row["from"])
    return Transition(row["id"], row["command"], states, row.get("needs", ""), dict(row["sources"]))


def _hidden_reporter(row: Mapping[str, Any]) -> HiddenReporter | None:
    if not row:
        return None
    named = {key: frozenset(row.get(key, ())) for key in ("matters", "kinds", "seen_by")}
    return HiddenReporter(**named, article=row["article"], complaints=bool(row.get("complaints", False)))


def _restricted(row: Mapping[str, Any]) -> RestrictedMatters | None:
    if not row:
        return None
    return RestrictedMatters(frozenset(row["matters"]), frozenset(row["seen_by"]), row["article"])


def _limit(row: Mapping[str, Any], where: str) -> Limit | None:
    if "limit" not in row:
        return None
    limit = row["limit"]
    return Limit(
        read_period(limit, where),
        limit.get("article", row.get("article", "")),
        limit.get("bare_day", False),
        limit.get("ceiling", False),
    )


def _matter(row: Mapping[str, Any], where: str) -> Matter:
    fields = dict(row)
    for key in ("start", "stop", "completion_events", "overdue_breaches", "claimants"):
        if key in fields:
            fields[key] = tuple(fields[key])
    fields["limit"] = _limit(row, where)
    extension = row.get("extension")
    if extension is not None:
        if extension["kind"] not in _EXTENSIONS:
            raise Malformed(f"{where} extension.kind", f"must be one of {', '.join(sorted(_EXTENSIONS))}")
        fields["extension"] = Extension(
            extension["kind"],
            tuple(extension["approvers"]),
            extension["article"],
            read_period(extension["cap"], where) if "cap" in extension else None,
        )
    matter = Matter(**fields)
    if matter.clock not in _CLOCKS:
        raise Malformed(f"{where} clock", f"must be one of {', '.join(sorted(_CLOCKS))}")
    given = bool(matter.limit) + bool(matter.limit_setting) + matter.explicit_only
    if (matter.clock == "main") != (given == 1):
        raise Malformed(where, "must have exactly one limit when its clock is main, and none otherwise")
    if matter.clock != "none" and not (matter.start and matter.start_article and matter.stop and matter.stop_article):
        raise Malformed(where, "must name start and stop, each with its article")
    return matter


def _terms(table: Mapping[str, Any], where: str) -> dict[str, Mapping[str, str]]:
    for key, names in table.items():
        if not names.get("zh") or not names.get("en"):
            raise Malformed(f"{where} term {key}", "must have a Chinese and an English name")
    return dict(table)


def _require_articles(value: Any, where: str, cited: bool = False) -> None:
    """No value without source: a table that holds a number must have its article, itself or around it."""
    if isinstance(value, Mapping):
        cited = cited or "article" in value
        for key, item in value.items():
            _require_articles(item, f"{where}.{key}", cited)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _require_articles(item, f"{where}[{index}]", cited)
    elif type(value) is int and not cited:
        raise Malformed(where, "is a number of law without its article")
