#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The Ansible collection on three hosts: modules, and a rollout that stops, is
called again, meets a busy host, and one whose power fails."""

import json
import re
import signal
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

from case import FleetCase
from controller import TOP

PAYLOADS = TOP / "build/payloads"
GUESTS = TOP / "build/guests"
STACK = ["hello", "bye"]
# The lower one lets the guest stubborn keep its CPU in the hypervisor.
SLOW = ["slow", "stacked"]


class Three(FleetCase):
    VARIABLES = {"livepatch_payloads": [str(PAYLOADS / f"{name}.livepatch") for name in STACK],
                 "livepatch_health_command": "test ! -e /root/sick",
                 "livepatch_health_retries": 0}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for host in cls.fleet.hosts:
            host.put(*(PAYLOADS / f"{name}.livepatch" for name in
                       [*STACK, "slow", "wrong_xen"]),
                     *GUESTS.glob("stubborn.*"))

    def setUp(self):
        self.maxDiff = None
        self.addCleanup(self.clean_up)

    def clean_up(self):
        names = ("replace", *reversed(STACK), *reversed(SLOW))
        words = "; ".join([f"xl-livepatch {verb} --deadline=1m {name}" for name in names
                           for verb in ("uninstall", "revert --unload")])
        with ThreadPoolExecutor() as pool:
            for done in pool.map(lambda host: host.try_run(f"rm -f sick; xl destroy stubborn; {words}; "
                                                           "xl-livepatch status"),
                                 self.fleet.hosts):
                self.assertEqual(done.returncode, 0, done)

    def assert_all(self, answers, **members):
        found = {name: {member: answer.get(member) for member in members}
                 for name, answer in answers.items()}
        self.assertEqual(found, self.on_all(members), answers)


class Modules(Three):
    def assert_goes(self, **arguments):
        """Check mode changes nothing and predicts what is done then; the second
        time nothing is."""
        before = self.fleet.facts()
        predicted = self.fleet.module("--check", "--diff", **arguments)
        self.assertEqual(self.fleet.facts(), before)
        done = self.fleet.module("--diff", **arguments)
        for each in (predicted, done):
            self.assert_all(each, changed=True)
        self.assertEqual({name: answer["diff"] for name, answer in predicted.items()},
                         {name: answer["diff"] for name, answer in done.items()})
        after = self.fleet.facts()
        for words in ([], ["--check"]):
            self.assert_all(self.fleet.module(*words, **arguments), changed=False)
        self.assertEqual(self.fleet.facts(), after)
        return next(iter(done.values()))["diff"]

    def files(self, *names):
        return [f"/root/{name}.livepatch" for name in names]

    def test_installed_and_out_again(self):
        # In the order in which they depend on each other, whatever is asked for.
        diff = self.assert_goes(state="installed", files=self.files(*reversed(STACK)))
        self.assertEqual(diff, {"before": {"applied": [], "installed": []},
                                "after": {"applied": STACK, "installed": STACK}})
        diff = self.assert_goes(state="uninstalled", name="bye")
        self.assertEqual(diff["after"], {"applied": ["hello"], "installed": ["hello"]})

    def test_bad_payload(self):
        first = self.fleet.hosts[0]
        first.run("head -c 500 hello.livepatch > cut.livepatch")
        before = self.fleet.facts()
        for name, reason in (("cut", "format"), ("wrong_xen", "xen_build_id"),
                             ("missing", "file")):
            for words in ([], ["--check"]):
                answer = self.fleet.module("--limit", "host1", *words,
                                           state="applied", files=self.files(name))["host1"]
                self.assertEqual((answer["failed"], answer["changed"], answer["rc"],
                                  answer["livepatch"]["reason"]), (True, False, 1, reason))
                self.assertIn(f"{name}.livepatch", answer["msg"])
        self.assertEqual(self.fleet.facts(), before)


class Rollout(Three):
    def changes(self, *words):
        """Host -> what the module says that changes live patches."""
        done = self.rollout(*words, callback="answers")
        lines = [json.loads(line) for line in done.stdout.splitlines() if line[:1] == "{"]
        return {line["host"]: line["answer"] for line in lines if "livepatch" in line["answer"]}

    def test_twice(self):
        """What is done already is left alone, and check mode knows."""
        self.assertEqual(self.rollout("--limit", "host1").returncode, 0)
        before = self.fleet.facts()
        predicted = self.changes("--check", "--diff")
        self.assertEqual(self.fleet.facts(), before)
        done = self.changes("--diff")
        for answers in (predicted, done):
            self.assertEqual({name: answer["changed"] for name, answer in answers.items()},
                             {"host1": False, "host2": True, "host3": True})
        self.assertEqual({name: answer["diff"] for name, answer in predicted.items()},
                         {name: answer["diff"] for name, answer in done.items()})
        after = self.fleet.facts()
        for words in ([], ["--check"]):
            said = self.rollout(*words).stdout
            self.assertEqual(re.findall(r"(?m)^(host\d).* changed=0 .* failed=0", said),
                             list(self.on_all(None)), said)
        self.assertEqual(self.fleet.facts(), after)

    def slow(self, deadline):
        """Variables by which host2's guest makes it busy, in one stage with host1."""
        return ["-e", json.dumps({
            "livepatch_stages": [2, 1],
            "livepatch_payloads": [str(PAYLOADS / f"{name}.livepatch") for name in SLOW],
            "livepatch_options": ["--pause=never"], "livepatch_deadline": deadline})]

    def make_busy(self, host):
        host.run("xl-livepatch install --deadline=1m slow.livepatch; xl create -q stubborn.cfg")

    def wait_for_install(self, host):
        deadline = time.monotonic() + 300
        while host.try_run("pgrep -f '[l]ivepatch install'").returncode:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(1)

    def test_the_second_is_busy(self):
        second = self.fleet.hosts[1]
        self.make_busy(second)
        done = self.rollout(*self.slow("10s"))
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertRegex(done.stdout, r"(?s)fatal: \[host2\].*\"rc\": 2\b")
        self.assertNotRegex(done.stdout, r"(?m)^host3 ")
        self.assertEqual(self.fleet.applied(), {"host1": SLOW, "host2": SLOW[:1], "host3": []})

        # The guest goes while it is being tried again.
        with ThreadPoolExecutor() as pool:
            answers = pool.submit(self.changes, *self.slow("5m"))
            self.wait_for_install(second)
            time.sleep(15)
            second.run("xl destroy stubborn")
            answers = answers.result()
        self.assertEqual({name: answer["changed"] for name, answer in answers.items()},
                         {"host1": False, "host2": True, "host3": True})
        # More than one series of --retries, which has three.
        attempts = answers["host2"]["livepatch"]["attempts"]
        self.assertGreater(len(attempts), 3, attempts)
        self.assertEqual(self.fleet.applied(), self.on_all(SLOW))

    def test_the_second_dies(self):
        """While xl is at work there; nothing answers any more, not even with an error."""
        first, second, third = self.fleet.hosts
        self.make_busy(second)
        with ThreadPoolExecutor() as pool:
            done = pool.submit(self.rollout, *self.slow("10m"))
            self.wait_for_install(second)
            second.process.send_signal(signal.SIGSTOP)
            done = done.result()
        second.cut_power()
        try:
            self.assertNotEqual(done.returncode, 0)
            self.assertRegex(done.stdout, r"(?m)^host2 .* unreachable=1 ")
            self.assertIn("can't be reached: host2", done.stdout)
            self.assertNotRegex(done.stdout, r"(?m)^host3 ")
            first.run("xl-livepatch status; xl-livepatch show stacked")
            third.run("xl-livepatch show slow", status=1)
        finally:
            second.start()
            second.wait_until_up()
        answers = self.changes(*self.slow("5m"))
        self.assertEqual({name: answer["changed"] for name, answer in answers.items()},
                         {"host1": False, "host2": True, "host3": True})
        self.assertEqual(self.fleet.applied(), self.on_all(SLOW))

    def test_the_third_is_sick(self):
        self.sicken(3)
        done = self.rollout()
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertIn("host3 is patched and fails its health check", done.stdout)
        self.assertEqual(self.fleet.applied(), self.on_all(STACK))
        self.assertEqual(self.fleet.playbook("backout", "--limit", "host3").returncode, 0)
        self.assertEqual(self.fleet.applied(),
                         {"host1": STACK, "host2": STACK, "host3": []})

    def test_a_fix_is_missing(self):
        done = self.rollout("-e", '{"livepatch_fixes": ["XSA-182", "XSA-1"]}')
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertIn("host1 is patched and fails its health check: not fixed: XSA-1 ",
                      done.stdout)
        self.assertEqual(self.fleet.applied(), {"host1": STACK, "host2": [], "host3": []})


if __name__ == "__main__":
    unittest.main(verbosity=2)
