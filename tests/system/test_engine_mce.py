#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Machine checks while CPUs are brought together, changed code and go on.

QEMU raises them, on all CPUs at once as the emulated processor does, while the
machine is stopped at the place in question."""

import threading
import time
import unittest

import engine_case
from engine_case import AMPLE_MS, LONG, EngineCase, symbol
from gdb import Gdb

ROUNDS = 20 if LONG else 1
VAL, UC, EN, S = (1 << bit for bit in (63, 61, 60, 56))
MEMORY_SCRUBBING = 0xc0
# An uncorrected error that can be lived with.
OPTIONAL = VAL | UC | EN | S | MEMORY_SCRUBBING
BANK = 4                        # of which the payload machine_check knows
RESTARTABLE, IN_PROGRESS = 1, 4

# Where the leader is, in this order; and whether the text is the new one.
PLACES = {
    "await_all": False,         # GATHER: the others are called
    "arch_nmi_hold": False,     # GATHER: they have come
    "patching_act": False,      # MASK: their IRQs are off
    "arch_site_write": False,   # MASK: about to write
    "arch_serialise": True,     # MASK: written; no CPU has serialised
    "arch_nmi_release": True,   # RELEASE: all have left
    "arch_settle": True,        # a CPU goes on
}


class MachineChecks(EngineCase):
    CPU = "Haswell-noTSX"       # Intel's: machine checks come to all CPUs
    # xpti: as Haswell has it on, and then a guest's page tables lack Xen's text, which
    # is to be looked at.
    XEN_ARGS = f"{engine_case.XEN_ARGS} mce_verbosity=verbose xpti=0"

    def raise_it(self):
        words = f"mce -b 0 {BANK} {OPTIONAL:#x} {RESTARTABLE | IN_PROGRESS:#x} 0 0"
        self.assertEqual(self.host.qmp("human-monitor-command", **{"command-line": words}), "")

    def during(self, command, place):
        """Raise one there, in the middle of a command; what that answers."""
        answers = []
        thread = threading.Thread(target=lambda: answers.append(self.probe(command)))
        with Gdb(self.host) as gdb:
            thread.start()
            gdb.run_to(symbol(place))
            self.raise_it()
        thread.join()
        return "".join(answers)

    def handlers(self, mark):
        """Who has handled machine checks since, on how many CPUs: Xen's, whose
        second half says so, and the payload's.  That half may come later."""
        deadline = time.monotonic() + 5
        while True:
            said = self.host.console()[mark:]
            counts = (said.count("enter softirq"), said.count("machine_check: the payload's"))
            if sum(counts) >= self.SMP or time.monotonic() > deadline:
                return counts
            time.sleep(0.05)

    def assert_handled(self, name, action, ends, place, expected):
        mark = len(self.host.console())
        self.assertEqual(self.during(f"act {name} {action} {AMPLE_MS}", place),
                         f"ok {ends} 0", self.said())
        self.assertEqual(self.handlers(mark), expected, self.said())

    def test_everywhere(self):
        """The action is done, and each CPU has handled it."""
        for _ in range(ROUNDS):
            self.upload("hello")
            for place in PLACES:
                with self.subTest(place=place):
                    self.assert_handled("hello", "apply", "applied", place, (self.SMP, 0))
                    self.assertEqual(self.extra_version(), "Hello World")
                    self.assert_handled("hello", "revert", "checked", place, (self.SMP, 0))
            self.assertEqual(self.probe("unload hello"), "ok")

    def test_in_the_handler_itself(self):
        """The old one handles it until the jump is there, and the new one then."""
        for _ in range(ROUNDS):
            self.upload("machine_check")
            for place, is_new in PLACES.items():
                with self.subTest(place=place):
                    olds, news = (self.SMP, 0), (0, self.SMP)
                    self.assert_handled("machine_check", "apply", "applied", place,
                                        news if is_new else olds)
                    self.assert_handled("machine_check", "revert", "checked", place,
                                        olds if is_new else news)
            self.assertEqual(self.probe("unload machine_check"), "ok")


if __name__ == "__main__":
    unittest.main()
