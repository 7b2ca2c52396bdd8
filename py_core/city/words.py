"""The shortest true name of an act of the centre, in the words of its author. Must not translate."""

from __future__ import annotations

from py_core.city.events import CalendarPublished, CityEvent, PolicySet
from py_core.city.offers import OfferPublished, PublicationRecorded

_SHOWN_MAX = 200


def cause_text(event: CityEvent) -> str:
    """What is written beside a moved date: the document's number, or the reason that was given."""
    if isinstance(event, CalendarPublished):
        text = f"{event.publication.year} · {event.source}"
    elif isinstance(event, PolicySet):
        text = f"{event.policy} · {event.reason}"
    elif isinstance(event, OfferPublished):
        text = f"{event.offer.id} v{event.offer.version} · {event.reason}"
    elif isinstance(event, PublicationRecorded):
        text = f"{event.offer} v{event.version} · {event.place}"
    else:
        text = f"{event.pack} {event.setting} · {event.reason}"
    return text[:_SHOWN_MAX]
