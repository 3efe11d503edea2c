#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest that asks for live patching: Xen refuses every sub-operation."""

import re
import unittest

from livepatch_case import STOCK_XL, LivepatchCase

EPERM = -1
LOG = "/var/log/xen/console/guest-intruder.log"


class Guest(LivepatchCase):
    def test_every_sub_operation(self):
        self.apply("hello")
        before = self.state()
        self.host.run(f"cd /extra && {STOCK_XL} create -q intruder.cfg", check=True)
        said = self.host.run(f"until grep -q done {LOG}; do usleep 20000; done; cat {LOG}").stdout
        self.host.run(f"{STOCK_XL} destroy intruder", check=True)
        answers = re.findall(r"intruder: (\w+) (-?\d+)", said)
        self.assertEqual({what: int(answer) for what, answer in answers}, dict.fromkeys(
            ["list", "get", "upload", "report", "apply", "revert", "replace", "unload"], EPERM))
        self.assert_untouched(before)


if __name__ == "__main__":
    unittest.main()
