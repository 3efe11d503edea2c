# SPDX-License-Identifier: GPL-2.0-or-later
"""Running the xl under test, and what its help says of itself.

XL names another xl than the one that scripts/build-toolstack has built.
"""

import json
import os
import re
import subprocess
from pathlib import Path

import jsonschema

REPOSITORY = Path(__file__).resolve().parents[2]
TREE = REPOSITORY / "build/toolstack-src/tools"
XL = Path(os.environ.get("XL") or TREE / "xl/xl").resolve()
SCHEMA = json.loads(
    (REPOSITORY / "docs/xl-livepatch.schema.json").read_text())
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


def libraries():
    """Folders with the libraries that belong to the xl under test."""
    tree = XL.parent.parent / "libs"
    return sorted({str(one.parent) for one in tree.glob("*/lib*.so.*")})


def environment():
    paths = libraries() + [os.environ.get("LD_LIBRARY_PATH", "")]
    return dict(os.environ, LC_ALL="C", LD_LIBRARY_PATH=":".join(filter(None, paths)))


def run(*args, **options):
    """`xl livepatch ARGS`, to its end."""
    defaults = {"env": environment(), "capture_output": True, "text": True,
                "timeout": 30, "stdin": subprocess.DEVNULL, "check": False}
    return subprocess.run([options.pop("xl", XL), "livepatch", *args],
                          **(defaults | options))


def document(process):
    """The one JSON document on standard output, valid by the schema."""
    result = json.loads(process.stdout)
    VALIDATOR.validate(result)
    return result


def help_text(*verb):
    process = run("help", *verb)
    assert process.returncode == 0 and not process.stderr, process
    return process.stdout


def verbs():
    """The verbs that `xl livepatch help` lists, but for help itself."""
    listed = re.search(r"^Verbs:\n(.*?)\n\n", help_text(), re.M | re.S)[1]
    found = re.findall(r"^  (\w+) ", listed, re.M)
    assert found[-1] == "help"
    return found[:-1]


def options(verb):
    """Option -> what the help says of it, of one verb."""
    text = help_text(verb).split("\nOptions:\n")[1]
    entries = re.findall(r"^  (?:-(\w), |    )(--[\w-]+)(=\S+)?(.*(?:\n {25}.*)*)",
                         text, re.M)
    found = {}
    for letter, name, _, words in entries:
        found[name] = " ".join(words.split())
        if letter:
            found[f"-{letter}"] = found[name]
    return found
