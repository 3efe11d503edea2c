#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Several payloads that build on each other: all of them or none."""

import unittest

from livepatch_case import OURS, LivepatchCase, build_id, document, payload_path

STACK = {"hello": "applied", "bye": "applied", "third": "applied"}


class Stack(LivepatchCase):
    def test_three_in_the_wrong_order(self):
        for order in (["third", "hello", "bye"], ["bye", "third", "hello"]):
            with self.subTest(order):
                answer = self.apply(*order)
                state = self.state()
                self.assertEqual((state.extra, list(state.payloads.items())),
                                 ("Third World", list(STACK.items())))
                done = [each["payload"] for each in answer.attempts
                        if each["outcome"] == "done"]
                self.assertEqual(done, list(STACK))
                self.clean_up()

    def test_list_names_what_each_builds_on(self):
        self.apply("third", "hello", "bye")
        payloads = self.listing()
        self.assertEqual({name: payload["depends"] for name, payload in payloads.items()},
                         {"hello": build_id("xen"), "bye": build_id("hello"),
                          "third": build_id("bye")})
        lines = [line.split() for line in self.run_text("list").stdout.splitlines()]
        self.assertEqual([(line[0], line[-2]) for line in lines[1:]],
                         [("hello", "Xen"), ("bye", "hello"), ("third", "bye")])

    def test_third_of_three_refused(self):
        answer = self.apply("third_bad", "bye", "hello", expect="failed",
                            reason="expectation")
        self.assertIn("third_bad", answer.message)
        self.assertEqual(answer.undone, ["reverted bye", "reverted hello",
                                         "unloaded third_bad", "unloaded bye",
                                         "unloaded hello"])
        self.assert_xen_said(answer, "expectation failed", "expected 0f0b0f0b")
        rollback = [each for each in answer.attempts if each.get("rollback")]
        self.assertEqual([each["payload"] for each in rollback if each["outcome"] == "done"],
                         ["bye", "hello", "third_bad", "bye", "hello"])
        self.assert_as_before(self.first)
        for word in answer.undone:
            self.assertIn(word, answer.text)

    def test_what_was_there_before_stays(self):
        self.apply("hello")
        before = self.state()
        answer = self.apply("third_bad", "hello", "bye", expect="failed",
                            reason="expectation")
        self.assertEqual(answer.undone, ["reverted bye", "unloaded third_bad",
                                         "unloaded bye"])
        self.assert_as_before(before)

    def test_rest_of_a_stack(self):
        self.apply("hello")
        before = self.state()
        answer = self.apply("third", "hello", "bye")
        self.assert_uploads(before, 2)
        self.assertEqual({each["payload"] for each in answer.attempts}, {"bye", "third"})
        self.assertEqual(self.state().payloads, STACK)
        self.apply("bye", "third", "hello", expect="already")

    def test_one_in_between_is_missing(self):
        answer = self.apply("hello", "third", expect="failed", reason="dependency")
        for word in ["third.livepatch", build_id("bye"), build_id("hello")]:
            self.assertIn(word, answer.message)
        self.assert_untouched(self.first)

    def test_same_file_twice(self):
        answer = self.apply("hello", "bye", "hello", expect="failed", reason="collision")
        self.assertIn("hello.livepatch", answer.message)
        self.assertIn("build-id", answer.message)
        self.assert_untouched(self.first)

    def test_two_files_of_one_name(self):
        self.host.run("mkdir -p /tmp/other; cp /extra/bye.livepatch /tmp/other/hello.livepatch")
        answer = self.xl("apply", payload_path("hello"), "/tmp/other/hello.livepatch",
                         expect="failed", reason="collision")
        self.assertIn("name", answer.message)
        self.assertIn("/tmp/other/hello.livepatch", answer.message)
        self.assert_untouched(self.first)

    def test_symbol_that_another_payload_defines(self):
        self.apply("hooks")
        before = self.state()
        # It depends on Xen, which hooks now lies upon.
        if OURS:        # A static symbol is nobody else's business.
            self.apply("--nodeps", "collide")
            self.assertEqual(self.state().extra, "Collided World")
            return
        answer = self.apply("--nodeps", "collide", expect="failed", reason="collision")
        self.assertIn("symbol", answer.message)
        self.assertRegex("\n".join(answer.xen_messages), "hooks_loads")
        self.assert_as_before(before)

    def test_refused_upload_of_the_last(self):
        """Nothing is applied before all are uploaded."""
        answer = self.apply("--nodeps", "hello", "bye", "unknown_symbol", expect="failed",
                            reason="symbol")
        self.assertEqual(answer.undone, ["unloaded bye", "unloaded hello"])
        self.assertNotIn("apply", [each["operation"] for each in answer.attempts])
        self.assert_as_before(self.first)

    def test_rollback_that_fails(self):
        """Neither as before nor done: status 3, and both reasons are told."""
        answer = self.apply("--nodeps", "stuck", "expect_bad", expect="stranded",
                            reason="expectation")
        for word in ["expect_bad was not applied", "stuck could not be reverted", "5"]:
            self.assertIn(word, answer.message)
        self.assertIn("xl livepatch status", answer.advice)
        self.assert_xen_said(answer, "stuck: can't be reverted, a device still uses it",
                             "the revert hook of stuck returned -5")
        state = self.state()
        self.assertEqual(state.payloads, {"stuck": "applied"})
        self.assertEqual(state.extra, "Stuck World")
        result = self.host.run("xl livepatch status -j")
        status = document(result.stdout)
        self.assertEqual((result.status, status["reason"]), (3, "interrupted"))
        self.assertEqual([(each["name"], each["state"]) for each in status["deviations"]],
                         [("stuck", "applied")])
        # Nobody is locked out, and the next call tries again.
        answer = self.xl("upload", payload_path("nop"), expect="done")
        self.assertIn("stuck could not be reverted", "\n".join(answer.warnings))
        self.discard_host()


if __name__ == "__main__":
    unittest.main()
