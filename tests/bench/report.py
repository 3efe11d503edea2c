# SPDX-License-Identifier: GPL-2.0-or-later
"""Samples to figures, figures to text."""

from statistics import median, quantiles

# Title, ours, the peer's: sums of what these labels took in one round.
COMPARISONS = [
    ("apply, against load", ["xl apply"], ["peer load"]),
    ("revert --unload, against revert, unload", ["xl revert --unload"],
     ["peer revert", "peer unload"]),
    ("revert, unload, against revert, unload", ["xl revert -j", "xl unload -j"],
     ["peer revert", "peer unload"]),
    ("start: help, against list", ["xl help"], ["peer list"]),
    ("list, against list", ["xl list"], ["peer list"]),
]


def per_round(samples, labels):
    return [sum(parts) for parts in zip(*(samples[label] for label in labels))]


def spread(values):
    """Lower quartile, median, upper quartile."""
    lower, _, upper = quantiles(values, n=4, method="inclusive")
    return [lower, median(values), upper]


def compare(samples):
    """The ratio is taken within each round, where both ran under the same
    conditions; below 1 ours is faster."""
    figures = []
    for title, ours, peer in COMPARISONS:
        mine, theirs = per_round(samples, ours), per_round(samples, peer)
        figures.append({"title": title, "ours_us": spread(mine), "peer_us": spread(theirs),
                        "ratio": spread([a / b for a, b in zip(mine, theirs)])})
    return figures


def milliseconds(quartiles):
    lower, middle, upper = (value / 1000 for value in quartiles)
    return f"{middle:7.1f} ({lower:.1f}-{upper:.1f})"


def table(samples):
    lines = [f"{'ms: median (quartiles)':40} {'xl livepatch':>24} {'xen-livepatch':>24}"
             f" {'ratio':>18}"]
    for figure in compare(samples):
        lower, middle, upper = figure["ratio"]
        lines.append(f"{figure['title']:40} {milliseconds(figure['ours_us']):>24} "
                     f"{milliseconds(figure['peer_us']):>24} "
                     f"{f'{middle:.2f} ({lower:.2f}-{upper:.2f})':>18}")
    for label, values in samples.items():
        if label.startswith("call "):
            title = f"  the library call alone: {label.removeprefix('call ')}"
            lines.append(f"{title:40} {milliseconds(spread(values)):>24}")
    return "\n".join(lines)
