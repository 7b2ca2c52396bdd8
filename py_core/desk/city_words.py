"""The centre's acts about the law in words: layers, readings, settings, who did what when. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

from py_core.city import CityFact
from py_core.city.events import CalendarPublished, PolicySet, SettingFilled
from py_core.city.filling import OpenSetting, settings_of
from py_core.city.offers import OfferPublished, PublicationRecorded
from py_core.desk.city_devices import FIGURES_SAID
from py_core.desk.time_words import WORKDAYS
from py_core.desk.turn import Turn
from py_core.packs import Packs
from py_core.packs.retention import load_retention
from py_core.views import language
from py_core.views.language import N2_, N_

LAYER_WORDS: Mapping[str, str] = {
    "national": N_("National"),
    "province": N_("Province"),
    "city": N_("City"),
    "unit": N_("Unit"),
}
READING_WORDS: Mapping[tuple[str, str], str] = {
    ("P-03", "matter"): N_(
        "Rolls, except where the matter says that it does not (urgent reports, safety, fixed dates)"
    ),
    ("P-03", "roll"): N_("Always rolls to the next working day"),
    ("P-03", "no_roll"): N_("Never rolls"),
    ("P-04", "midnight"): N_("At 24:00 of the due day"),
    ("P-04", "business_hours"): N_("At the close of business of the due day"),
    ("P-05", "same_day"): N_("The same calendar day is day 0"),
    ("P-05", "next_office_time"): N_("The next office time is day 0"),
    ("P-06", "same_day"): N_("The actual date is day 0"),
    ("P-06", "next_workday"): N_("The next working day is day 0"),
    ("P-07", "rule"): N_("As recommended for each rule: JY 3.3.5 working days, BZ refusal filing calendar days"),
    ("P-07", "workday"): N_("Working days everywhere"),
    ("P-07", "calendar_day"): N_("Calendar days everywhere"),
    ("P-11", "exclude_only_if_told"): N_("Not excluded until the person was told"),
    ("P-11", "exclude_anyway"): N_("Excluded anyway; the missing notice is a breach"),
    ("P-13", "receipt"): N_("The version of the regulation in force at receipt stays with the case"),
    ("P-13", "newest"): N_("The newest version in force counts, also for cases received earlier"),
    ("P-14", "default"): N_("Towards the person: when it happened; towards an office: when it arrived"),
    ("P-14", "occurred"): N_("Always when it happened"),
    ("P-14", "arrived"): N_("Always when it arrived in the city record"),
}
SHARE = ("numerator", "denominator")  # such a setting is written as a fraction
PART_WORDS: Mapping[str, str] = {
    "callers": N_("Callers"),
    "days": N_("Days"),
    "numerator": N_("Numerator"),
    "denominator": N_("Denominator"),
}
PARTS_SAID = {"callers": N_("%(n)s callers or more"), "days": N_("within %(n)s days")}
OFFER_WORDS: Mapping[str, str] = {
    "basis": N_("Legal basis"),
    "scope": N_("Scope of acceptance"),
    "conditions": N_("Conditions"),
    "procedure": N_("Course of the procedure"),
    "standard": N_("Standard of service"),
    "responsibility": N_("Responsibility"),
    "functions": N_("Functions"),
    "policy": N_("Policies"),
    "fee": N_("Fee and its basis"),
    "result": N_("Result that is given"),
    "handler": N_("Handler"),
}
CHANNEL_WORDS: Mapping[str, str] = {
    "website": N_("Website"),
    "notice_board": N_("Notice board"),
    "hall_screen": N_("Screen in the service hall"),
    "leaflet": N_("Leaflet"),
    "newspaper": N_("Newspaper"),
    "social_media": N_("Social media account"),
    "other": N_("Other way"),
}
COMPLETION_WORDS: Mapping[str, str] = {
    "decision_issued": N_("The written decision"),
    "certificate_issued": N_("The document or licence"),
    "forwarded_up": N_("Forwarding to the higher authority"),
}
AMOUNT_WORDS: Mapping[str, tuple[str, str]] = {
    "workday": WORKDAYS,
    "day": N2_("%(n)d calendar day", "%(n)d calendar days"),
    "week": N2_("%(n)d week", "%(n)d weeks"),
    "month": N2_("%(n)d month", "%(n)d months"),
}
UNIT_WORDS: Mapping[str, str] = {
    "workday": N_("working days"),
    "day": N_("calendar days"),
    "week": N_("weeks"),
    "month": N_("months"),
}


def reading(turn: Turn, policy: str, value: str) -> str:
    """A reading in words; readings that nobody can choose among have no words of their own."""
    text = READING_WORDS.get((policy, value))
    return turn.say(text) if text else turn.say(N_("the only reading"))


def policy_title(turn: Turn, policy: str) -> str:
    known = turn.packs.common.policies[policy]
    return known.en if turn.lang == language.EN else known.zh


def place_name(turn: Turn, layer: str, place: str) -> str:
    """Layer, and the unit for layer `unit`."""
    name = turn.say(LAYER_WORDS[layer])
    unit = turn.directory.units.get(place)
    if not place:
        return name
    return f"{name} {(unit.en if turn.lang == language.EN else unit.zh) if unit else place}"


def value_text(turn: Turn, setting: OpenSetting, value: Any) -> str:
    """A setting's value as people read it."""
    if value is None:
        return ""
    if setting.kind == "period":
        return turn.count(AMOUNT_WORDS[value["unit"]], value["n"])
    if setting.parts == SHARE:
        return f"{value['numerator']}/{value['denominator']}"
    if setting.kind in ("numbers", "figures"):
        said = {**PARTS_SAID, **FIGURES_SAID}
        parts = (
            turn.say(said[name], n=value[name]) if name in said else f"{name} {value[name]}" for name in setting.parts
        )
        return reduce(lambda first, then: turn.say(N_("%(first)s, %(then)s"), first=first, then=then), parts)
    if setting.kind == "minutes":
        return turn.say(N_("%(n)d minutes"), n=value)
    if setting.kind == "days":
        return turn.say(N_("%(n)d days"), n=value)
    if setting.kind == "years":
        return turn.say(N_("%(n)d years"), n=value)
    return str(value)


def described(turn: Turn, fact: CityFact) -> str:
    """What an act of the centre decided, in one line."""
    event = fact.event
    if isinstance(event, CalendarPublished):
        publication = event.publication
        text = (
            N_("Calendar %(year)d corrected: %(place)s")
            if event.corrects
            else N_("Calendar %(year)d published: %(place)s")
        )
        return turn.say(text, year=publication.year, place=place_name(turn, publication.layer, publication.place))
    if isinstance(event, PolicySet):
        return turn.say(
            N_("%(policy)s: %(reading)s, for what is received from %(day)s on"),
            policy=event.policy,
            reading=reading(turn, event.policy, event.value),
            day=language.day_text(turn.lang, event.in_force_from),
        )
    if isinstance(event, OfferPublished):
        offer = event.offer
        return turn.say(
            N_("%(offer)s: version %(version)s, from %(day)s"),
            offer=offer.en if turn.lang == language.EN else offer.zh,
            version=offer.version,
            day=language.day_text(turn.lang, offer.in_force_from),
        )
    if isinstance(event, PublicationRecorded):
        return publication_line(turn, event)
    setting = find_setting(turn.packs, event)
    name = (setting.en if turn.lang == language.EN else setting.zh) if setting else event.setting
    return turn.say(
        N_("%(setting)s: %(value)s"), setting=name, value=value_text(turn, setting, event.value) if setting else ""
    )


def publication_line(turn: Turn, event: PublicationRecorded) -> str:
    """One line of the publication log: day, service, version, way and place."""
    offer = turn.directory.offers.get(event.offer)
    return turn.say(
        N_("%(day)s: %(offer)s v%(version)s, %(channel)s, %(place)s"),
        day=language.day_text(turn.lang, event.published_on),
        offer=(offer.en if turn.lang == language.EN else offer.zh) if offer else event.offer,
        version=event.version,
        channel=turn.say(CHANNEL_WORDS[event.channel]),
        place=event.place,
    )


def find_setting(packs: Packs, event: SettingFilled) -> OpenSetting | None:
    return next((each for each in settings_of(packs) if (each.pack, each.id) == (event.pack, event.setting)), None)


def history_row(turn: Turn, fact: CityFact) -> dict[str, str]:
    """One act of the centre with its author, time and reason."""
    event = fact.event
    person = turn.directory.people.get(fact.user)
    return {
        "hash": fact.act[:12],
        "text": described(turn, fact),
        "who": person.name if person else fact.user,
        "when": language.moment_text(turn.lang, fact.at),
        "source": event.source if isinstance(event, CalendarPublished) else getattr(event, "basis", ""),
        "reason": event.reason,
    }


def cause_of(turn: Turn, change_hash: str, fallback: str) -> str:
    """Why a date moved: the act of the centre in words, or what was written beside the date."""
    fact = turn.rules.fact_of(change_hash)
    return turn.say(N_("%(what)s (%(source)s)"), what=described(turn, fact), source=fallback) if fact else fallback


def retention_rule_name(turn: Turn, rule_id: str) -> str:
    """The rule under which something is kept; its id where this version does not know it."""
    rule = next((each for each in load_retention().rules if each.id == rule_id), None)
    return rule_id if rule is None else rule.en if turn.lang == language.EN else rule.zh
