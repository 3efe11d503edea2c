#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""livepatch-sign, with keys that openssl has made, as its user calls it."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
PROGRAM = TOP / "build/livepatch-sign/livepatch-sign"
PAYLOAD = TOP / "build/payloads/hello.livepatch"
DONE, FAILED, NOT_SIGNED = 0, 1, 2


def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)


class Sign(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.keys = Path(folder.name)
        for name, bits in (("a", 2048), ("b", 4096), ("short", 1024)):
            openssl("genrsa", "-out", cls.keys / f"{name}.pem", bits)
            openssl("rsa", "-in", cls.keys / f"{name}.pem", "-pubout",
                    "-out", cls.keys / f"{name}.pub")
        openssl("genrsa", "-3", "-out", cls.keys / "three.pem", 2048)
        openssl("req", "-x509", "-new", "-key", cls.keys / "a.pem", "-subj", "/CN=a",
                "-out", cls.keys / "a.crt")

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.payload = self.folder / "p.livepatch"
        self.payload.write_bytes(PAYLOAD.read_bytes())

    def run_it(self, *args, status=DONE):
        done = subprocess.run([PROGRAM, *map(str, args)], text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, start_new_session=True)
        self.assertEqual(done.returncode, status, done)
        return done.stdout + done.stderr

    def verify(self, *names, status=DONE, payload=None):
        keys = [word for name in names for word in ("--key", self.keys / name)]
        return self.run_it("verify", *keys, payload or self.payload, status=status)

    def refused(self, *args):
        """Nothing is written, and the payload stays what it was."""
        before = {path: path.read_bytes() for path in self.folder.iterdir()}
        words = self.run_it(*args, status=FAILED)
        self.assertEqual({path: path.read_bytes() for path in self.folder.iterdir()}, before)
        return words

    def test_there_and_back(self):
        self.run_it("sign", "--key", self.keys / "a.pem", self.payload)
        self.assertIn("a.pub", self.verify("b.pub", "a.pub"))
        self.assertIn("a.crt", self.verify("a.crt"))
        self.assertIn("of none of the keys", self.verify("b.pub", status=NOT_SIGNED))

    def test_again(self):
        for _ in range(2):
            self.run_it("sign", "--key", self.keys / "a.pem", self.payload)
        self.verify("a.pub")
        self.assertIn("256 bytes, and one of this key has 512",
                      self.refused("sign", "--key", self.keys / "b.pem", self.payload))

    def test_out(self):
        os.chmod(self.payload, 0o640)
        out = self.folder / "signed"
        self.run_it("sign", "-k", self.keys / "b.pem", "-o", out, self.payload)
        self.assertEqual(self.payload.read_bytes(), PAYLOAD.read_bytes())
        self.verify("b.pub", payload=out)
        self.run_it("sign", "-k", self.keys / "b.pem", self.payload)
        self.assertEqual(self.payload.stat().st_mode & 0o777, 0o640)

    def test_elsewhere(self):
        digest, signature = self.folder / "digest", self.folder / "signature"
        self.run_it("prepare", "--bits", 4096, "--digest", digest, self.payload)
        self.assertIn("of none", self.verify("b.pub", status=NOT_SIGNED))
        openssl("pkeyutl", "-sign", "-inkey", self.keys / "b.pem", "-pkeyopt", "digest:sha256",
                "-in", digest, "-out", signature)
        self.assertIn("not a signature of 512 bytes",
                      self.refused("attach", "--signature", digest, self.payload))
        self.run_it("attach", "--signature", signature, self.payload)
        self.verify("b.pub")

    def test_not_signed(self):
        self.assertIn("it is not signed", self.verify("a.pub", status=NOT_SIGNED))
        self.assertIn("it is not signed",
                      self.refused("attach", "--signature", self.keys / "a.pub", self.payload))

    def test_keys(self):
        for key, words in (("short.pem", "1024 bits"), ("three.pem", "exponent"),
                           ("a.pub", "no private key"), ("none.pem", "No such file")):
            with self.subTest(key):
                self.assertIn(words, self.refused("sign", "-k", self.keys / key, self.payload))
        self.run_it("sign", "-k", self.keys / "a.pem", self.payload)
        self.assertIn("no public key", self.verify("a.pem", status=FAILED))

    def test_no_payload(self):
        self.payload.write_text("no payload\n")
        self.assertIn("not an ELF file",
                      self.refused("sign", "-k", self.keys / "a.pem", self.payload))
        self.assertIn("does not exist", self.refused("sign", "-k", self.keys / "a.pem",
                                                     self.folder / "none"))

    def test_full(self):
        self.assertIn("can't be written", self.refused(
            "sign", "-k", self.keys / "a.pem", "-o", "/proc/none", self.payload))

    def test_usage(self):
        for args, words in (((), "which verb"), (("sign", self.payload), "--key"),
                            (("frob", "x"), "frob"), (("sign", "-k", "x"), "one payload"),
                            (("verify", "-k", "x", "-o", "y", self.payload), "--out"),
                            (("prepare", "-b", "2000", "-d", "x", self.payload), "2000"),
                            (("sign", "-k", "x", "-k", "y", self.payload), "one key")):
            with self.subTest(args):
                self.assertIn(words, self.refused(*args))
        self.assertIn("Usage", self.run_it("--help"))


if __name__ == "__main__":
    unittest.main()
