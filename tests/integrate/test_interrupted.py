#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A tree is changed as a whole or not at all, whatever happens meanwhile.

The real script runs in a child process, and something happens at its n-th call
that changes a directory: an error, or a real signal to itself.  The events share
the calls among them; with EVERY_CALL=y each of them hits all.
"""

import errno
import mmap
import os
import resource
import runpy
import signal
import struct
import sys
import tempfile
import unittest
from dataclasses import dataclass

from trees import TreeTest, contents, golang


@dataclass
class Done:
    returncode: int
    stderr: str
    calls: int


def run_hit(script, arguments, at, event):
    """Run a Python script whose at-th call meets the event (0: none does)."""
    with (tempfile.TemporaryFile("w+") as stderr,
          mmap.mmap(-1, mmap.PAGESIZE) as counter):
        child = os.fork()
        if child == 0:
            os.dup2(stderr.fileno(), 2)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            _run_in_child(script, arguments, Hit(at, event, counter))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        stderr.seek(0)
        return Done(status, stderr.read(), COUNT.unpack_from(counter)[0])


def _run_in_child(script, arguments, hit):
    for name in ("replace", "link", "unlink"):
        setattr(os, name, hit.counted(getattr(os, name)))
    sys.argv = [str(script), *map(str, arguments)]
    status = 0
    try:
        runpy.run_path(str(script), run_name="__main__")
    except SystemExit as end:
        status = end.code or 0
        if isinstance(status, str):
            print(status, file=sys.stderr)
            status = 1
    except BaseException as failure:        # pylint: disable=broad-except
        print(f"Traceback: {failure!r}", file=sys.stderr)
        status = 70
    sys.stderr.flush()
    os._exit(status)


COUNT = struct.Struct("I")


class Hit:
    """Counts calls, in memory shared with the parent, and lets the event
    happen at one of them."""

    def __init__(self, at, event, counter):
        self.at, self.event, self.counter = at, event, counter

    def counted(self, call):
        def wrapper(*args, **options):
            count = COUNT.unpack_from(self.counter)[0] + 1
            COUNT.pack_into(self.counter, 0, count)
            if count == self.at:
                if self.event == "ENOSPC":
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC),
                                  args[0])
                os.kill(os.getpid(), signal.Signals[self.event])
            return call(*args, **options)
        return wrapper


STAGING = ".xl-livepatch.staging/"
EVENTS = ["ENOSPC", "SIGTERM", "SIGKILL"]


class Interrupted(TreeTest):
    """With ENGINE=own, which does all that can be done to a file."""

    def setUp(self):
        super().setUp()
        self.ours = self.make_repository()
        # Few sources make few calls, so that every one can be hit.
        for few in ("libxl/libxl_livepatch_*.c", "xl/xl_livepatch_*.c",
                    "libxenlivepatch/[!e]*.c"):
            for source in self.ours.glob(f"tools/{few}"):
                if source.name != "libxl_livepatch_pauser.c":
                    source.unlink()
        for makefile in self.ours.glob("xen/*/**/livepatch/Makefile"):
            for source in makefile.parent.glob("*.[ch]"):
                source.unlink()
            makefile.write_text("obj-y :=\n")
        reference = self.make_tree("reference")
        self.calls = self.count_calls(reference, "own")
        self.integrated = contents(reference)

    def make_tree(self, name):
        tree = super().make_tree(name)
        # There are hundreds of runs; what the real one makes is no matter here.
        (tree / golang.GENERATOR).write_text(
            "import sys; [open(name, 'w').close() for name in sys.argv[2:]]\n")
        return tree

    def drive(self, at, event, *args):
        return run_hit(self.ours / "scripts/integrate", args, at, event)

    def count_calls(self, *args):
        done = self.drive(0, "", *args)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertGreater(done.calls, 20)
        return done.calls

    def integrate_again(self, *args):
        done = self.drive(0, "", self.tree, *(args or ["own"]))
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def at_each_call(self, event, judge):
        """Hit calls on a pristine tree; afterwards clean up."""
        first, step = EVENTS.index(event) + 1, len(EVENTS)
        if os.environ.get("EVERY_CALL"):
            first = step = 1
        for at in range(first, self.calls + 1, step):
            with self.subTest(event=event, at=at):
                judge(at, self.drive(at, event, self.tree, "own"))
            self.integrate_again("--remove")
            self.assert_pristine()

    def undone(self):
        """Is the tree as before?  If not it must be completely changed."""
        now = contents(self.tree)
        self.assertNotIn(STAGING + "journal", now)
        # What is staged without a journal is waste that the next run clears.
        now = {path: one for path, one in now.items()
               if not path.startswith(STAGING)}
        if now == self.pristine:
            return True
        self.assertTrue(now == self.integrated, "half-changed")
        return False

    def test_disk_full(self):
        outcomes = []

        def judge(_at, done):
            self.assertNotIn("Traceback", done.stderr)
            outcomes.append(self.undone())
            if outcomes[-1] and done.returncode:
                self.assertIn("No space left on device", done.stderr)

        self.at_each_call("ENOSPC", judge)
        self.assertGreater(sum(outcomes), 10)

    def test_terminated(self):
        outcomes = []

        def judge(_at, done):
            outcomes.append(self.undone())
            expected = 128 + signal.SIGTERM if outcomes[-1] else 0
            self.assertEqual(done.returncode, expected, done.stderr)

        self.at_each_call("SIGTERM", judge)
        self.assertGreater(sum(outcomes), 10)

    def test_killed(self):
        def judge(at, done):
            self.assertEqual(done.returncode, -signal.SIGKILL)
            # The next run repairs: this one, or the removal that follows.
            if at % 2:
                self.integrate_again()
                self.assertTrue(contents(self.tree) == self.integrated)

        self.at_each_call("SIGKILL", judge)

    def test_killed_while_undoing(self):
        self.drive(self.calls // 2, "SIGKILL", self.tree, "own")
        self.assertIn(STAGING + "journal", contents(self.tree))
        for at in range(1, 12):
            done = self.drive(at, "SIGKILL", "--remove", self.tree)
            self.assertEqual(done.returncode, -signal.SIGKILL)
        self.integrate_well("--remove", self.tree)
        self.assert_pristine()

    def test_file_size_limit(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
        done = self.integrate(self.tree, "own", preexec_fn=limit)
        self.assert_refused(done, "File too large")
        self.assert_pristine()


if __name__ == "__main__":
    unittest.main()
