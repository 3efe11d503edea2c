#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The same again and again while guests make hypercalls: nothing is left."""

import re
import unittest

from engine_case import AMPLE_MS, LONG, EngineCase, symbol

CYCLES = 500 if LONG else 1
# What Xen's allocators may keep for the next time, in pages.  A page that is
# lost with each cycle is more.
KEPT_PAGES = 8
LOG = "/var/log/xen/console/guest-{}.log"

# No CPU can come within a microsecond, unless the one that waits for it isn't
# run itself.
TOO_SHORT = "act hello apply 0.001"
EITHER = ["ok checked -16", "ok applied 0"]

# One payload stacks on another, a third takes the place of both; hooks with
# data; a field in struct domain; 256 functions at once.
CYCLE = [
    "upload hello /extra/hello.livepatch", f"act hello apply {AMPLE_MS}",
    "upload bye /extra/bye.livepatch", f"act bye apply {AMPLE_MS}",
    "upload replace /extra/replace.livepatch", f"act replace replace {AMPLE_MS}",
    f"act replace revert {AMPLE_MS}", f"act hello apply {AMPLE_MS}",
    f"act hello revert {AMPLE_MS}", "unload replace", "unload bye", "unload hello",
    "upload hooks /extra/hooks.livepatch", f"act hooks apply {AMPLE_MS}",
    f"act hooks revert {AMPLE_MS}", f"act hooks apply {AMPLE_MS}",
    f"act hooks revert {AMPLE_MS}", "unload hooks",
    "upload shadow_hooks /extra/shadow_hooks.livepatch",
    f"act shadow_hooks apply {AMPLE_MS}", f"act shadow_hooks revert {AMPLE_MS}",
    "unload shadow_hooks",
    "upload ground /extra/ground.livepatch", "upload wide /extra/wide.livepatch",
    f"act ground apply {AMPLE_MS}", f"act wide apply {AMPLE_MS}",
    f"act wide revert {AMPLE_MS}", f"act ground revert {AMPLE_MS}",
    "unload wide", "unload ground",
    # And what fails: with too little time, on purpose, with rubbish.
    "upload hello /extra/hello.livepatch", TOO_SHORT,
    "upload apply_hook_fail /extra/apply_hook_fail.livepatch",
    f"act hello apply {AMPLE_MS}", f"act apply_hook_fail replace {AMPLE_MS}",
    f"act hello revert {AMPLE_MS}", "unload apply_hook_fail", "unload hello",
    "upload user /extra/user.livepatch", "upload overlap /extra/overlap.livepatch",
    "upload bad /extra/busy.elf",
]


class TwoCpus(EngineCase):
    GUESTS = ["busy.cfg", "idle.cfg"]

    def beats(self, guest):
        """How often the guest has said that it runs, and that it was the same
        guest all the time."""
        log = self.host.run(f"cat {LOG.format(guest)}", check=True).stdout
        return [int(number) for number in re.findall(r"beat (\d+)", log)]

    def names(self):
        return [re.search('name="(.*?)"', guest)[1] if "name=" in guest
                else guest.partition(".")[0] for guest in self.GUESTS]

    def assert_empty(self):
        """Both lists, and the fields that payloads add."""
        for name in ["payloads_loaded", "payloads_stack"]:
            head = symbol(name)
            self.assertEqual(self.memory(head, 16), head.to_bytes(8, "little") * 2, name)
        self.assertFalse(any(self.memory(symbol("shadow_table"), 8 << 10)))

    def answers(self):
        answers = self.probe(*CYCLE)
        short = CYCLE.index(TOO_SHORT)
        self.assertIn(answers[short], EITHER)
        answers[short] = EITHER
        return answers

    def cycle(self, expected):
        """Once more, and again if a CPU was late: an emulated one may not run
        for seconds.  One that is left behind would be late each time."""
        for _ in range(3):
            answers = self.answers()
            late = "did not arrive in 2000 ms" in self.said()
            if answers == expected or not late:
                break
            self.clean_up()
            self.console_start = len(self.host.console())
        self.assertEqual(answers, expected, self.said()[-2000:])

    def test_cycles(self):
        # The first ones fill what is kept for later.
        expected = self.answers()
        for _ in range(2):
            self.cycle(expected)
        self.assertEqual(expected[1], "ok applied 0")
        self.assertEqual(expected[-3:], ["ENOENT", "EINVAL", "EOPNOTSUPP"])
        pages = self.free_pages()
        before = {guest: self.beats(guest) for guest in self.names()}
        for _ in range(CYCLES):
            self.cycle(expected)
        self.assert_empty()
        self.assertLessEqual(abs(self.free_pages() - pages), KEPT_PAGES)
        self.host.run("sleep 1.1")
        for guest, beats in before.items():
            now = self.beats(guest)
            self.assertEqual(now, list(range(1, len(now) + 1)), guest)
            self.assertGreater(len(now), len(beats), guest)


class FourCpus(TwoCpus):
    SMP = 4
    GUESTS = ["busy.cfg", "busy.cfg 'name=\"busy2\"' 'cpus=\"2\"'",
              "busy.cfg 'name=\"busy3\"' 'cpus=\"3\"'", "idle.cfg"]


if __name__ == "__main__":
    unittest.main()
