#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The builder's rooms are a stack: none includes a header of one above it."""

import re
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BUILDER = TOP / "tools/livepatch-build"
# From below; those on one floor don't know each other.
FLOORS = [["support"], ["report"], ["arch"], ["object", "layout"], ["arch/x86"],
          ["compare"], ["patch"], ["base"], ["running"], ["prove"], ["select"],
          ["payload"], ["explain", "skeleton"], ["inspect"], ["."]]
MOST = 13       # sources in a room


def floor_of(room):
    return next(i for i, rooms in enumerate(FLOORS) if room in rooms)


def breaches(sources):
    """Of a path below the builder -> text: "path: header" for each upward."""
    for path, text in sorted(sources.items()):
        own = Path(path).parent
        for header in re.findall(r'#\s*include "([^"]+/)?[^"/]+"', text):
            room = header.rstrip("/") or str(own)
            if room != str(own) and floor_of(room) >= floor_of(str(own)):
                yield f"{path}: {room}"


class Rooms(unittest.TestCase):
    def test_none_looks_up(self):
        sources = {str(path.relative_to(BUILDER)): path.read_text()
                   for path in BUILDER.rglob("*.[ch]")
                   if "include" not in path.parts}
        self.assertGreater(len(sources), 100)
        self.assertEqual(list(breaches(sources)), [])

    def test_sizes(self):
        for room in BUILDER.rglob("*"):
            if room.is_dir():
                self.assertLessEqual(len([*room.glob("*.c")]), MOST, room.name)

    def test_breaches_are_seen(self):
        for path, header in (("support/a.c", "report/report.h"),
                             ("object/a.c", "layout/layout.h"),
                             ("running/a.h", "inspect/inspect.h")):
            self.assertEqual(len([*breaches({path: f'#include "{header}"'})]), 1)
        for path, header in (("report/a.c", "support/memory.h"),
                             ("build.c", "select/select.h"),
                             ("object/a.c", "object.h")):
            self.assertEqual([*breaches({path: f'#include "{header}"'})], [])


if __name__ == "__main__":
    unittest.main()
