#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What bash completes after xl livepatch.

The verbs and options come from the xl under test.  What would come from a
hypervisor, lists of payloads and domains, is given here instead.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True

import xl_under_test as xl  # noqa: E402

COMPLETION = xl.REPOSITORY / "tools/xl/bash-completion.livepatch"

PAYLOADS = [
    {"name": "xsa182", "state": "applied", "recorded": True,
     "metadata": [{"key": "name", "value": "no name of a payload"}],
     "functions": [{"name": "do_xen_version", "old_size": 12}]},
    {"name": "xsa185", "state": "checked"},
    {"name": "two words", "state": "checked"},
    {"name": r'caf\xe9 "x"', "name_hex": "636166e920227822",
     "state": "applied"},
]
DOMAINS = """\
Name                                        ID   Mem VCPUs	State	Time(s)
Domain-0                                     0   512     1     r-----      12.3
pbx                                          1   512     1     -b----       0.3
web1                                         2   512     1     -b----       0.3
web2                                         3   512     1     --p---       0.3
"""
# Stands before the real one in PATH.
WRAPPER = """\
#!/bin/sh
case "$*" in
"livepatch list -j") cat {folder}/payloads.json ;;
list) cat {folder}/domains ;;
*) LD_LIBRARY_PATH={libraries} exec {xl} "$@" ;;
esac
"""
# Bash splits a command line at blanks and at "=", before it asks us.
DRIVER = """\
{setup}
COMP_WORDS=({words}) COMP_CWORD={last} COMPREPLY=()
compopt() {{ echo "compopt $*"; }}
spec=$(complete -p {command})
function=${{spec##* -F }}
"${{function%% *}}" {command} {current} {previous}
printf 'reply %s\\n' "${{COMPREPLY[@]}}"
"""


class Completion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(holder.cleanup)
        cls.folder = Path(holder.name)
        # With the indentation of libxl's own documents.
        (cls.folder / "payloads.json").write_text(json.dumps(
            {"operation": "list", "outcome": "done", "payloads": PAYLOADS},
            indent=4, ensure_ascii=False))
        (cls.folder / "domains").write_text(DOMAINS)
        wrapper = cls.folder / "xl"
        wrapper.write_text(WRAPPER.format(
            folder=cls.folder, xl=xl.XL, libraries=":".join(xl.libraries())))
        wrapper.chmod(0o755)
        # As a package installs them that leaves the distribution's xl alone.
        alone = cls.folder / "xl-livepatch"
        alone.write_text(f'#!/bin/sh\nexec {wrapper} livepatch "$@"\n')
        alone.chmod(0o755)
        (cls.folder / "completions").mkdir()
        shutil.copy(COMPLETION, cls.folder / "completions/xl-livepatch")

    def bash(self, script, **variables):
        path = f"{self.folder}:{os.environ['PATH']}"
        process = subprocess.run(
            ["bash", "--norc", "--noprofile", "-c", script], text=True,
            capture_output=True, timeout=30, check=True,
            env=dict(os.environ, PATH=path, **variables))
        self.assertEqual(process.stderr, "")
        return process.stdout.splitlines()

    def complete(self, line, setup=f". {COMPLETION}", **variables):
        """The replies to a line, of which the last word is incomplete, and
        the options of the completion that were changed."""
        words = []
        for word in line.split(" "):
            head, equals, tail = word.partition("=")
            words += [head] * (not equals or head != "") + [equals] * bool(equals)
            words += [tail] * bool(tail)
        out = self.bash(DRIVER.format(
            setup=setup, command=words[0], words=shlex.join(words), last=len(words) - 1,
            current=shlex.quote(words[-1]), previous=shlex.quote(words[-2])), **variables)
        replies = [one.removeprefix("reply ") for one in out
                   if one.startswith("reply ") and one != "reply "]
        changes = " ".join(one.removeprefix("compopt ") for one in out
                           if one.startswith("compopt "))
        return replies, changes

    def assert_completes(self, line, *expected):
        self.assertEqual(sorted(self.complete(line)[0]), sorted(expected), line)

    def assert_files(self, line):
        replies, changes = self.complete(line)
        self.assertEqual(replies, [], line)
        self.assertTrue(changes.endswith("-o default"), line)

    def test_verbs(self):
        verbs = [*xl.verbs(), "help"]
        self.assert_completes("xl livepatch ", *verbs)
        self.assert_completes("xl -vN livepatch ", *verbs)
        self.assert_completes("xl livepatch help ", *verbs)
        self.assert_completes("xl livepatch re", "replace", "restore", "revert")
        self.assert_completes("xl livepatch x")

    def test_xl_livepatch(self):
        """Its first word is the verb, and xl's own completion stays as it is."""
        setup = f". {self.folder}/completions/xl-livepatch"
        for line, expected in [
                ("xl-livepatch re", ["replace", "restore", "revert"]),
                ("xl-livepatch help inst", ["install"]),
                ("xl-livepatch apply --re", ["--replace", "--retries="]),
                ("xl-livepatch revert xs", ["xsa182"]),
                ("xl-livepatch apply --exclude=w", ["web1", "web2"])]:
            self.assertEqual(sorted(self.complete(line, setup)[0]), expected, line)
        self.assertEqual(self.bash(f"{setup}; complete -p xl 2>&1 || true"),
                         ["bash: line 1: complete: xl: no completion specification"])

    def test_options(self):
        for verb in xl.verbs():
            replies, _ = self.complete(f"xl livepatch {verb} --")
            self.assertEqual({one.rstrip("=") for one in replies},
                             {one for one in xl.options(verb)
                              if one.startswith("--")}, verb)
        self.assert_completes("xl livepatch apply --re", "--replace", "--retries=")
        self.assert_completes("xl livepatch list --f", "--fixes=")
        self.assertIn("-o nospace", self.complete("xl livepatch list --f")[1])
        self.assertNotIn("-o nospace", self.complete("xl livepatch list --j")[1]
                         .replace("+o nospace", ""))

    def test_domains(self):
        for option in ("--pause=", "--pause "):
            self.assert_completes(f"xl livepatch apply {option}",
                                  "auto", "never", "all", "pbx", "web1", "web2")
        self.assert_completes("xl livepatch apply --exclude=", "pbx", "web1", "web2")
        self.assert_completes("xl livepatch revert --exclude=w", "web1", "web2")
        self.assert_completes("xl livepatch apply --pause=pbx,", "pbx,pbx",
                              "pbx,web1", "pbx,web2")
        self.assert_completes("xl livepatch apply --pause pbx,1,web2",
                              "pbx,1,web2")

    def test_payloads(self):
        words = r"two\ words"
        odd = r'caf\\xe9\ \"x\"'
        self.assert_completes("xl livepatch show ", "xsa182", "xsa185", words, odd)
        self.assert_completes("xl livepatch revert ", "xsa182", odd)
        self.assert_completes("xl livepatch unload ", "xsa185", words)
        self.assert_completes("xl livepatch unload -j x", "xsa185")
        self.assert_completes("xl livepatch list ")

    def test_files(self):
        for verb in ("apply", "replace", "check", "upload"):
            self.assert_files(f"xl livepatch {verb} ")
            self.assert_files(f"xl livepatch {verb} some")
        self.assert_files("xl livepatch apply --replace a b")
        self.assert_files("xl livepatch check --xen-syms=")
        for line in ("xl livepatch apply --name=x", "xl livepatch apply --timeout ",
                     "xl livepatch revert x"):
            self.assertFalse(self.complete(line)[1].endswith("-o default"), line)

    # What xl had before.
    EARLIER = ('_xl() { COMPREPLY=(earlier "$@"); }; '
               'complete -F _xl -o nospace -o default xl xen')

    def test_earlier_completion(self):
        setup = f"{self.EARLIER}; . {COMPLETION}"
        replies, changes = self.complete("xl crea", setup)
        self.assertEqual((replies, changes), (["earlier", "xl", "crea", "xl"], ""))
        self.assertEqual(self.complete("xl livep", setup)[0][0], "earlier")
        self.assertEqual(self.complete("xl livepatch rev", setup)[0], ["revert"])
        again = f"{setup}; . {COMPLETION}"
        self.assertEqual(self.complete("xl crea", again)[0][0], "earlier")
        specs = self.bash(f"{again}; complete -p xl xen")
        self.assertEqual(specs, ["complete -o default -o nospace -F _xl_livepatch xl",
                                 "complete -o default -o nospace -F _xl xen"])

    def test_hidden_completion(self):
        """Ours stands where it hides the distribution's, as installed."""
        ours, theirs = (self.folder / one / "bash-completion/completions/xl"
                        for one in ("ours", "theirs"))
        for file, text in ((ours, COMPLETION.read_text()), (theirs, self.EARLIER)):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text + "\n")
        folders = f"{self.folder}/none:{self.folder}/ours:{self.folder}/theirs"
        replies, _ = self.complete("xl crea", f". {ours}", XDG_DATA_DIRS=folders)
        self.assertEqual(replies[0], "earlier")
        theirs.write_text(ours.read_text())
        replies, _ = self.complete("xl crea", f". {ours}", XDG_DATA_DIRS=folders)
        self.assertEqual(replies, [])

    @unittest.skipUnless(xl.XL.with_name("bash-completion").exists(),
                         "XL is not in an integrated tree")
    def test_within_the_tree(self):
        """Appended to Xen's own, whose function lists the commands of xl."""
        own = xl.XL.with_name("bash-completion")
        self.assertIn("xl-livepatch: begin", own.read_text())
        replies, _ = self.complete("xl livep", f". {own}")
        self.assertEqual([one.rstrip() for one in replies], ["livepatch"])


if __name__ == "__main__":
    unittest.main()
