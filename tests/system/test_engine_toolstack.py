#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What xl makes of our engine's report, on a booted Xen."""

import json
import unittest

from engine_case import AMPLE_MS, EngineCase, symbol

DONE, FAILED = 0, 1


class Told(EngineCase):
    def clean_up(self):
        """By xl, which takes its records out of xenstore, too."""
        for name in reversed(self.state().payloads):
            self.host.run(f"xl livepatch revert --unload {name}", check=True)
        super().clean_up()

    def xl(self, words, status=DONE):
        """The JSON document that `xl livepatch WORDS` prints."""
        result = self.host.run(f"xl livepatch {words} -j", 120)
        self.assertEqual(result.status, status, result)
        return json.loads(result.stdout)

    def said_for(self, words, status=FAILED):
        """What it tells people."""
        result = self.host.run(f"xl livepatch {words}", 120)
        self.assertEqual(result.status, status, result)
        return result.stderr

    def reported(self, name):
        return self.xl(f"show {name}")["reports"][0]

    def test_functions_and_times(self):
        self.xl(f"apply --timeout={AMPLE_MS}ms /extra/hello.livepatch")
        report = self.reported("hello")
        function, = report["functions"]
        self.assertEqual(function["name"], "xen_extra_version")
        self.assertEqual(int(function["old_addr"], 16), symbol("xen_extra_version"))
        self.assertTrue(function["applied"])
        for time in ["upload_us", "arrival_us", "stopped_us", "patching_us"]:
            self.assertGreater(report[time], 0, time)
        self.assertLessEqual(report["patching_us"], report["stopped_us"])

    def test_payload_of_another_tool(self):
        """xl has no record of it; the engine knows its build-id."""
        self.load("hello")
        listed, = self.xl("list")["payloads"]
        self.assertEqual(listed["name"], "hello")
        self.assertEqual(listed["build_id"], self.report("hello").build_id.hex())

    def test_engines_words_for_an_upload(self):
        words = self.said_for("apply /extra/unknown_symbol.livepatch")
        self.assertIn("no_such_function_in_xen", words)

    def test_not_on_top(self):
        self.load("hello", "bye")
        self.assertIn("bye", self.said_for("revert hello"))
        self.assertEqual(self.extra_version(), "Bye World!")

    def test_in_use(self):
        """user has bound itself to a function that provider offers."""
        self.upload("provider", "user")
        self.assertIn("user", self.said_for("unload provider"))
        self.assertEqual(self.state().payloads, {"provider": "checked", "user": "checked"})

    def test_applied_again(self):
        """With hooks and data of its own: other engines refuse that."""
        self.load("hooks")
        self.revert("hooks")
        self.xl(f"apply --timeout={AMPLE_MS}ms /extra/hooks.livepatch")
        self.assertEqual(self.state().payloads, {"hooks": "applied"})


if __name__ == "__main__":
    unittest.main()
