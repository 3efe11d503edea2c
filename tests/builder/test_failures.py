#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""livepatch-build when memory or disk run out, when it is interrupted or killed at
any moment, and twice at once: a clear error, nothing left behind, and the next run
makes what this one would have made.  It needs the base build of the corpus.
"""

import os
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import corpus

PATCH = corpus.read(corpus.HERE / "corpus/function-body.patch")
TREE = corpus.TOP / "build/xen-src"
KIB, MIB = 1 << 10, 1 << 20
MOMENTS = 10            # at which a build is interrupted, for each signal


def limited(what, size):
    """Both limits; and a write beyond one is an error, as on a full disk."""
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(what, (size, size))
    return limit


def tree_state():
    return {(str(path), path.lstat().st_mtime_ns, path.lstat().st_size)
            for path in TREE.rglob("*")}


def cache_state():
    return {str(path) for depth in ("*", "*/*") for path in corpus.CACHE.glob(depth)}


def kill_session(session):
    """All of it, as one of them would clean up after another."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # PID (NAME) STATE PARENT GROUP SESSION; the name may hold anything.
            if int(stat.read_text().rpartition(")")[2].split()[3]) == session:
                os.kill(int(stat.parent.name), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            pass


class Failures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tree = tree_state()
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / "wanted"
            # The base is there from now on.
            subprocess.run(corpus.command(PATCH, output), check=True, capture_output=True)
            started = time.monotonic()
            subprocess.run(corpus.command(PATCH, output), check=True, capture_output=True)
            cls.seconds = time.monotonic() - started
            cls.wanted = output.read_bytes()
        cls.cache = cache_state()

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.output = self.folder / "out.livepatch"

    def start(self, **options):
        words = [word for word in corpus.command(PATCH, self.output) if word != "-j"]
        return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True, **options)

    def build(self, **options):
        process = self.start(**options)
        errors = process.communicate(timeout=300)[1]
        return process.returncode, errors

    def assert_nothing_left(self):
        self.assertEqual(list(self.folder.iterdir()), [])
        self.assertEqual(cache_state(), self.cache)
        self.assertEqual(tree_state(), self.tree)

    def assert_builds(self):
        self.assertEqual(self.build(), (0, ""))
        self.assertEqual(self.output.read_bytes(), self.wanted)
        self.output.unlink()
        self.assert_nothing_left()

    def assert_clean_error(self, status, errors):
        # The base is right, and so is the patch: nothing may be blamed on them.
        self.assertEqual(status, 1, errors)
        self.assertTrue(errors.startswith("livepatch-build: "), errors)
        for word in ("Assertion", "core dumped", "Segmentation"):
            self.assertNotIn(word, errors)

    def test_no_memory_for_diff(self):
        objects = [str(next(corpus.CACHE.glob("*/pristine")) / "xen/common" / name)
                   for name in ("grant_table.o", "sched/core.o")]
        failed, limit = 0, 4 * MIB
        while True:
            process = subprocess.run([corpus.BUILDER, "diff", *objects],
                                     preexec_fn=limited(resource.RLIMIT_AS, limit),
                                     stdin=subprocess.DEVNULL, capture_output=True, text=True)
            if not process.returncode:
                break
            # Without a libc there is nobody to say it.
            if process.returncode != 127 and "error while loading" not in process.stderr:
                failed += 1
                self.assert_clean_error(process.returncode, process.stderr)
                self.assertIn("memory", process.stderr.lower())
            limit += 64 * KIB
            self.assertLess(limit, 1024 * MIB, process.stderr)
        self.assertGreater(failed, 10)

    def test_disk_full(self):
        for size in (0, 100, 4 * KIB, 64 * KIB):
            with self.subTest(size=size):
                status, errors = self.build(
                    preexec_fn=limited(resource.RLIMIT_FSIZE, size))
                self.assertIn(status, (1, 3), errors)
                self.assertTrue(errors, "no word of it")
                self.assert_nothing_left()
        self.assert_builds()

    def interrupted(self, number):
        for moment in range(MOMENTS):
            process = self.start()
            time.sleep(self.seconds * (moment + 0.5) / MOMENTS)
            process.send_signal(number)
            process.communicate(timeout=60)
            self.assertIn(process.returncode, (-number, 0))
            # It may have been done but for its own clearing up.
            if self.output.exists():
                self.assertEqual(self.output.read_bytes(), self.wanted)
                self.output.unlink()
            yield moment

    def test_interrupted(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            for moment in self.interrupted(number):
                with self.subTest(signal=number, moment=moment):
                    self.assert_nothing_left()
        self.assert_builds()

    def test_killed(self):
        """Both processes at once: nobody can clean up but the next one."""
        for moment in range(MOMENTS):
            process = self.start(start_new_session=True)
            time.sleep(self.seconds * (moment + 0.5) / MOMENTS)
            kill_session(process.pid)
            process.communicate(timeout=60)
            self.assertFalse(self.output.exists() and
                             self.output.read_bytes() != self.wanted)
            for path in self.folder.iterdir():
                path.unlink()
        self.assert_builds()

    def test_two_at_once(self):
        outputs = [self.folder / str(number) for number in range(3)]
        processes = [subprocess.Popen(corpus.command(PATCH, output), stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                     for output in outputs]
        for process, output in zip(processes, outputs):
            errors = process.communicate(timeout=300)[1]
            self.assertEqual(process.returncode, 0, errors)
            self.assertEqual(output.read_bytes(), self.wanted)


if __name__ == "__main__":
    unittest.main()
