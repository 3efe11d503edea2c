#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Packages of payloads from a signed repository, as docs/packages.md makes one, in
a Debian of their own, where no Xen runs."""

import shutil
import subprocess
import sys
import unittest
from pathlib import Path

import deb
from deb import TOP, run

sys.path[:0] = [str(TOP / "tests/packages"), str(TOP / "tests/fleet")]
import repository
import test_package
from repository import NAME

PAYLOADS = deb.PAYLOADS
VERSIONS = {"1": ["hello", "bye"], "2": ["replace"]}


class Repository(unittest.TestCase):
    def setUp(self):
        run(TOP / "scripts/deps", "deb")
        self.folder = TOP / "build/run/package"
        self.root = self.folder / "root"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.addCleanup(shutil.rmtree, self.folder)
        deb.build("0.1", self.folder / "tools")
        deb.make_base()
        run("cp", "-a", "--reflink=auto", deb.BASE, self.root)
        run("mount", "-t", "proc", "proc", self.root / "proc")
        self.addCleanup(run, "umount", self.root / "proc")
        self.make_repository()
        self.apt("update")

    def make_repository(self):
        fixes = repository.Repository(self.root / "srv/fixes", self.folder / "gnupg")
        self.addCleanup(fixes.close)
        for file in (self.folder / "tools").iterdir():
            shutil.copy(file, fixes.folder)
        xen = self.chroot("apt-cache", "show", repository.XEN)
        xen = xen.partition("Version: ")[2].split()[0]
        for version, names in VERSIONS.items():
            fixes.add(version, xen, *(PAYLOADS / f"{name}.livepatch" for name in names))
        fixes.publish()
        keyring = self.root / "etc/apt/keyrings"
        keyring.mkdir(parents=True, exist_ok=True)
        shutil.copy(fixes.folder / repository.KEYRING, keyring)
        (self.root / "etc/apt/sources.list.d/xen-fixes.list").write_text(
            f"deb [signed-by=/etc/apt/keyrings/{repository.KEYRING}] file:/srv/fixes ./\n")

    def chroot(self, *words):
        return run("chroot", self.root, *words, env=deb.CLEAN)

    def apt(self, *words):
        return self.chroot("apt-get", "-y", "--no-install-recommends", *words)

    def stored(self):
        return sorted(path.name for path in
                      self.root.glob("usr/lib/xen/livepatch/*/*.livepatch"))

    def assert_installed(self, version):
        self.assertEqual(self.chroot("dpkg-query", "-W", "-f", "${Version} ${Status}", NAME),
                         f"{version} install ok installed")
        self.assertEqual(self.chroot("dpkg", "--audit"), "")
        self.assertEqual(self.stored(), sorted(f"{name}.livepatch" for name in VERSIONS[version]))

    def test_there_and_back(self):
        self.apt("install", f"{NAME}=1")
        self.assert_installed("1")
        self.apt("upgrade")
        self.assert_installed("2")
        self.apt("remove", NAME)
        self.assertEqual(self.stored(), [])
        self.apt("install", f"{NAME}=1")
        self.assert_installed("1")
        self.apt("purge", NAME)
        self.assertEqual(list(self.root.glob("usr/lib/xen/livepatch*")), [])
        self.assertFalse((self.root / "var/lib/xen/livepatch").exists())

    def test_lintian(self):
        for version in VERSIONS:
            run("lintian", "--allow-root", "--fail-on", "error,warning",
                self.root / f"srv/fixes/{NAME}_{version}_amd64.deb")

    def test_changed_repository(self):
        """apt takes nothing that isn't signed."""
        packages = self.root / "srv/fixes/Packages"
        packages.write_text(packages.read_text().replace("Version: 2", "Version: 9"))
        shutil.rmtree(self.root / "var/lib/apt/lists")
        done = subprocess.run(["chroot", self.root, "apt-get", "update"], text=True,
                              capture_output=True)
        self.assertIn("Hash Sum mismatch", done.stdout + done.stderr)


class Rpm(test_package.Case):
    @classmethod
    def setUpClass(cls):
        run(TOP / "scripts/deps", "deb")

    def test_contents(self):
        package = self.made(test_package.RPM, "bye", "hello")
        self.assertRegex(test_package.said_by("rpm", "-qlp", package),
                         r"(?m)^/usr/lib/xen/livepatch/[0-9a-f]{40}/hello\.livepatch$")
        self.assertIn("xen >= 4.17.5\n", test_package.said_by("rpm", "-qp", "--requires", package))
        scripts = test_package.said_by("rpm", "-qp", "--scripts", package)
        self.assertRegex(scripts, r"(?s)preuninstall scriptlet.*\[ \"\$1\" != 0 \] \|\| take_back\n"
                                  r".*posttrans scriptlet.*\nput_in_force\n")

    def test_reproducible(self):
        self.assert_reproducible(test_package.RPM)


if __name__ == "__main__":
    unittest.main()
