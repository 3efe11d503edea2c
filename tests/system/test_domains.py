#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What else xl is for, with ours on the stock host and the stock one beside."""

import unittest

from livepatch_case import STOCK_XL, LivepatchCase

CONFIG = 'name="third"\ntype="pv"\nkernel="/extra/idle.elf"\nmemory=16\nvcpus=1\non_crash="preserve"\n'


class Domains(LivepatchCase):
    def setUp(self):
        super().setUp()
        self.host.push({"/tmp/third.cfg": CONFIG.encode()})

    def clean_up(self):
        self.host.run(f"{STOCK_XL} destroy third 2> /dev/null")
        super().clean_up()

    def listed(self, tool):
        """name -> state, as xl list shows it."""
        lines = self.host.run(f"{tool} list", check=True).stdout.splitlines()[1:]
        return {line.split()[0]: line.split()[4] for line in lines}

    def test_life_of_a_guest(self):
        """Each step by one of the two, watched by the other."""
        for ours, other in [("xl", STOCK_XL), (STOCK_XL, "xl")]:
            with self.subTest(ours):
                self.host.run(f"{ours} create -q /tmp/third.cfg", check=True)
                self.assertIn("third", self.listed(other))
                self.host.run(f"{ours} pause third", check=True)
                self.assertIn("p", self.listed(other)["third"])
                self.host.run(f"{other} unpause third", check=True)
                self.assertNotIn("p", self.listed(ours)["third"])
                self.host.run(f"{ours} destroy third", check=True)
                self.assertNotIn("third", self.listed(other))

    def test_console(self):
        self.host.run("xl create -q /tmp/third.cfg", check=True)
        result = self.host.run("timeout 5 xl console third < /dev/null | "
                               "while read -r line; do echo \"$line\"; "
                               "case $line in *beat*) break; esac; done")
        self.assertIn("idle: running", result.stdout)
        self.assertIn("idle: beat ", result.stdout)

    def test_same_words(self):
        """What doesn't change from one call to the next is the same, byte by
        byte, in both."""
        for words in ["info -n xen_version", "domid idle", "domname 1", "vcpu-list idle nope",
                      "list nope", "uptime nope", "help create", "frobnicate", "create"]:
            with self.subTest(words):
                ours, stock = (self.host.run(f"{tool} {words}") for tool in ["xl", STOCK_XL])
                self.assertEqual((ours.status, ours.stdout, ours.stderr),
                                 (stock.status, stock.stdout, stock.stderr))

    def test_it_is_ours(self):
        """Or the others would prove nothing."""
        self.assertEqual(self.host.run("which xl").stdout, "/usr/local/sbin/xl\n")
        self.assertIn("livepatch", self.host.run("xl help").stdout)
        self.assertNotIn("livepatch", self.host.run(f"{STOCK_XL} help").stdout)


if __name__ == "__main__":
    unittest.main()
