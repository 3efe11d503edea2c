#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Power cuts in the middle of install, uninstall and restore: the store is whole,
the host boots, and the same command does afterwards what it was to do.

    power.py                  at some steps of each
    EVERY_STEP=y power.py     at each that changes something

A step is one of tests/system/trip.c, which stops the program before it; then QEMU
is killed.  What dom0 had not written to its disk by then is lost.
"""

import hashlib
import json
import os
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from hosts import TOP, Host

PAYLOADS = TOP / "build/payloads"
STACK = ["hello", "bye"]
STORE = "/var/lib/xen/livepatch"
XL = "/usr/lib/xen-livepatch/sbin/xl livepatch"
FILES = " ".join(f"{name}.livepatch" for name in STACK)
# Everything else only looks.
CHANGES = ("rename", "unlink", "fsync", "notes", "livepatch upload", "livepatch action")


def compiled(folder):
    library = Path(folder) / "trip.so"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library,
                    TOP / "tests/system/trip.c"], check=True)
    return library


class PowerCut(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = cls.enterClassContext(Host("host"))
        cls.host.wait_until_up()
        with tempfile.TemporaryDirectory() as folder:
            cls.host.put(compiled(folder), *(PAYLOADS / f"{name}.livepatch" for name in STACK))
        cls.hashes = {hashlib.sha256((PAYLOADS / f"{name}.livepatch").read_bytes()).hexdigest():
                      name for name in STACK}

    def setUp(self):
        self.clean()

    # -- The host ------------------------------------------------------------

    def clean(self):
        self.host.run("".join(
            f"{XL} uninstall {name}; {XL} revert --unload {name}; " for name in reversed(STACK))
            + f"rm -rf {STORE}; sync; {XL} status")

    def status(self, code):
        document = json.loads(self.host.run(f"{XL} status -j", code))
        applied = [each["name"] for each in document.get("payloads", [])
                   if each["state"] == "applied"]
        return document, applied

    def stored(self):
        """Names of payloads that are there; each must be whole."""
        listing = self.host.run(f"cd {STORE} 2> /dev/null && sha256sum */*.livepatch 2> /dev/null "
                                "|| true")
        names = []
        for line in listing.splitlines():
            digest, path = line.split()
            self.assertEqual(f"{self.hashes.get(digest)}.livepatch", path.rpartition("/")[2])
            names.append(self.hashes[digest])
        return sorted(names, key=STACK.index)

    # -- The command that is cut ---------------------------------------------

    def steps(self, command):
        """Number -> what it is, of those that change something."""
        self.host.run(f"rm -f trip; TRIP_STORE=y TRIP_PROGRAM=xl TRIP_LOG=/root/trip "
                      f"LD_PRELOAD=/root/trip.so {command}")
        lines = [line.split(" ", 1) for line in self.host.run("cat trip").splitlines()]
        return {int(number): what for number, what in lines if what.startswith(CHANGES)}

    def chosen(self, command, *kinds):
        """Of its steps, the first of each of these kinds and the last one, as the
        host boots for each."""
        steps = self.steps(command)
        print(f"\n{command}: {', '.join(f'{n} {what}' for n, what in steps.items())}", flush=True)
        if os.environ.get("EVERY_STEP"):
            return steps
        wanted = {max(steps)}
        for kind in kinds:
            wanted.add(next(step for step, what in steps.items() if what.startswith(kind)))
        return {step: steps[step] for step in sorted(wanted)}

    def cut_before(self, step, command):
        host = self.host
        host.run(f"rm -f trip; sync; (TRIP_STORE=y TRIP_PROGRAM=xl TRIP_LOG=/root/trip "
                 f"TRIP_AT={step} TRIP_SIGNAL=19 LD_PRELOAD=/root/trip.so {command}) "
                 "> out 2>&1 < /dev/null & i=0; until grep -q tripped trip 2> /dev/null; "
                 "do sleep 0.1; i=$((i + 1)); [ $i -lt 3000 ] || exit 1; done")
        self.cut_and_boot()

    def cut_and_boot(self):
        self.host.cut_power()
        self.host.start()
        begun = time.monotonic()
        self.host.wait_until_up()
        print(f"up again after {time.monotonic() - begun:.0f} s", flush=True)

    # -- At boot -------------------------------------------------------------

    def assert_as_stored(self):
        """What is stored is applied; or it was left out, and status says that the
        host went down."""
        document, applied = self.status_of_any()
        stored = self.stored()
        left_out = sorted((each["name"] for each in document.get("installed", [])
                           if each.get("left_out")), key=STACK.index)
        self.assertEqual(sorted(each["name"] for each in document.get("installed", [])),
                         sorted(stored))
        self.assertEqual(sorted(applied + left_out), sorted(stored), document)
        self.assertEqual(document["outcome"], "stranded" if left_out else "done", document)
        return stored, left_out

    def status_of_any(self):
        done = self.host.try_run(f"{XL} status -j")
        self.assertIn(done.returncode, (0, 3), done)
        return self.status(done.returncode)

    def test_install(self):
        command = f"{XL} install --deadline=1m {FILES}"
        for step, what in self.chosen(command, "livepatch action", "rename").items():
            self.clean()
            with self.subTest(step=step, what=what):
                self.cut_before(step, command)
                stored, left_out = self.assert_as_stored()
                # Of several files the lower part may be there.
                self.assertEqual(stored, STACK[:len(stored)])
                self.assertEqual(left_out, [])
                self.host.run(command)
                self.assertEqual((self.stored(), self.status(0)[1]), (STACK, STACK))
                self.assertNotIn(".new", self.host.run(f"ls -A {STORE}/*"))

    def test_install_done(self):
        """What is said to be installed is there, however soon the power fails."""
        self.host.run(f"{XL} install --deadline=1m {FILES}")
        self.cut_and_boot()
        self.assertEqual(self.assert_as_stored(), (STACK, []))
        self.host.run(f"{XL} uninstall --deadline=1m bye")
        self.cut_and_boot()
        self.assertEqual(self.stored(), ["hello"])

    def test_uninstall(self):
        self.host.run(f"{XL} install --deadline=1m {FILES}")
        command = f"{XL} uninstall --deadline=1m bye"
        for step, what in self.chosen(command, "unlink").items():
            self.host.run(f"{XL} install --deadline=1m {FILES}; sync")
            with self.subTest(step=step, what=what):
                self.cut_before(step, command)
                stored, left_out = self.assert_as_stored()
                self.assertIn(stored, (STACK, ["hello"]))
                self.assertEqual(left_out, [])
                self.host.run(command, 0 if "bye" in stored else 1)
                self.assertEqual((self.stored(), self.status(0)[1]), (["hello"], ["hello"]))

    def test_restore(self):
        """From the moment at which it goes to the hypervisor it isn't tried again by
        itself."""
        self.host.run(f"{XL} install --deadline=1m {FILES}")
        revert = "; ".join(f"{XL} revert --unload --deadline=1m {name}"
                           for name in reversed(STACK))
        self.host.run(revert)
        command = f"{XL} restore --until-settled --deadline=1m"
        steps = self.chosen(command, "rename", "livepatch upload")
        first = min(step for step, what in steps.items()
                    if what.startswith("livepatch upload"))
        for step, what in steps.items():
            self.host.run(f"{revert}; {XL} restore --retry; {revert}; sync")
            with self.subTest(step=step, what=what):
                self.cut_before(step, command)
                stored, left_out = self.assert_as_stored()
                self.assertEqual(stored, STACK)
                self.assertIn(left_out, ([], STACK) if step < first else (STACK,))
                self.host.run(f"{XL} restore --retry --deadline=1m")
                self.assertEqual(self.status(0)[1], STACK)


if __name__ == "__main__":
    unittest.main(verbosity=2)
