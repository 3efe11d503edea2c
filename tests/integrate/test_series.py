#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The patch series: applies to a pristine tree, and makes what integration makes."""

import os
import re
import subprocess
import unittest

from trees import TOP, TreeTest, contents

MARKER = re.compile(rb".*xl-livepatch: (begin|end|was:).*\n")


def texts(top):
    """Path -> text of every file, but git's own and what integration remembers."""
    return {str(path.relative_to(top)): MARKER.sub(b"", path.read_bytes())
            for path in top.rglob("*") if path.is_file() and
            not str(path.relative_to(top)).startswith((".git/", ".xl-livepatch."))}


AUTHOR = {f"GIT_{who}_{what}": "somebody" for who in ("AUTHOR", "COMMITTER")
          for what in ("NAME", "EMAIL")}


class Series(TreeTest):
    def setUp(self):
        super().setUp()
        self.output = self.tree.parent / "series"

    def write(self, *options, author=AUTHOR):
        return subprocess.run([TOP / "scripts/series", "--tree", self.tree, "--output",
                               self.output, *options], capture_output=True, text=True,
                              env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **author})

    def git(self, *arguments):
        subprocess.run(["git", "-C", self.tree, "-c", "user.name=a", "-c", "user.email=a",
                        *arguments], check=True, capture_output=True)

    def patches(self):
        return sorted(path for path in self.output.iterdir()
                      if not path.name.startswith("0000-"))

    def apply_series(self):
        """What the tree holds after `git am`."""
        self.git("init", "-q")
        self.git("add", "-A", "-f")
        self.git("commit", "-q", "-m", "base")
        self.git("am", "-q", *self.patches())
        return texts(self.tree)

    def test_makes_what_integration_makes(self):
        self.assertEqual(self.write().returncode, 0)
        self.assertEqual(contents(self.tree), self.pristine)
        other = self.make_tree("other")
        self.integrate_well(other, "own")
        self.assertEqual(self.apply_series(), texts(other))

    def test_signed_off_if_asked(self):
        self.assertEqual(self.write("--signoff").returncode, 0)
        for path in self.patches():
            self.assertIn("\nSigned-off-by: ", path.read_text(), path.name)

    def test_has_a_cover_letter(self):
        self.assertEqual(self.write().returncode, 0)
        letter = (self.output / "0000-cover-letter.patch").read_text()
        self.assertNotIn("HERE ***", letter)
        self.assertIn("xl livepatch apply", letter)

    def test_no_tree(self):
        (self.tree / "xen/Makefile").unlink()
        done = self.write()
        self.assertEqual(done.returncode, 1)
        self.assertIn("holds no Xen source tree", done.stderr)
        self.assertFalse(self.output.exists())

    def test_no_author(self):
        done = self.write(author={f"GIT_CONFIG_{word}": value for word, value in [
            ("COUNT", "1"), ("KEY_0", "user.useConfigOnly"), ("VALUE_0", "true"),
            ("NOSYSTEM", "1")]})
        self.assertEqual(done.returncode, 1)
        self.assertIn("user.name", done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertFalse(self.output.exists())


if __name__ == "__main__":
    unittest.main()
