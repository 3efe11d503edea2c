#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""livepatch-keys.py: which public keys the hypervisor's build takes."""

import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "xen/tools/livepatch-keys.py"


def openssl(*args):
    return subprocess.run(["openssl", *args], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, check=True).stdout


class Keys(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = Path(cls.temporary.name)
        cls.make("good", "rsa_keygen_bits:2048")
        cls.make("other", "rsa_keygen_bits:3072")

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    @classmethod
    def make(cls, name, *options, algorithm="RSA"):
        private = cls.folder / f"{name}.private"
        openssl("genpkey", "-algorithm", algorithm, "-out", private,
                *(word for option in options for word in ("-pkeyopt", option)))
        openssl("pkey", "-in", private, "-pubout", "-out", cls.folder / f"{name}.pem")

    def write(self, name, text):
        (self.folder / name).write_text(text)
        self.addCleanup((self.folder / name).unlink)

    def read(self, name):
        return (self.folder / name).read_text()

    def unpack(self, *names):
        return subprocess.run([sys.executable, SCRIPT, self.folder, *names], capture_output=True,
                              text=True)

    def taken(self, *names):
        done = self.unpack(*names)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def refused(self, words, *names):
        done = self.unpack(*names)
        self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
        self.assertIn(f"CONFIG_LIVEPATCH_SIGNING_KEYS: {self.folder}/", done.stderr)
        self.assertIn(words, done.stderr)

    def numbers(self, source, name):
        """The limbs of an array as one number."""
        body = re.search(rf"{name}\[\] = \{{(.*?)\}};", source, re.S)[1]
        return sum(int(limb, 16) << 64 * i
                   for i, limb in enumerate(re.findall(r"0x[0-9a-f]+", body)))

    def test_unpacked(self):
        source = self.taken("good.pem", "other.pem")
        for index, (name, bits) in enumerate([("good", 2048), ("other", 3072)]):
            shown = openssl("rsa", "-pubin", "-in", self.folder / f"{name}.pem", "-noout",
                            "-modulus")
            modulus = int(shown.partition("=")[2], 16)
            self.assertEqual(self.numbers(source, f"modulus_{index}"), modulus)
            self.assertEqual(self.numbers(source, f"rr_{index}"), (1 << 2 * bits) % modulus)
            one = re.search(rf"rsa_key key_{index} = \{{(.*?)\}};", source, re.S)[1]
            self.assertIn(f'.name = "{name}"', one)
            self.assertIn(f".limbs = {bits // 64},", one)
            inverse = int(re.search(r"\.inverse = (\w+)", one)[1], 16)
            self.assertEqual(inverse * modulus % (1 << 64), (1 << 64) - 1)
        self.assertIn("{\n    &key_0,\n    &key_1,\n    NULL\n};", source)

    def test_none(self):
        self.assertIn("signature_keys[] = {\n    NULL\n};", self.taken())

    def test_certificate(self):
        openssl("req", "-x509", "-new", "-key", self.folder / "good.private", "-subj", "/CN=x",
                "-out", self.folder / "certificate.pem")
        self.assertEqual(self.taken("certificate.pem").replace('"certificate"', '"good"'),
                         self.taken("good.pem"))

    def test_absolute_path(self):
        self.assertEqual(self.taken(self.folder / "good.pem"), self.taken("good.pem"))

    def test_sizes(self):
        self.make("small", "rsa_keygen_bits:1024")
        self.refused("a modulus of 1024 bits", "good.pem", "small.pem")
        self.make("odd", "rsa_keygen_bits:2056")
        self.refused("a modulus of 2056 bits, not an odd one of 2048 to 4096 in steps of 64",
                     "odd.pem")

    def test_exponent(self):
        self.make("three", "rsa_keygen_bits:2048", "rsa_keygen_pubexp:3")
        self.refused("its public exponent is 3, not 65537", "three.pem")

    def test_other_algorithms(self):
        self.make("curve", "ec_paramgen_curve:P-256", algorithm="EC")
        self.refused("openssl finds no RSA public key in it", "curve.pem")
        self.make("pss", "rsa_keygen_bits:2048", algorithm="RSA-PSS")
        self.refused("it is for RSA-PSS", "pss.pem")

    def test_private_key(self):
        self.write("secret.pem", self.read("good.private"))
        self.refused("it has a private key", "secret.pem")
        self.write("both.pem", self.read("good.pem") + self.read("good.private"))
        self.refused("it has a private key", "both.pem")

    def test_not_one_key(self):
        self.write("two.pem", self.read("good.pem") + self.read("other.pem"))
        self.refused("it has 2 keys or certificates", "two.pem")
        self.write("text.pem", "nothing\n")
        self.refused("it has 0 keys or certificates", "text.pem")
        self.refused("No such file", "good.pem", "missing.pem")
        (self.folder / "bytes.pem").write_bytes(b"\xff\xfe")
        self.refused("codec", "bytes.pem")

    def test_damaged(self):
        self.write("damaged.pem", self.read("good.pem").replace("M", "N", 1))
        self.refused("openssl finds no RSA public key in it", "damaged.pem")

    def test_names(self):
        for name in ("-a.pem", "a b.pem", 'a".pem', "a" * 64 + ".pem"):
            self.write(name, self.read("good.pem"))
            self.refused("a key's name has up to 63", name)
        (self.folder / "below").mkdir()
        self.write("below/good.pem", self.read("other.pem"))
        self.refused("another key has the same name, or is the same", "good.pem",
                     "below/good.pem")
        self.write("again.pem", self.read("good.pem"))
        self.refused("another key has the same name, or is the same", "good.pem", "again.pem")


if __name__ == "__main__":
    unittest.main()
