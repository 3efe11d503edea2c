# SPDX-License-Identifier: GPL-2.0-or-later
"""Recognising a Xen source tree and its release."""

import re

from . import IntegrationError

OLDEST = (4, 17)


def check(tree):
    """Refuse a directory that is no Xen tree, or one of a release too old."""
    if not tree.is_dir():
        raise IntegrationError(f"{tree}: no such directory; XEN_TREE names "
                               "the top of a Xen source tree")
    release = read_release(tree)
    oldest = ".".join(map(str, OLDEST))
    if release is None:
        raise IntegrationError(
            f"{tree}: not a Xen source tree: xen/Makefile with XEN_VERSION "
            "is missing; XEN_TREE names the directory that holds xen/ and "
            "tools/")
    found = ".".join(map(str, release))
    if release < OLDEST:
        raise IntegrationError(f"{tree}: this is Xen {found}; releases from "
                               f"{oldest} on are supported")
    if not (tree / "tools/libs/light").is_dir():
        raise IntegrationError(
            f"{tree}: tools/libs/light is missing, although this is Xen "
            f"{found}; give the complete source of a release from {oldest} on")


def read_release(tree):
    """The pair (version, subversion), or None where it cannot be read."""
    try:
        text = (tree / "xen/Makefile").read_text(errors="replace")
    except OSError:
        return None
    fields = []
    for name in ("XEN_VERSION", "XEN_SUBVERSION"):
        found = re.search(rf"^(?:export )?{name}\s*=\s*(\d+)\s*$", text, re.M)
        if found is None:
            return None
        fields.append(int(found[1]))
    return tuple(fields)
