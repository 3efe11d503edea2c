#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A package of payloads, installed by Debian's dpkg on a real Xen."""

import hashlib
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from host import TOP
from livepatch_case import LivepatchCase, build_id, payload_file, payload_path

PACKAGER = TOP / "tools/livepatch-package/livepatch-package"
NAME = "xen-livepatches"
XEN = "xen-hypervisor-4.17-amd64"
PROGRAMS = ["dpkg", "dpkg-deb", "dpkg-split", "tar"]
OPTIONS = "/etc/default/xen-livepatch"
HIDING = "/var/lib/xen/livepatch"
# Version -> payloads.  The second has grown, the third is cumulative.
VERSIONS = {"1": ["hello"], "2": ["hello", "bye"], "3": ["replace"]}
STATUS = "\n".join(f"Package: {name}\nStatus: install ok installed\nVersion: {version}\n"
                   "Architecture: amd64\nMaintainer: nobody <nobody@example.org>\n"
                   "Description: stands for it\n"
                   for name, version in ((XEN, "4.17.5+2"), ("xen-livepatch-tools", "1")))
# What stands for the package of the tools; OPTIONS make a host busy, as nobody is
# in time.
COMMAND = """#!/bin/sh
case $1 in restore|revert) options=$(cat /tmp/options 2> /dev/null) ;; esac
exec xl livepatch "$@" $options
"""
BUSY = "--timeout=1us --retries=0 --pause=never --deadline=100ms"


def packages():
    """Path in dom0 -> the package."""
    with tempfile.TemporaryDirectory() as folder:
        for version, names in VERSIONS.items():
            subprocess.run([PACKAGER, "--deb", f"{XEN}=4.17.5+1", "--version", version,
                            "--maintainer", "Fixes <fixes@example.org>", "-o", folder,
                            *map(payload_file, names)], check=True, capture_output=True,
                           env={**os.environ, "SOURCE_DATE_EPOCH": "1800000000",
                                "PATH": f"{TOP}/build/livepatch-build:{os.environ['PATH']}"})
        return {f"/tmp/{file.name}": file.read_bytes() for file in Path(folder).iterdir()}


def programs():
    """Of this machine, and their libraries."""
    found = {f"/usr/bin/{name}": Path("/usr/bin", name) for name in PROGRAMS}
    listing = subprocess.run(["ldd", *found.values()], text=True, capture_output=True,
                             check=True).stdout
    for library in re.findall(r"=> (/\S+)", listing):
        found[library] = Path(library)
    return found


class Package(LivepatchCase):
    prepared = None

    def setUp(self):
        super().setUp()
        if Package.prepared is not self.host:
            self.host.push({**programs(), **packages(),
                            "/usr/sbin/xl-livepatch": COMMAND.encode(),
                            # systemd's, which dom0 hasn't.
                            "/usr/bin/systemctl": b'#!/bin/sh\necho "$@" >> /tmp/systemctl\n'})
            self.host.run("chmod 755 /usr/sbin/xl-livepatch /usr/bin/systemctl", check=True)
            Package.prepared = self.host
        self.host.push({"/var/lib/dpkg/status": STATUS.encode()})
        self.host.run("mkdir -p /var/lib/dpkg/updates /var/lib/dpkg/info /var/log "
                      "/run/systemd/system", check=True)

    def tearDown(self):
        if LivepatchCase._host is not None:
            self.host.run(f"rm -rf /tmp/options {OPTIONS} /tmp/systemctl /var/lib/dpkg/info/* "
                          f"/usr/lib/xen/livepatch {HIDING}")
        super().tearDown()

    # -- Doing and looking -------------------------------------------------

    def dpkg(self, *words, status=0):
        """What it, and the scripts, said."""
        done = self.host.run(
            f"PATH=/usr/bin:$PATH /usr/bin/dpkg --force-bad-path {' '.join(words)} 2>&1")
        self.assertEqual(done.status, status, done.stdout)
        return done.stdout

    def install(self, version):
        said = self.dpkg("-i", f"/tmp/{NAME}_{version}_amd64.deb")
        self.assertEqual(self.known(), f"install ok installed {version}", said)
        return said

    def known(self):
        status = self.host.pull("/var/lib/dpkg/status").decode()
        block = re.search(rf"^Package: {NAME}\n(.*?)\n\n", status + "\n\n", re.M | re.S)
        if not block:
            return None
        fields = dict(re.findall(r"^(\w+): (.*)", block[1], re.M))
        return f"{fields['Status']} {fields.get('Version', '')}".strip()

    def stored(self):
        return sorted(self.host.run(f"ls /usr/lib/xen/livepatch/{build_id('xen')}").stdout.split())

    def assert_in_force(self, *names):
        self.assertEqual(self.state().payloads, dict.fromkeys(names, "applied"))
        self.assertEqual(self.stored(), sorted(f"{name}.livepatch" for name in names))
        status = self.xl("status")
        self.assertEqual((status.status, status.lost_by_boot), (0, None))

    def busy(self):
        self.host.push({"/tmp/options": BUSY.encode()})

    # -- There and back ----------------------------------------------------

    def test_there_and_back(self):
        self.install("1")
        self.assert_in_force("hello")
        self.install("1")
        self.assert_in_force("hello")
        # What is applied stays so: only what is new goes on top.
        uploads = self.state().version
        self.install("2")
        self.assert_in_force("hello", "bye")
        self.assert_uploads_since(uploads, 1)
        self.install("3")
        self.assert_in_force("replace")
        self.dpkg("-r", NAME)
        self.assertEqual((self.state().payloads, self.stored()), ({}, []))
        self.assertIsNone(self.known())
        # Nothing hides the file of the next one.
        self.install("1")
        self.assert_in_force("hello")
        self.dpkg("-P", NAME)
        self.assertEqual((self.state().payloads, self.stored()), ({}, []))

    def assert_uploads_since(self, version, number):
        self.assertEqual(self.state().version, version + number)

    def test_never_unpatched(self):
        """One action replaces, and that is what the journal of calls tells."""
        self.install("2")
        said = self.install("3")
        self.assertNotIn("reverted", said)
        self.assertRegex(said, "replace")
        self.assert_in_force("replace")

    # -- When the host can't -----------------------------------------------

    def test_busy(self):
        self.busy()
        said = self.install("1")
        self.assertIn(f"{NAME}: the host was busy: it is stored", said)
        self.assertEqual((self.state().payloads, self.stored()), ({}, ["hello.livepatch"]))
        self.assertEqual(self.host.pull("/tmp/systemctl"),
                         b"--no-block start xen-livepatch-again.service\n")
        # What that does.
        unit = (TOP / "tools/xl/xen-livepatch-again.service").read_text()
        again = re.search(r"^ExecStart=/usr/sbin/(xl .*) \$", unit, re.M)[1]
        self.host.run("rm /tmp/options", check=True)
        self.host.run(again, check=True)
        self.assert_in_force("hello")

    def test_busy_as_replaced(self):
        self.install("2")
        self.busy()
        self.install("3")
        self.assertEqual(self.state().payloads, {"hello": "applied", "bye": "applied"})
        self.assertEqual(self.stored(), ["replace.livepatch"])
        self.host.run("rm /tmp/options", check=True)
        self.dpkg("--configure", NAME, status=1)        # it is installed
        self.host.run("xl livepatch restore --replace", check=True)
        self.assert_in_force("replace")

    def test_busy_as_removed(self):
        self.install("1")
        self.busy()
        said = self.dpkg("-r", NAME, status=1)
        self.assertIn("nothing is removed, as hello is still in force", said)
        self.assert_in_force("hello")
        self.assertEqual(self.known(), "deinstall ok installed 1")

    def test_half_taken_back(self):
        """The host's administrator has laid something on the lower one."""
        self.install("1")
        self.xl("apply", payload_path("bye"), expect="done")
        self.dpkg("-r", NAME, status=1)
        self.assertEqual(self.state().payloads, {"hello": "applied", "bye": "applied"})
        self.assertEqual(self.stored(), ["hello.livepatch"])

    def test_does_not_lose_a_fix(self):
        """That the administrator has applied, and the new one hasn't."""
        self.xl("apply", "--replace", payload_path("metadata"), expect="done")
        said = self.install("1")
        self.assertIn("not all of it is in force", said)
        self.assertEqual(self.state().payloads, {"metadata": "applied"})
        self.assertEqual(self.stored(), ["hello.livepatch"])

    def test_options(self):
        """The host's own are taken, also as it is tried again and taken back."""
        self.host.push({OPTIONS: f'XL_LIVEPATCH_OPTIONS="{BUSY}"\n'.encode()})
        self.assertIn("the host was busy", self.install("1"))
        self.host.run("xl livepatch restore", check=True)
        self.dpkg("-r", NAME, status=1)
        self.assert_in_force("hello")

    def test_crashed(self):
        """dpkg configures again by itself what it was configuring then."""
        self.install("1")
        self.xl("revert", "--unload", "hello", expect="done")
        digest = hashlib.sha256(payload_file("hello").read_bytes()).hexdigest()
        note = f"{HIDING}/{build_id('xen')}/.applying.livepatch"
        self.host.push({note: f"{digest} another-boot\n".encode()})
        said = self.host.run(f"/var/lib/dpkg/info/{NAME}.postinst configure '' 2>&1", check=True)
        self.assertIn("left out: the host went down", said.stdout)
        self.assertEqual(self.state().payloads, {})

    def test_administrators_too(self):
        """Who has installed it by hand as well keeps it."""
        self.install("1")
        self.xl("install", payload_path("hello"), expect="done")
        self.dpkg("-r", NAME)
        self.assertEqual(self.state().payloads, {"hello": "applied"})
        self.assertEqual(self.xl("status").status, 0)

    def test_administrators_hotfix(self):
        """It says nothing of what it fixes: nobody has asked for its end."""
        self.xl("apply", payload_path("nop"), expect="done")
        said = self.install("1")
        self.assertIn("doesn't say what it fixes", said)
        self.assertEqual(self.state().payloads, {"nop": "applied"})
        self.host.run("xl livepatch restore --replace --lose-fixes", check=True)
        self.assert_in_force("hello")

    def test_another_of_its_name(self):
        """It is no package's to take back."""
        self.install("1")
        self.xl("revert", "--unload", "hello", expect="done")
        self.xl("apply", "--name=hello", payload_path("metadata"), expect="done")
        self.dpkg("-r", NAME)
        self.assertEqual(self.state().payloads, {"hello": "applied"})

    def test_hidden(self):
        """Who has uninstalled it doesn't get it back by an upgrade."""
        self.install("1")
        self.xl("uninstall", "hello", expect="done")
        self.install("1")
        self.assertEqual(self.state().payloads, {})


if __name__ == "__main__":
    unittest.main()
