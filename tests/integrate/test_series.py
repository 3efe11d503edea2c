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

    def write(self, *options, author=AUTHOR, script=TOP / "scripts/series"):
        return subprocess.run([script, "--tree", self.tree, "--output",
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

    def test_patches_are_of_a_size_to_review(self):
        self.assertEqual(self.write().returncode, 0)
        for path in self.patches():
            text = path.read_text(errors="replace")
            files = re.findall(r"^diff --git a/(\S+)", text, re.M)
            added = len(re.findall(r"^\+(?!\+\+ b/)", text, re.M))
            if len(files) > 1 and not files[0].endswith(".gen.go"):
                self.assertLessEqual(added, 800, path.name)

    def assert_table_refused(self, change, *words):
        """What is said if the table of patches is changed."""
        ours = self.make_repository()
        table = ours / "scripts/integration/patches.py"
        before = table.read_text()
        table.write_text(change(before))
        self.assertNotEqual(table.read_text(), before)
        done = self.write(script=ours / "scripts/series")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertFalse(self.output.exists())

    def test_file_in_no_patch(self):
        self.assert_table_refused(lambda text: text.replace('("docs/*",)', '("other/*",)'),
                                  "no patch takes docs/man/xl-livepatch.1.pod",
                                  'no file is left for "docs: xl-livepatch(1)"')

    def test_patch_that_is_too_big(self):
        self.assert_table_refused(lambda text: text.replace("MOST_LINES = 800",
                                                            "MOST_LINES = 500"),
                                  "adds", "500", "tools/xl/xl_livepatch_print.c")

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
