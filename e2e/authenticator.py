"""Chromium's own authenticator in place of a fingerprint reader: it answers at once and can derive secrets (PRF)."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

_OPTIONS = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "hasPrf": True,
    "automaticPresenceSimulation": True,
}


class Authenticator:
    """Plugged into one page's browser from when it is made."""

    def __init__(self, page: Page) -> None:
        self._devtools = page.context.new_cdp_session(page)
        self._devtools.send("WebAuthn.enable")
        made = self._devtools.send("WebAuthn.addVirtualAuthenticator", {"options": _OPTIONS})
        self._id = {"authenticatorId": made["authenticatorId"]}

    @property
    def credentials(self) -> list[Any]:
        """The passkeys that it holds."""
        return list(self._devtools.send("WebAuthn.getCredentials", self._id)["credentials"])
