#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Beside other callers: xen-livepatch, and xl livepatch in another window."""

import unittest

from livepatch_case import OURS, LivepatchCase, document, payload_path


class XenLivepatch(LivepatchCase):
    def test_loaded_by_it(self):
        self.stock_load("hello")
        self.assertEqual(list(self.listing()), ["hello"])
        before = self.state()
        self.assert_unknown("hello", "already")
        self.assert_as_before(before)
        self.xl("revert", "hello", expect="done")
        if not OURS:
            self.xl("unload", "hello", expect="done")
        self.apply("hello")
        self.assertEqual(self.state().extra, "Hello World")
        self.xl("revert", "--unload", "hello", expect="done")
        self.assert_as_before(self.first)

    def test_uploaded_by_it(self):
        self.stock("upload", "hello", payload_path("hello"))
        self.assert_unknown("hello", "done")
        self.xl("unload" if not OURS else "revert", "hello", expect="done")
        self.apply("hello")
        self.assertEqual(self.state().extra, "Hello World")

    def assert_unknown(self, name, ours):
        """Whether a payload of that name is this one a stock engine doesn't
        tell, and to try would be to load it."""
        if OURS:
            self.apply(name, expect=ours)
            return
        answer = self.apply(name, expect="failed", reason="collision")
        self.assertIn("can't be known", answer.message)
        self.assertIn("unload", answer.advice)

    def test_handled_by_it(self):
        self.apply("hello", "bye")
        listed = self.stock("list").stdout
        self.assertRegex(listed, r"(?m)^ *hello +\| APPLIED")
        self.stock("revert", "bye")
        self.stock("apply", "bye")
        self.stock("revert", "bye")
        self.stock("unload", "bye")
        self.stock("revert", "hello")
        self.stock("unload", "hello")
        self.assertEqual(self.listing(), {})
        # What is recorded of them goes with the next action.
        self.apply("hello")

    def test_replaced_by_it(self):
        self.apply("hello", "bye")
        self.stock("upload", "replace", payload_path("replace"))
        self.stock("replace", "replace")
        states = {name: payload["state"] for name, payload in self.listing().items()}
        self.assertEqual(states, {"hello": "checked", "bye": "checked", "replace": "applied"})

    def test_another_payload_under_the_same_name(self):
        self.stock("upload", "hello", payload_path("expect_ok"))
        before = self.state()
        answer = self.apply("hello", expect="failed", reason="collision")
        for word in ["another payload" if OURS else "another tool loaded a payload",
                     "under the name hello", "hello.livepatch"]:
            self.assertIn(word, answer.message)
        self.assertEqual(self.assert_as_payloads(before).extra, self.first.extra)

    def test_same_payload_under_another_name(self):
        self.stock("upload", "other", payload_path("hello"))
        before = self.state()
        if OURS:        # It tells which payload it is that is loaded.
            self.apply("hello")
            self.assertEqual(self.state().payloads, {"other": "applied"})
            return
        answer = self.apply("hello", expect="failed", reason="collision")
        self.assertIn("its build-id or a symbol", answer.message)
        self.assert_as_payloads(before)

    def assert_as_payloads(self, before):
        state = self.state()
        self.assertEqual(state.payloads, before.payloads)
        return state

    def test_reapply_that_it_refuses(self):
        self.stock_load("hooks")
        self.stock("revert", "hooks")
        if OURS:
            self.stock("apply", "hooks")
        else:
            self.assertIn("Error 22", self.stock("apply", "hooks", status=1).stderr)
            self.xl("unload", "hooks", expect="done")
            self.apply("hooks")
        self.assertEqual(self.state().extra, "Hooked World")


class Wedged(LivepatchCase):
    """With a stock engine rc stays -EAGAIN after an action that could not be
    scheduled, and xen-livepatch takes that for one in flight."""

    RC = -16 if OURS else -11

    def setUp(self):
        super().setUp()
        self.stock("upload", "wedge", payload_path("wedge"))
        self.stock("apply", "wedge", status=2)
        self.host.run("usleep 250000")
        self.assertEqual(self.state().rcs, {"wedge": self.RC})
        for verb in [] if OURS else ["apply", "revert", "unload"]:
            self.assertIn("Operation already in progress",
                          self.stock(verb, "wedge", status=2).stderr)

    def test_apply(self):
        if not OURS:
            self.xl("unload", "wedge", expect="done")
        self.apply("wedge")
        state = self.state()
        self.assertEqual((state.extra, state.rcs), ("Wedged World", {"wedge": 0}))
        self.stock("revert", "wedge")

    def test_unload(self):
        self.xl("unload", "wedge", expect="done")
        self.assertEqual(self.state().payloads, {})

    def test_list(self):
        self.assertEqual(self.listing()["wedge"]["rc"], self.RC)
        self.assertIn(f"checked (rc {self.RC})", self.run_text("list").stdout)


class WedgedByUs(LivepatchCase):
    """Ours tries for as long as it has time; then the CPUs did not arrive."""

    REASON = "quiesce" if OURS else "in_flight"

    def test_apply(self):
        """An attempt that could not be scheduled is followed by another."""
        answer = self.apply("wedge")
        *others, last = answer.attempts
        for each in others:
            self.assertEqual((each["outcome"], each["reason"], each["rc"]),
                             ("busy", self.REASON, -16))
        self.assertTrue(others or OURS)
        self.assertEqual(last["outcome"], "done")
        self.assertEqual(self.state().extra, "Wedged World")

    def test_rollback(self):
        answer = self.apply("wedge", "--retries=0", expect="busy", reason=self.REASON)
        self.assertEqual(answer.undone, ["unloaded wedge"])
        self.assert_as_before(self.first)


class TwoAtOnce(LivepatchCase):
    """The first call is at work for some seconds: the guest is in its way."""

    def setUp(self):
        super().setUp()
        self.apply("slow")
        self.host.run("usleep 50000")

    def clean_up(self):
        self.host.run("xl pause stubborn", check=True)
        super().clean_up()
        self.host.run("xl unpause stubborn", check=True)

    def start(self, *words):
        """Start the first call; returns its pid once it holds the lock."""
        words = " ".join(["xl livepatch apply -j", payload_path("stacked"), *words])
        result = self.host.run(
            f"rm -f /tmp/status; (sh -c 'echo $$ > /tmp/pid; exec {words}' > /tmp/out 2> /tmp/err; "
            "echo $? > /tmp/status) > /dev/null 2>&1 & "
            "until grep -q \"FLOCK .*:$(stat -c %i /run/xen/livepatch.lock) \" /proc/locks || "
            "[ -s /tmp/status ]; do usleep 20000; done; cat /tmp/pid")
        return int(result.stdout)

    def finish(self):
        """Wait for the first call, and return its exit status and document."""
        result = self.host.run("until [ -s /tmp/status ]; do usleep 50000; done; "
                               "cat /tmp/status /tmp/out")
        status, _, output = result.stdout.partition("\n")
        return int(status), document(output)

    def test_holder_is_named(self):
        # Ours keeps no distance between two attempts.
        pid = self.start(f"--retries={30 if OURS else 8}", "--pause=never")
        for wait_ms in [0, 300]:
            answer = self.xl("unload", "slow", f"--lock-wait={wait_ms}", expect="busy",
                             reason="locked")
            self.assertEqual(answer.status, 2)
            self.assertEqual(answer.lock_holder, pid)
            self.assertIn(f"process {pid} is live patching this host", answer.message)
            self.assertGreaterEqual(answer.duration_us, wait_ms * 1000)
            self.assertLess(answer.duration_us, wait_ms * 1000 + 1500000)
        self.assertEqual(self.state().payloads["slow"], "applied")
        # Who only looks doesn't wait.
        self.xl("list", expect="done")
        self.apply("-n", "stacked", expect="planned")
        status, first = self.finish()
        self.assertEqual((status, first["reason"]), (2, "quiesce"))

    def test_second_comes_after_the_first(self):
        self.start()
        answer = self.apply("stacked", expect="already")
        status, first = self.finish()
        self.assertEqual((status, first["outcome"]), (0, "done"))
        self.assertEqual(self.state().extra, "Stacked World")
        self.assertNotIn("lock_holder", answer.document)
        self.assert_running()


if __name__ == "__main__":
    unittest.main()
