#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A domain 0 whose xenstored was stopped or killed: live patching goes on."""

import time
import unittest

from livepatch_case import fresh_host

DAEMONS = "$(pidof xenstored oxenstored)"
# Seconds for a call, of which an emulated host needs some itself.
PATIENCE = 15
QUICK = "--retries=0 --timeout=150ms"


class Xenstored(unittest.TestCase):
    def setUp(self):
        self.host = self.enterContext(fresh_host())

    def xl(self, verb, status=0):
        began = time.monotonic()
        result = self.host.run(f"timeout -k 1 {PATIENCE} xl livepatch {verb}")
        self.assertEqual(result.status, status,
                         f"{verb}, {time.monotonic() - began:.1f} s: {result}")
        return result

    def check_all(self):
        self.xl("apply /extra/slow.livepatch")
        self.assertRegex(self.xl("list").stdout, r"(?m)^slow +applied")
        self.xl("list -j")
        self.xl("show slow")
        # The guest "stubborn" is found, paused and told without its name.
        answer = self.xl(f"apply {QUICK} /extra/stacked.livepatch")
        self.assertRegex(answer.stdout, r"domain \d+ was paused for")
        self.xl(f"revert --unload {QUICK} stacked")
        self.xl(f"revert --unload {QUICK} slow")
        self.assertNotIn("slow", self.xl("list").stdout)

    def test_stopped(self):
        self.host.run(f"kill -STOP {DAEMONS}", check=True)
        self.check_all()

    def test_killed(self):
        self.host.run(f"kill -KILL {DAEMONS}; sleep 1", check=True)
        self.check_all()


if __name__ == "__main__":
    unittest.main()
