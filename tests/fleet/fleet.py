#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The Ansible collection on three hosts: modules, and a rollout that stops."""

import contextlib
import json
import subprocess
import sys
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/system"))

import collection
import disk
import run_folder
from hosts import SSH_OPTIONS, Host

PAYLOADS = TOP / "build/payloads"
STACK = ["hello", "bye"]


def inventory(hosts):
    return {"all": {
        "hosts": {host.name: {"ansible_port": host.port} for host in hosts},
        "vars": {
            "ansible_host": "127.0.0.1", "ansible_user": "root",
            "ansible_ssh_private_key_file": str(disk.KEY),
            "ansible_ssh_common_args": " ".join(SSH_OPTIONS),
            "ansible_python_interpreter": "/usr/bin/python3",
            "livepatch_command": "xl-livepatch",
            "livepatch_payloads": [str(PAYLOADS / f"{name}.livepatch") for name in STACK],
            "livepatch_health_command": "test ! -e /root/sick",
            "livepatch_health_retries": 0}}}


class Fleet:
    """Hosts, and Ansible as it is called for them."""

    def __init__(self, number):
        self.resources = contextlib.ExitStack()
        folder = run_folder.RunFolder(TOP / "build/run")
        self.resources.callback(folder.remove)
        self.folder = folder.path
        self.hosts = [self.resources.enter_context(Host(f"host{n + 1}"))
                      for n in range(number)]
        collection.install(self.folder)
        (self.folder / "inventory.json").write_text(json.dumps(inventory(self.hosts)))
        for host in self.hosts:
            host.wait_until_up()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.resources.close()

    def ansible(self, *words, callback="default"):
        environment = {**collection.environment(self.folder), "ANSIBLE_PIPELINING": "1",
                       "ANSIBLE_TIMEOUT": "60", "ANSIBLE_STDOUT_CALLBACK": callback,
                       "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1",
                       "ANSIBLE_CALLBACK_PLUGINS": str(TOP / "tests/fleet/callbacks"),
                       "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.folder / "cp")}
        command, *rest = words
        return subprocess.run([command, "-i", self.folder / "inventory.json", *rest],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False, env=environment)

    def module(self, *words, module="livepatch", **arguments):
        """What a module says, for each host."""
        arguments["command"] = "xl-livepatch"
        done = self.ansible("ansible", "all", "-m", f"xen.livepatch.{module}",
                            "-a", json.dumps(arguments), *words, callback="answers")
        lines = [json.loads(line) for line in done.stdout.splitlines() if line[:1] == "{"]
        told = {line["host"]: line["answer"] for line in sorted(lines, key=lambda l: l["host"])}
        if not told:
            raise AssertionError(done.stdout + done.stderr)
        return told

    def facts(self):
        answers = self.module(module="livepatch_facts")
        return {name: answer["ansible_facts"]["xen_livepatch"]
                for name, answer in answers.items()}

    def applied(self):
        """Host -> names, from the bottom of the stack."""
        return {name: [each["name"] for each in
                       sorted(fact["payloads"], key=lambda each: each.get("position", 0))
                       if each["state"] == "applied"]
                for name, fact in self.facts().items()}

    def playbook(self, name, *words):
        return self.ansible("ansible-playbook", f"xen.livepatch.{name}", *words)


class FleetCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        begun = time.monotonic()
        cls.fleet = cls.enterClassContext(Fleet(3))
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
