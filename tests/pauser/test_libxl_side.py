#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""libxl's side of the pauser, with the real pauser on a stand-in for Xen."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True

import hypervisor  # noqa: E402
from hypervisor import HERE, LIBRARIES, PAUSER, TREE, Hypervisor  # noqa: E402

# libxl_error.
FAIL, TIMEDOUT = -3, -9


def build_libxl_side(folder):
    program = folder / "libxl_side"
    subprocess.run(
        ["make", "-s", "--no-print-directory", "-C", TREE / "tools/libs/light",
         "-f", "Makefile", "-f", HERE / "libxl_side.mk", f"LIBXL_SIDE={program}",
         program], check=True)
    return program


class LibxlSide(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.program = build_libxl_side(folder)
        # Preloaded for the pauser alone.
        cls.pauser = folder / "pauser"
        cls.pauser.write_text(
            f"#!/bin/sh\nLD_PRELOAD={hypervisor.build_stand_in(folder)} "
            f'exec {PAUSER} "$@"\n', "utf-8")
        cls.pauser.chmod(0o755)

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.journal = self.folder / "journal"
        self.xen = Hypervisor(self.folder)

    def run_words(self, words, max_pause_ms=60000, pauser=None):
        """What it prints of the calls, and what libxl logged."""
        guests = "".join(f"{one.name}\n" for one in self.xen.guests)
        run = subprocess.run(
            [self.program, *words.split()], input=guests, text=True, check=False,
            capture_output=True, timeout=60,
            env=os.environ | {
                "LIBXL_LIVEPATCH_PAUSER": str(pauser or self.pauser),
                "LD_LIBRARY_PATH": LIBRARIES, "JOURNAL": str(self.journal),
                "LOCK": str(self.folder / "lock"), "STAND_IN_XEN": str(self.xen.path),
                "MAX_PAUSE_MS": str(max_pause_ms)})
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout.splitlines(), run.stderr

    def assert_undone(self):
        for domain in self.xen.domains:
            self.assertEqual((domain.count, domain.unpauses, domain.futile),
                             (0, domain.pauses, 0), domain.domid)
        self.assertFalse(self.journal.exists())

    def test_twice(self):
        lines, log = self.run_words("start pause resume pause resume stop")
        self.assertEqual(lines, [
            "start 0 recovered 0 - - -",
            *["pause 0 paused paused paused", "resume 0 resumed resumed resumed"] * 2,
            "stop 0 resumed resumed resumed"])
        self.assertEqual(log, "")
        self.assertEqual([one.pauses for one in self.xen.domains], [0, 2, 2, 2])
        self.assert_undone()

    def test_what_the_pauser_inherits(self):
        seen = self.folder / "seen"
        pauser = self.folder / "pauser"
        pauser.write_text(
            f"#!{sys.executable}\n"
            "import os\n"
            "fds = [fd for fd in range(256) if os.path.islink(f'/proc/self/fd/{fd}')]\n"
            f"with open('{seen}', 'w') as stream:\n"
            "    for fd in fds:\n"
            "        print(fd, os.readlink(f'/proc/self/fd/{fd}'), file=stream)\n"
            f"os.execv('{self.pauser}', ['{self.pauser}', *os.sys.argv[1:]])\n", "utf-8")
        pauser.chmod(0o755)
        lines, _ = self.run_words("start stop", pauser=pauser)
        self.assertEqual(lines[0], "start 0 recovered 0 - - -")
        targets = dict(line.split() for line in seen.read_text("utf-8").splitlines())
        self.assertRegex(targets.pop("0"), "^socket:")
        self.assertRegex(targets.pop("1"), "^socket:")
        targets.pop("2")
        self.assertEqual(list(targets.values()), [str(self.folder / "lock")])

    def test_one_is_left(self):
        self.xen.guests[1].count = 1
        lines, log = self.run_words("start pause resume stop")
        self.assertEqual(lines[1:3], ["pause 0 paused - paused",
                                      "resume 0 resumed - resumed"])
        self.assertIn("it is paused already", log)
        self.assertEqual(self.xen.counts, [0, 0, 1, 0])

    def test_stop_while_paused(self):
        lines, _ = self.run_words("start pause stop")
        self.assertEqual(lines[-1], "stop 0 paused paused paused")
        self.assertEqual([one.pauses for one in self.xen.guests], [1, 1, 1])
        self.assert_undone()

    def test_expired(self):
        lines, _ = self.run_words("start pause wait resume pause resume stop", 100)
        self.assertEqual(lines[2], "resume 0 resumed resumed resumed expired")
        self.assertEqual(lines[4], "resume 0 resumed resumed resumed")
        self.assert_undone()

    def test_an_abort_breaks_nothing(self):
        lines, log = self.run_words("start abort pause resume stop")
        self.assertEqual([line.split()[:2] for line in lines],
                         [[word, "0"] for word in ("start", "pause", "resume", "stop")])
        self.assertEqual(log, "")
        lines, _ = self.run_words("abort start pause stop")
        self.assertEqual(lines[-1], "stop 0 paused paused paused")
        self.assert_undone()

    def test_more_guests_than_a_socket_holds(self):
        self.xen = Hypervisor(self.folder, 5500)
        lines, _ = self.run_words("start pause resume stop")
        self.assertEqual(lines[2].count("resumed"), 5500)
        self.assert_undone()

    def test_pauser_killed_at_every_step(self):
        kill_at = 0
        for kill_at in range(1, 1000):
            self.xen = Hypervisor(self.folder)
            self.xen.head.kill_at = kill_at
            lines, log = self.run_words("start pause resume stop")
            with self.subTest(kill_at=kill_at):
                self.assertRegex(lines[-1], "^stop 0 ")
                self.assert_undone()
            if self.xen.head.steps < kill_at:
                break
            self.assertIn("fatal signal Killed", log)
        self.assertGreater(kill_at, 3 * 12)

    def test_pauser_killed_between_calls(self):
        for words, calls in (("start kill9 wait pause resume stop", "0 -3 -3 0"),
                             ("start pause kill9 wait resume stop", "0 0 -3 0"),
                             ("start pause kill9 resume stop", "0 0 -3 0"),
                             ("start pause kill9 stop", "0 0 0"),
                             ("start pause kill9 abort resume stop", "0 0 -3 0"),
                             ("start pause resume kill9 stop", "0 0 0 0")):
            with self.subTest(words):
                lines, _ = self.run_words(words)
                self.assertEqual([line.split()[1] for line in lines], calls.split())
                self.assert_undone()

    def test_guests_of_a_killed_pauser_dont_wait_for_stop(self):
        # "wait" ends long before the script's next call does.
        lines, log = self.run_words("start pause kill9 wait")
        self.assertEqual(len(lines), 2, log)
        self.assert_undone()

    def test_frozen_pauser(self):
        lines, log = self.run_words("start pause freeze resume stop", 200)
        self.assertEqual([line.split()[1] for line in lines], ["0", "0", str(TIMEDOUT), "0"])
        self.assertIn("does not answer", log)
        self.assertNotIn("killing it", log)
        self.assert_undone()

    def test_guests_that_an_earlier_call_left(self):
        guests = self.xen.guests
        for guest in guests[:2]:
            guest.count = guest.pauses = 1
        self.journal.write_text("".join(f"pausing {one.name}\n" for one in guests), "ascii")
        lines, log = self.run_words("start stop")
        self.assertEqual(lines[0], "start 0 recovered 2 - - -")
        self.assertIn("resumed 2 guest(s)", log)
        self.assert_undone()

    def test_guests_that_cannot_be_resumed(self):
        self.xen.guests[0].unpause_errno = 1
        self.xen.guests[0].unpause_refusals = 1000000
        lines, log = self.run_words("start pause resume stop")
        self.assertEqual([line.split()[1] for line in lines], ["0", "0", str(FAIL), str(FAIL)])
        self.assertIn("cannot resume domain 1: Operation not permitted", log)
        self.assertIn("guests may still be paused", log)
        self.assertTrue(self.journal.exists())

    def test_no_pauser(self):
        lines, log = self.run_words("start stop", pauser="/absent/pauser")
        self.assertEqual([line.split()[1] for line in lines], [str(FAIL), "0"])
        self.assertIn("cannot execute /absent/pauser: No such file", log)

    def test_pauser_that_talks_nonsense(self):
        for words in ("echo hello", "printf %0600d 0", "echo ready 0; echo ready 0"):
            pauser = self.folder / "nonsense"
            pauser.write_text(f"#!/bin/sh\n{words}; exec cat >/dev/null\n", "utf-8")
            pauser.chmod(0o755)
            with self.subTest(words):
                lines, log = self.run_words("start wait pause stop", pauser=pauser)
                self.assertIn(f"pause {FAIL} ", lines[-2])
                self.assertRegex(log, "not due|too long")


if __name__ == "__main__":
    unittest.main()
