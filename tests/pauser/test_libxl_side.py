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
from hypervisor import LIBRARIES, PAUSER, Hypervisor  # noqa: E402

# libxl_error.
FAIL = -3


class LibxlSide(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.program = hypervisor.build_side(folder, "libxl_side", "pause")
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
        """What it prints of the calls, the warnings, and what libxl logged."""
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
        lines = run.stdout.splitlines()
        warnings = [line.removeprefix("warning: ") for line in lines
                    if line.startswith("warning: ")]
        return lines[:len(lines) - len(warnings)], warnings, run.stderr

    def write_pauser(self, text):
        """A program in the pauser's place."""
        path = self.folder / "pauser"
        path.write_text(text, "utf-8")
        path.chmod(0o755)
        return path

    def assert_undone(self):
        for domain in self.xen.domains:
            self.assertEqual((domain.count, domain.unpauses, domain.futile),
                             (0, domain.pauses, 0), domain.domid)
        self.assertFalse(self.journal.exists())

    def test_twice(self):
        lines, warnings, log = self.run_words("start end start end")
        self.assertEqual(lines, ["start 0 - - -", "end 0 resumed resumed resumed"] * 2)
        self.assertEqual((warnings, log), ([], ""))
        self.assertEqual([one.pauses for one in self.xen.domains], [0, 2, 2, 2])
        self.assert_undone()

    def test_what_the_pauser_inherits(self):
        seen = self.folder / "seen"
        pauser = self.write_pauser(
            f"#!{sys.executable}\n"
            "import os\n"
            "fds = [fd for fd in range(256) if os.path.islink(f'/proc/self/fd/{fd}')]\n"
            f"with open('{seen}', 'w') as stream:\n"
            "    for fd in fds:\n"
            "        print(fd, os.readlink(f'/proc/self/fd/{fd}'), file=stream)\n"
            f"os.execv('{self.pauser}', ['{self.pauser}', *os.sys.argv[1:]])\n")
        lines, _, _ = self.run_words("start end", pauser=pauser)
        self.assertEqual(lines[0], "start 0 - - -")
        targets = dict(line.split() for line in seen.read_text("utf-8").splitlines())
        self.assertRegex(targets.pop("0"), "^socket:")
        self.assertRegex(targets.pop("1"), "^socket:")
        targets.pop("2")
        self.assertEqual(list(targets.values()), [str(self.folder / "lock")])

    def test_one_is_left(self):
        self.xen.guests[1].count = 1
        lines, warnings, _ = self.run_words("start end")
        self.assertEqual(lines[1], "end 0 resumed - resumed")
        self.assertEqual(warnings, ["domain 2 was not paused: it is paused already"])
        self.assertEqual(self.xen.counts, [0, 0, 1, 0])

    def test_expired(self):
        lines, _, _ = self.run_words("start wait end start end", 100)
        self.assertEqual(lines, ["start 0 - - -", "end 0 resumed resumed resumed expired",
                                 "start 0 - - -", "end 0 resumed resumed resumed"])
        self.assert_undone()

    def test_an_abort_breaks_nothing(self):
        for words in ("start abort end", "abort start end", "abort recover"):
            lines, warnings, log = self.run_words(words)
            self.assertEqual({line.split()[1] for line in lines}, {"0"})
            self.assertEqual((warnings, log), ([], ""))
            self.assert_undone()

    def test_many_guests(self):
        self.xen = Hypervisor(self.folder, 5500)
        lines, _, _ = self.run_words("start end")
        self.assertEqual(lines[1].count("resumed"), 5500)
        self.assert_undone()

    def test_pauser_killed_at_every_step(self):
        kill_at = 0
        for kill_at in range(1, 1000):
            self.xen = Hypervisor(self.folder)
            self.xen.head.kill_at = kill_at
            lines, _, log = self.run_words("start end")
            with self.subTest(kill_at=kill_at):
                self.assert_undone()
                if len(lines) == 2 and lines[1].startswith("end 0 "):
                    break
                self.assertIn(f" {FAIL} ", lines[-1])
                self.assertIn("fatal signal Killed", log)
        self.assertGreater(kill_at, 3 * 12)

    def test_pauser_killed_between_calls(self):
        for words in ("start kill9 wait end", "start kill9 end", "start kill9 abort end"):
            with self.subTest(words):
                lines, warnings, _ = self.run_words(words)
                self.assertEqual([line.split()[1] for line in lines], ["0", str(FAIL)])
                self.assertEqual(warnings, ["resumed 3 guests that a pauser which was "
                                            "killed had left paused"])
                self.assert_undone()

    def test_guests_of_a_killed_pauser_dont_wait_for_the_end(self):
        # "wait" ends long before the script's next call does.
        lines, _, log = self.run_words("start kill9 wait")
        self.assertEqual(len(lines), 1, log)
        self.assert_undone()

    def test_frozen_pauser(self):
        lines, _, log = self.run_words("start freeze end")
        self.assertEqual(lines[-1], "end 0 resumed resumed resumed")
        self.assertEqual(log, "")
        self.assert_undone()

    def test_pauser_frozen_before_it_says_a_word(self):
        self.xen.guests[0].pause_ms = 6000
        lines, _, log = self.run_words("start", 1)
        self.assertEqual(lines, [f"start {FAIL} - - -"])
        self.assertIn("does not answer", log)
        self.assertNotIn("killing it", log)
        self.assert_undone()

    def test_guests_that_an_earlier_call_left(self):
        guests = self.xen.guests
        for words, left in (("recover", ["recover 0"]),
                            ("start end", ["start 0 - - -", "end 0 resumed resumed resumed"])):
            for guest in guests[:2]:
                guest.count = guest.pauses = 1
                guest.unpauses = 0
            self.journal.write_text("".join(f"pausing {one.name} 0\n" for one in guests),
                                    "ascii")
            lines, warnings, log = self.run_words(words)
            self.assertEqual((lines, log), (left, ""))
            self.assertEqual(warnings, ["resumed 2 guests that a pauser which was killed "
                                        "had left paused"])
            self.assert_undone()

    def test_journal_that_makes_no_sense(self):
        self.journal.write_bytes(b"nonsense\n")
        lines, warnings, _ = self.run_words("recover recover")
        self.assertEqual(lines, ["recover 0", "recover 0"])
        self.assertEqual(len(warnings), 1)
        self.assertIn("made no sense", warnings[0])

    def test_guests_that_cannot_be_resumed(self):
        self.xen.guests[0].unpause_errno = 1
        self.xen.guests[0].unpause_refusals = 1000000
        lines, warnings, _ = self.run_words("start end")
        self.assertEqual([line.split()[1] for line in lines], ["0", str(FAIL)])
        self.assertIn("cannot resume domain 1: Operation not permitted", warnings[0])
        self.assertTrue(self.journal.exists())

    def test_no_pauser(self):
        lines, _, log = self.run_words("start recover", pauser="/absent/pauser")
        self.assertEqual([line.split()[1] for line in lines], [str(FAIL)] * 2)
        self.assertIn("cannot execute /absent/pauser: No such file", log)

    def test_pauser_that_talks_nonsense(self):
        for words in ("echo hello", "printf %0600d 0", "echo left 3 none", "echo paused -1 2",
                      "echo standing; echo standing", "echo done", "true"):
            pauser = self.write_pauser(f"#!/bin/sh\n{words}; exec cat >/dev/null\n")
            with self.subTest(words):
                lines, _, log = self.run_words("start" + " end" * ("standing" in words),
                                               10, pauser)
                self.assertIn(f" {FAIL} ", lines[-1])
                self.assertRegex(log, "not due|too long|does not answer")


if __name__ == "__main__":
    unittest.main()
