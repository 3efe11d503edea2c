#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Signed payloads, on a Xen that was built to warn of others: as it is, and when
its command line wants them refused."""

import re
import tempfile
import unittest
from pathlib import Path

import engine_case
import engines
import signing
from engine_case import AMPLE_MS, EngineCase

# LIVEPATCH_REASON_SIGNATURE, and LIVEPATCH_REPORT_SIGNATURE_*.
REASON = 16
NONE, KNOWN, UNKNOWN = range(3)
UNSIGNED = "it is not signed: there is no section .note.Xen.signature"
UNKNOWN_WORDS = "its signature is of none of this hypervisor's keys, or it was changed since"


def signed(key, name="hello"):
    return signing.signed(engines.payloads() / f"{name}.livepatch", key)


class SignatureCase(EngineCase):
    def push(self, data):
        """A file in dom0 that test uploads as "hello"."""
        self.host.push({"/tmp/hello.livepatch": data})

    def upload_hello(self):
        return self.probe("upload hello /tmp/hello.livepatch")

    def assert_signed_by(self, key):
        """It is taken and works, whoever asks for what."""
        self.push(signed(signing.private(key)))
        before = self.extra_version()
        self.assertEqual(self.upload_hello(), "ok", self.said())
        report = self.report("hello")
        self.assertEqual((report.signature, report.signer), (KNOWN, key))
        self.assertNotIn("sign", self.said())
        self.act("hello", "apply", "applied 0")
        self.assertNotEqual(self.extra_version(), before)
        self.revert("hello")
        self.assertEqual(self.probe("unload hello"), "ok")

    def stranger(self):
        with tempfile.TemporaryDirectory() as folder:
            return signed(signing.new_key(Path(folder) / "stranger"))


class Warns(SignatureCase):
    def assert_warned(self, signature, words):
        report = self.report("hello")
        self.assertEqual((report.signature, report.signer), (signature, ""))
        self.assertEqual(re.findall(r"livepatch: hello: (it.*)", self.said()), [words])

    def test_says_at_boot(self):
        console = self.host.console()
        for words in ("payloads without a known signature are loaded with a warning",
                      "key first (RSA, 2048 bits)", "key second (RSA, 4096 bits)"):
            self.assertRegex(console, rf"livepatch: {re.escape(words)}\s")

    def test_unsigned(self):
        self.upload("hello")
        self.assert_warned(NONE, UNSIGNED)

    def test_of_a_stranger(self):
        self.push(self.stranger())
        self.assertEqual(self.upload_hello(), "ok")
        self.assert_warned(UNKNOWN, UNKNOWN_WORDS)

    def test_each_key(self):
        for key in ("first", "second"):
            with self.subTest(key):
                self.assert_signed_by(key)


class Enforces(SignatureCase):
    # What is laxer, and what it doesn't know, has no effect.
    XEN_ARGS = f"{engine_case.XEN_ARGS} livepatch=sig=enforce,sig=warn livepatch=sig=none"

    def assert_refused(self, words):
        before = self.xen_text()
        self.assertEqual(self.upload_hello(), "EACCES")
        report = self.report()
        self.assertEqual(report.status["reason"], REASON)
        self.assertTrue(report.failure.startswith(words), report.failure)
        self.assertIn(f"livepatch: hello: {words}", self.said())
        self.assertEqual(self.state().payloads, {})
        self.assertTrue(self.xen_text() == before)

    def test_says_at_boot(self):
        self.assertRegex(self.host.console(),
                         r"livepatch: payloads without a known signature are refused\s")

    def test_unsigned(self):
        self.push((engines.payloads() / "hello.livepatch").read_bytes())
        self.assert_refused(UNSIGNED)

    def test_of_a_stranger(self):
        self.push(self.stranger())
        self.assert_refused(UNKNOWN_WORDS)

    def test_changed(self):
        good = signed(signing.private("first"))
        at = good.index(b"Xen\0") + 4
        for place in (at, at + 255, len(good) // 2):
            with self.subTest(place=place):
                self.push(good[:place] + bytes([good[place] ^ 1]) + good[place + 1:])
                self.assert_refused(UNKNOWN_WORDS)
        self.push(good + b"\0")
        self.assert_refused(UNKNOWN_WORDS)

    def test_each_key(self):
        for key in ("first", "second"):
            with self.subTest(key):
                self.assert_signed_by(key)

    def test_xl(self):
        apply = f"xl livepatch apply --timeout={AMPLE_MS}ms /tmp/hello.livepatch"
        self.push((engines.payloads() / "hello.livepatch").read_bytes())
        refused = self.host.run(f"{apply} --force", 120)
        self.assertEqual(refused.status, 1, refused)
        self.assertIn("it is not signed", refused.stderr)
        self.assertIn("as its maker has signed it", refused.stderr)
        self.push(signed(signing.private("second")))
        self.host.run(apply, 120, check=True)
        show = self.host.run("xl livepatch show hello", 120, check=True)
        self.assertIn("signed with Xen's key second", show.stdout)
        self.host.run("xl livepatch revert --unload hello", 120, check=True)


if __name__ == "__main__":
    unittest.main()
