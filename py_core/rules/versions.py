"""Which version of its regulation a case has (P-13). Must not know what the version says."""

from __future__ import annotations

from datetime import date

from py_core.cases.state import Case
from py_core.packs import Pack, Packs, UnknownVersion
from py_core.rules.policies import Policies


def pack_of(case: Case, packs: Packs, today: date, policies: Policies) -> Pack:
    """The version in force at receipt, or under the other reading the one in force today.

    Raises `UnknownName` for a regulation, `UnknownVersion` for a version of it that this build does not know.
    """
    newest = policies.rule_version == "newest" or case.registered is None
    pack = packs.in_force(case.pack, today if newest or case.registered is None else case.registered.day)
    for named in case.law_versions:
        unknown = packs.unknown_version(named, pack.id)
        if unknown:
            known = tuple(each.version for each in packs.versions(pack.id))
            raise UnknownVersion("version", unknown, known)
    return pack
