#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What xl livepatch says where it cannot act, on a machine without Xen."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True

import xl_under_test as xl  # noqa: E402

NOBODY = 65534
ACTIONS = ("apply", "replace", "revert", "unload", "upload", "install", "uninstall",
           "restore", "prune")
QUERIES = ("list", "show", "status", "blockers")
# These have no operand.
BARE = ("list", "status", "blockers", "restore", "prune")

# Command line -> what its one line must name.
WRONG = {
    ("apply",): "FILE",
    ("replace",): "FILE",
    ("check",): "FILE",
    ("upload",): "FILE",
    ("revert",): "NAME",
    ("unload",): "NAME",
    ("show",): "NAME",
    ("show", "a", "b"): "'b'",
    ("upload", "a", "b"): "'b'",
    ("list", "a"): "'a'",
    ("status", "a"): "'a'",
    ("blockers", "a"): "'a'",
    ("blockers", "--retries=1"): "--retries",
    ("blockers", "--dry-run"): "--dry-run",
    ("apply", "-x", "a"): "-x",
    ("apply", "--bogus", "a"): "--bogus",
    ("apply", "--no", "a"): "--no",
    ("list", "--timeout=1", "--json"): "--timeout=1",
    ("apply", "--timeout"): "--timeout",
    ("apply", "--replace=yes", "a"): "--replace",
    ("apply", "--timeout=soon", "a"): "'soon'",
    ("apply", "--timeout=", "a"): "''",
    ("apply", "--timeout=0", "a"): "1us",
    ("apply", "--timeout=-1", "a"): "'-1'",
    ("apply", "--timeout=1d", "a"): "'1d'",
    ("apply", "--timeout=1m", "a"): "4s",
    ("apply", "--deadline=0", "a"): "1us",
    ("apply", "--deadline=25h", "a"): "24h",
    ("upload", "--deadline=1s", "a"): "--deadline",
    ("revert", "--force", "a"): "--force",
    ("apply", "--lose-fixes", "a"): "--lose-fixes",
    ("apply", "--timeout=1.s", "a"): "'1.s'",
    ("apply", "--timeout=1.0005ms", "a"): "'1.0005ms'",
    ("apply", "--timeout=4.000001s", "a"): "4s",
    ("apply", "--timeout=18446744073709551616", "a"): "'18446744073709551616'",
    ("apply", "--max-pause=0", "a"): "--max-pause",
    ("apply", "--max-pause=999us", "a"): "1ms",
    ("apply", "--lock-wait=3601s", "a"): "1h",
    ("apply", "--max-pause=1.1h", "a"): "1h",
    ("apply", "--retries=-1", "a"): "'-1'",
    ("apply", "--retries=101", "a"): "'101'",
    ("apply", "--retries=2x", "a"): "'2x'",
    ("apply", "--name=n", "a", "b"): "--name",
    ("apply", "--no-undo", "a"): "--no-undo",
    ("restore", "--lose-fixes"): "--replace",
    ("install", "--no-undo", "a"): "--replace",
    ("prune", "a"): "'a'",
    ("prune", "--timeout=1"): "--timeout",
    ("list", "--fixes="): "--fixes",
    ("check", "--build-id=xyz", "a"): "'xyz'",
    ("check", "--build-id=123", "a"): "'123'",
}
# What the units of systemd call.
UNITS = [tuple(words.replace("$XL_LIVEPATCH_OPTIONS", "--exclude=db").split()) for unit in xl.REPOSITORY.glob("tools/xl/*.service")
         for words in re.findall(r"^Exec\w+=/usr/sbin/xl livepatch (.*)", unit.read_text(), re.M)]
# Right ones, which get as far as finding no Xen.
RIGHT = [
    ("apply", "a"), ("apply", "a", "b", "-n"), ("apply", "--name=x", "a"),
    ("apply", "--", "--name"), ("apply", "a", "--replace", "--no-undo"),
    ("replace", "--no-undo", "--lose-fixes", "--force", "a"),
    *(("revert", f"--deadline={time}", "a") for time in ("30m", "24h", "0.5h", "1s")),
    *(("apply", f"--timeout={time}", "a") for time in
      ("1us", "30", "30ms", "0.5s", "0.001", "4s", "4.000000s", "1.500ms")),
    ("apply", "--max-pause=1ms", "--lock-wait=0", "--retries=0", "a"),
    *(("apply", "--pause", which, "a") for which in
      ("auto", "never", "all", "1,guest")),
    ("revert", "--unload", "a"), ("unload", "a"), ("upload", "a"),
    ("list",), ("list", "--fixes=x"), ("show", "a"), ("status",),
    ("blockers", "--timeout=1ms", "--lock-wait=0"),
    ("install", "--boot-only", "--deadline=1m", "a", "b"),
    ("install", "--replace", "--lose-fixes", "--no-undo", "a"),
    ("uninstall", "--build-id=ab", "a"),
    ("restore",), ("restore", "--retry"), ("restore", "--until-settled"), ("restore", "--replace", "--no-undo"), *UNITS,
    ("prune", "-n", "--lock-wait=0"),
]


def unavailable(args):
    """The status where Xen can't be asked.  1 of --fixes means "not fixed"."""
    return 3 if any(one.startswith("--fixes") for one in args) else 1


class Refusals:
    """What the tests below look for."""

    def assert_refused(self, process, verb, word, status=1):
        """One line that names the verb and the word, and the status."""
        self.assertEqual(process.returncode, status, process)
        self.assertEqual(process.stderr.count("\n"), 1, process.stderr)
        self.assertTrue(process.stderr.startswith(f"xl livepatch {verb}: "),
                        process.stderr)
        self.assertIn(word, process.stderr)

    def assert_reason(self, process, reason, operation):
        """The document says the same as standard error."""
        result = xl.document(process)
        self.assertEqual(result["outcome"], "failed")
        self.assertEqual(result["reason"], reason)
        self.assertEqual(result.get("operation"), operation)
        self.assertIn(result["message"], process.stderr)
        self.assertIn(result["advice"], process.stderr)


class Usage(Refusals, unittest.TestCase):
    def test_wrong_options(self):
        for args, word in WRONG.items():
            with self.subTest(args):
                process = xl.run(*args)
                self.assert_refused(process, args[0], word)
                self.assertIn(f"Try 'xl livepatch help {args[0]}'.",
                              process.stderr)
                if "--json" not in args:
                    self.assertEqual(process.stdout, "")

    def test_wrong_options_as_json(self):
        for args in WRONG:
            # An option that lacks its argument would take -j for it.
            with self.subTest(args):
                process = xl.run(args[0], "-j", *args[1:])
                operation = {"show": "list"}.get(args[0], args[0])
                if "--replace" in args:
                    operation = "replace"
                self.assert_reason(process, "usage", operation)
                self.assertEqual(process.returncode, 1)

    def test_json_after_the_error(self):
        process = xl.run("apply", "--bogus", "a", "--timeout=x", "-nj")
        self.assert_reason(process, "usage", "apply")
        self.assertIn("--bogus", process.stderr)

    def test_unknown_verb(self):
        for verb in ("app", "l", "", "Apply", "frobnicate"):
            with self.subTest(verb):
                process = xl.run(verb, "a")
                self.assertEqual((process.returncode, process.stdout), (1, ""))
                self.assertEqual(process.stderr.count("\n"), 1)
                self.assertIn(f"'{verb}'", process.stderr)
                for known in xl.verbs():
                    self.assertIn(known, process.stderr)
        self.assert_reason(xl.run("app", "--json"), "usage", None)
        self.assertEqual(xl.run("help", "app").returncode, 1)

    def test_any_bytes(self):
        # The second character turns what follows around on a terminal.
        process = xl.run("apply", b"--caf\xe9\xe2\x81\xa7\x1b[31m\n", "-j", "a")
        self.assert_reason(process, "usage", "apply")
        self.assertIn(r"--caf\xe9\xe2\x81\xa7\x1b[31m\x0a", process.stderr)
        process = xl.run("apply", "--café")
        self.assertIn("--café", process.stderr)

    def test_help(self):
        text = xl.help_text()
        self.assertEqual(xl.run("--help").stdout, text)
        self.assertEqual(xl.run("-h").stdout, text)
        bare = xl.run()
        self.assertEqual((bare.returncode, bare.stdout, bare.stderr), (1, "", text))
        for verb in xl.verbs():
            with self.subTest(verb):
                self.assertTrue(xl.help_text(verb).startswith(
                    f"Usage: xl livepatch {verb} "))
                for option in ("-h", "--help"):
                    process = xl.run(verb, option)
                    self.assertEqual(process.returncode, 0)
                    self.assertEqual(process.stdout, xl.help_text(verb))

    def test_help_of_xl(self):
        process = subprocess.run([xl.XL, "help", "livepatch"], env=xl.environment(),
                                 capture_output=True, text=True, check=True)
        self.assertEqual(process.stderr, "")
        for verb in [*xl.verbs(), "help"]:
            self.assertRegex(process.stdout, rf"\n  {verb} ")


@unittest.skipIf(os.path.exists("/proc/xen"), "this machine runs on Xen")
class NoXen(Refusals, unittest.TestCase):
    @unittest.skipIf(os.geteuid(), "needs root")
    def test_root_without_xen(self):
        self.assertTrue(UNITS)
        for args in RIGHT:
            with self.subTest(args):
                self.assert_refused(xl.run(*args), args[0], "does not run on Xen",
                                    unavailable(args))
        for verb in ACTIONS + QUERIES:
            with self.subTest(verb, json=True):
                operands = [] if verb in BARE else ["a"]
                self.assert_reason(xl.run(verb, "-j", *operands), "no_xen",
                                   "list" if verb == "show" else verb)

    def test_global_dry_run(self):
        process = subprocess.run([xl.XL, "-N", "livepatch", "list"],
                                 env=xl.environment(), capture_output=True,
                                 text=True, check=False)
        self.assertNotIn("does not implement", process.stderr)

    def test_check_without_xen(self):
        process = xl.run("check", "/dev/null", "-j")
        self.assertEqual(process.returncode, 1)
        result = xl.document(process)
        self.assertEqual(result["operation"], "check")
        self.assertNotIn("acceptable", result["judgements"][0])
        self.assertIn("--build-id", " ".join(result["warnings"]))
        process = xl.run("check", "/dev/null")
        self.assertEqual(process.returncode, 1)
        self.assertIn("/dev/null: not acceptable", process.stdout)
        named = xl.run("check", "--build-id=00", "/dev/null", "-j")
        self.assertNotIn("warnings", xl.document(named))

    def test_output_cannot_be_written(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            process = xl.run("list", "-j", capture_output=False, stdout=full,
                             stderr=subprocess.PIPE)
        self.assertEqual(process.returncode, 1)
        self.assertIn("cannot write standard output", process.stderr)


class NotRoot(Refusals, unittest.TestCase):
    def setUp(self):
        # A copy that nobody may reach, wherever the build folder is.
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)
        self.folder.chmod(0o755)
        shutil.copy(xl.XL, self.folder)
        for folder in xl.libraries():
            for library in Path(folder).glob("lib*.so.*"):
                shutil.copy(library, self.folder)
        self.user = None if os.geteuid() else NOBODY

    def run_xl(self, *args):
        return xl.run(*args, xl=self.folder / "xl", user=self.user,
                      env=dict(xl.environment(), LD_LIBRARY_PATH=str(self.folder)))

    def test_verbs(self):
        for args in RIGHT:
            with self.subTest(args):
                self.assert_refused(self.run_xl(*args), args[0], "root",
                                    unavailable(args))
        self.assert_reason(self.run_xl("list", "-j"), "not_permitted", "list")

    def test_check_needs_no_privilege(self):
        result = xl.document(self.run_xl("check", "-j", "/dev/null"))
        self.assertEqual(result["judgements"][0]["name"], "null")
        self.assertIn("root", " ".join(result["warnings"]))


if __name__ == "__main__":
    unittest.main()
