#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What livepatch-package makes, and what it refuses.  tests/soak/package.py
installs it from a repository, and has what needs rpm."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
TOP = Path(__file__).resolve().parents[2]
PACKAGER = TOP / "tools/livepatch-package/livepatch-package"
PAYLOADS = TOP / "build/payloads"
DEB = "--deb=xen-hypervisor-4.17-amd64=4.17.5+1"
RPM = "--rpm=xen=4.17.5"
GONE = '{\n    "reason": "no_such_payload"\n}'


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def make(self, *words, path=None, epoch="1800000000"):
        files = [PAYLOADS / f"{word}.livepatch" if "/" not in word and word[0] != "-" else word
                 for word in words]
        return subprocess.run(
            [PACKAGER, "-o", self.folder, "--maintainer=Fixes <fixes@example.org>", *files],
            text=True, capture_output=True, check=False,
            env={**os.environ, "SOURCE_DATE_EPOCH": epoch,
                 "PATH": path or f"{TOP}/build/livepatch-build:{os.environ['PATH']}"})

    def made(self, *words, **how):
        done = self.make(*words, **how)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([str(path) for path in self.folder.iterdir()], [done.stdout.strip()])
        return Path(done.stdout.strip())

    def assert_refused(self, said, *words, status=1, **how):
        done = self.make(*words, **how)
        self.assertEqual(done.returncode, status, done)
        self.assertIn(said, done.stderr)
        self.assertEqual(list(self.folder.iterdir()), [])

    def assert_reproducible(self, kind):
        first = self.made(kind, "hello", "bye").read_bytes()
        self.assertEqual(self.made(kind, "bye", "hello").read_bytes(), first)


def said_by(*words):
    return subprocess.run(words, text=True, capture_output=True, check=True).stdout


class Deb(Case):
    def test_contents(self):
        package = self.made(DEB, "bye", "hello")
        self.assertEqual(package.name, "xen-livepatches_20270115.080000_amd64.deb")
        listing = said_by("dpkg-deb", "-c", package)
        for name in ("hello", "bye"):
            self.assertRegex(listing, rf"-rw-r--r-- root/root .* \./usr/lib/xen/livepatch/"
                                      rf"[0-9a-f]{{40}}/{name}\.livepatch\n")
        out = self.folder / "out"
        subprocess.run(["dpkg-deb", "-x", package, out], check=True)
        self.assertEqual(next(out.rglob("hello.livepatch")).read_bytes(),
                         (PAYLOADS / "hello.livepatch").read_bytes())
        shutil.rmtree(out)
        self.assertEqual(said_by("dpkg-deb", "-f", package, "Depends").strip(),
                         "xen-livepatch-tools, xen-hypervisor-4.17-amd64 (>= 4.17.5+1)")

    def test_reproducible(self):
        self.assert_reproducible(DEB)

    def script(self, package, name):
        return said_by("sh", "-c", f"dpkg-deb --ctrl-tarfile '{package}' | tar xO ./{name}")

    def test_scripts(self):
        """What is called when, where a Xen seems to run."""
        package = self.made(DEB, "bye", "hello")
        bin_folder = self.folder / "bin"
        bin_folder.mkdir()
        command = bin_folder / "xl-livepatch"
        found = re.findall(r"^(hello|bye) (\w+) \w+$", self.script(package, "prerm"), re.M)
        self.answer(command, {name: self.applied(build_id) for name, build_id in found})
        restore = ["restore --replace"]
        revert = [f"{words}{name}" for name in ("bye", "hello")
                  for words in ("show -j ", "revert --unload --deadline=30s ")]
        for script, words, calls in (
                ("postinst", ["configure"], restore), ("postinst", ["configure", "1"], restore),
                ("postinst", ["abort-remove"], restore), ("postinst", ["triggered"], []),
                ("prerm", ["remove"], revert), ("prerm", ["upgrade", "2"], []),
                ("prerm", ["remove", "in-favour", "other", "2"], [])):
            with self.subTest(script, words=words):
                self.assertEqual(self.run_script(package, script, words), calls)
        # Another's payload, and one that isn't there, are left alone; where nobody can
        # tell, nothing is removed.
        for answer, status in ((self.applied("ab12"), 0), (GONE, 0), (self.applied(None), 1),
                               ("xl: no such command", 1), ('{"reason": "not_permitted"}', 1)):
            with self.subTest(answer):
                self.answer(command, dict.fromkeys(("hello", "bye"), answer))
                calls = self.run_script(package, "prerm", ["remove"], status)
                self.assertEqual(calls, ["show -j bye", *(["show -j hello"] if not status
                                                          else restore)])

    def applied(self, build_id):
        return json.dumps({"xen_build_id": "cd34", "payloads": [
            {"name": "it", "state": "applied", **({"build_id": build_id} if build_id else {})}]},
            indent=4)

    def answer(self, command, answers):
        """What show prints of each; an answer that isn't of one that is there fails."""
        cases = "".join(f"*\\ {name}) cat << 'EOF'\n{answer}\nEOF\n"
                        f"exit {'payloads' not in answer:d} ;;\n"
                        for name, answer in answers.items())
        command.write_text('#!/bin/sh\necho "$@" >> "$CALLS"\n[ "$1" = show ] || exit 0\n'
                           f'case "$*" in\n{cases}esac\n')
        command.chmod(0o755)

    def run_script(self, package, script, words, status=0):
        calls = self.folder / "calls"
        calls.write_text("")
        text = self.script(package, script)
        text = text.replace("\nruns_xen() {\n", "\nruns_xen() {\nreturn 0\n")
        done = subprocess.run(["sh", "-c", text, script, *words], check=False,
                              capture_output=True, text=True,
                              env={"PATH": f"{self.folder}/bin:{os.environ['PATH']}",
                                   "CALLS": str(calls)})
        self.assertEqual(done.returncode, status, done)
        return calls.read_text().splitlines()


class Refused(Case):
    def test_payloads(self):
        for said, *words in (
                ("which is not among the files", "bye"),
                ("made for the same place", "hello", "metadata"),
                ("does not exist", "/nowhere/x.livepatch"),
                ("is not called NAME.livepatch", str(PACKAGER))):
            with self.subTest(words):
                self.assert_refused(said, DEB, *words)

    def test_words(self):
        for said, *words in (
                ("NAME=VERSION", "--deb=xen", "hello"), ("begins with no digit", DEB,
                 "--version=x", "hello"), ("no package can be called", DEB, "--name=A_b", "hello"),
                ("nobody answers", DEB, "--maintainer=me", "hello"),
                ("there is no folder /nowhere", DEB, "--output=/nowhere", "hello"),
                ("not allowed with", DEB, RPM, "hello"), ("FILE", DEB)):
            with self.subTest(words):
                self.assert_refused(said, *words, status=2)

    def test_no_builder(self):
        self.assert_refused("there is no livepatch-build", DEB, "hello", path="/usr/bin:/bin")


if __name__ == "__main__":
    unittest.main()
