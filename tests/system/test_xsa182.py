#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A security fix, from its source patch to a host that has it: a guest that
tries the flaw of XSA-182 tells whether it is there."""

import os
import re
import sys
import time
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
# There is one hypervisor with this flaw.
os.environ["LIVEPATCH_ENGINE"] = "xsa182"
TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/builder"))

import corpus
from host import Host

FIX = corpus.Patch(TOP / "tests/xsa182/xsa182.patch",
                   {"Expect": "payload", "Functions": "do_mmu_update"})
LOGS = "/var/log/xen/console"
# The guest tries once a second; an emulated CPU may be slower.
SECONDS = 60


class Xsa182(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.built = corpus.build(FIX)
        cls.host = cls.enterClassContext(Host.booted(toolstack=TOP / "build/dist"))
        files = {f"/extra/{path.name}": path for path in (TOP / "build/guests").glob("*.*")}
        cls.host.push(files | {"/extra/xsa182.livepatch": cls.built.payload})
        for name in ["idle", "xsa182"]:
            cls.host.run(f"cd /extra && xl create -q {name}.cfg", check=True)

    def said(self, guest):
        return self.host.run(f"cat {LOGS}/guest-{guest}.log 2>/dev/null").stdout.splitlines()

    def more(self, guest, number):
        """The lines that the guest says from now on."""
        known, deadline = len(self.said(guest)), time.monotonic() + SECONDS
        while len(lines := self.said(guest)) < known + number:
            self.assertLess(time.monotonic(), deadline, f"{guest} says nothing: {lines[-5:]}")
            time.sleep(0.2)
        return lines[known:]

    def assert_tries_are(self, word):
        # The first may have begun before, and a line be incomplete at the end.
        for line in self.more("xsa182", 4)[1:3]:
            self.assertRegex(line, rf"^xsa182: {word}")
        self.more("idle", 1)

    def xl(self, command):
        done = self.host.run(f"cd /extra && xl livepatch {command}", timeout=120)
        self.assertEqual(done.status, 0, done.stdout + done.stderr)
        return done.stdout

    def test_there_and_back(self):
        self.assertEqual(corpus.differences(FIX, self.built), "")
        self.assert_tries_are("VULNERABLE")
        self.xl("apply xsa182.livepatch")
        self.assert_tries_are("safe")
        self.xl("revert xsa182")
        self.assert_tries_are("VULNERABLE")
        self.xl("apply xsa182.livepatch")
        self.assert_tries_are("safe")
        self.xl("revert --unload xsa182")
        self.assert_tries_are("VULNERABLE")
        self.assertIn("No live patches", self.xl("list"))
        running = self.host.run("xl list", check=True).stdout
        self.assertTrue(re.search(r"^idle\b", running, re.M), running)


if __name__ == "__main__":
    unittest.main()
