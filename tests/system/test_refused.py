#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Files and names that are refused: each with its cause, and without a trace."""

import struct
import unittest

from livepatch_case import OURS, LivepatchCase, build_id, payload_file, payload_path

SECTION_HEADERS = 0x28      # e_shoff of an ELF64 header
MACHINE = 0x12


def hello():
    return payload_file("hello").read_bytes()


def patched(offset, data):
    """hello with other bytes at offset."""
    return hello()[:offset] + data + hello()[offset + len(data):]


class Refused(LivepatchCase):
    def refuse(self, path, reason, *words, untouched=True):
        """Applying path fails for that reason, in these words."""
        answer = self.xl("apply", path, expect="failed", reason=reason)
        said = [answer.message, *(answer.xen_messages or [])]
        for word in [path, *words]:
            self.assertIn(word, "\n".join(said))
        # One line says it all, and text without -j says the same.
        result = self.run_text("apply", path)
        self.assertEqual((result.status, result.stdout), (1, ""))
        self.assertIn(f"xl livepatch apply: {answer.message}.", result.stderr)
        (self.assert_untouched if untouched else self.assert_as_before)(self.first)

    def refuse_data(self, data, reason, *words):
        self.host.push({"/tmp/xsa.livepatch": data})
        self.refuse("/tmp/xsa.livepatch", reason, *words)

    # -- Made for something else -------------------------------------------

    def test_wrong_build_id(self):
        self.refuse(payload_path("wrong_xen"), "xen_build_id", build_id("xen"))

    def test_wrong_dependency(self):
        self.refuse(payload_path("wrong_depends"), "dependency",
                    f"{build_id('xen')} (Xen itself)")

    def test_wrong_dependency_in_xens_words(self):
        """On top of another tool's payload, only the hypervisor can tell: a
        stock one when it is asked to apply, ours before."""
        self.stock_load("hello")
        before = self.state()
        answer = self.apply("third", expect="failed", reason="dependency")
        if OURS:
            self.assertIn(f"on top of the stack would be {build_id('hello')} (hello)",
                          answer.message)
        else:
            self.assertIn("third was not applied", answer.message)
            self.assertIn("check against", "\n".join(answer.xen_messages))
        state = self.state()
        self.assertEqual((state.payloads, state.extra), (before.payloads, "Hello World"))

    def test_unknown_symbol(self):
        self.refuse(payload_path("unknown_symbol"), "symbol", "no_such_function_in_xen",
                    untouched=False)

    def test_expectation(self):
        answer = self.apply("expect_bad", expect="failed", reason="expectation")
        self.assertIn("expect_bad was not applied: ", answer.message)
        if not OURS:
            self.assertIn("the code that it would patch is not what it expects",
                          answer.message)
        self.assert_xen_said(answer, "expected:0f0b0f0b", "expected 0f0b0f0b")
        self.assert_as_before(self.first)

    # -- Broken files ------------------------------------------------------

    def test_truncated(self):
        size = len(hello())
        for kept in [1, 63, 64, size // 2, size - 1]:
            with self.subTest(kept):
                self.refuse_data(hello()[:kept], "file" if kept < 4 else "format")

    def test_corrupt(self):
        table = struct.unpack_from("<Q", hello(), SECTION_HEADERS)[0]
        for name, offset, data, reason in [
                ("magic", 0, b"\x7fELG", "file"),
                ("machine", MACHINE, b"\x28\0", "format"),
                ("section headers", SECTION_HEADERS, b"\xff" * 8, "format"),
                ("sections", table + 64, b"\xff" * 128, "format")]:
            with self.subTest(name):
                self.refuse_data(patched(offset, data), reason)

    def test_no_payload_at_all(self):
        self.refuse_data(b"", "file", "empty")
        self.refuse_data(b"#!/bin/sh\n" * 100, "file")
        self.refuse("/bin/busybox", "format")

    def test_relocation(self):
        self.refuse(payload_path("bad_reloc"), "format", "relocation")

    def test_size(self):
        self.refuse(payload_path("too_big"), "file", "2097152")

    def test_no_file(self):
        self.refuse("/extra/absent.livepatch", "file", "does not exist")
        self.refuse("/extra", "file", "directory")
        self.refuse("/dev/zero", "file", "regular")
        self.host.run("mkfifo /tmp/fifo")
        self.refuse("/tmp/fifo", "file", "regular")

    # -- Names -------------------------------------------------------------

    def test_name_that_does_not_fit(self):
        # Xen would cut the last one at its zero byte.
        for name in ["n" * 128, "n" * 1000, "hex:" + "6e" * 128, "hex:6e006e"]:
            answer = self.apply("--name=" + name, "hello", expect="failed", reason="usage")
            for word in [name, "1 to 127 bytes"]:
                self.assertIn(word, answer.message)
            self.assertIn("--name", answer.advice)
        self.assert_untouched(self.first)

    def test_file_with_too_long_a_name(self):
        path = f"/tmp/{'n' * 128}.livepatch"
        answer = self.xl("apply", path, before=f"cp /extra/hello.livepatch {path}; ",
                         expect="failed", reason="usage")
        self.assertIn("n" * 128, answer.message)
        self.assertIn("--name", answer.advice)
        self.xl("apply", path, "--name=short", expect="done")

    def test_longest_name(self):
        self.apply("--name=" + "n" * 127, "hello")
        self.assertEqual(self.state().payloads, {"n" * 127: "applied"})

    def test_no_name(self):
        self.apply("--name=", "hello", expect="failed", reason="usage")
        self.apply("--name=hex:6", "hello", expect="failed", reason="usage")
        self.assert_untouched(self.first)

    # -- Refused by its own hook -------------------------------------------

    def test_veto(self):
        answer = self.apply("veto", expect="failed", reason="hook")
        for word in ["veto was not applied", "hook",
                     "returned -1" if OURS else "Operation not permitted"]:
            self.assertIn(word, answer.message)
        self.assert_xen_said(answer, "veto: this host must not be patched, its owner says",
                             "hook")
        self.assert_as_before(self.first)

    def test_apply_hook(self):
        answer = self.apply("apply_hook_fail", expect="failed", reason="hook")
        self.assertIn("returned -22" if OURS else "Invalid argument", answer.message)
        self.assert_as_before(self.first)


if __name__ == "__main__":
    unittest.main()
