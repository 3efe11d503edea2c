#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What every check sees of a fleet: two hosts get a package from a signed repository
by Ansible, and one of them is booted.  fleet.py, packages.py and boot.py have the rest."""

import contextlib
import json
import re
import unittest

from case import FleetCase
from controller import TOP
from repository import NAME, XEN, Repository, add_source

HELLO = TOP / "build/payloads/hello.livepatch"


class Short(FleetCase):
    HOSTS = 2
    VARIABLES = {"livepatch_package": f"{NAME}=1", "livepatch_fixes": ["XSA-182"],
                 "livepatch_health_command": "test ! -e /root/sick",
                 "livepatch_health_retries": 0}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        repository = cls.enterClassContext(contextlib.closing(
            Repository(cls.fleet.folder / "fixes", cls.fleet.folder / "gnupg")))
        xen = cls.fleet.hosts[0].run(f"dpkg-query -W -f '${{Version}}' {XEN}")
        repository.add("1", xen, HELLO)
        repository.publish()
        line = repository.serve()
        for host in cls.fleet.hosts:
            add_source(host, repository, line)

    def changed(self, *words):
        """Whether a rollout, which is to end well, changes something, for each host."""
        done = self.rollout(*words)
        self.assertEqual(done.returncode, 0, done.stdout)
        return {name: int(count) > 0 for name, count in
                re.findall(r"(?m)^(host\d) .* changed=(\d+) ", done.stdout)}

    def test_rolled_out_and_booted(self):
        first, second = self.fleet.hosts
        self.sicken(2)
        done = self.rollout()
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertIn("host2 is patched and fails its health check", done.stdout)
        self.assertEqual(self.fleet.applied(), self.on_all(["hello"]))

        done = self.fleet.playbook("backout", "--limit", "host2")
        self.assertEqual(done.returncode, 0, done.stdout)
        second.run("rm sick")
        before = self.fleet.facts()
        only_second = {"host1": False, "host2": True}
        self.assertEqual(self.changed("--check"), only_second)
        self.assertEqual(self.fleet.facts(), before)
        self.assertEqual(self.fleet.applied(), {"host1": ["hello"], "host2": []})
        self.assertEqual(self.changed(), only_second)
        self.assertEqual(self.changed(), self.on_all(False))
        self.assertEqual(self.fleet.applied(), self.on_all(["hello"]))

        first.reboot()
        status = json.loads(first.run("xl-livepatch status -j"))
        self.assertEqual([each["state"] for each in status["payloads"]], ["applied"])
        self.assertIn("Hello World", first.run("xl info"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
