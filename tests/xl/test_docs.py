#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The manual page and docs/json.md say what the code says."""

import re
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True

import idl  # noqa: E402
import xl_under_test as xl  # noqa: E402

POD = xl.REPOSITORY / "docs/man/xl-livepatch.pod"
JSON = xl.REPOSITORY / "docs/json.md"
HEADER = xl.REPOSITORY / "tools/libxl/libxl_livepatch.h"
SOURCE = xl.REPOSITORY / "tools/xl/xl_livepatch.c"

# Where the members of each type are documented.
SECTIONS = {
    "livepatch_head": "The result",
    "livepatch_result": "The result",
    "livepatch_listing": "The result",
    "livepatch_details": "The result",
    "livepatch_verdict": "The result",
    "livepatch_condition": "A condition",
    "livepatch_deviation": "A condition",
    "livepatch_installation": "A condition",
    "livepatch_bootable": "A condition",
    "livepatch_totals": "A condition",
    "livepatch_obstacles": "Obstacles",
    "livepatch_suspect": "Obstacles",
    "livepatch_payload": "A payload",
    "livepatch_metadata": "A payload",
    "livepatch_function": "A payload",
    "livepatch_report": "A report",
    "livepatch_straggler": "A report",
    "livepatch_waiting": "A report",
    "livepatch_judgement": "A judgement",
    "livepatch_finding": "A judgement",
    "livepatch_attempt": "An attempt",
    "livepatch_pause": "An attempt",
}
# Values that no finished call shows.
UNSEEN = {"unknown", "undecided", "none"}


def sections(text, heading):
    """Title -> text of the parts under such headings."""
    parts = re.split(rf"^{heading} (.*)$", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def items(text):
    """Pairs of the head and the body of =item paragraphs."""
    return re.findall(r"^=item (.*)\n+((?:(?!^=item ).*\n?)*)", text, re.M)


def bold(text):
    return re.findall(r"B<([\w-]+)>", text)


def listed(words):
    """The verbs in "apply, replace and upload"."""
    return re.findall(r"\w+", words.lower().replace(" and ", ", "))


class ManualPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.pod = POD.read_text()
        cls.heads = sections(cls.pod, "=head1")
        cls.subheads = sections(cls.pod, "=head2")

    def assert_silent(self, *command, cwd, stdin=None):
        process = subprocess.run(command, cwd=cwd, input=stdin, text=True,
                                 capture_output=True, check=False)
        self.assertEqual((process.returncode, process.stderr), (0, ""), command)
        return process.stdout

    def test_renders_without_warnings(self):
        with tempfile.TemporaryDirectory() as folder:
            process = subprocess.run(
                ["podchecker", "-warnings", "-warnings", POD], text=True,
                capture_output=True, check=False)
            self.assertEqual(process.returncode, 0)
            self.assertNotIn("WARNING", process.stdout + process.stderr)
            page = self.assert_silent("pod2man", "--section=1", "--utf8",
                                      "--errors=die", str(POD), cwd=folder)
            self.assert_silent("man", "--local-file", "--warnings", "-",
                               cwd=folder, stdin=page)
            html = self.assert_silent("pod2html", f"--infile={POD}", cwd=folder)
            self.assertIn("xsa182.livepatch", html)

    def test_verbs(self):
        documented = {bold(head)[0]
                      for head, _ in items(self.heads["VERBS"])}
        self.assertEqual(documented, {*xl.verbs(), "help"})
        synopsis = re.findall(r"^B<xl livepatch (\w+)>",
                              self.heads["SYNOPSIS"], re.M)
        self.assertEqual(set(synopsis), documented)

    def documented_options(self):
        """Verb -> options, by headings and by what an entry begins with."""
        found = {verb: set() for verb in xl.verbs()}
        for title, text in self.subheads.items():
            if not title.startswith("Options of "):
                continue
            of_title = listed(title.removeprefix("Options of "))
            for head, body in items(text.split("\n=head")[0]):
                names = re.findall(r"B<(--?[\w-]+)>", head)
                own = re.match(r"([A-Z][a-z, ]*): ", body)
                verbs = found if of_title == ["all", "verbs"] else of_title
                if own and set(listed(own[1])) <= set(found):
                    verbs = listed(own[1])
                for verb in verbs:
                    found[verb].update(names)
        return found

    def test_options(self):
        documented = self.documented_options()
        for verb in xl.verbs():
            with self.subTest(verb):
                self.assertEqual(documented[verb], set(xl.options(verb)))

    def test_defaults(self):
        constants = dict(re.findall(r"#define LIBXL_LIVEPATCH_(\w+)\s+(\d+)",
                                    HEADER.read_text()))
        entries = {re.match(r"B<(--[\w-]+)>", head)[1]: body
                   for title, text in self.subheads.items()
                   if title.startswith("Options of ")
                   for head, body in items(text) if head.startswith("B<--")}
        helps = xl.options("apply")
        for option, constant in (
                ("--timeout", "TIMEOUT_US_DEFAULT"),
                ("--timeout", "TIMEOUT_US_MAX"),
                ("--timeout", "TIMEOUT_US_CEILING"),
                ("--max-pause", "MAX_PAUSE_US_DEFAULT"),
                ("--lock-wait", "LOCK_WAIT_US_DEFAULT")):
            us = int(constants[constant])
            text = f"{us // 1000000}s" if us >= 1000000 else f"{us // 1000}ms"
            with self.subTest(constant, text=text):
                self.assertRegex(entries[option], rf"\b{text}\b")
                self.assertRegex(helps[option], rf"\b{text}\b")
        retries = f"Default: {constants['RETRIES_DEFAULT']}."
        self.assertIn(retries, " ".join(entries["--retries"].split()))
        self.assertIn(retries, helps["--retries"])

    def test_exit_status(self):
        documented = [bold(head)[0]
                      for head, _ in items(self.heads["EXIT STATUS"])]
        coded = re.findall(r"^    STATUS_\w+ = (\d),$", SOURCE.read_text(), re.M)
        self.assertEqual(documented, coded)
        self.assertRegex(xl.help_text(), r"Exit status: 0 .*, 1 .*, 2 (.|\n)*, 3 ")

    def test_json_members(self):
        documented, defined = {}, {}
        for name, kind in idl.reachable().items():
            if isinstance(kind, idl.Struct):
                section = SECTIONS[name]
                text = self.subheads[section].split("\n=head")[0]
                defined.setdefault(section, set()).update(idl.own_fields(name))
                # A member's name is bold, in an entry's head or in its text.
                documented[section] = set(bold(text))
        for section, members in defined.items():
            with self.subTest(section):
                self.assertEqual(documented[section], members)

    def test_json_values(self):
        text = self.heads["JSON"]
        for name, kind in idl.reachable().items():
            if isinstance(kind, idl.Enumeration):
                for value in set(kind.values) - UNSEEN:
                    with self.subTest(name, value=value):
                        self.assertIn(f"C<{value}>", text)


class JsonPage(unittest.TestCase):
    def test_members(self):
        parts = sections(JSON.read_text(), "##+")
        parts = {title.split(" (")[0]: text for title, text in parts.items()}
        defined = {}
        for name, section in SECTIONS.items():
            defined.setdefault(section, {})[name] = set(idl.own_fields(name))
        for section, kinds in defined.items():
            rows = re.findall(r"^\| (`.*?) \| (.*)$", parts[section], re.M)
            first = {word for cell, _ in rows for word in re.findall(r"`(\w+)`", cell)}
            rest = {word for _, cell in rows for word in re.findall(r"`(\w+)`", cell)}
            mains = set(kinds) & set(idl.answers()) or {next(iter(kinds))}
            with self.subTest(section):
                self.assertEqual(first, set().union(*map(kinds.get, mains)))
            for name, members in kinds.items():
                with self.subTest(section, type=name):
                    self.assertLessEqual(members, first | rest)

    def test_exit_status(self):
        outcomes = idl.types()["livepatch_outcome"].values
        rows = re.findall(r"^\| `(\w+)` \| (\d) \|", JSON.read_text(), re.M)
        self.assertEqual([outcome for outcome, _ in rows],
                         [one for one in outcomes if one not in UNSEEN])
        self.assertEqual([status for _, status in rows], list("000123"))


if __name__ == "__main__":
    unittest.main()
