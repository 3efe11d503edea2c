#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A domain 0 where something is missing: one clear line says what."""

import unittest

from livepatch_case import LivepatchCase, document, payload_path

ACTIONS = ["apply /extra/hello.livepatch", "replace /extra/hello.livepatch",
           "revert hello", "unload hello", "upload /extra/hello.livepatch"]
NOBODY = "/extra/witness nobody"
VERBS = [*ACTIONS, "list", "show hello"]


class Environment(LivepatchCase):
    def refuse(self, verb, reason, *words, prefix="", suffix=""):
        """The verb fails, with one line on standard error."""
        result = self.host.run(f"{prefix} xl livepatch {verb} {suffix}")
        self.assertEqual((result.status, result.stdout), (1, ""), result)
        self.assertEqual(result.stderr.count("\n"), 1, result)
        for word in words:
            self.assertIn(word, result.stderr)
        result = self.host.run(f"{prefix} xl livepatch {verb} -j {suffix}")
        self.assertEqual(result.status, 1)
        self.assertEqual(document(result.stdout)["reason"], reason)

    def test_not_root(self):
        for verb in VERBS:
            with self.subTest(verb):
                self.refuse(verb, "not_permitted", "only root", "Run it again as root",
                            prefix=NOBODY)
        self.assert_untouched(self.first)

    def test_check_needs_no_privilege(self):
        result = self.host.run(f"{NOBODY} xl livepatch check -j /extra/hello.livepatch")
        answer = document(result.stdout)
        self.assertEqual((result.status, answer["outcome"]), (0, "done"))
        self.assertIn("not compared with any hypervisor", answer["warnings"][0])

    def test_no_device(self):
        for verb in VERBS:
            with self.subTest(verb):
                self.refuse(verb, "no_xen", "privcmd",
                            prefix="mv /dev/xen/privcmd /dev/away; umount -l /proc/xen; ",
                            suffix="; s=$?; mv /dev/away /dev/xen/privcmd; "
                                   "mount -t xenfs xenfs /proc/xen; (exit $s)")

    def test_guest_in_the_place_of_domain_0(self):
        """As its kernel would say if this were not the control domain."""
        self.refuse("list", "no_xen", "control domain", "control_d",
                    prefix="echo > /tmp/none; mount -o bind /tmp/none /proc/xen/capabilities; ",
                    suffix="; s=$?; umount /proc/xen/capabilities; (exit $s)")

    def test_no_lock(self):
        for verb in ACTIONS:
            with self.subTest(verb):
                words = self.host.run(
                    "mount -t tmpfs -o ro none /run/xen; "
                    f"xl livepatch {verb}; s=$?; umount /run/xen; (exit $s)")
                self.assertEqual(words.status, 1, words)
                self.assertIn("cannot open the lock", words.stderr)
                self.assertIn("/run/xen/livepatch.lock: Read-only file system", words.stderr)
        self.assert_untouched(self.first)

    def test_lock_folder_is_made(self):
        self.host.run("mv /run/xen /run/away", check=True)
        self.apply("hello")
        self.host.run("rm -r /run/xen; mv /run/away /run/xen", check=True)

    def test_output_that_cannot_be_written(self):
        """An action counts nevertheless; a question does not."""
        result = self.host.run("xl livepatch list > /dev/full")
        self.assertEqual(result.status, 1)
        self.assertIn("cannot write standard output", result.stderr)
        result = self.host.run(f"xl livepatch apply -j {payload_path('hello')} > /dev/full")
        self.assertEqual(result.status, 0)
        self.assertEqual(self.state().extra, "Hello World")

    def test_reader_that_went_away(self):
        self.host.run(f"xl livepatch apply -j {payload_path('hello')} 2>&1 | true")
        self.host.run("while pidof xl | grep -q ' .* '; do usleep 20000; done")
        self.assertEqual(self.state().payloads, {"hello": "applied"})

    def test_usage(self):
        for words, wrong in [("apply", "FILE"), ("apply --bogus x", "--bogus"),
                             ("revert", "NAME"), ("list --timeout=1", "--timeout"),
                             ("apply --retries=x y", "--retries")]:
            with self.subTest(words):
                self.refuse(words, "usage", wrong, "xl livepatch help")


if __name__ == "__main__":
    unittest.main()
