"""A drawn signature as inline SVG (no style attributes, so that a strict content policy holds)."""

from __future__ import annotations

from itertools import pairwise

from markupsafe import Markup

from py_core.cases.strokes import Line, Strokes

_MARGIN = 8


def signature_svg(drawn: Strokes, label: str) -> Markup:
    """An inline `<svg>` cut to what was drawn, smooth through the points; `label` is what a screen reader says."""
    xs = [x for line in drawn.lines for x in line[::2]]
    ys = [y for line in drawn.lines for y in line[1::2]]
    left, top = min(xs) - _MARGIN, min(ys) - _MARGIN
    width, height = max(xs) - left + _MARGIN, max(ys) - top + _MARGIN
    path = " ".join(_path(line) for line in drawn.lines)
    return Markup(
        '<svg class="sw-signature" role="img" aria-label="{}" viewBox="{} {} {} {}" focusable="false">'
        '<path fill="none" stroke="currentColor" stroke-width="{}" stroke-linecap="round" stroke-linejoin="round"'
        ' d="{}"/></svg>'
    ).format(label, left, top, width, height, max(2, drawn.width // 150), path)


def _path(line: Line) -> str:
    points = list(zip(line[::2], line[1::2], strict=True))
    first = points[0]
    if len(points) < 3:
        x, y = points[-1]
        return f"M{first[0]} {first[1]}L{x} {y}"
    parts = [f"M{first[0]} {first[1]}"]
    for (x, y), (next_x, next_y) in pairwise(points[1:]):
        # Through the middle between two points: corners become curves, nothing is invented beside them.
        parts.append(f"Q{x} {y} {(x + next_x) / 2:g} {(y + next_y) / 2:g}")
    parts.append(f"L{points[-1][0]} {points[-1][1]}")
    return "".join(parts)
