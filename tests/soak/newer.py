#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Our toolstack, as built for Debian 12, on the hypervisor of the next Debian.

Their sysctl interface is the same, so that all that concerns Xen and dom0 alone
works: no guest, which needs tools of the hypervisor's own release.
"""

import json
import os
import sys
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/system"))

import engines  # noqa: E402
from host import Host  # noqa: E402

BUSY = 2
ENGINE = os.environ.setdefault("LIVEPATCH_ENGINE", "stock-newer")


class Newer(unittest.TestCase):
    """Each test on a host that has just booted."""

    def setUp(self):
        self.host = self.enterContext(Host.booted(toolstack=TOP / "build/dist",
                                                  engine=ENGINE))
        self.host.push({f"/extra/{path.name}": path
                        for path in engines.payloads(ENGINE).glob("*.livepatch")})

    def xl(self, words, status=0):
        # A CPU of the emulated machine may not be run in time.
        for _ in range(5):
            done = self.host.run(f"cd /extra && xl livepatch {words} -j")
            if done.status != BUSY:
                break
        self.assertEqual(done.status, status, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def info(self, field):
        text = self.host.run(f"xl info {field}", check=True).stdout
        return text.strip()

    def loaded(self):
        payloads = self.xl("list").get("payloads", [])
        return {one["name"]: one["state"] for one in payloads}

    def test_is_newer(self):
        self.assertGreater(int(self.info("xen_minor")), 17)

    def test_check(self):
        self.xl("check hello.livepatch")
        self.xl("check wrong_xen.livepatch", 1)
        self.assertEqual(self.loaded(), {})

    def test_there_and_back(self):
        before = self.info("xen_extra")
        self.xl("apply hello.livepatch")
        self.assertEqual(self.info("xen_extra"), "Hello World")
        self.assertEqual(self.loaded(), {"hello": "applied"})
        self.xl("list --fixes XSA-182")
        self.xl("revert --unload hello")
        self.assertEqual(self.info("xen_extra"), before)
        self.assertEqual(self.loaded(), {})

    def test_refused_by_xen(self):
        self.assertIn("unknown", json.dumps(self.xl("apply unknown_symbol.livepatch", 1)).lower())
        self.assertEqual(self.loaded(), {})

    def test_replace(self):
        self.xl("apply hello.livepatch bye.livepatch")
        self.xl("replace --lose-fixes replace.livepatch")
        self.assertEqual(self.loaded(), {"replace": "applied"})

    def test_of_xen_livepatch(self):
        tool = "/usr/lib/xen-4.17/bin/xen-livepatch"
        self.host.run(f"{tool} upload hello /extra/hello.livepatch", check=True)
        self.assertEqual(self.loaded(), {"hello": "checked"})
        self.xl("unload hello")
        self.xl("apply hello.livepatch")
        listed = self.host.run(f"{tool} list", check=True).stdout
        self.assertRegex(listed, r"hello +\| APPLIED")



if __name__ == "__main__":
    unittest.main()
