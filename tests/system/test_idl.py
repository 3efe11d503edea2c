#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""libxl's own generated test of the IDL, which needs a host to run on."""

import re
import unittest

from host import TOP, Host

LIGHT = TOP / "build/toolstack-src/tools/libs/light"


class GeneratedTest(unittest.TestCase):
    def test_all_types_through_json_and_back(self):
        with Host.booted(toolstack=TOP / "build/dist") as host:
            host.push({"/extra/testidl": LIGHT / "testidl"})
            done = host.run("LD_LIBRARY_PATH=/usr/local/lib/xen-livepatch "
                            "/extra/testidl")
        self.assertEqual((done.status, done.stderr), (0, ""))
        self.assertNotIn("Huh?", done.stdout)
        tested = set(re.findall(r"(?m)^libxl_(\w+): ", done.stdout))
        self.assertIn("domain_config", tested)
        ours = set(re.findall(r'= (?:Struct|Enumeration)\("(\w+)"',
                              (TOP / "tools/libxl/libxl_types.idl").read_text()))
        self.assertGreater(len(ours), 3)
        self.assertEqual(ours - tested, set())


if __name__ == "__main__":
    unittest.main()
