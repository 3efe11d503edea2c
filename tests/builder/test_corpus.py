#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What livepatch-build makes of every patch of the corpus; no host is needed.

LIVEPATCH_ENGINE names the hypervisor: see tests/system/engines.py.
"""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import corpus

PATCHES = corpus.patches()
# Each must be the kind of one patch at least.
KINDS = """
.init code alone; alternatives; BUG and ASSERT lines moved; boot parameter added;
boot-only function alone; clone with constants; clone with another interface;
comment-only change; compat code; const table used by one function; domctl;
engine's own code; entry assembly; enum value stored in memory; event channels;
exception-table users; field added by a shadow variable; function body;
function split in hot and cold; grant tables; hooks that transform data; HVM;
hypercall table; initcall added; initialised data changed;
inline function in a header with few users; inline function in a header with many users;
keyhandler; macro change; new file; new global function; new keyhandler table entry;
new per-CPU data; new static function; new static variable; new string;
per-CPU data read; printk text; PV code; scheduler; several files; shadow paging;
static data resized; static local added; static local renumbered; struct layout;
structure padding use; switch table; sysctl; too-small function; x86 emulator;
new timer; variable set by .init code alone; variable renamed and widened;
function table copied at boot; callback and its registration; bits of stored flags;
version of a public interface; parameter of what assembly calls;
guard of a reference into .init; function moved to another file;
moved function with its data; parameter of a moved function;
alternative call through a pointer in .init; lock added by a shadow variable;
counter of each CPU; value that is set at boot;
register that each CPU sets as it comes up
"""
LEAST = 50


class Corpus(unittest.TestCase):
    def test_kinds(self):
        """No kind has been lost."""
        told = "; ".join(corpus.read(path).fields["Kind"]
                         for path in corpus.HERE.glob("*/*.patch"))
        wanted = [" ".join(kind.split()) for kind in KINDS.split(";")]
        self.assertEqual([kind for kind in wanted if kind not in told], [])
        self.assertGreaterEqual(len(PATCHES), LEAST)


class CompileAll(unittest.TestCase):
    """Objects that don't use a header's function are as they were."""
    def compare(self, path):
        patch = corpus.Patch(path, {})
        payloads, compiling = [], []
        with tempfile.TemporaryDirectory() as folder:
            payload = Path(folder) / "inline.livepatch"
            for option in [], ["--compile-all"]:
                report = subprocess.run([*corpus.command(patch, payload), *option],
                                        check=True, stdout=subprocess.PIPE).stdout
                compiling += [stage["duration_us"] for stage in json.loads(report)["stages"]
                              if stage["name"] == "compiling"]
                payloads.append(payload.read_bytes())
        self.assertEqual(*payloads)
        self.assertLess(compiling[0], compiling[1])

    def test_few_include_it(self):
        self.compare(corpus.HERE / "inline-some.patch")

    if corpus.ALL:      # as it compiles all of Xen
        def test_many_include_it(self):
            """Among them those that are linked by two steps: common/libelf."""
            self.compare(corpus.HERE / "corpus/inline-many.patch")


class Built(unittest.TestCase):
    maxDiff = None


def add(patch):
    def test(self):
        self.assertEqual(corpus.differences(patch, corpus.build(patch)), "")
    name = f"test_{patch.name.replace('-', '_')}"
    test.__name__ = name
    test.__doc__ = patch.fields["Kind"]
    setattr(Built, name, test)


for each in PATCHES:
    add(each)

if __name__ == "__main__":
    unittest.main()
