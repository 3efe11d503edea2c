#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Payloads that livepatch-build made, on a real Xen: applied, seen to work by
their effect, reverted.

    CORPUS=all      all of the corpus, and not only what stands for the rest
"""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from livepatch_case import TREE, LivepatchCase

import engines

TOP = Path(__file__).resolve().parents[2]
BUILDER_TESTS = TOP / "tests/builder"
sys.path.insert(0, str(BUILDER_TESTS))

import corpus

CHOSEN = {"add-field", "add-lock", "count-per-cpu", "emulator", "exception-table",
          "hypercall-sched-op", "inline-many", "new-file", "set-at-boot", "set-on-each-cpu",
          "static-local-renumbered", "transform-data"}
# Upon function-body, in the same function.
AGAIN = """\
--- a/xen/common/domain.c
+++ b/xen/common/domain.c
@@ -1810,7 +1810,7 @@
         return 0;
     }
 
-    return -EOPNOTSUPP;
+    return -ENODEV;
 }
 #endif
 
"""
# An emulated CPU needs time to take up what was pressed.
EFFECT_SECONDS = 60


def probe():
    """The program that shows dom0 an effect."""
    output = TOP / "build/tests/builder/effect"
    output.parent.mkdir(parents=True, exist_ok=True)
    libraries = [f"-L{TREE}/libs/{name}" for name in ["ctrl", "call"]]
    subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-D__XEN_TOOLS__",
                    f"-I{TREE}/include", "-o", output, BUILDER_TESTS / "effect.c", *libraries,
                    "-lxenctrl", "-lxencall", "-Wl,--allow-shlib-undefined"], check=True)
    return output


def text_of_xen():
    """Where the hypervisor's code begins and ends."""
    symbols = subprocess.run(["nm", engines.xen_syms()], stdout=subprocess.PIPE, text=True,
                             check=True).stdout.splitlines()
    found = {line.split()[-1]: int(line.split()[0], 16) for line in symbols
             if line.split()[-1] in ("_stext", "_etext")}
    return found["_stext"], found["_etext"]


class Builder(LivepatchCase):
    _prepared = None

    @classmethod
    def setUpClass(cls):
        cls.program = probe()
        cls.start, cls.end = text_of_xen()

    def setUp(self):
        super().setUp()
        if Builder._prepared is not self.host:
            self.host.push({"/usr/local/bin/effect": self.program,
                            "/usr/local/bin/keys": BUILDER_TESTS / "keys"})
            Builder._prepared = self.host

    def code(self):
        """The hypervisor's code, as the emulator has it in memory."""
        with tempfile.NamedTemporaryFile(dir=self.host.folder) as file:
            # QMP's numbers are signed.
            self.host.qmp("memsave", val=self.start - (1 << 64), size=self.end - self.start,
                          filename=file.name)
            return Path(file.name).read_bytes()

    def sees(self, patch, wanted):
        command, pattern = patch.effect
        result = self.host.run(command, EFFECT_SECONDS)
        self.assertEqual(bool(pattern.search(result.stdout)), wanted,
                         f"{command}\n{result.stdout}{result.stderr}")

    def there_and_back(self, patch):
        built = corpus.build(patch)
        self.assertEqual(corpus.differences(patch, built), "")
        path = f"/tmp/{patch.name}.livepatch"
        self.host.push({path: built.payload})
        before = self.code()

        self.sees(patch, False)
        self.xl("check", path, expect="done")
        self.xl("apply", path, expect="done")
        self.sees(patch, True)
        # One that has hooks alone leaves it as it is.
        self.assertEqual(self.code() != before, bool(patch.words("Functions")))
        self.xl("revert", patch.name, expect="done")
        self.sees(patch, False)
        self.assertTrue(self.code() == before, "Xen's code isn't what it was")
        self.xl("unload", patch.name, expect="done")
        self.host.run(f"rm {path}", check=True)
        self.assert_running()

    def build_on(self, below, payload, folder):
        text, alone = folder / "again.patch", folder / "alone.patch"
        output = folder / "again.livepatch"
        text.write_text(AGAIN)
        alone.write_text(AGAIN.replace("EOPNOTSUPP", "ENOSYS"))
        words = [word for word in corpus.command(below, output)
                 if word not in ("--name", below.name)]
        words += ["--name", "again", "--on", str(payload)]
        without = subprocess.run([*words[:-5], str(alone), *words[-4:]], capture_output=True)
        report = json.loads(without.stdout)
        self.assertEqual([refusal["reason"] for refusal in report["refusals"]], ["below"])
        self.assertFalse(output.exists())
        built = subprocess.run([*words, str(text)], capture_output=True, text=True)
        self.assertEqual(built.returncode, 0, built.stdout + built.stderr)
        return output

    def assert_says(self, error):
        said = self.host.run("effect call 21 9 0", EFFECT_SECONDS).stdout
        self.assertRegex(said, rf"^{error}\b")

    def test_on_top(self):
        """A payload that patches once more what one below it has patched."""
        below = corpus.read(corpus.HERE / "corpus/function-body.patch")
        payload = corpus.build(below).payload
        with tempfile.TemporaryDirectory() as folder:
            above = self.build_on(below, payload, Path(folder))
            self.host.push({"/tmp/function-body.livepatch": payload, "/tmp/again.livepatch": above})
        before = self.code()
        self.assert_says("ENOSYS")
        self.xl("apply", "/tmp/again.livepatch", expect="failed", reason="dependency")
        self.xl("apply", "/tmp/function-body.livepatch", expect="done")
        self.assert_says("EOPNOTSUPP")
        self.xl("apply", "/tmp/again.livepatch", expect="done")
        self.assert_says("ENODEV")
        self.xl("revert", below.name, expect="failed", reason="not_on_top")
        self.xl("revert", "--unload", "again", expect="done")
        self.assert_says("EOPNOTSUPP")
        self.xl("revert", "--unload", below.name, expect="done")
        self.assert_says("ENOSYS")
        self.assertTrue(self.code() == before, "Xen's code isn't what it was")
        self.assert_running()


def add(patch):
    def test(self):
        self.there_and_back(patch)
    test.__name__ = f"test_{patch.name.replace('-', '_')}"
    setattr(Builder, test.__name__, test)


for each in corpus.patches():
    if not each.expected() and (corpus.ALL or each.name in CHOSEN):
        add(each)

if __name__ == "__main__":
    unittest.main()
