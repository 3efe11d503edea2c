#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Packages of payloads on a host with apt and systemd, from a signed repository:
installed while it is busy, removed, upgraded to a cumulative one, with another Xen
underneath, and two programs at once; and by rpm."""

import contextlib
import json
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from hosts import TOP, Host, dom0_image, run_folder
from power import compiled
from repository import NAME, XEN, Repository, add_source, packaged, run

PAYLOADS = TOP / "build/payloads"
BUILD_ID = json.loads((PAYLOADS / "manifest.json").read_text())["xen_build_id"]
OTHER_XEN = "ab" * 20
XL = "/usr/lib/xen-livepatch/sbin/xl livepatch"
STORE = "/usr/lib/xen/livepatch"
LOCAL = "/var/lib/xen/livepatch"
APT = "DEBIAN_FRONTEND=noninteractive apt-get -y --no-install-recommends"
AGAIN = "xen-livepatch-again.service"
DROP_INS = f"/etc/systemd/system/{AGAIN}.d"
# No second CPU ever arrives that fast: the host is as busy as can be.
NEVER = "--deadline=1s --timeout=1us --retries=0 --pause=never"
# Over the package's own: with it the host is busy.
COMMAND = "/usr/sbin/xl-livepatch"
BUSY = f"""#!/bin/sh
case $1 in restore|revert) exec {XL} "$@" {NEVER} ;; esac
exec {XL} "$@"
"""


def for_other_xen(name, folder):
    """The payload, as if it had been built for that."""
    path = Path(folder) / f"{name}.livepatch"
    data = (PAYLOADS / path.name).read_bytes()
    path.write_bytes(data.replace(bytes.fromhex(BUILD_ID), bytes.fromhex(OTHER_XEN)))
    return path


def other_xen(folder):
    """Debian's Xen, by another build-id: all that live patches know it by."""
    path = Path(folder) / "xen.elf"
    data = (dom0_image.STOCK / "xen.elf").read_bytes()
    path.write_bytes(data.replace(bytes.fromhex(BUILD_ID), bytes.fromhex(OTHER_XEN)))
    return path


def package_of_xen(folder, version, xen):
    """Of that version; the boot loader of these hosts is the test."""
    root = Path(folder) / "xen"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "boot").mkdir()
    (root / "boot/xen-other.elf").write_bytes(xen.read_bytes())
    (root / "DEBIAN/control").write_text(
        f"Package: {XEN}\nVersion: {version}\nArchitecture: amd64\n"
        "Maintainer: Fixes <fixes@example.org>\nDescription: another Xen\n")
    return root


class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = run_folder.RunFolder(TOP / "build/run")
        cls.addClassCleanup(folder.remove)
        cls.folder = folder.path
        cls.host = cls.enterClassContext(Host("host"))
        cls.host.wait_until_up()
        cls.xen = cls.host.run(f"dpkg-query -W -f '${{Version}}' {XEN}").strip()
        cls.repository = cls.enterClassContext(contextlib.closing(
            Repository(cls.folder / "fixes", cls.folder / "gnupg")))
        cls.publish()
        add_source(cls.host, cls.repository, cls.repository.serve())
        cls.host.run("apt-get update")
        cls.host.put(compiled(cls.folder), PAYLOADS / "hello.livepatch",
                     PAYLOADS / "bye.livepatch")
        # Its own five minutes are too long for a test.
        cls.host.run(f"mkdir -p {DROP_INS}")
        cls.write(f"{DROP_INS}/soon.conf", "[Service]\nRestartSec=5\n")
        cls.host.run("systemctl daemon-reload")

    @classmethod
    def publish(cls):
        """1 is the first, 2 has grown, 3 is cumulative, and 4 has one for either Xen."""
        add, hello, bye = cls.repository.add, PAYLOADS / "hello.livepatch", \
            PAYLOADS / "bye.livepatch"
        add("1", cls.xen, hello)
        add("2", cls.xen, hello, bye)
        add("3", cls.xen, PAYLOADS / "replace.livepatch")
        add("4", cls.xen, hello, for_other_xen("replace", cls.folder))
        cls.other = other_xen(cls.folder)
        root = package_of_xen(cls.folder, f"{cls.xen}+other", cls.other)
        run("dpkg-deb", "--root-owner-group", "--build", root, cls.repository.folder)
        cls.repository.publish()

    def setUp(self):
        # Also what a test that failed has left.
        revert = "; ".join(f"{XL} revert --unload --deadline=1m {name}"
                           for name in ("replace", "bye", "hello"))
        # The administrator's first: a package can't be taken back from below them.
        self.host.run(f"systemctl stop {AGAIN}; rm -rf {LOCAL}; {revert}; rpm -e {NAME}; "
                      f"{APT} purge {NAME}; {XL} status")
        self.assertEqual(self.applied(), [])

    # -- Doing and looking -----------------------------------------------------

    def apt(self, words, status=0):
        return self.host.run(f"{APT} {words} 2>&1", status)

    def installed(self):
        done = self.host.try_run(f"dpkg-query -W -f '${{Version}} ${{Status}}' {NAME}")
        version, _, status = done.stdout.partition(" ")
        return version if status == "install ok installed" else ""

    def applied(self, status=0):
        """Names, from the bottom of the stack, when no call is under way: the unit
        that tries again has one at times."""
        document = json.loads(self.host.run(
            f"until {XL} status -j > status; code=$?; [ $code != 2 ]; do sleep 1; done; "
            "cat status; exit $code", status))
        return [each["name"] for each in document.get("payloads", [])
                if each["state"] == "applied"]

    def stored(self, xen=BUILD_ID):
        done = self.host.try_run(f"ls {STORE}/{xen}")
        return sorted(name.removesuffix(".livepatch") for name in done.stdout.split())

    def assert_in_force(self, version, *names):
        self.assertEqual(self.installed(), version)
        self.assertEqual(self.applied(), list(names))
        self.assertEqual(self.host.run("dpkg --audit"), "")

    def wait_for(self, condition, timeout=300):
        deadline = time.monotonic() + timeout
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(2)

    @contextlib.contextmanager
    def busy(self):
        """As long as this lasts, also for the unit that tries again."""
        self.write("/root/busy", BUSY)
        self.host.run(f"chmod 755 busy; mount --bind /root/busy {COMMAND}")
        self.write(f"{DROP_INS}/busy.conf", "[Service]\nExecStart=\n"
                   f"ExecStart={XL} restore --replace {NEVER}\n")
        self.host.run("systemctl daemon-reload")
        try:
            yield
        finally:
            self.host.run(f"umount {COMMAND}; rm -f {DROP_INS}/busy.conf; "
                          "systemctl daemon-reload")

    @classmethod
    def write(cls, path, text):
        local = cls.folder / "text"
        local.write_text(text)
        cls.host.put(local, folder=path)

    # -- There and back ----------------------------------------------------------

    def test_busy(self):
        with self.busy():
            said = self.apt(f"install {NAME}=1")
            self.assertIn("the host was busy: it is stored", said)
            self.assertEqual((self.installed(), self.stored()), ("1", ["hello"]))
            self.assertEqual(self.applied(status=3), [])
            self.assertEqual(self.host.run("dpkg --audit"), "")
            self.wait_for(lambda: self.host.try_run(
                f"systemctl show -p NRestarts --value {AGAIN}").stdout.strip() not in ("", "0"))
            self.assertEqual(self.applied(status=3), [])
        # It is tried again by itself.
        self.wait_for(lambda: self.host.try_run(f"{XL} status").returncode == 0)
        self.assert_in_force("1", "hello")
        with self.busy():
            said = self.apt(f"remove {NAME}", status=100)
            self.assertIn("nothing is removed, as hello is still in force", said)
            self.assertEqual((self.applied(), self.stored()), (["hello"], ["hello"]))
        self.apt(f"remove {NAME}")
        self.assertEqual((self.installed(), self.applied(), self.stored()), ("", [], []))

    def test_upgraded(self):
        self.apt(f"install {NAME}=1")
        self.assert_in_force("1", "hello")
        self.apt(f"install {NAME}=2")
        self.assert_in_force("2", "hello", "bye")
        # In place of all that is; as the host is busy, at the next boot.
        with self.busy():
            self.apt(f"install {NAME}=3")
            self.assertEqual((self.installed(), self.applied(status=3)), ("3", ["hello", "bye"]))
            self.host.run(f"systemctl stop {AGAIN}")
        self.host.reboot()
        self.assert_in_force("3", "replace")
        self.apt(f"install --allow-downgrades {NAME}=2")
        self.assert_in_force("2", "hello", "bye")
        self.apt(f"install {NAME}=3")
        self.assert_in_force("3", "replace")

    def test_another_xen(self):
        """What runs keeps its live patches until the boot; the new one gets none that
        is not made for it, and the old one's are kept for the way back."""
        self.apt(f"install {NAME}=1")
        self.host.run(f"{XL} install --deadline=1m bye.livepatch")
        self.apt(f"install {XEN}")
        self.assertEqual(self.host.run(f"dpkg-query -W -f '${{Version}}' {XEN}"),
                         f"{self.xen}+other")
        self.assert_in_force("1", "hello", "bye")
        try:
            self.boot_of(self.other)
            self.assert_in_force("1")
            self.assertEqual(self.stored(), ["hello"])
            document = json.loads(self.host.run(f"{XL} status -j"))
            self.assertEqual((document.get("installed", []), document["other_xens"]),
                             ([], [BUILD_ID]))
            self.assertIn(f"for other Xens: {BUILD_ID}", self.host.run(f"{XL} status 2>&1"))
            # There is one for it in a later version; of the old one nothing is lost.
            self.apt(f"install {NAME}=4")
            self.assert_in_force("4", "replace")
            self.assertEqual(self.stored(), ["hello"])
        finally:
            self.boot_of(dom0_image.STOCK / "xen.elf")
        self.assert_in_force("4", "hello", "bye")

    def boot_of(self, xen):
        self.host.run("sync; systemctl poweroff --no-block", timeout=60)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.host.process.wait(300)
        self.host.cut_power()
        self.host.xen = xen
        self.host.start()
        self.host.wait_until_up()

    # -- By rpm --------------------------------------------------------------------

    def rpm(self, words, status=0):
        return self.host.run(f"rpm {words} 2>&1", status)

    def rpm_in_force(self, version, *names):
        self.assertEqual(self.rpm(f"-q --qf '%{{VERSION}}' {NAME}"), version)
        self.assertEqual(self.applied(), list(names))
        self.assertEqual(self.stored(), sorted(names))

    def test_rpm(self):
        """There is no Xen that rpm knows of: its dependencies are left out."""
        one, two, three = [
            packaged(self.folder, "--rpm=xen=4.17.5", str(number + 1), *(
                PAYLOADS / f"{name}.livepatch" for name in names))
            for number, names in enumerate([["hello"], ["hello", "bye"], ["replace"]])]
        self.host.put(one, two, three)
        with self.busy():
            said = self.rpm(f"-i --nodeps {one.name}")
            self.assertIn("the host was busy: it is stored", said)
            self.assertEqual((self.stored(), self.applied(status=3)), (["hello"], []))
        self.wait_for(lambda: self.host.try_run(f"{XL} status").returncode == 0)
        self.rpm_in_force("1", "hello")
        for package, version, names in ((two, "2", ["hello", "bye"]), (three, "3", ["replace"])):
            self.rpm(f"-U --nodeps {package.name}")
            self.rpm_in_force(version, *names)
        with self.busy():
            said = self.rpm(f"-e {NAME}", status=1)
            self.assertIn("nothing is removed, as replace is still in force", said)
        self.rpm_in_force("3", "replace")
        self.rpm(f"-e {NAME}")
        self.assertEqual((self.applied(), self.stored()), ([], []))

    # -- Two at once ---------------------------------------------------------------

    def test_two_apts(self):
        """One waits for the other or fails; all is as one of them wanted it."""
        said = self.host.run(
            f"{APT} install --allow-downgrades {NAME}=1 > one 2>&1 & "
            f"{APT} install --allow-downgrades {NAME}=3 > other 2>&1; "
            "echo $? > other.status; wait $!; echo $?; cat other.status one other").splitlines()
        statuses = sorted(said[:2])
        self.assertIn(statuses, (["0", "0"], ["0", "100"]), said)
        if "100" in statuses:
            self.assertIn("Could not get lock", "\n".join(said))
        version = self.installed()
        self.assert_in_force(version, *{"1": ["hello"], "3": ["replace"]}[version])

    def test_apt_beside_xl(self):
        """An administrator's call is stopped halfway, with the host's lock."""
        self.host.run("rm -f trip; (TRIP_PROGRAM=xl TRIP_LOG=/root/trip TRIP_AT=1000 "
                      f"LD_PRELOAD=/root/trip.so {XL} apply hello.livepatch)")
        upload = next(line.split()[0] for line in self.host.run("cat trip").splitlines()
                      if "livepatch upload" in line)
        self.host.run(f"{XL} revert --unload --deadline=1m hello")
        self.host.run(
            f"rm -f trip; sh -c 'echo $$ > pid; export TRIP_PROGRAM=xl TRIP_LOG=/root/trip "
            f"TRIP_AT={upload} TRIP_SIGNAL=19 LD_PRELOAD=/root/trip.so; "
            f"exec {XL} apply hello.livepatch' > out 2>&1 < /dev/null & "
            "until grep -q tripped trip 2> /dev/null; do sleep 0.1; done")
        said = self.apt(f"install {NAME}=2")
        self.assertIn("the host was busy: it is stored", said)
        self.assertEqual((self.installed(), self.stored()), ("2", ["bye", "hello"]))
        self.host.run("kill -CONT $(cat pid); while [ -d /proc/$(cat pid) ]; do sleep 0.2; done")
        self.assertIn("Applied hello", self.host.run("cat out"))
        self.wait_for(lambda: self.host.try_run(f"{XL} status").returncode == 0)
        self.assert_in_force("2", "hello", "bye")


if __name__ == "__main__":
    unittest.main(verbosity=2)
