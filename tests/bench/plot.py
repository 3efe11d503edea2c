# SPDX-License-Identifier: GPL-2.0-or-later
"""Plots as SVG: plain enough to be read in a diff, too."""

from math import ceil, floor, log10

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 90, 20, 50, 50
COLOURS = {"upstream": "#b3541e", "own": "#1f6f8b"}
DASHES = ["", "6 3", "2 2"]


def _escape(text):
    return str(text).replace("&", "&amp;").replace("<", "&lt;")


def _text(x, y, text, anchor="middle", more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{_escape(text)}</text>'


def _line(x1, y1, x2, y2, colour="#ccc"):
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'stroke="{colour}"/>')


def _document(title, parts):
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text(WIDTH / 2, 20, title, more='font-size="15"'), *parts, "</svg>", ""])


def _legend(entries):
    parts, x = [], LEFT
    for text, colour, dash in entries:
        parts += [f'<path d="M{x} 38h24" stroke="{colour}" stroke-width="3" '
                  f'stroke-dasharray="{dash}"/>', _text(x + 30, 42, text, "start")]
        x += 42 + 7 * len(text)
    return parts


def number(value):
    """Three digits: 1.23 M."""
    for unit, factor in [("G", 1e9), ("M", 1e6), ("k", 1e3)]:
        if value >= factor:
            return f"{value / factor:.3g} {unit}"
    return f"{value:.3g}"


class _Decades:
    """A logarithmic axis over the decades of the values."""

    def __init__(self, values, start, end):
        self.first = floor(log10(max(1, min(values))))
        self.last = max(self.first + 1, ceil(log10(max(1, *values))))
        self.start, self.end = start, end

    def at(self, value):
        part = (log10(max(1, value)) - self.first) / (self.last - self.first)
        return self.start + part * (self.end - self.start)

    def ticks(self):
        return [(self.at(10 ** n), number(10 ** n)) for n in range(self.first, self.last + 1)]


def bars(title, unit, groups):
    """groups: {what: {engine: value}}."""
    bottom = HEIGHT - BOTTOM
    axis = _Decades([value for group in groups.values() for value in group.values()],
                    bottom, TOP + 10)
    parts = []
    for y, label in axis.ticks():
        parts += [_line(LEFT, y, WIDTH - RIGHT, y), _text(LEFT - 6, y + 4, label, "end")]
    step = (WIDTH - LEFT - RIGHT) / len(groups)
    for index, (what, group) in enumerate(groups.items()):
        wide = step * 0.7 / len(group)
        for place, (engine, value) in enumerate(group.items()):
            x, y = LEFT + step * (index + 0.15) + wide * place, axis.at(value)
            parts += [f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" '
                      f'height="{bottom - y:.1f}" fill="{COLOURS[engine]}"/>',
                      _text(x + wide / 2, y - 4, number(value), more='font-size="10"')]
        parts.append(_text(LEFT + step * (index + 0.5), bottom + 18, what))
    parts.append(_text(WIDTH - RIGHT, HEIGHT - 8, unit, "end"))
    parts += _legend([(engine, COLOURS[engine], "") for engine in COLOURS])
    return _document(title, parts)


def shares(title, unit, curves):
    """curves: {(engine, condition): values}: which share is at most so long."""
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    axis = _Decades([value for values in curves.values() for value in values], LEFT, right)
    conditions = list(dict.fromkeys(condition for _, condition in curves))
    parts = []
    for x, label in axis.ticks():
        parts += [_line(x, TOP, x, bottom), _text(x, bottom + 16, label)]
    for share in (0, 50, 99, 100):
        y = bottom - (bottom - TOP) * share / 100
        if share != 99:
            parts.append(_text(LEFT - 6, y + 4, f"{share} %", "end"))
        parts.append(_line(LEFT, y, right, y))
    legend = []
    for (engine, condition), values in curves.items():
        points, values = [], sorted(values)
        for index, value in enumerate(values, 1):
            y = bottom - (bottom - TOP) * index / len(values)
            points.append(f"{axis.at(value):.1f},{y:.1f}")
        dash = DASHES[conditions.index(condition)]
        parts.append(f'<polyline points="{" ".join(points)}" fill="none" stroke-width="2" '
                     f'stroke="{COLOURS[engine]}" stroke-dasharray="{dash}"/>')
        legend.append((f"{engine}, {condition}", COLOURS[engine], dash))
    parts.append(_text(right, HEIGHT - 8, unit, "end"))
    return _document(title, parts + _legend(legend))
