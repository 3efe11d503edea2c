#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole of xl under the sanitizers, on the modelled host.

`make all` builds it.  A leak, an overrun or undefined behaviour ends it with
another exit status than the one that is due, and says so on stderr.
"""

import json
import os
import re
import subprocess
import unittest
from pathlib import Path

import jsonschema

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[1]
OUT = TOP / "build/tests/forced"
SCHEMA = json.loads((TOP / "docs/xl-livepatch.schema.json").read_text("utf-8"))

# What another tool has loaded, which a stock engine tells no build-id of, the
# words after `xl livepatch`, the exit status.  "@NAME" is a file.
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
    ("", "status", 0),
    ("", "status --timeout=1s", 1),
    ("", "blockers", 0),
    ("", "blockers --timeout=5s", 1),
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
    ("+hello", "apply @hello", 1),
    ("another", "apply --name=another @hello", 1),
    ("+hello", "replace @fresh", 1),
    ("+hello", "replace --no-undo @fresh", 0),
    ("", "upload @hello", 0),
    ("hello", "upload @hello", 1),
    ("+hello +bye", "revert bye", 0),
    ("+hello +bye", "revert hello", 1),
    ("+hello +bye", "revert --unload bye", 0),
    ("+hello", "revert bye", 1),
    ("hello", "unload hello", 0),
    ("+hello", "unload hello", 1),
]
# The same with an engine that reports; and what has to be said.
REPORTED = [
    ("", "list", 0, ["No live patches."]),
    ("+hello bye", "list", 0, ["\nhello  applied  ", "  111111111111  Xen  ",
                               "\nbye    checked  -", "  333333333333  hello  "]),
    ("+hello", "show hello", 0, [
        "hello: applied", "build-id 1111", "depends on 2222",
        "can be applied again", "made for Xen 2222", "hooks load",
        "do_busy at 0xffff82d040200000: 20 bytes replaced by 30 at 0xffff82d040500000",
        "its upload took 1.2 ms",
        "in its last action CPUs arrived within 3 us, then stood still for 1 us, of that "
        "for patching 1 us"]),
    ("+hello", "show bye", 1, ["no payload of that name"]),
    ("hello", "apply @hello", 0, ["Applied hello"]),
    ("+hello", "apply @hello", 0, ["hello is applied already"]),
    ("+hello", "apply --name x @hello", 0, ["hello is applied already"]),
    ("another", "apply --name=another @hello", 1, ["with build-id 7777"]),
    ("+hello", "replace @fresh", 0, ["Replaced all with fresh", "Displaced: hello."]),
    ("+hello +bye", "revert hello", 1, [
        "Could not revert hello: REVERT: bye was applied after it.",
        "hello was not reverted: REVERT: bye was applied after it."]),
]
# With a guest in the way, and with what is no guest.
STUBBORN = [
    ("", "apply --retries=0 @hello", 0, [
        "CPU 1 was late: domain 1 (guest), vCPU 0, in do_busy+0x40\n",
        "domain 1 (guest) was paused for "]),
    ("", "apply --retries=0 --pause=never @hello", 2, [
        "some CPU of the host did not arrive in time: CPU 1 ran domain 1 (guest), vCPU 0, in "
        "do_busy+0x40."]),
]
IDLE = [
    ("", "apply @hello", 2, [
        "CPU 1 was late: no domain, in do_busy+0x40\n",
        "did not arrive in time: CPU 1 ran no domain, in do_busy+0x40.\n"
        "    No guest that may be paused was in the way."]),
]
# What libxl answers, the verb, the exit status, and what has to be said.
ANSWERS = [
    ("-", "status", 0, ["something is known.\n"]),
    ("p", "status", 2, ["something is known.\n"]),
    ("lu", "status", 3, ["    hello is not loaded, should be applied\n",
                         "    bye is loaded, not applied, should be applied: another tool "
                         "reverted it\n", "    Mend it.\n"]),
    ("-", "blockers", 0, ["Guests that may be in the way:\n",
                          "    domain 7 ran for 93 ms, is being migrated\n"]),
    ("r", "blockers", 2, ["CPU 3 was late: domain 7 (guest), vCPU 0, in the guest's own code",
                          "The host stood still for 30 ms at most."]),
]


class Xl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        made = subprocess.run(["make", "-s", "-C", HERE, "xl"], capture_output=True,
                              text=True, check=False)
        assert made.returncode == 0, made.stdout + made.stderr

    def call(self, loaded, words, status, kind="stock", **variables):
        words = [word.replace("@", f"{OUT}/run/") + ".livepatch" if word[0] == "@" else word
                 for word in words.split()]
        process = subprocess.run(
            [OUT / "xl", "livepatch", *words], capture_output=True, text=True, timeout=60,
            check=False, stdin=subprocess.DEVNULL,
            env=os.environ | {"FORCED_WORLD": str(OUT / "world"), "FORCED_HOST": loaded,
                              "FORCED_ENGINE": kind} | variables)
        told = process.stdout + process.stderr
        self.assertNotIn("Sanitizer", told)
        self.assertNotIn("runtime error", told)
        self.assertEqual(process.returncode, status, told)
        return process

    def test_text(self):
        for loaded, words, status in CALLS:
            with self.subTest(loaded=loaded, words=words):
                self.call(loaded, words, status)

    def check_text(self, calls, kind):
        for loaded, words, status, told in calls:
            with self.subTest(loaded=loaded, words=words):
                process = self.call(loaded, words, status, kind)
                for text in told:
                    self.assertIn(text, process.stdout + process.stderr)

    def test_text_reported(self):
        self.check_text(REPORTED, "reports")
        self.check_text(STUBBORN, "stubborn")
        self.check_text(IDLE, "idle")

    def test_condition_and_obstacles(self):
        for answer, verb, status, told in ANSWERS:
            with self.subTest(answer=answer, verb=verb):
                process = self.call("", verb, status, FORCED_ANSWER=answer)
                self.assertEqual(process.stderr, "")
                for text in told:
                    self.assertIn(text, process.stdout)
                process = self.call("", f"{verb} -j", status, FORCED_ANSWER=answer)
                document = json.loads(process.stdout)
                jsonschema.validate(document, SCHEMA)
                self.assertEqual(document["operation"], verb)

    def test_attempts_as_they_happen(self):
        """On standard output, though what fails is summed up on the other."""
        words = "apply --exclude=1 --retries=1 --deadline=3s @hello"
        process = self.call("", words, 2, "stubborn")
        told = re.findall(r"^(Could not apply hello: |Trying again in )", process.stdout, re.M)
        self.assertEqual(told[:4], ["Could not apply hello: "] * 2 + ["Trying again in "] +
                         ["Could not apply hello: "])
        self.assertNotIn("Could not apply", process.stderr)
        document = json.loads(self.call("", words + " -j", 2, "stubborn").stdout)
        attempts = [one for one in document["attempts"] if one["operation"] == "apply"]
        self.assertEqual(told.count("Could not apply hello: "), len(attempts))
        self.assertEqual([bool(one.get("wait_us")) for one in attempts[:2]], [False, True])

    def test_json(self):
        self.check_json(CALLS, "stock")

    def test_json_reported(self):
        self.check_json(REPORTED, "reports")
        self.check_json(STUBBORN, "stubborn")
        self.check_json(IDLE, "idle")

    def check_json(self, calls, kind):
        for loaded, words, status, *_ in calls:
            if words.startswith("help"):
                continue
            with self.subTest(loaded=loaded, words=words):
                verb, *rest = words.split()
                process = self.call(loaded, " ".join([verb, "-j", *rest]), status, kind)
                jsonschema.validate(json.loads(process.stdout), SCHEMA)


if __name__ == "__main__":
    unittest.main()
