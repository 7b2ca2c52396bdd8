"""The directory keeps every promise that was ever published, so that no case loses the one it was received under."""

from __future__ import annotations

from typing import Any

import pytest
from laptop import city_document

from py_core.errors import Malformed
from server.parts import Parts

OFFER = {
    "id": "permit", "pack": "JY", "matter": "service", "zh": "许可", "en": "Permit", "units": [], "version": 1,
    "in_force_from": "2026-01-01", "promise": {"n": 10, "unit": "workday"},
}  # fmt: skip


def publish(parts: Parts, **changes: Any) -> Any:
    return parts.city.publish({**city_document(), "offers": [{**OFFER, **changes}]}).directory


def test_a_new_version_stands_beside_the_old_one(parts: Parts) -> None:
    publish(parts)
    directory = publish(parts, version=2, in_force_from="2026-06-01", promise={"n": 4, "unit": "workday"})
    assert directory.offers["permit"].version == 2
    kept = directory.offer_of("permit", 1)
    assert kept is not None
    assert kept.promise == {"n": 10, "unit": "workday"}
    assert directory.offer_of("permit", 3) is None
    again = publish(parts, version=2, in_force_from="2026-06-01", promise={"n": 4, "unit": "workday"})
    assert again.offer_of("permit", 1) == kept


def test_a_published_version_never_says_something_else_later(parts: Parts) -> None:
    publish(parts)
    with pytest.raises(Malformed) as caught:
        publish(parts, promise={"n": 4, "unit": "workday"})
    assert "new version" in str(caught.value)
    with pytest.raises(Malformed):
        publish(parts, version=2, in_force_from="2025-12-31")
    assert parts.city.current().directory.offers["permit"].promise == {"n": 10, "unit": "workday"}
