#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The command line of livepatch-build, and its errors; no Xen is needed.

LIVEPATCH_BUILD names another builder than that in build/.
"""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
BUILDER = Path(os.environ.get("LIVEPATCH_BUILD") or
               REPOSITORY / "build/livepatch-build/livepatch-build").resolve()

# Command line -> what its one line must name.
WRONG = {
    (): "name a patch",
    ("base", "x.patch"): "'x.patch'",
    ("base", "--explain=f"): "--explain",
    ("--explain",): "--explain",
    ("base", "--skeleton=x"): "--skeleton",
    ("--skeleton=" + __file__, __file__): "exists",
    ("--skeleton=/nowhere/x", __file__): "/nowhere",
    ("--bogus", "x.patch"): "--bogus",
    ("-x", "x.patch"): "-x",
    ("--tree",): "--tree",
    ("--json=yes", "x.patch"): "--json=yes",
    ("--jobs=0", "x.patch"): "'0'",
    ("--jobs=-1", "x.patch"): "'-1'",
    ("--jobs=two", "x.patch"): "'two'",
    ("--jobs=4097", "x.patch"): "'4097'",
    ("--name=", "x.patch"): "1 to 127",
    ("--name=" + 128 * "a", "x.patch"): "128",
    ("--name=a b", "x.patch"): "'a b'",
    ("--name=a/b", "x.patch"): "'a/b'",
    ("--fixes=", "x.patch"): "--fixes",
    ("--fixes=XSA-1, XSA-2", "x.patch"): "'XSA-1, XSA-2'",
    ("-q", "-v", "x.patch"): "--quiet",
    ("--xen-syms=/nowhere/syms", __file__): "/nowhere/syms",
    ("/nowhere/x.patch",): "/nowhere/x.patch",
    ("--output=/nowhere/x", __file__): "/nowhere",
    ("--output=" + __file__, __file__): "would be overwritten",
    ("inspect",): "FILE",
    ("inspect", "-x", "a"): "-x",
    ("inspect", "/nowhere/a"): "/nowhere/a",
    ("diff", "a.o"): "OLD.o",
    ("diff", "/nowhere/a.o", "b.o"): "/nowhere/a.o",
    ("diff", "/dev/null", "b.o"): "/dev/null",
}


def run(*args, **options):
    defaults = {"capture_output": True, "text": True, "timeout": 60,
                "stdin": subprocess.DEVNULL, "check": False}
    return subprocess.run([BUILDER, *args], **(defaults | options))


class Command(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_wrong_ones(self):
        for args, word in WRONG.items():
            with self.subTest(args=args):
                process = run(*args, cwd=self.folder)
                self.assertEqual(process.returncode, 1, process)
                self.assertEqual(process.stdout, "")
                self.assertEqual(process.stderr.count("\n"), 1, process.stderr)
                self.assertTrue(
                    process.stderr.startswith("livepatch-build: "))
                self.assertIn(word, process.stderr)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_wrong_ones_in_json(self):
        for args in (("-j",), ("--bogus", "-j", "x.patch"),
                     ("-j", "--xen-syms=/nowhere/syms", "x.patch")):
            with self.subTest(args=args):
                process = run(*args, cwd=self.folder)
                self.assertEqual(process.returncode, 1)
                self.assertEqual(process.stderr, "")
                document = json.loads(process.stdout)
                self.assertEqual(document["outcome"], "failed")
                self.assertTrue(document["message"])
                self.assertNotIn("payload", document)

    def test_help(self):
        process = run("--help")
        self.assertEqual((process.returncode, process.stderr), (0, ""))
        self.assertLess(len(process.stdout.splitlines()), 24)
        for args in (("-h",), ("base", "-h"), ("inspect", "--help"), ("diff", "-h")):
            self.assertEqual(run(*args).stdout, process.stdout)
        pod = (REPOSITORY / "docs/man/livepatch-build.pod").read_text()
        for line in process.stdout.splitlines():
            self.assertLessEqual(len(line), 80, line)
            for word in line.replace(",", " ").split():
                if word.startswith("--"):
                    self.assertIn(f"B<{word}>", pod)

    def test_version(self):
        self.assertRegex(run("--version").stdout,
                         r"^livepatch-build \d+\.\d+\n$")

    def test_full_disk(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            process = run("--help", stdout=full, capture_output=False,
                          stderr=subprocess.PIPE)
        self.assertEqual(process.returncode, 1)
        self.assertIn("No space left", process.stderr)

    def test_no_xen_here(self):
        process = run(__file__, cwd=self.folder,
                      env={"PATH": str(self.folder), "HOME": str(self.folder)})
        self.assertEqual(process.returncode, 1)
        self.assertIn("--xen-syms", process.stderr)

    def test_no_home(self):
        process = run("x.patch", env={"PATH": os.environ["PATH"]})
        self.assertEqual(process.returncode, 1)
        self.assertIn("--cache", process.stderr)


if __name__ == "__main__":
    unittest.main()
