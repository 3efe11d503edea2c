#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The call that libxenctrl gains: xc_livepatch_report."""

import subprocess
import unittest
from pathlib import Path

from engine_case import TREE, EngineCase, parse_report
from host import TOP, Host

UNTOUCHED = b"\xee"


def push_program(host):
    program = Path(host.folder) / "report_call"
    subprocess.run(
        ["cc", "-O2", "-Wall", "-Werror", "-D_GNU_SOURCE", "-D__XEN_TOOLS__",
         f"-I{TREE}/include", f"-I{TREE}/libs/ctrl", f"-I{TOP}/tools/libxc",
         "-include", f"{TREE}/config.h", "-o", program,
         Path(__file__).with_name("report_call.c"),
         *(f"-L{TREE}/libs/{name}" for name in ["ctrl", "call"]),
         "-lxenctrl", "-lxencall", "-Wl,--allow-shlib-undefined"], check=True)
    host.push({"/tmp/report_call": program})


def call(host, size, name=""):
    """What it returned, errno, the size then, and the buffer."""
    words = host.run(f"/tmp/report_call {size} {name}", check=True).stdout.split()
    return int(words[0]), words[1], int(words[2]), bytes.fromhex(words[3])


class Call(EngineCase):
    def setUp(self):
        super().setUp()
        push_program(self.host)

    def call(self, *words):
        return call(self.host, *words)

    def test_payload(self):
        self.upload("hello")
        rc, error, needed, buffer = self.call(0, "hello")
        self.assertEqual((rc, error, buffer), (-1, "ENOBUFS", UNTOUCHED))
        rc, error, size, buffer = self.call(needed - 1, "hello")
        self.assertEqual((rc, error, size, buffer), (-1, "ENOBUFS", needed, UNTOUCHED * needed))
        rc, _, size, buffer = self.call(needed + 100, "hello")
        self.assertEqual((rc, size), (0, needed))
        report = parse_report(buffer[:size])
        self.assertEqual((report.name, report.status["state"]), ("hello", 1))
        self.assertEqual(buffer[size:], UNTOUCHED * 101)

    def test_failed_upload(self):
        self.upload("unknown_symbol", answer="ENOENT")
        rc, _, size, buffer = self.call(4096)
        self.assertEqual(rc, 0)
        self.assertIn("no_such_function_in_xen", parse_report(buffer[:size]).failure)

    def test_no_such_payload(self):
        self.assertEqual(self.call(100, "none")[:3], (-1, "ENOENT", 100))
        self.assertEqual(self.call(100, "n" * 127)[:2], (-1, "ENOENT"))
        self.assertEqual(self.call(100, "n" * 128)[:2], (-1, "EINVAL"))


class WithoutReports(unittest.TestCase):
    def test_stock_engine(self):
        with Host.booted(engine="stock") as host:
            push_program(host)
            self.assertEqual(call(host, 100)[:3], (-1, "EOPNOTSUPP", 100))
            self.assertEqual(call(host, 100, "none")[:3], (-1, "EOPNOTSUPP", 100))


if __name__ == "__main__":
    unittest.main()
