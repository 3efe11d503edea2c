#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""One payload: applied, listed, reverted, unloaded."""

import time
import unittest

from livepatch_case import OURS, LivepatchCase, build_id, payload_path, sha256


class Apply(LivepatchCase):
    def test_there_and_back(self):
        answer = self.apply("hello")
        self.assertEqual(self.state().extra, "Hello World")
        self.assertEqual(self.state().payloads, {"hello": "applied"})
        attempt = answer.attempts[-1]
        self.assertEqual((attempt["operation"], attempt["outcome"], attempt["payload"]),
                         ("apply", "done", "hello"))
        self.assertGreater(attempt["duration_us"], 0)
        self.assertEqual(answer.stalled_us,
                         sum(each.get("stalled_us", 0) for each in answer.attempts))
        self.assertGreaterEqual(answer.duration_us,
                                attempt["start_us"] + attempt["duration_us"])

        answer = self.xl("revert", "hello", expect="done")
        self.assertEqual(answer.payloads[0]["state"], "checked")
        state = self.state()
        self.assertEqual((state.extra, state.payloads),
                         (self.first.extra, {"hello": "checked"}))

        self.xl("unload", "hello", expect="done")
        self.assert_as_before(self.first)

    def test_xl_info_shows_it(self):
        self.apply("hello")
        self.assertRegex(self.host.run("xl info").stdout, r"(?m)^xen_extra *: Hello World$")

    def test_list(self):
        before = int(time.time())
        self.apply("hello")
        hello = self.listing()["hello"]
        for member, value in {
                "state": "applied", "recorded": True, "reapplicable": True,
                "build_id": build_id("hello"), "depends": build_id("xen"),
                "sha256": sha256("hello"), "file": payload_path("hello"),
                "fixes": ["XSA-182", "CVE-2016-6258"]}.items():
            self.assertEqual(hello[member], value, member)
        self.assertEqual([function["name"] for function in hello["functions"]],
                         ["xen_extra_version"])
        self.assertIn({"key": "fixes", "value": "XSA-182,CVE-2016-6258"}, hello["metadata"])
        self.assertEqual(hello["position"], 1)
        for member in ["uploaded_us", "applied_us"]:
            # The host has stood still in its snapshot.
            self.assertLess(abs(hello[member] / 1e6 - before), 86400 * 365, member)

        heading, line = self.run_text("list").stdout.splitlines()
        self.assertEqual(heading.split()[:3], ["NAME", "STATE", "STACK"])
        self.assertEqual(line.split()[:6],
                         ["hello", "applied", "1", "(top)", build_id("hello")[:12], "Xen"])

    def test_list_of_nothing(self):
        self.assertEqual(self.listing(), {})
        self.assertEqual(self.run_text("list").stdout, "No live patches.\n")

    def test_show(self):
        self.apply("hello")
        shown = self.xl("show", "hello", expect="done")
        listed = self.listing()["hello"]
        # Our engine tells times since its boot, and when that was is measured.
        for payload in [listed, *shown.payloads] if OURS else []:
            for when in ["uploaded_us", "applied_us"]:
                self.assertGreater(payload.pop(when), 0)
        self.assertEqual(shown.payloads, [listed])
        text = self.run_text("show", "hello").stdout
        for word in ["applied", build_id("hello"), sha256("hello"), payload_path("hello"),
                     "XSA-182", "xen_extra_version"]:
            self.assertIn(word, text)
        self.xl("show", "absent", expect="failed", reason="no_such_payload")

    def test_fixes(self):
        def answer(*identifiers):
            result = self.run_text("list", *(f"--fixes={each}" for each in identifiers))
            return result.status, result.stdout

        self.assertEqual(answer("XSA-182")[0], 1)
        self.apply("hello")
        self.assertEqual(answer("XSA-182"), (0, "hello fixes XSA-182 and is applied.\n"))
        self.assertEqual(answer("cve-2016-6258")[0], 0)
        self.assertEqual(answer("xsa182")[0], 0)
        self.assertEqual(answer("XSA-182", "CVE 2016 6258")[0], 0)
        self.assertEqual(answer("XSA-182", "XSA-1"),
                         (1, "hello fixes XSA-182 and is applied.\n"
                             "No payload declares that it fixes XSA-1.\n"))
        self.assertEqual(answer("XSA-18")[0], 1)
        self.assertEqual(self.xl("list", "--fixes", "XSA-182").status, 0)
        self.assertEqual(self.xl("list", "--fixes", "XSA-1").status, 1)
        self.xl("revert", "hello", expect="done")
        status, text = answer("XSA-182")
        self.assertEqual(status, 1)
        self.assertIn("not applied", text)

    def test_again_is_success(self):
        self.apply("hello")
        before = self.state()
        answer = self.apply("hello", expect="already")
        self.assertIn("hello is applied already", answer.message)
        self.assertEqual(answer.attempts, None)
        self.assert_untouched(before)
        result = self.run_text("apply", payload_path("hello"))
        self.assertEqual(result.status, 0)
        self.assertIn("hello is applied already", result.stdout)

    def test_again_under_another_name(self):
        self.apply("hello")
        before = self.state()
        answer = self.apply("--name=other", "hello", expect="already")
        self.assertIn("hello", answer.message)
        self.assert_untouched(before)

    def test_another_payload_of_that_name(self):
        self.apply("hello")
        before = self.state()
        answer = self.apply("--name=hello", "bye", expect="failed", reason="collision")
        self.assertIn("hello", answer.message)
        self.assertIn("--name", answer.advice)
        self.assert_untouched(before)

    def test_after_revert(self):
        """A payload without data of its own is applied again as it is loaded."""
        self.apply("hello")
        self.xl("revert", "hello", expect="done")
        before = self.state()
        self.apply("hello")
        self.assertEqual(self.state().extra, "Hello World")
        self.assert_uploads(before, 0)

    def test_after_revert_with_data_of_its_own(self):
        """Its data then are those of its file: a stock hypervisor refuses, and
        the payload is loaded anew; ours keeps a copy."""
        self.apply("hooks")
        self.assertEqual(self.listing()["hooks"].get("reapplicable"),
                         OURS or None)
        self.xl("revert", "hooks", expect="done")
        self.apply("hooks")
        state = self.state()
        self.assertEqual((state.extra, state.payloads), ("Hooked World", {"hooks": "applied"}))
        self.assert_uploads(self.first, 3)
        said = self.host.run("xl dmesg").stdout
        self.assertEqual(said.count("hooks: load hook ran, count 101"), 2)
        self.assertNotIn("hooks: load hook ran, count 102", said)

    def test_name(self):
        self.apply("--name=xsa-1 (first)", "hello")
        self.assertEqual(self.state().payloads, {"xsa-1 (first)": "applied"})
        self.xl("revert", "--unload", "xsa-1 (first)", expect="done")

    def test_file_is_remembered_with_its_folder(self):
        self.xl("apply", "hello.livepatch", before="cd /extra; ", expect="done")
        self.assertEqual(self.listing()["hello"]["file"], payload_path("hello"))

    def test_dry_run(self):
        answer = self.apply("-n", "hello", expect="planned")
        self.assertEqual([each["name"] for each in answer.judgements], ["hello"])
        self.assert_untouched(self.first)
        self.apply("hello")
        before = self.state()
        for words in [["revert", "hello"], ["revert", "--unload", "hello"],
                      ["apply", payload_path("bye")], ["replace", payload_path("replace")]]:
            self.xl(words[0], "-n", *words[1:], expect="planned")
        self.assert_untouched(before)
        self.host.run("xl -N livepatch revert hello", check=True)
        self.assert_untouched(before)

    def test_upload(self):
        self.xl("upload", payload_path("hello"), expect="done")
        state = self.state()
        self.assertEqual((state.payloads, state.extra), ({"hello": "checked"}, self.first.extra))
        self.xl("upload", payload_path("hello"), expect="already")
        self.apply("hello")
        self.assert_uploads(state, 0)
        self.xl("upload", payload_path("hello"), expect="already")
        self.assertEqual(self.state().extra, "Hello World")

    def test_just_under_the_largest_size(self):
        self.apply("big")
        self.assertEqual(self.state().extra, "Big World")

    def test_no_operations(self):
        minor = self.host.run("xl info xen_version").stdout
        self.apply("nop")
        self.assertNotEqual(self.host.run("xl info xen_version").stdout, minor)
        self.assertTrue(self.listing()["nop"]["functions"][0]["nop"])
        self.xl("revert", "nop", expect="done")
        self.assertEqual(self.host.run("xl info xen_version").stdout, minor)

    def test_nodeps(self):
        before = self.state()
        self.apply("bye", expect="failed", reason="dependency")
        self.assert_untouched(before)
        self.apply("--nodeps", "bye")
        self.assertEqual(self.state().extra, "Bye World!")

    def test_check(self):
        answer = self.xl("check", payload_path("hello"), expect="done")
        judgement = answer.judgements[0]
        self.assertTrue(judgement["acceptable"])
        self.assertEqual(judgement["xen_build_id"], build_id("xen"))
        self.assertEqual(answer.warnings, None)
        # Against the Xen that runs, as nothing else is named.
        self.xl("check", payload_path("hello"), payload_path("wrong_xen"),
                expect="failed", reason="xen_build_id")
        self.assert_untouched(self.first)

    def test_expectation_that_holds(self):
        self.apply("expect_ok")
        self.assertEqual(self.state().extra, "As expected")

    def test_hook_that_takes_its_time(self):
        """The host stood still for longer than the time-out, and is told so."""
        answer = self.apply("slow_cpu")
        self.assertGreaterEqual(answer.attempts[-1]["stalled_us"], 200000)
        self.assertGreaterEqual(answer.stalled_us, 200000)


if __name__ == "__main__":
    unittest.main()
