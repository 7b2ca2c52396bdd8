"""QR codes as inline SVG (no style attributes, so that a strict content policy holds)."""

from __future__ import annotations

from markupsafe import Markup


def qr_svg(text: str, label: str) -> Markup:
    """An inline `<svg>` with the code of `text`; `label` is what a screen reader says."""
    import segno  # here: only printed forms need it, and a device must start without waiting for it

    code = segno.make(text, error="m", micro=False)
    svg = code.svg_inline(border=2, omitsize=True, svgclass="sw-slip__qr", lineclass=None)
    opening = Markup('<svg role="img" aria-label="{}" ').format(label)
    return opening + Markup(svg.removeprefix("<svg "))
