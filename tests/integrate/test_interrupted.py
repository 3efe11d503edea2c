#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A tree is changed as a whole or not at all, whatever happens meanwhile.

A driver runs the real script and lets something happen at the n-th call that
changes a directory: an error, or a real signal to itself.
"""

import resource
import signal
import subprocess
import sys
import unittest

from trees import TreeTest, contents

DRIVER = """
import errno, os, runpy, signal, sys
at, event = int(sys.argv[1]), sys.argv[2]
calls = 0
def counted(call):
    def wrapper(*args, **options):
        global calls
        calls += 1
        if calls == at:
            if event == "ENOSPC":
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), args[0])
            os.kill(os.getpid(), signal.Signals[event])
        return call(*args, **options)
    return wrapper
for name in "replace", "link", "unlink":
    setattr(os, name, counted(getattr(os, name)))
sys.argv = sys.argv[3:]
sys.path.insert(0, os.path.dirname(sys.argv[0]))
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    sys.stderr.write(f"calls {calls}\\n")
"""


STAGING = ".xl-livepatch.staging/"


class Interrupted(TreeTest):
    def setUp(self):
        super().setUp()
        self.ours = self.make_repository()
        # Few sources make few calls, so that every one can be hit.
        for source in self.ours.glob("tools/libxl/libxl_livepatch_*.c"):
            if source.name != "libxl_livepatch_pauser.c":
                source.unlink()
        reference = self.make_tree("reference")
        self.calls = self.count_calls(reference)
        self.integrated = contents(reference)

    def drive(self, at, event, *args):
        return subprocess.run(
            [sys.executable, "-B", "-c", DRIVER, str(at), event,
             self.ours / "scripts/integrate", *args],
            text=True, capture_output=True)

    def count_calls(self, *args):
        done = self.drive(0, "", *args)
        self.assertEqual(done.returncode, 0, done.stderr)
        calls = int(done.stderr.split()[-1])
        self.assertGreater(calls, 20)
        return calls

    def at_each_call(self, event, judge):
        """Hit every n-th call on a pristine tree; afterwards clean up."""
        for at in range(1, self.calls + 1):
            with self.subTest(event=event, at=at):
                judge(at, self.drive(at, event, self.tree))
            self.integrate_well("--remove", self.tree)
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
        self.assertGreater(sum(outcomes), 20)

    def test_terminated(self):
        outcomes = []

        def judge(_at, done):
            outcomes.append(self.undone())
            expected = 128 + signal.SIGTERM if outcomes[-1] else 0
            self.assertEqual(done.returncode, expected, done.stderr)

        self.at_each_call("SIGTERM", judge)
        self.assertGreater(sum(outcomes), 20)

    def test_killed(self):
        def judge(at, done):
            self.assertEqual(done.returncode, -signal.SIGKILL)
            # The next run repairs: this one, or the removal that follows.
            if at % 2:
                self.integrate_well(self.tree, repository=self.ours)
                self.assertTrue(contents(self.tree) == self.integrated)

        self.at_each_call("SIGKILL", judge)

    def test_killed_while_undoing(self):
        self.drive(self.calls // 2, "SIGKILL", self.tree)
        self.assertIn(STAGING + "journal", contents(self.tree))
        for at in range(1, 12):
            done = self.drive(at, "SIGKILL", "--remove", self.tree)
            self.assertEqual(done.returncode, -signal.SIGKILL)
        self.integrate_well("--remove", self.tree)
        self.assert_pristine()

    def test_file_size_limit(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
        done = self.integrate(self.tree, preexec_fn=limit)
        self.assert_refused(done, "File too large")
        self.assert_pristine()


if __name__ == "__main__":
    unittest.main()
