# SPDX-License-Identifier: GPL-2.0-or-later
"""What tests of a fleet have in common: hosts that are up, and rollouts on them."""

import os
import sys
import time
import unittest

from controller import Fleet


class FleetCase(unittest.TestCase):
    HOSTS = 3
    VARIABLES = {}      # the inventory's, for all of them

    @classmethod
    def setUpClass(cls):
        begun = time.monotonic()
        cls.fleet = cls.enterClassContext(Fleet(cls.HOSTS, **cls.VARIABLES))
        print(f"{cls.HOSTS} hosts up after {time.monotonic() - begun:.0f} s", file=sys.stderr)

    def on_all(self, value):
        return {host.name: value for host in self.fleet.hosts}

    def rollout(self, *words, callback="default"):
        begun, load = time.monotonic(), os.getloadavg()[0]
        done = self.fleet.ansible("ansible-playbook", "xen.livepatch.rollout", *words,
                                  callback=callback)
        print(f"rollout {' '.join(words)}: {time.monotonic() - begun:.0f} s, load {load:.0f}",
              file=sys.stderr)
        return done

    def sicken(self, number):
        self.fleet.hosts[number - 1].run("touch sick")
