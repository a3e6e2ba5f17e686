"""Whether words can be read on a colour, and a colour moved until they can (PURE; WCAG 2.2, success criterion 1.4.3)."""

from __future__ import annotations

import re

LIGHT_GROUNDS = ("#ffffff", "#f2f0ec", "#f5f3ef")
DARK_GROUNDS = ("#1e2023", "#121314", "#24272a")
"""What an accent is written on in the customer's pages and the widget."""
ENOUGH = 4.5
WHITE, INK = "#ffffff", "#10151b"
_HEX = re.compile(r"#[0-9a-f]{6}")
Colour = tuple[int, int, int]


def is_colour(text: str) -> bool:
    """Whether this is `#rrggbb` in lower case."""
    return _HEX.fullmatch(text) is not None


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21."""
    brighter, darker = sorted((_luminance(_parts(one)), _luminance(_parts(other))), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def readable_on(colour: str, grounds: tuple[str, ...]) -> bool:
    """Whether text in this colour can be read on every one of these grounds."""
    return all(contrast(colour, ground) >= ENOUGH for ground in grounds)


def ink_on(colour: str) -> str:
    """White or nearly black: whichever reads better on this colour."""
    return max((WHITE, INK), key=lambda ink: contrast(colour, ink))


def moved_until_readable(colour: str, grounds: tuple[str, ...], *, lighter: bool) -> str:
    """The nearest colour towards white (or black) that can be read on these grounds."""
    goal = 255 if lighter else 0
    for step in range(101):
        mixed = [round(part + (goal - part) * step / 100) for part in _parts(colour)]
        found = "#" + "".join(f"{part:02x}" for part in mixed)
        if readable_on(found, grounds):
            return found
    return WHITE if lighter else INK


def _parts(colour: str) -> Colour:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: Colour) -> float:
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
