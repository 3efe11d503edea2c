#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Reverting and unloading, and where they are refused."""

import unittest

from livepatch_case import OURS, LivepatchCase, payload_path


class Revert(LivepatchCase):
    def test_again_is_success(self):
        self.apply("hello")
        self.xl("revert", "hello", expect="done")
        before = self.state()
        answer = self.xl("revert", "hello", expect="already")
        self.assertIn("hello is reverted already", answer.message)
        self.assert_untouched(before)

    def test_with_unload(self):
        self.apply("hello")
        answer = self.xl("revert", "--unload", "hello", expect="done")
        self.assertEqual([each["operation"] for each in answer.attempts
                          if each["outcome"] == "done"], ["revert", "unload"])
        self.assertEqual(answer.payloads[0]["name"], "hello")
        self.assert_as_before(self.first)

    def test_not_on_top(self):
        self.apply("hello", "bye")
        before = self.state()
        answer = self.xl("revert", "hello", expect="failed", reason="not_on_top")
        self.assertIn("hello was not reverted", answer.message)
        self.assertIn("bye was applied after it" if OURS else
                      "another payload is applied on top", answer.message)
        self.assert_untouched(before)

    def test_unload_of_an_applied_one(self):
        self.apply("hello")
        before = self.state()
        answer = self.xl("unload", "hello", expect="failed", reason="wrong_state")
        self.assertIn("hello", answer.message)
        self.assertIn("Revert it first", answer.advice)
        self.assert_untouched(before)

    def test_unknown_name(self):
        for verb in ["revert", "unload"]:
            answer = self.xl(verb, "absent", expect="failed", reason="no_such_payload")
            self.assertIn("xl livepatch list", answer.advice)
        self.assert_untouched(self.first)

    def test_unload_beneath_another(self):
        """A stock engine would leave the other with addresses of nothing; ours
        knows whether any are used."""
        self.apply("hello", "bye")
        self.xl("revert", "bye", expect="done")
        self.xl("revert", "hello", expect="done")
        if OURS:
            self.xl("unload", "hello", expect="done")
            self.assertEqual(self.state().payloads, {"bye": "checked"})
            self.assertEqual(list(self.listing()), ["bye"])
            return
        before = self.state()
        answer = self.xl("unload", "hello", expect="failed", reason="in_use")
        self.assertIn("bye", answer.message)
        self.assert_untouched(before)
        self.xl("unload", "bye", expect="done")
        self.xl("unload", "hello", expect="done")
        self.assertEqual(self.state().payloads, {})

    def test_veto_of_a_hook(self):
        self.apply("veto_revert")
        before = self.state()
        answer = self.xl("revert", "veto_revert", expect="failed", reason="hook")
        self.assertIn("veto_revert was not reverted", answer.message)
        self.assertIn("returned -1" if OURS else "Operation not permitted", answer.message)
        self.assert_xen_said(answer, "veto_revert: the first revert is always refused", "hook")
        state = self.state()
        self.assertEqual((state.extra, state.payloads), (before.extra, before.payloads))
        self.xl("revert", "veto_revert", expect="done")
        self.assertEqual(self.state().extra, self.first.extra)

    def test_hook_that_never_lets_go(self):
        self.xl("apply", payload_path("stuck"), expect="done")
        answer = self.xl("revert", "--unload", "stuck", expect="failed", reason="hook")
        self.assertIn("stuck was not reverted", answer.message)
        self.assertIn("returned -5" if OURS else "Input/output error", answer.message)
        state = self.state()
        self.assertEqual((state.extra, state.payloads), ("Stuck World", {"stuck": "applied"}))
        self.discard_host()


if __name__ == "__main__":
    unittest.main()
