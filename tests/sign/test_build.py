#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""livepatch-build --sign: the payload appears signed or not at all.  It needs the
base build of the builder's corpus."""

import fcntl
import os
import subprocess
import sys
import tempfile
import termios
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/builder"))

import corpus

SIGNER = TOP / "build/livepatch-sign"
PATCH = corpus.read(corpus.HERE / "corpus/function-body.patch")


class Build(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.key, self.public = self.folder / "key.pem", self.folder / "public.pem"
        self.openssl("genrsa", "-out", self.key, "2048")
        self.openssl("rsa", "-in", self.key, "-pubout", "-out", self.public)
        self.output = self.folder / "out/signed.livepatch"
        self.output.parent.mkdir()

    @staticmethod
    def openssl(*args):
        subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)

    def build(self, key, path=f"{SIGNER}:{os.environ['PATH']}", **options):
        words = [word for word in corpus.command(PATCH, self.output) if word != "-j"]
        done = subprocess.run([*words, f"--sign={key}"], stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, timeout=300,
                              env={**os.environ, "PATH": path}, **options)
        return done.returncode, done.stderr

    def assert_refused(self, words, *args, **options):
        status, errors = self.build(*args, **options)
        self.assertEqual(status, 1, errors)
        self.assertIn(words, errors)
        self.assertEqual(list(self.output.parent.iterdir()), [])

    def test_signed(self):
        status, errors = self.build(self.key)
        self.assertEqual(status, 0, errors)
        subprocess.run([SIGNER / "livepatch-sign", "verify", "--key", self.public, self.output],
                       check=True, capture_output=True)
        self.assertEqual(list(self.output.parent.iterdir()), [self.output])
        umask = os.umask(0)
        os.umask(umask)
        self.assertEqual(self.output.stat().st_mode & 0o777, 0o666 & ~umask)

    def test_no_key(self):
        self.assert_refused("/nowhere/key", "/nowhere/key")

    def test_passphrase(self):
        """Nobody is asked for it: at a terminal that would wait for ever, as the
        builder works in the background."""
        master, slave = os.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)

        def at_a_terminal():
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

        self.openssl("rsa", "-aes256", "-passout", "pass:secret", "-in", self.key,
                     "-out", self.folder / "locked.pem")
        self.assert_refused("locked.pem", self.folder / "locked.pem",
                            preexec_fn=at_a_terminal, pass_fds=[slave])

    def test_no_signer(self):
        """Said before anything is built."""
        self.assert_refused("--sign needs livepatch-sign", self.key, str(self.folder))


if __name__ == "__main__":
    unittest.main()
