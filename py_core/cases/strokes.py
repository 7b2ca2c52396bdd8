"""A signature as it was drawn: lines of whole numbers on a pad, small enough to stand in the signed act itself.

Only the shape is kept, neither speed nor pressure: those would be biometric facts that no regulation asks for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from py_core.errors import Malformed
from py_core.values import N_

SIDE_MAX = 4096
LINES_MAX = 200
POINTS_MAX = 1200  # at most about 12 KB of an act's 48
DRAWN_POINTS_MAX = 20_000  # of what a pad hands over before it is simplified
_FIRST_DISTANCE = 2

Line = tuple[int, ...]  # x, y, x, y …


class Strokes(NamedTuple):
    """A drawing of `width` × `height`; each line is x, y, x, y …"""

    width: int
    height: int
    lines: tuple[Line, ...]

    def as_json(self) -> dict[str, Any]:
        """The value as an act carries it."""
        return {"width": self.width, "height": self.height, "strokes": [list(line) for line in self.lines]}


def read_strokes(value: Any, where: str = "strokes") -> Strokes:
    """A drawing in an act; raises `Malformed` for anything else or larger."""
    return _read(value, where, POINTS_MAX)


def read_drawn(value: Any, where: str = "strokes") -> Strokes:
    """A drawing as a pad hands it over, made small enough for an act; raises `Malformed` for what no pad draws."""
    return simplified(_read(value, where, DRAWN_POINTS_MAX))


def simplified(drawn: Strokes) -> Strokes:
    """The same drawing with at most `POINTS_MAX` points: those too near to the last one are left out.

    The distance grows until it fits; the work grows with the points only, whatever was drawn.
    """
    distance = _FIRST_DISTANCE
    while True:
        thinned = tuple(_thinned(line, distance) for line in drawn.lines)
        if sum(len(line) // 2 for line in thinned) <= POINTS_MAX:
            return Strokes(drawn.width, drawn.height, thinned)
        distance *= 2


def _read(value: Any, where: str, points_max: int) -> Strokes:
    if isinstance(value, Strokes):
        value = value.as_json()
    if not isinstance(value, Mapping) or set(value) != {"width", "height", "strokes"}:
        raise Malformed(where, N_("must be a drawing with width, height and strokes"))
    width, height, rows = value["width"], value["height"], value["strokes"]
    if not all(type(side) is int and 0 < side <= SIDE_MAX for side in (width, height)):
        raise Malformed(where, N_("must have a width and a height"))
    if not isinstance(rows, (list, tuple)) or not 0 < len(rows) <= LINES_MAX:
        raise Malformed(where, N_("must have lines, not too many"))
    if not all(isinstance(row, (list, tuple)) and row and len(row) % 2 == 0 for row in rows):
        raise Malformed(where, N_("must have x and y for every point"))
    if sum(len(row) for row in rows) > 2 * points_max:
        raise Malformed(where, N_("has too many points"))
    for row in rows:
        if not all(type(n) is int for n in row):
            raise Malformed(where, N_("must have x and y for every point"))
        if not (all(0 <= x <= width for x in row[::2]) and all(0 <= y <= height for y in row[1::2])):
            raise Malformed(where, N_("has a point outside of its pad"))
    return Strokes(width, height, tuple(tuple(row) for row in rows))


def _thinned(line: Line, distance: int) -> Line:
    kept = [line[0], line[1]]
    for place in range(2, len(line), 2):
        x, y = line[place], line[place + 1]
        last = place + 2 == len(line)
        if (last and (x, y) != (kept[-2], kept[-1])) or (x - kept[-2]) ** 2 + (
            y - kept[-1]
        ) ** 2 >= distance * distance:
            kept += [x, y]
    return tuple(kept)
