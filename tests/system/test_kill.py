#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs killed, stopped and made to fail at every step of an apply.

    KILL_STRIDE=N   take every N-th step only, and of those that change
                    something all, or a share of them: see SHARE; 1 is all
"""

import os
import sys
import unittest
from signal import SIGKILL, SIGSTOP, SIGTERM

from kill_scene import BOTH, PAUSER, SLOW, XL, Scene

STRIDE = int(os.environ.get("KILL_STRIDE", "30"))
# Other ways to end at a step than being killed: of four steps one each.
SHARE = 4
# Guests run again at once when xl is gone, long before this maximum.
LONG_PAUSE = "60s"
# When xl is stopped they run again after this time.
SHORT_PAUSE = "400ms"
# Seconds beyond that until it is seen; dom0 is slow, and so is looking.
GRACE = 4
KILLED = 128 + SIGKILL
EIO = 5


def chosen(steps, offset, share):
    """Numbers of steps, from 1: of those that change something every share-th,
    and of the others every STRIDE-th, from offset on."""
    changing = [n for n, what in enumerate(steps, 1) if what.startswith(
        ("livepatch action", "livepatch upload", "domctl", "notes"))]
    if STRIDE > 1:
        changing = changing[offset % share::share]
    return [n for n in range(1, len(steps) + 1)
            if (n + offset) % STRIDE == 0 or n in changing]


class Kill(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.set_scene()
        cls.steps = {program: cls.scene.steps(program) for program in (XL, PAUSER)}

    @classmethod
    def set_scene(cls):
        cls.doClassCleanups()
        cls.scene = cls.enterClassContext(Scene.set())

    def at_steps(self, program, offset, body, share=1):
        """A subtest for each step; after one that failed, on a new host."""
        failed = False
        for n in chosen(self.steps[program], offset, share):
            with self.subTest(step=n, what=self.steps[program][n - 1]):
                if failed:
                    self.set_scene()
                failed = True
                body(n)
                self.check_next_call()
                failed = False
        if failed:
            self.set_scene()

    def last_action(self):
        return len(self.steps[XL]) - self.steps[XL][::-1].index("livepatch action 3")

    # -- What must be true -------------------------------------------------

    def check_tripped(self):
        """Without this the test could pass by doing nothing."""
        self.assertIn("tripped", self.scene.log())

    def check_running(self):
        seconds = self.scene.seconds_until_running(GRACE)
        self.assertIsNotNone(seconds, "the guest stays paused")

    def check_outcome(self, status, output):
        """What xl says is what the host is like, and no guest is paused."""
        self.assertIn(status, (0, 1, 2), output)
        self.assertEqual(self.scene.look(), (BOTH if status == 0 else SLOW, False), output)

    def check_next_call(self):
        """It deals with whatever was left, and leaves nothing itself."""
        result = self.scene.apply()
        self.assertEqual(result.status, 0, result)
        self.assertEqual(self.scene.payloads(), BOTH)
        self.assertTrue(self.scene.clean_up())
        self.assertEqual(self.scene.look(), (SLOW, False))
        self.assertEqual(self.scene.leftovers(), "")

    # -- The scene itself --------------------------------------------------

    def test_scene(self):
        """An apply that fails, pauses the guest, and succeeds."""
        self.assertEqual(self.steps[XL].count("livepatch action 3"), 2)
        self.assertEqual(self.steps[XL].count("livepatch upload 0"), 1)
        self.assertEqual([step.split(" of ")[0] for step in self.steps[PAUSER]
                          if step.startswith("domctl")], ["domctl 3", "domctl 4"])

    # -- xl ----------------------------------------------------------------

    def test_xl_killed(self):
        def body(n):
            result = self.scene.strike(LONG_PAUSE, program=XL, at=n, signal=int(SIGKILL))
            self.assertEqual(result.status, KILLED, result)
            self.check_tripped()
            self.check_running()

        self.at_steps(XL, 0, body)

    def test_xl_stopped_and_continued(self):
        def body(n):
            self.scene.halt(SHORT_PAUSE, program=XL, at=n, signal=int(SIGSTOP))
            self.check_tripped()
            self.check_running()
            self.check_outcome(*self.scene.resume_call("CONT"))

        self.at_steps(XL, 1, body, SHARE)

    def test_xl_stopped_and_killed(self):
        def body(n):
            self.scene.halt(SHORT_PAUSE, program=XL, at=n, signal=int(SIGSTOP))
            self.check_tripped()
            self.check_running()
            status, _ = self.scene.resume_call("KILL")
            self.assertEqual(status, KILLED)
            self.check_running()

        self.at_steps(XL, 2, body, SHARE)

    def test_xl_terminated(self):
        def body(n):
            result = self.scene.strike(LONG_PAUSE, program=XL, at=n, signal=int(SIGTERM))
            self.check_tripped()
            # Before it changes anything it may just die.
            status = 1 if result.status == 128 + SIGTERM else result.status
            self.check_outcome(status, result)
            # What is in flight can't be stopped, nor what is done be undone.
            if n < self.last_action():
                self.assertEqual(status, 1, result)

        self.at_steps(XL, 3, body, SHARE)

    def test_xl_calls_fail(self):
        def body(n):
            result = self.scene.strike(LONG_PAUSE, program=XL, at=n, errno=EIO)
            self.check_tripped()
            self.check_outcome(result.status, result)

        self.at_steps(XL, 4, body, SHARE)

    # -- The pauser --------------------------------------------------------

    def test_pauser_killed(self):
        for when in ("before", "after"):
            def body(n):
                result = self.scene.strike(LONG_PAUSE, program=PAUSER, at=n, when=when,
                                           signal=int(SIGKILL))
                self.check_tripped()
                self.check_outcome(result.status, result)

            self.at_steps(PAUSER, 0, body)

    def test_pauser_stopped(self):
        def body(n):
            result = self.scene.strike(SHORT_PAUSE, program=PAUSER, at=n, signal=int(SIGSTOP))
            self.check_tripped()
            self.check_outcome(result.status, result)

        self.at_steps(PAUSER, 1, body, SHARE)

    # -- Both --------------------------------------------------------------

    def check_next_call_recovers(self, result):
        self.assertEqual(result.status, KILLED, result)
        self.check_tripped()
        type(self).seen_paused += self.scene.is_paused()

    def test_both_killed(self):
        type(self).seen_paused = 0

        def at_xl(n):
            self.check_next_call_recovers(self.scene.strike(
                LONG_PAUSE, program=XL, at=n, signal=int(SIGKILL), to="both"))

        def at_pauser(n):
            self.check_next_call_recovers(self.scene.strike(
                LONG_PAUSE, program=PAUSER, at=n, signal=int(SIGKILL), to="both"))

        self.at_steps(XL, 5, at_xl)
        self.at_steps(PAUSER, 0, at_pauser)
        # Else the next call had nothing to do.
        self.assertGreater(self.seen_paused, 1)

    def test_paused_again_by_a_person(self):
        """Both are killed, a person resumes the guest as we advise, and pauses
        it later: that pause is his, and stays."""
        pause = next(n for n, what in enumerate(self.steps[PAUSER], 1)
                     if what.startswith("domctl 4"))
        result = self.scene.strike(LONG_PAUSE, program=PAUSER, at=pause,
                                   signal=int(SIGKILL), to="both")
        self.assertEqual(result.status, KILLED, result)
        self.assertTrue(self.scene.is_paused())
        self.scene.host.run("xl unpause stubborn && usleep 200000 && xl pause stubborn",
                            check=True)
        result = self.scene.apply()
        self.assertTrue(self.scene.is_paused(), f"a person's pause was undone: {result}")
        self.scene.host.run("xl unpause stubborn", check=True)
        self.assertTrue(self.scene.clean_up())
        self.assertFalse(self.scene.is_paused())
        self.assertEqual(self.scene.leftovers(), "")


if __name__ == "__main__":
    sys.exit(unittest.main())
