# SPDX-License-Identifier: GPL-2.0-or-later
"""Small Xen trees to integrate into, made of the fetched tree's files."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
FETCHED = Path(os.environ.get("XEN_TREE") or TOP / "build/xen-src")

sys.path.insert(0, str(TOP / "scripts"))
from integration import engine, golang, toolstack  # noqa: E402

IDL = "tools/libs/light/idl.py"


def plan():
    """All that is done to a tree with ENGINE=own."""
    return toolstack.plan(TOP) + engine.plan(TOP)


def insertions():
    return plan().insertions


def contents(top):
    """Path -> (hash, mode) of every file below a directory."""
    return {str(path.relative_to(top)):
            (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mode)
            for path in sorted(top.rglob("*")) if path.is_file()}


def identities(top):
    """Path -> what changes when a file is written, even with the same text."""
    return {str(path.relative_to(top)): (path.stat().st_ino, path.stat().st_mtime_ns)
            for path in sorted(top.rglob("*")) if path.is_file()}


class TreeTest(unittest.TestCase):
    """Each test has a fresh tree of its own in self.tree."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="integrate-")
        self.addCleanup(scratch.cleanup)
        self.scratch = Path(scratch.name)
        self.tree = self.make_tree("tree")
        self.pristine = contents(self.tree)

    def make_tree(self, name):
        tree = self.scratch / name
        needed = {one.path for one in insertions()} | {"xen/Makefile", engine.REGIONS}
        needed.update(plan().displaced, ["docs/man/xl.1.pod.in", IDL, golang.GENERATOR,
                                         *golang.GENERATED])
        for path in needed:
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(FETCHED / path, tree / path)
        return tree

    def make_repository(self):
        """A copy of this repository's scripts and what they integrate."""
        repository = self.scratch / "repository"
        for part in ("scripts", "tools", "docs/man", "xen"):
            shutil.copytree(TOP / part, repository / part)
        return repository

    def integrate(self, *args, repository=TOP, **options):
        return subprocess.run(
            [repository / "scripts/integrate", *args], text=True,
            capture_output=True, **options)

    def integrate_well(self, *args, **options):
        done = self.integrate(*args, **options)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def assert_refused(self, done, *words):
        self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def assert_pristine(self):
        self.assertEqual(contents(self.tree), self.pristine)
