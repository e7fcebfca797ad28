"""A bar chart as SVG, by hand: a few rectangles need no library."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

_WIDTH, _BAR, _GAP, _LEFT, _TOP = 760, 20, 6, 210, 44
_FONT = 'font-family="system-ui, sans-serif" font-size="13"'
_OURS, _OTHER = "#1f6feb", "#9aa4b2"


def bars(title: str, values: Mapping[str, float], unit: str, ours: str) -> str:
    """
    Draw one bar for each value, the longest to full width.

    :param ours: the name whose bar has its own colour.
    """
    longest = max(values.values())
    height = _TOP + len(values) * (_BAR + _GAP) + 10
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" {_FONT}>',
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="12" y="26" font-size="16" font-weight="600">{escape(title)}</text>',
    ]
    for index, (name, value) in enumerate(values.items()):
        y = _TOP + index * (_BAR + _GAP)
        length = max(2, round((_WIDTH - _LEFT - 90) * value / longest))
        colour = _OURS if name == ours else _OTHER
        lines += [
            f'<text x="{_LEFT - 8}" y="{y + 15}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="{_LEFT}" y="{y}" width="{length}" height="{_BAR}" rx="2" fill="{colour}"/>',
            f'<text x="{_LEFT + length + 6}" y="{y + 15}">{value:.2f} {escape(unit)}</text>',
        ]
    return "\n".join([*lines, "</svg>", ""])
