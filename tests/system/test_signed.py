#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A host whose xl demands signatures, on a hypervisor that doesn't look."""

import base64
import subprocess
import tempfile
import unittest
from pathlib import Path

from livepatch_case import LivepatchCase, document, payload_file

TOP = Path(__file__).resolve().parents[2]
SIGN = TOP / "build/livepatch-sign/livepatch-sign"
KEYS = "/etc/xen/livepatch-keys"


def shell_file(path, content):
    return f"echo {base64.b64encode(content).decode()} | base64 -d > {path}; "


class Signed(LivepatchCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with tempfile.TemporaryDirectory() as folder:
            key, public = f"{folder}/vendor", f"{folder}/vendor.pub"
            signed = f"{folder}/signed"
            for command in (["openssl", "genrsa", "-out", key, "4096"],
                            ["openssl", "rsa", "-in", key, "-pubout", "-out", public],
                            [SIGN, "sign", "-k", key, "-o", signed, payload_file("hello")]):
                subprocess.run(command, check=True, capture_output=True)
            cls.demand = (f"mkdir -p {KEYS}; " +
                          shell_file(f"{KEYS}/vendor.pem", Path(public).read_bytes()))
            cls.put = shell_file("/tmp/signed.livepatch", Path(signed).read_bytes())

    def test_demanded(self):
        self.xl("apply", "/tmp/signed.livepatch", expect="done", before=self.put + self.demand)
        self.assertEqual(self.listing()["signed"]["signer"], "vendor")
        for verb in ("apply", "replace", "upload"):
            for force in ((), ("--force",)):
                with self.subTest(verb=verb, force=force):
                    result = self.xl(verb, *force, "/extra/bye.livepatch", expect="failed",
                                     reason="signature")
                    self.assertIn("not signed", result.message)
        self.assertEqual(list(self.listing()), ["signed"])
        # What is loaded needs no key to go.
        self.xl("revert", "--unload", "signed", expect="done")

    def test_no_key(self):
        result = self.xl("apply", "/tmp/signed.livepatch", expect="failed", reason="signature",
                         before=self.put + f"rm -rf {KEYS}; mkdir {KEYS}; ")
        self.assertIn(KEYS, result.message)
        self.assertEqual(self.listing(), {})

    def test_installed(self):
        """What boot will refuse for want of a signature is told before."""
        self.xl("install", "/extra/hello.livepatch", expect="done", before=f"rm -rf {KEYS}; ")
        self.host.run(self.demand, check=True)
        result = self.host.run("xl livepatch status -j")
        self.assertEqual(result.status, 3, result)
        told = document(result.stdout)
        self.assertIn("not signed", told["installed"][0]["left_out"])
        self.assertEqual(told["lost_by_boot"], ["hello"])
        result = self.host.run(f"rm {KEYS}/*; xl livepatch status -j")
        self.assertEqual(result.status, 0, result)
        self.assertIn(f"not compared with the keys in {KEYS}",
                      "".join(document(result.stdout)["warnings"]))
        self.xl("uninstall", "hello", expect="done", before=f"rm -rf {KEYS}; ")

    def test_not_demanded(self):
        self.xl("apply", "/tmp/signed.livepatch", expect="done",
                before=self.put + f"rm -rf {KEYS}; ")
        self.assertNotIn("signer", self.listing()["signed"])


if __name__ == "__main__":
    unittest.main()
