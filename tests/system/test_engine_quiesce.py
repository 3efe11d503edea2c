#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""CPUs that don't come, and what happens while they are waited for."""

import threading
import time
import unittest

from engine_case import AMPLE_MS, LONG, STOCK_XL, EngineCase
from livepatch_case import LivepatchCase

EBUSY = 16
STORM = 2000 if LONG else 60
NMI_WORDS = "NMI received for unknown reason"


class NmiCase(EngineCase):
    def nmis(self):
        return int(self.host.run(f"dmesg | grep -c '{NMI_WORDS}'").stdout)

    def wait_for_nmi(self, before):
        deadline = time.monotonic() + 5
        while self.nmis() <= before and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertGreater(self.nmis(), before, "the NMI was lost")

    def during(self, command, lasts, answer, undo):
        """Have the emulator raise an NMI in the middle of an action, which
        takes so many seconds and must answer this.  A busy machine begins
        late: then once more.  Returns how many NMIs there had been before."""
        for delay in (0.6, 1.0, 1.4, 1.8):
            before, said = self.nmis(), []
            thread = threading.Thread(target=lambda: said.append(self.probe(command)))
            thread.start()
            time.sleep(delay)
            raised = time.monotonic()
            self.host.qmp("inject-nmi")
            thread.join()
            ended = time.monotonic()
            self.assertEqual(said, [answer])
            if ended - lasts < raised < ended - 0.1:
                return before
            self.wait_for_nmi(before)
            self.probe(undo)
        self.fail("no NMI was raised in the middle")


class Late(NmiCase):
    """While the payload slow is applied the guest "stubborn" leaves the
    hypervisor only to be paused.  It is on CPU 1; "idle" sleeps."""

    GUESTS = ["idle.cfg", "stubborn.cfg"]

    def setUp(self):
        super().setUp()
        self.load("slow")
        self.upload("stacked")
        self.host.run("usleep 50000")      # stubborn is asleep for up to 10 ms
        self.stubborn = int(self.host.run("xl domid stubborn", check=True).stdout)

    def clean_up(self):
        self.host.run(f"{STOCK_XL} pause stubborn", check=True)
        super().clean_up()
        self.host.run(f"{STOCK_XL} unpause stubborn", check=True)

    def assert_late(self, name, action, ends):
        """Exactly the CPU of the guest, with what it runs and where.  An
        emulated CPU that doesn't run for a while can't answer."""
        for _ in range(10):
            self.act(name, action, ends, ms=30)
            report = self.report(name)
            self.assertEqual(len(report.stragglers), 1, report)
            late = report.stragglers[0]
            self.assertEqual((late["cpu"], late["domid"], late["vcpu"]), (1, self.stubborn, 0))
            self.assertIn(f"CPU 1 did not arrive in 30 ms: d{self.stubborn}v0", report.failure)
            self.assertIn(report.failure, self.said())
            if late["where"] != "unknown":
                break
        self.assertEqual(late["where"], "hypervisor", report)
        self.assertTrue(late["symbol"] and late["offset"] < 1 << 16, report)
        self.assertIn(late["symbol"], report.failure)
        self.assertGreaterEqual(report.times["arrival"], 25_000_000)
        self.assertEqual(report.times["stopped"], 0)

    def test_named(self):
        self.assert_late("stacked", "apply", f"checked -{EBUSY}")

    def test_named_at_revert(self):
        self.assert_late("slow", "revert", f"applied -{EBUSY}")

    def test_not_named_any_more(self):
        """After a success the last failure is history."""
        self.act("stacked", "apply", f"checked -{EBUSY}", ms=30)
        self.host.run(f"{STOCK_XL} pause stubborn", check=True)
        self.act("stacked", "apply", "applied 0")
        report = self.report("stacked")
        self.assertEqual((report.stragglers, report.failure), ([], ""))
        self.host.run(f"{STOCK_XL} unpause stubborn", check=True)

    def test_rehearsal(self):
        """It names the guest, which is not paused; and nothing has changed."""
        text, before = self.xen_text(), self.state()
        late = self.rehearse(30)
        self.assertEqual(late.status["rc"], -EBUSY)
        self.assertEqual([each["domid"] for each in late.stragglers], [self.stubborn])
        self.assertIn(f"d{self.stubborn}v0", late.failure)
        self.assertEqual(late.times["stopped"], 0)
        self.host.run(f"{STOCK_XL} pause stubborn", check=True)
        free = self.rehearse(AMPLE_MS)
        self.host.run(f"{STOCK_XL} unpause stubborn", check=True)
        self.assertEqual((free.status["rc"], free.status["reason"]), (0, 0))
        self.assertEqual((free.stragglers, free.failure), ([], ""))
        self.assertGreater(free.times["stopped"], 0)
        self.assertEqual(self.state().payloads, before.payloads)
        self.assertEqual(self.xen_text(), text)
        self.assert_running()

    def test_only_the_guest_is_paused(self):
        """xl needs one attempt to know whom.  If it had to guess, it would take
        the other one, which looks as if it was about to be migrated."""
        self.probe("unload stacked")
        control = "/local/domain/$(xl domid idle)/control/shutdown"
        self.host.run(f"/extra/witness write {control} suspend", check=True)
        answer = self.apply("stacked", "--retries=0", "--timeout=150ms", expect="done")
        self.assertEqual([[each["name"] for each in attempt.get("paused", [])]
                          for attempt in answer.attempts], [[], ["stubborn"]])
        self.assertEqual(self.extra_version(), "Stacked World")
        self.assert_running()
        self.host.run(f"/extra/witness write {control} ''", check=True)
        # What xl has noted goes when xl takes the payloads out.
        self.host.run(f"{STOCK_XL} pause stubborn", check=True)
        LivepatchCase.clean_up(self)
        self.host.run(f"{STOCK_XL} unpause stubborn", check=True)

    def test_storm(self):
        """Attempts one right after the other leave nobody behind, who would
        then be counted in a later one or wait for ever."""
        self.assertEqual(self.probe(f"storm stacked apply 2000 {STORM}",
                                    timeout=120 + STORM).split(), [f"-{EBUSY}*{STORM}"])
        self.assert_late("stacked", "apply", f"checked -{EBUSY}")
        self.host.run(f"{STOCK_XL} pause stubborn", check=True)
        self.act("stacked", "apply", "applied 0")
        self.revert("stacked")
        self.host.run(f"{STOCK_XL} unpause stubborn", check=True)

    def test_nmi_while_waiting(self):
        """One that comes during a long rendezvous is dom0's in the end."""
        self.wait_for_nmi(self.during("act stacked apply 2000", 2.0, f"ok checked -{EBUSY}",
                                      "get stacked"))
        self.host.run(f"{STOCK_XL} pause stubborn", check=True)
        self.act("stacked", "apply", "applied 0")
        self.host.run(f"{STOCK_XL} unpause stubborn", check=True)



class Stopped(NmiCase):
    """Without any guest."""

    def test_nmi_at_rest(self):
        """What the next test relies on."""
        before = self.nmis()
        self.host.qmp("inject-nmi")
        self.wait_for_nmi(before)

    def test_nmi_while_stopped(self):
        self.upload("stall")
        self.wait_for_nmi(self.during("act stall apply 2000", 1.5, "ok applied 0",
                                      "act stall revert 2000"))
        self.assertGreaterEqual(self.report("stall").times["stopped"], 1_400_000_000)
        # And the next one, with nothing going on.
        before = self.nmis()
        self.host.qmp("inject-nmi")
        self.wait_for_nmi(before)

    def test_storm(self):
        """Timeouts so short that CPUs come just as it is given up."""
        self.upload("hello")
        for microseconds in (1, 5, 20, 50, 100, 200):
            for action in ("apply", "revert"):
                told = self.probe(f"storm hello {action} {microseconds} {STORM}",
                                  timeout=60 + STORM).split()
                self.assertLessEqual({each.partition("*")[0] for each in told},
                                     {"0", f"-{EBUSY}"}, told)
        self.probe(f"act hello apply {AMPLE_MS}")
        self.assertEqual(self.extra_version(), "Hello World")
        self.revert("hello")

    def test_times(self):
        self.load("slow_cpu")
        times = self.report("slow_cpu").times
        self.assertGreaterEqual(times["stopped"], 200_000_000)
        self.assertGreaterEqual(times["stopped"], times["patching"])
        self.assertGreaterEqual(times["patching"], 200_000_000)
        self.assertGreaterEqual(times["now"], times["finished"])
        self.assertGreater(times["finished"], times["uploaded"])
        self.assertGreater(times["upload"], 0)


if __name__ == "__main__":
    unittest.main()
