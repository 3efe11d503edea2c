#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The model of a stock engine against a stock engine.

tests/forced tries the library at every step on a model.  What that is worth
depends on the model: here the scripts of tests/model/scripts are carried out
on both, by the same program, and must give the same answers, results, lists
and words, line by line.
"""

import difflib
import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import engines
from host import TOP
from livepatch_case import TREE, LivepatchCase

HERE = TOP / "tests/model"
SCRIPTS = sorted(path.name for path in (HERE / "scripts").iterdir())
MODEL = TOP / "build/tests/forced/model"


def build(folder):
    """The program above the model, and the one for dom0."""
    subprocess.run(["make", "--no-print-directory", "-s", "-C", TOP / "tests/forced", "model"],
                   stdout=subprocess.DEVNULL, check=True)
    libraries = [f"-L{TREE}/libs/{name}" for name in ["ctrl", "call"]]
    subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-D__XEN_TOOLS__",
                    f"-I{TREE}/include", "-o", f"{folder}/script", HERE / "script.c",
                    *libraries, "-lxenctrl", "-Wl,--allow-shlib-undefined"], check=True)


def describe_xen(path):
    """What the model has to know of this hypervisor."""
    build_id = json.loads((engines.payloads() / "manifest.json").read_text())["xen_build_id"]
    lines = subprocess.run(["nm", engines.xen_syms()], stdout=subprocess.PIPE, text=True,
                           check=True).stdout.splitlines()
    # Those that are local to a file have that before their name.
    symbols = [words[-1] for words in map(str.split, lines) if words[-2].isupper()]
    path.write_text("\n".join([build_id, *symbols]) + "\n")


class Model(LivepatchCase):
    def on_model(self, folder):
        for file in [*engines.payloads().glob("*.livepatch"), *(HERE / "scripts").iterdir()]:
            shutil.copy(file, folder)
        describe_xen(folder / "xen")
        done = subprocess.run([MODEL, folder, *SCRIPTS], stdout=subprocess.PIPE, text=True,
                              env={**os.environ, "MODEL_XEN": str(folder / "xen")}, check=True)
        return done.stdout

    def on_host(self, folder):
        """Which has the payloads already."""
        self.host.push({f"/extra/{name}": HERE / "scripts" / name for name in SCRIPTS}
                       | {"/extra/script": folder / "script"})
        names = " ".join(SCRIPTS)
        return self.host.run(f"chmod +x /extra/script; /extra/script /extra {names}",
                             timeout=120, check=True).stdout

    def test_same_answers(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            build(folder)
            model = self.on_model(folder).splitlines()
            host = self.on_host(folder).splitlines()
        self.discard_host()     # the last script leaves what can't be taken out
        self.assertEqual(len([line for line in host if line.startswith("== ")]), len(SCRIPTS))
        told = "\n".join(difflib.unified_diff(model, host, "model", "Xen", lineterm="", n=8))
        if told:
            self.fail(f"the model tells something else than Xen:\n{told}")


if __name__ == "__main__":
    unittest.main()
