#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole stack replaced in one action, which a stock engine can't undo, and
which ours undoes by itself: what the library then has to do differs."""

import unittest

from livepatch_case import OURS, LivepatchCase, payload_path


class Replace(LivepatchCase):
    def replace(self, *names, **how):
        """What fixes which advisory is no concern of most tests."""
        words = ["--lose-fixes"] if how.pop("lose_fixes", True) else []
        words += [name if name.startswith("-") else payload_path(name) for name in names]
        return self.xl("replace", *words, **how)

    def test_displaced_ones_are_unloaded(self):
        self.apply("hello", "bye")
        answer = self.replace("replace", expect="done")
        self.assertEqual(answer.displaced, ["hello", "bye"])
        state = self.state()
        self.assertEqual((state.extra, state.payloads),
                         ("Hello Again", {"replace": "applied"}))
        self.assertEqual(list(self.listing()), ["replace"])
        self.assertRegex(answer.text, "Displaced.*: hello, bye")

    def test_option_of_apply(self):
        self.apply("hello")
        answer = self.apply("--replace", "replace")
        self.assertEqual((answer.operation, answer.displaced), ("replace", ["hello"]))
        self.assertEqual(self.state().payloads, {"replace": "applied"})

    def test_nothing_to_displace(self):
        answer = self.replace("replace", expect="done")
        self.assertEqual(answer.displaced, None)
        self.assertEqual(self.state().extra, "Hello Again")

    def test_by_a_stack(self):
        self.apply("expect_ok")
        self.replace("third", "bye", "hello", expect="done")
        state = self.state()
        self.assertEqual((state.extra, list(state.payloads)),
                         ("Third World", ["hello", "bye", "third"]))

    def test_loaded_bystander_stays(self):
        self.apply("hello")
        self.xl("upload", payload_path("expect_ok"), expect="done")
        self.replace("replace", expect="done")
        self.assertEqual(self.state().payloads,
                         {"expect_ok": "checked", "replace": "applied"})

    def test_again_is_success(self):
        self.apply("hello")
        self.replace("replace", expect="done")
        before = self.state()
        self.replace("replace", expect="already")
        self.assert_untouched(before)

    def test_by_one_of_the_displaced(self):
        self.apply("hello", "bye")
        before = self.state()
        answer = self.replace("hello", expect="failed", reason="wrong_state")
        self.assertIn("Revert", answer.advice)
        self.assert_untouched(before)

    def test_failure_is_undone(self):
        """Its apply hook fails when the stack has been reverted already."""
        self.apply("hello", "bye")
        before = self.state()
        answer = self.replace("apply_hook_fail", expect="failed", reason="hook")
        again = [] if OURS else ["applied hello again", "applied bye again"]
        self.assertEqual(answer.undone, [*again, "unloaded apply_hook_fail"])
        self.assertEqual(before.extra, "Bye World!")
        state = self.assert_as_before(before)
        self.assertEqual(state.rcs, before.rcs)

    def test_failure_on_top_of_the_first(self):
        """The second of the new stack is refused: the old one comes back."""
        self.apply("expect_ok")
        before = self.state()
        answer = self.replace("hello", "bye", "third_bad", expect="failed",
                              reason="expectation")
        self.assertIn("applied expect_ok again", answer.undone)
        self.assertEqual(self.state().extra, "As expected")
        self.assert_as_before(before)

    def test_failure_over_a_payload_with_data(self):
        """Such a payload comes back from its file, if it was gone."""
        self.apply("hooks")
        before = self.state()
        answer = self.replace("apply_hook_fail", expect="failed", reason="hook")
        self.assertEqual("applied hooks again" in answer.undone, not OURS)
        state = self.state()
        self.assertEqual((state.extra, state.payloads), (before.extra, before.payloads))
        hooks = self.listing()["hooks"]
        self.assertEqual((hooks["recorded"], hooks["file"]), (True, payload_path("hooks")))

    def test_refused_when_it_could_not_be_undone(self):
        """The displaced payload has data, and its file is another one now."""
        for change in ["rm /tmp/hooks.livepatch",
                       "cp /extra/hello.livepatch /tmp/hooks.livepatch"]:
            with self.subTest(change):
                self.xl("apply", "/tmp/hooks.livepatch", expect="done",
                        before="cp /extra/hooks.livepatch /tmp; ")
                self.host.run(change)
                before = self.state()
                if not OURS:
                    answer = self.replace("replace", expect="failed", reason="cannot_undo")
                    for word in ["displace hooks", "its file has gone or changed"]:
                        self.assertIn(word, answer.message)
                    self.assertIn("--no-undo", answer.advice)
                    self.assert_untouched(before)
                self.replace(*([] if OURS else ["--no-undo"]), "replace", expect="done")
                self.assertEqual(self.state().extra, "Hello Again")
                self.clean_up()

    def test_refused_reapply_is_explained(self):
        """Told to go on all the same, and it fails: the host lacks the old
        patch, which a stock hypervisor does not apply again."""
        self.xl("apply", "/tmp/hooks.livepatch", expect="done",
                before="cp /extra/hooks.livepatch /tmp; ")
        self.host.run("rm /tmp/hooks.livepatch")
        before = self.state()
        answer = self.replace("--no-undo", "apply_hook_fail", reason="hook",
                              expect="failed" if OURS else "stranded")
        if OURS:
            self.assert_as_before(before)
            return
        self.assertRegex(answer.message, "apply_hook_fail .* hook.*; then hooks could not "
                         "be put back: .*data of its own")
        self.assertIn("may lack the fixes", answer.advice)
        attempt = [each for each in answer.attempts if each["payload"] == "hooks"][-1]
        self.assertEqual((attempt["reason"], attempt["rc"]), ("not_reapplicable", -22))
        self.assertIn("can't revert as payload has .data", "\n".join(answer.xen_messages))
        self.assertEqual(self.state().payloads, {"hooks": "checked"})

    def test_what_another_tool_loaded(self):
        self.stock_load("hello")
        before = self.state()
        if not OURS:
            answer = self.replace("replace", expect="failed", reason="cannot_undo")
            self.assertIn("displace hello", answer.message)
            self.assertIn("another tool loaded it", answer.message)
            self.assert_as_before(before)
        self.replace(*([] if OURS else ["--no-undo"]), "replace", expect="done")
        self.assertEqual(self.state().payloads, {"replace": "applied"})

    def test_by_a_namesake(self):
        """It can't be loaded beside the old one, which so goes first."""
        self.apply("hello")
        answer = self.xl("replace", "/tmp/hello.livepatch", expect="done",
                         before="cp /extra/replace.livepatch /tmp/hello.livepatch; ")
        self.assertIn("neither were in force", "\n".join(answer.warnings))
        self.assertGreater(answer.unpatched_us, 0)
        state = self.state()
        self.assertEqual((state.extra, state.payloads), ("Hello Again", {"hello": "applied"}))

    def test_by_a_namesake_that_is_refused(self):
        self.apply("hello", "bye")
        before = self.state()
        self.xl("replace", "--lose-fixes", "/tmp/hello.livepatch", expect="failed",
                reason="hook",
                before="cp /extra/apply_hook_fail.livepatch /tmp/hello.livepatch; ")
        state = self.state()
        self.assertEqual((state.extra, state.payloads), (before.extra, before.payloads))

    def test_a_fix_is_not_lost(self):
        self.apply("hello", "bye")
        before = self.state()
        answer = self.replace("expect_ok", lose_fixes=False, expect="failed",
                              reason="loses_fix")
        self.assertIn("CVE-2016-6258", answer.message)
        self.assertIn("--lose-fixes", answer.advice)
        self.assert_untouched(before)
        answer = self.replace("expect_ok", expect="done")
        self.assertIn("no longer fixed", "\n".join(answer.warnings))

    def test_hooks_of_the_displaced_forbid_it(self):
        """Known beforehand, and told of the right payload."""
        self.apply("veto_revert")
        before = self.state()
        for words in [["-n"], []]:
            answer = self.replace(*words, "replace", expect="failed", reason="hook")
            self.assertIn("can't replace veto_revert", answer.message)
        self.assert_untouched(before)
        # It lets itself be reverted when it is asked a second time.
        self.xl("revert", "veto_revert", expect="failed", reason="hook")

    def test_hooks_that_forbid_it(self):
        self.apply("hello")
        before = self.state()
        answer = self.replace("veto", expect="failed", reason="hook")
        self.assertIn("veto.livepatch can't replace others", answer.message)
        self.assert_untouched(before)


if __name__ == "__main__":
    unittest.main()
