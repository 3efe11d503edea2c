#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is written down of who has changed the hypervisor."""

import subprocess
import unittest
from pathlib import Path

from host import TOP
from livepatch_case import LivepatchCase, build_id, document, payload_path

JOURNAL = "/run/systemd/journal/socket"
SYSLOG = "/dev/log"
ENTRIES = "/tmp/entries"


def datagrams(data):
    while data:
        size, _, data = data.partition(b"\n")
        yield data[:int(size)]
        data = data[int(size):]


def fields(datagram):
    """name -> values, of the journal's own protocol."""
    found = {}
    while datagram:
        name, _, datagram = datagram.partition(b"\n")
        size = int.from_bytes(datagram[:8], "little")
        found.setdefault(name.decode(), []).append(datagram[8:8 + size].decode())
        assert datagram[8 + size:9 + size] == b"\n", datagram
        datagram = datagram[9 + size:]
    return found


class Journal(LivepatchCase):
    @classmethod
    def setUpClass(cls):
        cls.program = TOP / "build/tests/system/journal"
        cls.program.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-static", "-o",
                        cls.program, Path(__file__).with_name("journal.c")], check=True)

    def listen(self, path, *words):
        self.host.push({"/tmp/journal": self.program})
        self.host.run(f"mkdir -p {path.rpartition('/')[0]}; rm -f {path}; (exec /tmp/journal "
                      f"{path} {' '.join(words)} > {ENTRIES} 2>&1 < /dev/null & "
                      f"echo $! > /tmp/journal.pid); until [ -S {path} ]; do sleep 0.05; done",
                      check=True)

    def tearDown(self):
        self.host.run(f"kill -KILL $(cat /tmp/journal.pid); rm -f {JOURNAL} {SYSLOG}")
        super().tearDown()

    def entries(self):
        return list(datagrams(self.host.pull(ENTRIES)))

    def test_fields(self):
        self.listen(JOURNAL)
        self.host.run("SUDO_UID=0 SSH_CONNECTION='192.0.2.1 4000 192.0.2.2 22' "
                      f"xl livepatch apply {payload_path('hello')}", check=True)
        self.xl("apply", payload_path("hello"), expect="already")
        self.xl("list", expect="done")
        self.xl("status", expect="done")
        self.xl("check", payload_path("hello"))
        self.host.run("xl -N livepatch revert hello", check=True)
        self.xl("revert", "absent", expect="failed", reason="no_such_payload")

        first, second, third = map(fields, self.entries())
        payload = self.xl("show", "hello").payloads[0]
        self.assertEqual({name: values for name, values in first.items()
                          if name not in ("MESSAGE", "XEN_LIVEPATCH_STALLED_US",
                                          "XEN_LIVEPATCH_RESULT")}, {
            "PRIORITY": ["5"],
            "SYSLOG_IDENTIFIER": ["xl-livepatch"],
            "XEN_LIVEPATCH_BY": ["root (uid 0), from 192.0.2.1"],
            "XEN_LIVEPATCH_OPERATION": ["apply"],
            "XEN_LIVEPATCH_OUTCOME": ["done"],
            "XEN_LIVEPATCH_XEN": [build_id("xen")],
            "XEN_LIVEPATCH_PAYLOAD": ["hello"],
            "XEN_LIVEPATCH_FILE": [payload["file"]],
            "XEN_LIVEPATCH_SHA256": [payload["sha256"]],
            "XEN_LIVEPATCH_ATTEMPTS": ["1"],
            "XEN_LIVEPATCH_PAUSED_US": ["0"],
        })
        self.assertTrue(first["MESSAGE"][0].startswith(
            "apply hello, by root (uid 0), from 192.0.2.1: done"), first)
        self.assertEqual(document(first["XEN_LIVEPATCH_RESULT"][0])["payloads"][0]["name"],
                         "hello")
        self.assertEqual(second["XEN_LIVEPATCH_OUTCOME"], ["already"])
        self.assertEqual((third["PRIORITY"], third["XEN_LIVEPATCH_REASON"]),
                         (["4"], ["no_such_payload"]))

    def test_syslog(self):
        """Where there is no journal."""
        self.listen(SYSLOG)
        self.apply("hello")
        line, = self.entries()
        self.assertRegex(line.decode(), r"^<29>xl-livepatch\[\d+\]: apply hello, by root \(uid 0\)"
                                        r", from \S.*: done")

    def test_nobody_takes_it(self):
        """The change is made, and neither waits nor fails for that."""
        self.listen(JOURNAL, "deaf")
        for _ in range(20):
            answer = self.apply("hello")
            self.xl("revert", "--unload", "hello", expect="done")
            if "not written to the journal" in answer.text:
                return
        self.fail("twenty entries were taken")

    def test_no_journalctl(self):
        result = self.host.run("xl livepatch log")
        self.assertEqual(result.status, 1, result)
        self.assertIn("cannot run journalctl", result.stderr)


if __name__ == "__main__":
    unittest.main()
