"""Whether the law in an evidence file gives the due dates that the record showed."""

from __future__ import annotations

from typing import Any

from py_core.cases.acts import canonical_json
from py_core.city import CITY_ID
from py_core.directory import read_directory
from py_core.errors import Malformed
from py_core.evidence.findings import Id
from py_core.evidence.ground import Ground, at, moment
from py_core.evidence.judging import judge, read_law
from py_core.evidence.lines import Line
from py_core.reporters import TOLD, is_reporter_id
from py_core.views.language import N_
from py_core.wire import read_json_object


def check_law(ground: Ground) -> None:
    """The due dates, counted anew."""
    shown = ground.file.one("shown")
    if is_reporter_id(ground.case):
        _check_beside(ground, shown)
        return
    if ground.findings.of("wrong"):
        ground.findings.open(at(shown), N_("the due dates were not counted: what they rest on is wrong"))
        return
    if ground.known.erased:
        ground.findings.open(at(shown), N_("the due dates cannot be counted any more: contents were erased"))
        return
    try:
        counted = _count(ground)
    except (Malformed, KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        # The texts are those that the record signed for, but a stranger's record may have signed for anything.
        ground.findings.wrong(at(shown), N_("the due dates cannot be counted from the file: %(why)s"), why=str(error))
        return
    if canonical_json(counted) != canonical_json(shown["found"]):
        due = (shown["found"] or {}).get("due")
        message = N_("the record showed the due date %(said)s, the law in the file gives %(counted)s")
        ground.findings.wrong(at(shown), message, said=due or "–", counted=counted["due"] or "–")
        return
    said = {"state": counted["state"], "due": counted["due"] or "–", "count": len(counted["clocks"])}
    whole = ground.known.whole_at
    if whole is None or ground.known.doubt:
        message = N_(
            "counted anew from the law in the file: state %(state)s, due %(due)s, %(count)d limits, as shown; but this "
            "is not proven: %(why)s"
        )
        ground.findings.open(at(shown), message, why=Id(ground.known.doubt), **said)
        return
    message = N_(
        "counted anew from the law in the file and the acts of the case that are here, by the city's rules as they stood "
        "at %(moment)s, none left out: state %(state)s, due %(due)s, %(count)d limits, as shown"
    )
    ground.findings.proven(at(shown), message, moment=moment(whole.time_ms), **said)


def _check_beside(ground: Ground, shown: Line) -> None:
    """Who reported or complains about a case: no date hangs on it, and it says of which case it is."""
    if shown["found"] is not None:
        ground.findings.wrong(at(shown), N_("a document beside a case has no due dates"))
    told = [e for each in ground.known.acts.get(ground.case, ()) for e in each.act.events if e.get("type") == TOLD]
    if told:
        message = N_("this file says who reported or complained in case %(case)s; it is given to nobody with the case")
        ground.findings.proven("", message, case=str(told[0].get("case")))


def _count(ground: Ground) -> dict[str, Any]:
    packs, calendar = read_law({line["path"]: line["text"] for line in ground.file.all("law")})
    directories = ground.file.all("directory")
    document = read_json_object(directories[-1]["text"].encode()) if directories else None
    founding = {} if document is None else read_directory(document).policies
    known = ground.known.acts
    at_ms = ground.file.one("evidence")["made_at_ms"]
    return judge(ground.case, known[ground.case], known.get(CITY_ID, ()), packs, calendar, founding, at_ms)
