#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A vCPU that sleeps in the hypervisor, in a waitqueue, on a real Xen.

Nothing can be applied meanwhile, and no pause wakes it.  A stock engine finds
it during a replace when it has reverted what was applied.
"""

import unittest

from livepatch_case import GUESTS, OURS, LivepatchCase, payload_path

# Longer than it takes to notice, so that what tries once more tries often.
SLEEP = 12


class Sleeper(LivepatchCase):
    def setUp(self):
        super().setUp()
        self.asleep = False
        self.stock("upload", "sleeper", payload_path("sleeper"))

    def tearDown(self):
        if self.asleep:
            self.toggle()
        super().tearDown()

    def toggle(self):
        """It falls asleep, or wakes: either looks like an error."""
        self.stock("apply", "sleeper", "--nodeps", status=1)
        self.asleep = not self.asleep

    def fall_asleep(self, seconds):
        """For so long, in the background."""
        self.toggle()
        self.host.run(f"(sleep {seconds}; xen-livepatch apply sleeper --nodeps) "
                      "> /dev/null 2>&1 < /dev/null &", check=True)
        self.asleep = False

    def assert_named(self, answer):
        self.assertEqual(answer.reason, "waitqueue")
        self.assertIn(GUESTS[0], f"{answer.message} {answer.advice}")

    def assert_nobody_paused(self, answer):
        for attempt in answer.attempts:
            self.assertEqual(attempt.get("paused") or [], [], answer)
        self.assert_running()

    def test_apply_is_refused(self):
        self.apply("hello")
        before = self.state()
        self.toggle()
        answer = self.apply("bye", "--retries=1", expect="busy", reason="waitqueue")
        self.assert_named(answer)
        self.toggle()
        self.assert_nobody_paused(answer)
        self.assert_as_before(before)

    def test_revert_is_not(self):
        """By a stock engine, that is."""
        self.apply("hello")
        self.toggle()
        expect = ("busy", "waitqueue") if OURS else ("done", None)
        answer = self.xl("revert", "--retries=1", "hello")
        self.assertEqual((answer.outcome, answer.reason), expect)

    def test_replace_is_undone(self):
        """Or done, if it lasts until then: never is the host left without
        what was applied."""
        self.apply("hello", "bye")
        before = self.state()
        self.fall_asleep(SLEEP)
        answer = self.xl("replace", "--lose-fixes", payload_path("replace"), timeout=400)
        state = self.state()
        self.assertIn(answer.outcome, ["done", "busy", "failed"], (answer, state))
        if answer.outcome == "done":
            self.assertEqual((state.extra, state.payloads),
                             ("Hello Again", {"sleeper": "checked", "replace": "applied"}))
        else:
            self.assertEqual(state.extra, "Bye World!")
            self.assert_as_before(before)
            self.assert_named(answer)
        self.assert_nobody_paused(answer)


if __name__ == "__main__":
    unittest.main()
