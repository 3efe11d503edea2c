#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What livepatch-build makes of patches on top of another's payload; no host is
needed.

LIVEPATCH_ENGINE names the hypervisor: see tests/system/engines.py.
"""

import gzip
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import corpus

FAILED, REFUSED = 3, 2


class Stacks(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def build(self, patch, below, *named):
        """On the payloads below, lowest first; with these patches named before."""
        output = self.folder / f"{patch.stem}.livepatch"
        output.unlink(missing_ok=True)
        words = corpus.command(corpus.Patch(patch, {}), output)[:-1]
        for payload in below:
            words += ["--on", str(payload)]
        ended = subprocess.run([*words, *map(str, named), str(patch)], capture_output=True,
                               text=True)
        return corpus.Built(ended.returncode, json.loads(ended.stdout or "{}"),
                            ended.stderr, output)

    def payload(self, patch, below=(), named=()):
        built = self.build(patch, below, *named)
        self.assertEqual(built.status, 0, built.report)
        return built

    def refused(self, patch, below, *named):
        built = self.build(patch, below, *named)
        self.assertEqual(built.status, REFUSED, built.report)
        self.assertEqual({refusal["reason"] for refusal in built.report["refusals"]}, {"below"})
        self.assertFalse(built.payload.exists())
        return built.report["refusals"]

    def below(self, name):
        patch = corpus.find(name)
        built = corpus.build(patch)
        self.assertEqual(built.status, 0, built.report)
        return patch.path, built.payload

    def functions(self, built, new):
        return {function["name"] for function in built.report["functions"]
                if function["new"] == new}

    def check(self, patch):
        under, payload = self.below(patch.fields["Below"])
        expect = patch.fields["Expect"]
        if expect == "fails":
            self.assertEqual(self.build(patch.path, [payload]).status, FAILED)
        elif expect == "payload":
            built = self.payload(patch.path, [payload])
            self.assertEqual(self.functions(built, False), patch.words("Functions"))
            return
        else:
            refusals = self.refused(patch.path, [payload])
            self.assertIn(payload.name, refusals[0]["why"])
        if patch.fields.get("Named") == "fails":
            self.assertEqual(self.build(patch.path, [payload], under).status, FAILED)
            return
        built = self.payload(patch.path, [payload], [under])
        if "Functions" in patch.fields:
            self.assertEqual(self.functions(built, False), patch.words("Functions"))
        self.assertEqual(self.functions(built, True), set())
        said = " ".join(warning["why"] for warning in built.report["warnings"])
        self.assertIn(patch.fields.get("Warns", ""), said)

    def test_variable_of_below(self):
        """It isn't had a second time, and one of another size isn't taken for it."""
        patch = corpus.find("same-object")
        under, payload = self.below(patch.fields["Below"])
        built = self.payload(patch.path, [payload], [under])
        listed = subprocess.run([corpus.BUILDER, "inspect", "-j", built.payload],
                                capture_output=True, text=True, check=True).stdout
        kinds = {symbol["kind"] for symbol in json.loads(listed)["symbols"]
                 if "#times" in symbol["name"]}
        self.assertEqual(kinds, {"needed"})
        wider = self.folder / "wider.patch"
        wider.write_text("--- a/xen/common/event_channel.c\n+++ b/xen/common/event_channel.c\n"
                         "@@ -1676,1 +1676,1 @@\n-    static unsigned int times;\n"
                         "+    static unsigned long times;\n"
                         "@@ -1678,1 +1678,1 @@\n"
                         "-    printk(\"'%c' pressed -> dumping event-channel info, time %u\\n\",\n"
                         "+    printk(\"'%c' pressed -> dumping event-channel info, time %lu\\n\",\n")
        refusals = self.refused(wider, [payload], under)
        self.assertIn("has 4 bytes, and here it has 8", refusals[0]["why"])

    def test_same_content(self):
        """However the patch was made that led there."""
        patch = corpus.find("same-object")
        under, payload = self.below(patch.fields["Below"])
        text = under.read_text().partition("\n---\n")[2]
        lines = text.replace("@@ -1674,8 +1674,10 @@", "@@ -1675,6 +1675,8 @@").splitlines()
        del lines[3]                    # a line of context at both ends
        del lines[-1]
        other = {"context": "\n".join(lines) + "\n",
                 "mail": f"From: a@b.c\nSubject: it\n\nWords.\n---\n{text}-- \n2.39\n",
                 "returns": text.replace("\n", "\r\n"), "mark": "\ufeff" + text}
        for name, content in other.items():
            with self.subTest(name):
                path = self.folder / f"{name}.patch"
                path.write_bytes(content.encode())
                self.payload(patch.path, [payload], [path])
        with self.subTest("gzip"):
            path = self.folder / "under.patch.gz"
            path.write_bytes(gzip.compress(text.encode()))
            self.payload(patch.path, [payload], [path])
        with self.subTest("another"):
            path = self.folder / "another.patch"
            path.write_text(text.replace("time %u", "tyme %u"))
            self.refused(patch.path, [payload], path)

    def test_three(self):
        """Each file is as the topmost payload that changed it has it."""
        lowest, first = self.below("static-local-added")
        middle = corpus.find("same-object").path
        second = self.payload(middle, [first], [lowest]).payload
        second = second.rename(self.folder / "second.livepatch")
        top = self.folder / "top.patch"
        top.write_text("--- a/xen/common/event_channel.c\n+++ b/xen/common/event_channel.c\n"
                       "@@ -1000,1 +1000,1 @@\n-int evtchn_status(evtchn_status_t *status)\n"
                       "+int noinline evtchn_status(evtchn_status_t *status)\n")
        self.refused(top, [first, second], lowest)
        self.payload(top, [first, second], [lowest, middle])

    def test_unknown(self):
        """A payload that doesn't tell what it was made of."""
        patch = corpus.find("same-object")
        _, payload = self.below(patch.fields["Below"])
        foreign = self.folder / "foreign.livepatch"
        image = payload.read_bytes()
        self.assertEqual(image.count(b"\0sources="), 1)
        foreign.write_bytes(image.replace(b"\0sources=", b"\0sourcez="))
        refusals = self.refused(patch.path, [foreign])
        self.assertIn("dump_evtchn_info", refusals[0]["name"])
        self.payload(corpus.find("unrelated").path, [foreign])


def add(patch):
    def test(self):
        self.check(patch)
    name = f"test_{patch.name.replace('-', '_')}"
    test.__name__ = name
    test.__doc__ = patch.fields["Kind"]
    setattr(Stacks, name, test)


for each in sorted((corpus.HERE / "stacks").glob("*.patch")):
    if "Below" in corpus.read(each).fields:
        add(corpus.read(each))

if __name__ == "__main__":
    unittest.main()
