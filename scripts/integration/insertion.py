# SPDX-License-Identifier: GPL-2.0-or-later
"""Blocks of lines put into files of Xen's at named anchors.

A block stands between two marker comments, so that it can be replaced by a
newer one and taken out again without a trace.  One that takes the place of a
line of Xen's keeps that line, as a comment.
"""

import re
from dataclasses import dataclass

from . import IntegrationError

BEGIN = "xl-livepatch: begin"
END = "xl-livepatch: end"
WAS = "xl-livepatch: was: "


@dataclass(frozen=True)
class Insertion:
    path: str           # the file, below the tree's top
    anchor: str         # regular expression for one whole line; "" is the end
    lines: tuple        # what to insert; instead of a line, with its groups
    where: str = "after"        # or "before", or "instead"
    pick: str = "only"          # of the matching lines: or "first", "last"

    def position(self, lines):
        """Where in the lines of the pristine file this block belongs."""
        if not self.anchor:
            return len(lines)
        found = [i for i, line in enumerate(lines)
                 if re.fullmatch(self.anchor, line)]
        if not found:
            raise IntegrationError(f"{self.path}: no line matches the anchor "
                                   f"/{self.anchor}/")
        if len(found) > 1 and self.pick == "only":
            raise IntegrationError(f"{self.path}: {len(found)} lines match "
                                   f"the anchor /{self.anchor}/, expected one")
        return found[-1 if self.pick == "last" else 0] + (self.where == "after")


def insert(path, text, insertions):
    """The text of a pristine file with every block in its place."""
    if not text.endswith("\n"):
        raise IntegrationError(f"{path}: its last line has no newline")
    lines = text[:-1].split("\n")
    placed = [(block.position(lines), block) for block in insertions]
    for at, block in sorted(placed, key=lambda one: one[0], reverse=True):
        old, new = lines[at:at + (block.where == "instead")], block.lines
        if old:
            found = re.fullmatch(block.anchor, old[0])
            new = [found.expand(line) for line in new]
        lines[at:at + len(old)] = [
            _marker(path, BEGIN), *(_marker(path, WAS + line) for line in old),
            *new, _marker(path, END)]
    return "\n".join(lines) + "\n"


def strip(path, text):
    """The text as it was before any block was put in."""
    kept, inside = [], False
    before, after = _marker(path, WAS + "\n").split("\n")
    for line in text.splitlines(keepends=True):
        if line.strip() == _marker(path, BEGIN):
            if inside:
                break
            inside = True
        elif line.strip() == _marker(path, END):
            if not inside:
                inside = True
                break
            inside = False
        elif not inside:
            kept.append(line)
        elif line.startswith(before):
            was = line[len(before):].removesuffix(f"{after}\n")
            kept.append(was.replace("/\\*", "/*").replace("*\\/", "*/") + "\n")
    if inside:
        raise IntegrationError(f"{path}: the marker comments \"{BEGIN}\" and "
                               f"\"{END}\" are not in pairs; restore this "
                               "file from the tree's origin")
    return "".join(kept)


def _marker(path, word):
    if path.endswith((".c", ".h", ".S")):
        # One of Xen's own comments may be what was there.
        word = word.replace("/*", "/\\*").replace("*/", "*\\/")
        return f"/* {word} */"
    return f"<!-- {word} -->" if path.endswith(".md") else f"# {word}"
