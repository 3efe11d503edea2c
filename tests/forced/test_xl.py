#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole of xl under the sanitizers, on the modelled host.

`make all` builds it.  A leak, an overrun or undefined behaviour ends it with
another exit status than the one that is due, and says so on stderr.
"""

import json
import os
import subprocess
import unittest
from pathlib import Path

import jsonschema

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[1]
OUT = TOP / "build/tests/forced"
SCHEMA = json.loads((TOP / "docs/xl-livepatch.schema.json").read_text("utf-8"))

# What is loaded, the words after `xl livepatch`, the exit status.  "@NAME" is
# a file.
CALLS = [
    ("", "help", 0),
    ("", "help apply", 0),
    ("", "nonsense", 1),
    ("", "apply --nonsense @hello", 1),
    ("", "apply", 1),
    ("", "list", 0),
    ("+hello", "list", 0),
    ("+hello", "list --fixes XSA-1", 0),
    ("hello", "list --fixes XSA-1", 1),
    ("+hello", "list --fixes XSA-2", 1),
    ("+hello", "show hello", 0),
    ("+hello", "show bye", 1),
    ("+hello", "show hex:68656c6c6f", 0),
    ("", "check @hello @bye", 0),
    ("", "check @hello /etc/passwd /nowhere", 1),
    ("", "check --build-id 00 @hello", 1),
    ("", "apply @hello", 0),
    ("", "apply @third @bye @hello", 0),
    ("", "apply --dry-run @third @bye @hello", 0),
    ("", "apply --name=x @hello", 0),
    ("", "apply --name=x @hello @bye", 1),
    ("", "apply --timeout=5s @hello", 1),
    ("", "apply --pause=guest --exclude=1 --max-pause=2s --retries=0 @hello", 0),
    ("", "apply --pause=nobody @hello", 1),
    ("", "apply @bye", 1),
    ("", "apply /etc/passwd", 1),
    ("+hello", "apply @hello", 0),
    ("another", "apply --name=another @hello", 1),
    ("+hello", "replace @fresh", 1),
    ("+hello", "replace --no-undo @fresh", 0),
    ("", "upload @hello", 0),
    ("hello", "upload @hello", 0),
    ("+hello +bye", "revert bye", 0),
    ("+hello +bye", "revert hello", 1),
    ("+hello +bye", "revert --unload bye", 0),
    ("+hello", "revert bye", 1),
    ("hello", "unload hello", 0),
    ("+hello", "unload hello", 1),
]


class Xl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        made = subprocess.run(["make", "-s", "-C", HERE, "xl"], capture_output=True,
                              text=True, check=False)
        assert made.returncode == 0, made.stdout + made.stderr

    def call(self, loaded, words, status):
        words = [word.replace("@", f"{OUT}/run/") + ".livepatch" if word[0] == "@" else word
                 for word in words.split()]
        process = subprocess.run(
            [OUT / "xl", "livepatch", *words], capture_output=True, text=True, timeout=60,
            check=False, stdin=subprocess.DEVNULL,
            env=os.environ | {"FORCED_WORLD": str(OUT / "world"), "FORCED_HOST": loaded})
        told = process.stdout + process.stderr
        self.assertNotIn("Sanitizer", told)
        self.assertNotIn("runtime error", told)
        self.assertEqual(process.returncode, status, told)
        return process.stdout

    def test_text(self):
        for loaded, words, status in CALLS:
            with self.subTest(loaded=loaded, words=words):
                self.call(loaded, words, status)

    def test_json(self):
        for loaded, words, status in CALLS:
            if words.startswith("help"):
                continue
            with self.subTest(loaded=loaded, words=words):
                verb, *rest = words.split()
                text = self.call(loaded, " ".join([verb, "-j", *rest]), status)
                jsonschema.validate(json.loads(text), SCHEMA)


if __name__ == "__main__":
    unittest.main()
