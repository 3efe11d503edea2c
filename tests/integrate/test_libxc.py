#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is mended in libxenctrl, of the toolstack that was built."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
TOOLS = TOP / "build/toolstack-src/tools"
BEFORE = ["first of=first", "2 of=2", "the-third of=the-third"]
AFTER = ["1st of=1st", "second of=second", "3rd of=3rd"]


class List(unittest.TestCase):
    """list_changes.c"""

    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.program = f"{folder}/list_changes"
        libraries = ("call", "ctrl", "toolcore", "toollog")
        subprocess.run(
            ["gcc", "-std=gnu11", "-Wall", "-Werror", "-D__XEN_TOOLS__",
             f"-I{TOOLS}/include", *(f"-I{TOOLS}/libs/{one}/include" for one in libraries),
             "-o", cls.program, TOP / "tests/integrate/list_changes.c",
             f"-L{TOOLS}/libs/ctrl", "-lxenctrl", "-rdynamic",
             "-Wl,--allow-shlib-undefined"], check=True)

    def listed(self, changes_after):
        libraries = ":".join(str(path) for path in (TOOLS / "libs").iterdir())
        return subprocess.run(
            [self.program, str(changes_after)], check=True, text=True, capture_output=True,
            env=os.environ | {"LD_LIBRARY_PATH": libraries}).stdout.splitlines()

    def test_stays(self):
        self.assertEqual(self.listed(3), BEFORE)

    def test_changes_meanwhile(self):
        for calls in (1, 2):
            self.assertEqual(self.listed(calls), AFTER, calls)


if __name__ == "__main__":
    unittest.main()
