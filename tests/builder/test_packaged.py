#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""livepatch-build --deb: a payload in a package, in one go; what is in the package
is for tests/packages."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import corpus

XEN = "xen-hypervisor-4.17-amd64=4.17.5+1"
PATH = f"{corpus.BUILDER.parent}:{corpus.TOP}/tools/livepatch-package:{os.environ['PATH']}"


class Packaged(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def build(self, *options, **environment):
        words = corpus.command(corpus.find("function-body"), self.folder / "p.livepatch")
        environment = {"PATH": PATH, "HOME": os.environ["HOME"], **environment}
        done = subprocess.run([*words, *options], capture_output=True, text=True,
                              env=environment)
        return done.returncode, json.loads(done.stdout).get("message", "")

    def made(self):
        return sorted(path.name for path in self.folder.iterdir())

    def test_made(self):
        self.assertEqual(self.build("--deb", XEN, DEBFULLNAME="Fixes",
                                    DEBEMAIL="fixes@example.org",
                                    SOURCE_DATE_EPOCH="1800000000"), (0, ""))
        package = "xen-livepatches_20270115.080000_amd64.deb"
        self.assertEqual(self.made(), ["p.livepatch", package])
        listing = subprocess.run(["dpkg-deb", "-c", self.folder / package], check=True,
                                 capture_output=True, text=True).stdout
        self.assertRegex(listing, r"/usr/lib/xen/livepatch/[0-9a-f]{40}/p\.livepatch\n")

    def test_nobody_answers_for_it(self):
        """The payload is good, and stays."""
        status, message = self.build("--deb", XEN)
        self.assertEqual(status, 1)
        self.assertIn("is written, and no package of it: livepatch-package: ", message)
        self.assertIn("DEBEMAIL", message)
        self.assertEqual(self.made(), ["p.livepatch"])

    def test_without_the_packager(self):
        """Told before anything is built."""
        status, message = self.build("--rpm", "xen=4.17.5", PATH=os.environ["PATH"])
        self.assertEqual(status, 1)
        self.assertIn("livepatch-package, which is neither beside livepatch-build", message)
        self.assertEqual(self.made(), [])

    def test_wrong_options(self):
        status, message = self.build("--rpm", "xen=4.17.5", "--deb", XEN)
        self.assertEqual(status, 1)
        self.assertIn("exclude each other", message)
        for wrong in ("xen", "=4.17.5", "xen="):
            status, message = self.build("--rpm", wrong)
            self.assertEqual(status, 1)
            self.assertIn(f"and its version, such as xen-hypervisor-4.17-amd64=4.17.5+23-1, "
                          f"not '{wrong}'", message)
        self.assertEqual(self.made(), [])
        done = subprocess.run([corpus.BUILDER, "base", "--deb", XEN], capture_output=True,
                              text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("base makes no payload", done.stderr)


if __name__ == "__main__":
    unittest.main()
