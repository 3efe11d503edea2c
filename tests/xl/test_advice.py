#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What people are advised to do stands in libxl_livepatch_words.[ch] alone."""

import re
import unittest
from pathlib import Path

LIBXL = Path(__file__).resolve().parents[2] / "tools/libxl"
WORDS = "libxl_livepatch_words"
# Which argument of a call is the advice, counted from 0.
ADVICE = {"libxl__livepatch_conclude": 4, "libxl__livepatch_refuse": 3}
MACRO = re.compile(r"\bLIVEPATCH_ADVICE_\w+")


def arguments(text, at):
    """Those of the call whose parenthesis opens before text[at]."""
    found, depth, start, quoted = [], 0, at, False
    while depth >= 0:
        one = text[at]
        if one == '"' and text[at - 1] != "\\":
            quoted = not quoted
        if not quoted:
            if one in ",)" and not depth:
                found.append(text[start:at].strip())
                start = at + 1
            depth += (one in "([{") - (one in ")]}")
        at += 1
    return found


def advices(text):
    """What is passed as advice in each call."""
    for call in re.finditer(r"\b(libxl__livepatch_\w+)\(", text):
        if call[1] in ADVICE:
            yield arguments(text, call.end())[ADVICE[call[1]]]


def breaches(text):
    yield from (one for one in advices(text) if '"' in one)
    # Also where it is chosen beforehand.
    yield from re.findall(r'\badvice\s*=\s*"', text)
    for body in re.findall(r"^static const char \*\w*advice\w*\(.*?^}", text, re.M | re.S):
        yield from re.findall(r'return[^;]*"', body)


class Advice(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.texts = {path.name: path.read_text() for path in LIBXL.glob("*.[ch]")}

    def test_in_one_place(self):
        for name, text in self.texts.items():
            if not name.startswith(WORDS):
                self.assertEqual(list(breaches(text)), [], name)
        calls = [one for name, text in self.texts.items() if name.endswith(".c")
                 for one in advices(text)]
        self.assertGreater(len(calls), 30)
        self.assertTrue(any(MACRO.search(one) for one in calls))

    def test_all_is_used(self):
        defined = set(re.findall(r"#define (LIVEPATCH_ADVICE_\w+)", self.texts[f"{WORDS}.h"]))
        used = {one for name, text in self.texts.items() if not name.startswith(WORDS)
                for one in MACRO.findall(text)}
        self.assertEqual(defined, used)

    def test_breaches_are_seen(self):
        refuse = 'libxl__livepatch_refuse(gc, x(a, b), R, {}, "%s, %d", f(","), 1);'
        for text in (refuse.format('"Wait."'), refuse.format('a ? "Wait." : NULL'),
                     'libxl__livepatch_conclude(gc, r, O, R, "Wait.", "it");',
                     'const char *advice = "Wait.";',
                     'static const char *my_advice(void)\n{\n    return "Wait.";\n}\n'):
            self.assertEqual(len(list(breaches(text))), 1, text)
        for advice in ("NULL", "LIVEPATCH_ADVICE_NAME", "a ? LIVEPATCH_ADVICE_NAME : NULL"):
            self.assertEqual(list(breaches(refuse.format(advice))), [], advice)


if __name__ == "__main__":
    unittest.main()
