#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The planted faults, which soak alone plants, fit the sources of today."""

import subprocess
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]


class Faults(unittest.TestCase):
    def test_each_applies(self):
        faults = sorted([*TOP.glob("tests/faults/*.patch"), *TOP.glob("tests/hosted/faults/*.patch")])
        self.assertGreater(len(faults), 100)
        for fault in faults:
            with self.subTest(fault=fault.name):
                done = subprocess.run(["patch", "-p1", "--dry-run", "--forward", "-i", fault],
                                      cwd=TOP, stdin=subprocess.DEVNULL, text=True,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    unittest.main()
