#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What livepatch-build --skeleton writes: patches that fit, compile, and make no
payload before they are filled in; no host is needed.

Which words each has, and where there is none, is in the corpus under Skeleton.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import corpus

REFUSED = 2
MARK = "LIVEPATCH_TODO"
TREE = corpus.TOP / "build/xen-src"
KINDS = ["refused-init", "refused-boot", "refused-data", "new-per-cpu",
         "refused-struct-private", "refused-renamed"]


class Skeleton(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def skeleton(self, name):
        built = corpus.build(corpus.find(name))
        self.assertEqual(built.status, REFUSED, built.errors)
        return built.skeleton.read_text()

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def build(self, *patches):
        output = self.folder / "skeleton.livepatch"
        words = corpus.command(corpus.Patch(patches[0], {}), output)
        ended = subprocess.run([*words, *map(str, patches[1:])], capture_output=True, text=True)
        return corpus.Built(ended.returncode, json.loads(ended.stdout), ended.stderr, output)

    # -- They fit -------------------------------------------------------------

    def apply(self, patch, *options):
        subprocess.run(["git", "apply", *options, patch], cwd=self.folder, check=True)

    def test_fits_with_the_fix_and_without(self):
        for name in [*KINDS, "refused-init-alone"]:
            with self.subTest(name):
                patch = self.write("skeleton.patch", self.skeleton(name))
                for file in re.findall(r"^--- a/(\S+)", patch.read_text(), re.M):
                    (self.folder / file).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(TREE / file, self.folder / file)
                self.apply(patch, "--check")
                self.apply(corpus.find(name).path)
                self.apply(patch, "--check")

    # -- Not filled in --------------------------------------------------------

    def test_is_refused_until_filled_in(self):
        """It compiles, and each mark is told of, at its line."""
        texts = [self.skeleton(name) for name in KINDS]
        built = self.build(*(self.write(f"{name}.patch", text)
                             for name, text in zip(KINDS, texts)))
        self.assertEqual(built.status, REFUSED, built.report)
        self.assertFalse(built.payload.exists())
        refusals = built.report["refusals"]
        self.assertEqual({refusal["reason"] for refusal in refusals}, {"unfinished"})
        marks = re.findall(rf"^\+.*{MARK}", "\n".join(texts), re.M)
        self.assertEqual(len(refusals), len(marks))
        for refusal in refusals:
            self.assertRegex(refusal["file"], r"\.[ch]:\d+$")
            self.assertIn(MARK, refusal["why"])

    # -- Filled in ------------------------------------------------------------

    def fill(self, name, *changes):
        """As an author would, and with the marks taken away."""
        text = self.skeleton(name)
        for old, new in changes:
            self.assertIn(old, text)
            text = text.replace(old, new)
        return self.write(f"{name}-filled.patch", text.replace(MARK + ": ", ""))

    def adapt(self, name, *changes):
        """The fix, as its skeleton asks for."""
        text = corpus.find(name).path.read_text()
        for old, new in changes:
            self.assertIn(old, text)
            text = text.replace(old, new)
        return self.write(f"{name}-adapted.patch", text)

    def test_filled_in(self):
        """An initial value, a per-CPU variable and a member, in one payload."""
        value = self.fill("refused-data", (f"    /* {MARK}: set it. */",
                                           "    opt_transitive_grants = false;"))
        array = self.fill("new-per-cpu")
        shadow = self.fill("refused-struct-private")
        counts = self.adapt(
            "new-per-cpu", ("@@ -548,6 +548,8 @@", "@@ -548,6 +548,7 @@"),
            ("+static DEFINE_PER_CPU(unsigned int, times_dumped);\n", ""),
            ("per_cpu(times_dumped, i)", "times_dumped[i]"))
        hunk = re.search(r"@@ -586.*?(?=@@ -3847)",
                         corpus.find("refused-struct-private").path.read_text(), re.S)
        member = self.adapt(
            "refused-struct-private", (hunk[0], ""),
            ("++sdom->dumped", "++csched2_dom_shadow(sdom)->dumped"))
        built = self.build(value, array, shadow, counts, member)
        self.assertEqual(built.status, 0, built.report)
        self.assertEqual({function["name"] for function in built.report["functions"]
                          if not function["new"]}, {"dump_timerq", "csched2_dump"})
        shown = subprocess.run([corpus.BUILDER, "inspect", "-j", built.payload],
                               check=True, stdout=subprocess.PIPE).stdout
        self.assertEqual([hook["kind"] for hook in json.loads(shown)["hooks"]],
                         ["load", "unload", "unload"])


if __name__ == "__main__":
    unittest.main()
