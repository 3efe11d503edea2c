#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The Ansible collection on three hosts: modules, and a rollout that stops."""

import sys
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

from controller import TOP, Fleet

PAYLOADS = TOP / "build/payloads"
STACK = ["hello", "bye"]
VARIABLES = {"livepatch_payloads": [str(PAYLOADS / f"{name}.livepatch") for name in STACK],
             "livepatch_health_command": "test ! -e /root/sick",
             "livepatch_health_retries": 0}


class FleetCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        begun = time.monotonic()
        cls.fleet = cls.enterClassContext(Fleet(3, **VARIABLES))
        print(f"three hosts up after {time.monotonic() - begun:.0f} s", file=sys.stderr)
        for host in cls.fleet.hosts:
            host.put(*(PAYLOADS / f"{name}.livepatch" for name in
                       [*STACK, "wrong_xen"]))

    def setUp(self):
        self.maxDiff = None
        self.addCleanup(self.clean_up)

    def clean_up(self):
        words = "; ".join([f"xl-livepatch {verb} {name}" for name in ("replace", *reversed(STACK))
                           for verb in ("uninstall", "revert --unload")])
        with ThreadPoolExecutor() as pool:
            for done in pool.map(lambda host: host.try_run(f"rm -f sick; {words}; "
                                                           "xl-livepatch status"),
                                 self.fleet.hosts):
                self.assertEqual(done.returncode, 0, done)

    def on_all(self, value):
        return {host.name: value for host in self.fleet.hosts}

    def assert_all(self, answers, **members):
        found = {name: {member: answer.get(member) for member in members}
                 for name, answer in answers.items()}
        self.assertEqual(found, self.on_all(members), answers)


class Modules(FleetCase):
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


class Rollout(FleetCase):
    def rollout(self, *words):
        begun = time.monotonic()
        done = self.fleet.playbook("rollout", *words)
        print(f"rollout: {time.monotonic() - begun:.0f} s", file=sys.stderr)
        return done

    def sicken(self, number):
        self.fleet.hosts[number - 1].run("touch sick")

    def test_the_third_is_sick(self):
        self.sicken(3)
        done = self.rollout()
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertIn("host3 is patched and fails its health check", done.stdout)
        self.assertIn("NO MORE HOSTS LEFT", done.stdout)
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
