# SPDX-License-Identifier: GPL-2.0-or-later
"""Hosts, and Ansible as an administrator's machine calls it for them."""

import contextlib
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/system"))

import collection
import disk
import run_folder
from hosts import SSH_OPTIONS, Host

INVENTORY = "hosts.json"
# Or a host that is dead is waited for as long as TCP does.
ALIVE = ["-o", "ServerAliveInterval=15"]


def inventory(hosts, variables):
    return {"all": {
        "hosts": {host.name: {"ansible_port": host.port} for host in hosts},
        "vars": {
            "ansible_host": "127.0.0.1", "ansible_user": "root",
            "ansible_ssh_private_key_file": str(disk.KEY),
            "ansible_ssh_common_args": " ".join(SSH_OPTIONS + ALIVE),
            "ansible_python_interpreter": "/usr/bin/python3",
            "livepatch_command": "xl-livepatch", **variables}}}


class Fleet:
    """That many hosts, up; variables are the inventory's, for all of them."""

    def __init__(self, number, **variables):
        self.resources = contextlib.ExitStack()
        folder = run_folder.RunFolder(TOP / "build/run")
        self.resources.callback(folder.remove)
        self.folder = folder.path
        self.hosts = [self.resources.enter_context(Host(f"host{n + 1}"))
                      for n in range(number)]
        collection.install(self.folder)
        (self.folder / INVENTORY).write_text(json.dumps(inventory(self.hosts, variables)))
        for host in self.hosts:
            host.wait_until_up()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.resources.close()

    def on_all(self, command, status=0):
        """At once; output of each."""
        with ThreadPoolExecutor() as pool:
            return list(pool.map(lambda host: host.run(command, status), self.hosts))

    # -- Ansible -------------------------------------------------------------

    def environment(self, callback="default"):
        return {**collection.environment(self.folder), "ANSIBLE_PIPELINING": "1",
                "ANSIBLE_TIMEOUT": "60", "ANSIBLE_STDOUT_CALLBACK": callback,
                "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1",
                "ANSIBLE_CALLBACK_PLUGINS": str(TOP / "tests/fleet/callbacks"),
                "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.folder / "cp")}

    def ansible(self, *words, callback="default"):
        command, *rest = words
        return subprocess.run([command, "-i", INVENTORY, *rest], cwd=self.folder,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False, env=self.environment(callback))

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

    def playbook(self, name, *words):
        return self.ansible("ansible-playbook", f"xen.livepatch.{name}", *words)

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
