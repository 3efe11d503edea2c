#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a payload is, and how ELF is read, stands in tools/libxenlivepatch alone.

The engine, in xen/, can't share code with the tools; nothing else has a reader
of its own, or spells the names of sections that only a payload has.
"""

import re
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
LIBRARY = "tools/libxenlivepatch/"
# Lays a payload out, which is no reading.
WRITER = "tools/livepatch-build/payload/payload_file.c"

READING = re.compile(r"\b(e_shoff|sh_link)\b|#include <(gelf|libelf)\.h>")
# Not a member called livepatch, as in sysctl.u.livepatch.cmd.
NAME = re.compile(r"(?<!\w)\.livepatch\.")


def breaches(sources):
    """Of a path -> text: "path: what" for each that isn't the library's."""
    for path, text in sorted(sources.items()):
        if path.startswith(LIBRARY):
            continue
        if path != WRITER and (found := READING.search(text)):
            yield f"{path}: {found[0]}"
        if found := NAME.search(text):
            yield f"{path}: {found[0]}"


class OneReader(unittest.TestCase):
    def test_tools(self):
        sources = {str(path.relative_to(TOP)): path.read_text()
                   for path in TOP.glob("tools/**/*.[chS]")}
        self.assertTrue(any(NAME.search(sources[path]) for path in sources), "looked nowhere")
        self.assertIn("sh_link", sources[WRITER])
        self.assertEqual(list(breaches(sources)), [])

    def test_breaches_are_seen(self):
        for text in ("x = header->sh_link;", "ehdr.e_shoff", "#include <gelf.h>\n",
                     "#include <libelf.h>\n", 'find(".livepatch.funcs")', "/* .livepatch.x */"):
            self.assertEqual(len(list(breaches({"tools/xl/a.c": text}))), 1, text)
            self.assertEqual(list(breaches({LIBRARY + "a.c": text})), [], text)
        self.assertEqual(list(breaches({"tools/libxl/a.c": "op.u.livepatch.cmd = 1;"})), [])
        self.assertEqual(list(breaches({WRITER: "header.sh_link = 1;"})), [])


if __name__ == "__main__":
    unittest.main()
