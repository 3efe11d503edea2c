#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is known of a payload while it is loaded, and names of any bytes."""

import shlex
import unittest

from livepatch_case import OURS, LivepatchCase, build_id, payload_path, sha256

NOTES = "/var/run/xen/livepatch.notes"
LONG_NAME = "n" * 200


class Records(LivepatchCase):
    def assert_unknown(self, name):
        """Listed with what the hypervisor tells, and with nothing else."""
        payload = self.listing()[name]
        told = {"name", "name_hex", "state", "fixes", "metadata", "position"}
        if OURS:
            told |= {"build_id", "depends", "functions", "hooks", "reapplicable",
                     "uploaded_us", "applied_us"}
        self.assertEqual(set(payload) - told, set(), payload)
        return payload

    def test_for_root_alone(self):
        self.apply("hello", "bye")
        self.assertEqual(self.state().notes_mode, "600")

    def test_kept(self):
        self.apply("--name=any name", "hello")
        state = self.state()
        self.assertEqual(state.records["any name"]["build_id"], build_id("hello"))
        self.assertIn(f"@version {state.version}\n", state.notes)

    def test_gone_with_the_payload(self):
        self.apply("hello", "bye")
        self.xl("revert", "--unload", "bye", expect="done")
        self.assertEqual(list(self.state().records), ["hello"])
        self.xl("revert", "--unload", "hello", expect="done")
        self.assertEqual(self.state().records, {})

    def test_gone_after_a_refusal(self):
        self.apply("expect_bad", expect="failed", reason="expectation")
        self.assertEqual(self.state().records, {})

    def test_long(self):
        folder = "/tmp/" + "/".join([LONG_NAME] * 15)
        self.xl("apply", f"{folder}/hello.livepatch", expect="done",
                before=f"mkdir -p {folder}; cp /extra/hello.livepatch {folder}; ")
        self.assertEqual(self.listing()["hello"]["file"], f"{folder}/hello.livepatch")

    def test_foreign_payload(self):
        self.stock_load("hello")
        payload = self.assert_unknown("hello")
        self.assertEqual((payload["state"], payload["fixes"]),
                         ("applied", ["XSA-182", "CVE-2016-6258"]))
        line = self.run_text("list").stdout.splitlines()[1]
        self.assertEqual(line.split()[:6],
                         ["hello", "applied", "1", "(top)",
                          *([build_id("hello")[:12], "Xen"] if OURS else ["-", "-"])])
        text = self.run_text("show", "hello").stdout
        self.assertEqual("another tool loaded it" in text, not OURS)
        self.assertNotIn("/extra", text)

    def test_foreign_payload_beside_ours(self):
        """What the other tool loads doesn't make ours forgotten."""
        self.apply("hello")
        self.stock_load("bye")
        self.assertEqual(self.listing()["hello"]["build_id"], build_id("hello"))
        self.assert_unknown("bye")
        # The next action writes all records anew.
        self.xl("revert", "bye", expect="done")
        self.assertEqual(self.listing()["hello"]["sha256"], sha256("hello"))
        self.assert_unknown("bye")

    def test_unloaded_by_another_tool(self):
        self.apply("hello", "bye")
        self.stock("revert", "bye")
        self.stock("unload", "bye")
        payloads = self.listing()
        self.assertEqual(list(payloads), ["hello"])
        self.assertEqual(payloads["hello"]["sha256"], sha256("hello"))
        self.apply("bye")
        self.assertEqual(self.listing()["bye"]["sha256"], sha256("bye"))

    def test_another_one_under_the_same_name(self):
        """Unloaded and loaded behind our back: the record is of another."""
        self.apply("hello")
        self.stock("revert", "hello")
        self.stock("unload", "hello")
        self.stock("upload", "hello", payload_path("expect_ok"))
        self.assert_unknown("hello")
        # Not even when it has been acted upon.
        self.xl("revert", "hello", expect="already")
        self.stock("apply", "hello")
        self.xl("revert", "hello", expect="done")
        self.assert_unknown("hello")

    def test_another_one_among_several(self):
        self.apply("hello", "bye")
        self.stock("revert", "bye")
        self.stock("unload", "bye")
        self.stock("upload", "bye", payload_path("expect_ok"))
        self.stock("upload", "more", payload_path("nop"))
        self.assert_unknown("bye")

    def test_forged_records(self):
        """Text that is no record is no reason to fail."""
        self.apply("hello")
        for text in ["", "@", "@payload\n{", '@payload\n{"name": 5}\n', "@version 1\n[[[[\n",
                     "@intent replace\n@item 7 7\n{}\n", "@totals\n[\n", "\xff",
                     "{"]:
            with self.subTest(text):
                self.host.run(f"printf %s {shlex.quote(text)} > {NOTES}", check=True)
                self.assert_unknown("hello")
        answer = self.xl("revert", "hello", expect="done")
        self.assertIn("written anew", "\n".join(answer.warnings))

    def test_metadata_of_any_bytes(self):
        self.apply("metadata")
        payload = self.listing()["metadata"]
        entries = [(each.get("key"), each.get("value")) for each in payload["metadata"]]
        self.assertEqual(entries[:8], [
            ("description", "caf\\xe9 \"quoted\" 'too' back\\\\slash"),
            ("lines", "one\\x0atwo\\x09tab\\x0d\\x01\\x7f\\x1b[31mred"),
            ("\\xff\\xfekey", "\\x80\\xc0\\xaf"),
            ("utf8", "€"),
            ("an entry without an equals sign", None),
            ("", "no key"), ("empty", ""), ("equals", "a=b=c")])
        self.assertEqual(payload["fixes"], ["XSA-1", "CVE-2015-0001", "XSA-2"])
        for verb in [["list"], ["show", "metadata"]]:
            self.assertRegex(self.run_text(*verb).stdout, r"\A[\n -~€]*\Z")


class Names(LivepatchCase):
    """name -> how it is listed, and whether that differs."""

    NAMES = {"plain": ("plain", False),
             "with blanks, commas": ("with blanks, commas", False),
             "café €": ("café €", False),
             "caf\udce9": ("caf\\xe9", True),
             "back\\slash": ("back\\\\slash", True),
             "two\nlines": ("two\\x0alines", True),
             '"{}[]\'$(id)': ('"{}[]\'$(id)', False),
             "\x1b[31m": ("\\x1b[31m", True),
             "\udcff" * 127: ("\\xff" * 127, True)}

    def test_of_any_bytes(self):
        for name, (text, escaped) in self.NAMES.items():
            with self.subTest(name):
                raw = name.encode(errors="surrogateescape")
                self.stock("upload", name, payload_path("hello"))
                payload = self.listing()[text]
                self.assertEqual(payload.get("name_hex"), raw.hex() if escaped else None)
                self.xl("show", text, expect="done")
                self.xl("show", "hex:" + raw.hex(), expect="done")
                self.xl("unload", text, expect="done")
                self.assertEqual(self.state().payloads, {})

    def test_empty(self):
        """The hypervisor takes it from another tool."""
        self.stock("upload", "", payload_path("hello"))
        self.assertEqual(list(self.listing()), [""])
        self.assertIn("(no name)", self.run_text("list").stdout)
        for name in ["", "hex:"]:
            self.xl("show", name, expect="done")
        self.xl("unload", "", expect="done")
        self.assertEqual(self.state().payloads, {})

    def test_given_with_name(self):
        self.apply("--name=hex:610aff", "hello")
        self.assertEqual(self.state().payloads, {"a\n\udcff": "applied"})
        hello = self.listing()["a\\x0a\\xff"]
        self.assertEqual((hello["name_hex"], hello["recorded"]), ("610aff", True))
        self.xl("revert", "--unload", "hex:610aff", expect="done")


if __name__ == "__main__":
    unittest.main()
