#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A host that does not come to rest: tried again, then with guests paused.

While the payload slow is applied the guest "stubborn" leaves the hypervisor
only to be paused, and "idle" has nothing to do with it.  A stock engine does
not tell who is in the way: the likeliest are paused.  Ours does, and nobody
else is.
"""

import re
import unittest

from livepatch_case import OURS, STOCK_XL, LivepatchCase, payload_path

DISTANCE_US = 250000
CEILING_US = 250000
# Few attempts, for tests that are about something else; each long enough for
# an emulated host, whose CPUs may have to wait for each other.
QUICK = ["--retries=0", "--timeout=150ms"]


class Timeout(LivepatchCase):
    def test_one_microsecond(self):
        answer = self.apply("hello", "--timeout=1us", "--retries=0", "--pause=never",
                            expect="busy", reason="quiesce")
        self.assertEqual(answer.status, 2)
        self.assertEqual([each.get("rollback", False) for each in answer.attempts],
                         [False, True])
        self.assertEqual(answer.attempts[0]["timeout_us"], 1)
        self.assertEqual(answer.undone, ["unloaded hello"])
        self.assertIn("some CPU of the host did not arrive in time", answer.message)
        if not OURS:
            self.assertIn("Timed out on semaphore", "\n".join(answer.xen_messages))
        self.assert_as_before(self.first)

    def test_too_long_a_timeout(self):
        self.apply("hello", "--timeout=5s", expect="failed", reason="usage")
        self.assert_untouched(self.first)


class Quiesce(LivepatchCase):
    def setUp(self):
        super().setUp()
        self.apply("slow")
        self.host.run("usleep 50000")      # stubborn is asleep for up to 10 ms
        self.before = self.state()

    def clean_up(self):
        """With stubborn out of the way: its turn to be tested is over."""
        self.host.run(f"{STOCK_XL} pause stubborn", check=True)
        super().clean_up()
        self.host.run(f"{STOCK_XL} unpause stubborn", check=True)

    def paused_in(self, answer):
        """The names of those paused in each attempt."""
        return [sorted(pause["name"] for pause in attempt.get("paused", []))
                for attempt in answer.attempts]

    def assert_applied(self):
        self.assertEqual(self.state().extra, "Stacked World")
        self.assert_running()

    def assert_busy(self, answer):
        """As before, and every guest runs."""
        self.assertEqual(answer.status, 2)
        self.assert_as_before(self.before)
        self.assert_running()

    # -- Attempts ----------------------------------------------------------

    def test_back_off(self):
        answer = self.apply("stacked", "--timeout=10ms", "--retries=3", "--pause=never",
                            expect="busy", reason="quiesce")
        tries = [each for each in answer.attempts if each["operation"] == "apply"]
        self.assertEqual([each["timeout_us"] for each in tries],
                         [10000, 20000, 40000, 80000])
        for earlier, later in zip(tries, tries[1:]):
            end = earlier["start_us"] + earlier["duration_us"]
            self.assertGreaterEqual(later["start_us"] - end, 0 if OURS else DISTANCE_US)
        for each in tries:
            self.assertEqual((each["outcome"], each["reason"], each["rc"]),
                             ("busy", "quiesce", -16))
            # What ours measures includes what an emulated CPU has to wait for.
            if not OURS:
                self.assertLessEqual(each["stalled_us"], each["timeout_us"])
        self.assertEqual(answer.stalled_us, sum(each["stalled_us"] for each in tries))
        self.assert_busy(answer)

    def test_default_ladder(self):
        answer = self.apply("stacked", "--pause=never", expect="busy", reason="quiesce")
        self.assertEqual([each["timeout_us"] for each in answer.attempts
                          if each["operation"] == "apply"], [30000, 60000, 120000])

    def test_ceiling(self):
        answer = self.apply("stacked", "--timeout=200ms", "--retries=2", "--pause=never",
                            expect="busy", reason="quiesce")
        self.assertEqual([each["timeout_us"] for each in answer.attempts
                          if each["operation"] == "apply"], [200000, CEILING_US, CEILING_US])

    def test_stopped(self):
        """Ctrl-C and the like are heard between two attempts."""
        result = self.host.run(
            "xl livepatch apply --pause=never --retries=100 /extra/stacked.livepatch "
            "& xl=$!; sleep 1; kill -TERM $xl; wait $xl")
        self.assertEqual(result.status, 1, result)
        self.assertIn("stopping, and leaving things in order", result.stderr)
        self.assertIn("stacked was not applied: aborted", result.stderr)
        self.assert_as_before(self.before)
        self.assert_running()

    def test_no_room_to_write_down_what_is_intended(self):
        """Nothing is begun, and nobody paused, that a later call could not undo."""
        result = self.host.run(
            "mount -t tmpfs -o size=4k none /run/xen; head -c 4096 /dev/zero > /run/xen/full; "
            f"xl livepatch apply {' '.join(QUICK)} /extra/stacked.livepatch; s=$?; "
            "umount /run/xen; (exit $s)")
        self.assertEqual(result.status, 1, result)
        self.assertIn("No space left on device", result.stderr)
        self.assertIn("nothing was changed", result.stderr)
        self.assertEqual(result.stderr.count("who has the lock: No space left"), 1, result)
        self.assert_as_before(self.before)
        self.assert_running()

    def test_distance_between_two_calls(self):
        """The first attempt of a call keeps away from the last one's failure."""
        def failure():
            text = self.host.run("cat /run/xen/livepatch.lock", check=True).stdout
            return int(re.search(r"failure (\d+)", text)[1])

        words = [*QUICK, "--pause=never"]
        self.apply("stacked", *words, expect="busy", reason="quiesce")
        first = failure()
        answer = self.apply("stacked", *words, expect="busy", reason="quiesce")
        began = failure() - answer.attempts[0]["duration_us"]
        self.assertGreaterEqual(began - first, DISTANCE_US)

    # -- Who is paused -----------------------------------------------------

    def test_auto(self):
        answer = self.apply("stacked")
        self.assert_applied()
        *failed, last = answer.attempts
        self.assertEqual([each["outcome"] for each in failed], ["busy"] * 3)
        self.assertEqual(self.paused_in(answer), [[], [], [], ["stubborn"]])
        pause = last["paused"][0]
        self.assertGreater(pause["paused_us"], 0)
        self.assertGreaterEqual(answer.paused_us, pause["paused_us"])
        self.assertRegex(answer.text, r"domain \d+ \(stubborn\) was paused for ")

    def test_wider(self):
        """The likeliest one was not in the way: then more are paused."""
        control = "/local/domain/$(xl domid idle)/control/shutdown"
        self.host.run(f"/extra/witness write {control} suspend", check=True)
        answer = self.apply("stacked", *QUICK)
        self.host.run(f"/extra/witness write {control} ''", check=True)
        self.assertEqual(self.paused_in(answer),
                         [[], ["stubborn"]] if OURS else [[], ["idle"], ["idle", "stubborn"]])
        self.assert_applied()

    def test_never(self):
        answer = self.apply("stacked", *QUICK, "--pause=never", expect="busy",
                            reason="quiesce")
        self.assertEqual(self.paused_in(answer), [[], []])
        self.assert_busy(answer)

    def test_excluded(self):
        answer = self.apply("stacked", *QUICK, "--exclude=stubborn", expect="busy",
                            reason="quiesce")
        self.assertEqual(self.paused_in(answer), [[], []] if OURS else [[], ["idle"], []])
        self.assert_busy(answer)

    def test_all_but_the_excluded(self):
        answer = self.apply("stacked", *QUICK, "--pause=all", "--exclude=stubborn",
                            expect="busy", reason="quiesce")
        self.assertEqual(self.paused_in(answer), [[], ["idle"], []])
        self.assert_busy(answer)

    def test_nobody_may_be_paused(self):
        answer = self.apply("stacked", *QUICK, "--exclude=stubborn", "--exclude=idle",
                            expect="busy", reason="quiesce")
        self.assertEqual(self.paused_in(answer), [[], []])
        self.assert_busy(answer)

    def test_all(self):
        answer = self.apply("stacked", *QUICK, "--pause=all")
        self.assertEqual(self.paused_in(answer), [[], ["idle", "stubborn"]])
        self.assert_applied()

    def test_listed(self):
        answer = self.apply("stacked", *QUICK, "--pause=stubborn")
        self.assertEqual(self.paused_in(answer), [[], ["stubborn"]])
        self.assert_applied()

    def test_another_one_is_listed(self):
        answer = self.apply("stacked", *QUICK, "--pause=idle", expect="busy",
                            reason="quiesce")
        self.assertEqual(self.paused_in(answer), [[], []] if OURS else [[], ["idle"], []])
        self.assert_busy(answer)

    def test_domains_that_cannot_be_listed(self):
        for word in ["--pause=absent", "--pause=0", "--pause=99", "--exclude=absent"]:
            answer = self.apply("stacked", word, expect="failed", reason="usage")
            self.assertIn(word.partition("=")[0], answer.message)
        self.assert_untouched(self.before)

    # -- What an administrator has paused ----------------------------------

    def test_paused_by_an_administrator(self):
        """It stays so, as often as it was."""
        self.host.run(f"{STOCK_XL} pause idle; {STOCK_XL} pause idle", check=True)
        self.assertEqual(self.state().pauses["idle"], 2)
        answer = self.apply("stacked", *QUICK, "--pause=all")
        self.assertEqual(self.paused_in(answer), [[], ["stubborn"]])
        state = self.state()
        self.assertEqual((state.pauses["idle"], state.pauses["stubborn"]), (2, 0))
        self.host.run(f"{STOCK_XL} unpause idle", check=True)
        self.assertFalse(self.state().running["idle"])
        self.host.run(f"{STOCK_XL} unpause idle", check=True)
        self.assert_running()

    def test_culprit_paused_by_an_administrator(self):
        """Then it isn't in the way, and nobody needs to be paused."""
        self.host.run(f"{STOCK_XL} pause stubborn", check=True)
        answer = self.apply("stacked")
        self.assertNotIn(["stubborn"], self.paused_in(answer))
        self.assertEqual(self.state().pauses["stubborn"], 1)
        self.host.run(f"{STOCK_XL} unpause stubborn", check=True)
        self.assert_running()

    # -- The other actions -------------------------------------------------

    def test_revert(self):
        answer = self.xl("revert", "slow", *QUICK, "--exclude=stubborn", expect="busy",
                         reason="quiesce")
        self.assert_busy(answer)
        answer = self.xl("revert", "slow", *QUICK, expect="done")
        self.assertEqual(self.paused_in(answer), [[], ["stubborn"]])
        self.assertEqual(self.state().payloads, {"slow": "checked"})
        self.assert_running()

    def test_replace(self):
        answer = self.xl("replace", payload_path("replace"), *QUICK, expect="done")
        self.assertEqual(self.paused_in(answer)[:2], [[], ["stubborn"]])
        self.assertEqual(self.state().payloads, {"replace": "applied"})
        self.assert_running()

    def test_replace_that_nobody_lets(self):
        answer = self.xl("replace", payload_path("replace"), *QUICK, "--pause=never",
                         expect="busy", reason="quiesce")
        self.assert_busy(answer)

    def test_rollback(self):
        """What was applied only with a guest paused is taken back that way."""
        answer = self.apply("--nodeps", "stacked", "expect_bad", *QUICK, expect="failed",
                            reason="expectation")
        reverts = [paused for each, paused in zip(answer.attempts, self.paused_in(answer))
                   if each["operation"] == "revert" and each["outcome"] == "done"]
        self.assertEqual(reverts, [["stubborn"]])
        self.assert_as_before(self.before)
        self.assert_running()


if __name__ == "__main__":
    unittest.main()
