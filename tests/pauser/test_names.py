#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Looking up domains in a xenstore that answers, or doesn't."""

import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

sys.dont_write_bytecode = True

import hypervisor  # noqa: E402

XS_READ, XS_ERROR = 2, 16
NAME, CONTROL = "/local/domain/1/name", "/local/domain/1/control/shutdown"


class Store:
    """A xenstored; answer(connection, path) does as it likes."""

    def __init__(self, folder, answer):
        self.answer = answer
        self.asked = []
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(folder / "socket"))
        self.socket.listen(1)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                while self.one(connection):
                    pass

    def one(self, connection):
        head = connection.recv(16, socket.MSG_WAITALL)
        if len(head) < 16:
            return False
        kind, _, _, size = struct.unpack("4I", head)
        path = connection.recv(size, socket.MSG_WAITALL)
        assert kind == XS_READ and path[-1] == 0
        self.asked.append(path[:-1].decode())
        return self.answer(connection, self.asked[-1])


def answering(values):
    def answer(connection, path):
        value = values.get(path)
        kind = XS_ERROR if value is None else XS_READ
        value = b"ENOENT\0" if value is None else value
        for byte in struct.pack("4I", kind, 0, 0, len(value)) + value:
            connection.send(bytes([byte]))
        return True
    return answer


class Names(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.program = hypervisor.build_side(folder, "names_side", "names")

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def store(self, answer):
        store = Store(self.folder, answer)
        self.addCleanup(store.socket.close)
        return store

    def look(self, times=1):
        """Lists of [milliseconds, migrates, name]."""
        run = subprocess.run(
            [self.program, str(times)], capture_output=True, check=False, timeout=30,
            env=os.environ | {"XENSTORED_RUNDIR": str(self.folder),
                              "LD_LIBRARY_PATH": hypervisor.LIBRARIES})
        self.assertEqual(run.returncode, 0, run.stderr)
        answers = [line.split(" ", 2) for line in run.stdout.decode().splitlines()]
        return [[int(ms), bool(int(migrates)), name] for ms, migrates, name in answers]

    def assert_without(self, slow):
        """It takes about a second once, or none, and never again."""
        (first, *answer), *later = self.look(3)
        self.assertEqual(answer, [False, "-"])
        self.assertIn(first, range(900, 2000) if slow else range(500))
        for ms, *answer in later:
            self.assertLess(ms, 100)
            self.assertEqual(answer, [False, "-"])

    def test_answers(self):
        for values, expected in (
                ({NAME: b"guest"}, [False, "guest"]),
                ({NAME: b"gu\x1best"}, [False, "gu\\x1best"]),
                ({NAME: b""}, [False, ""]),
                ({}, [False, "-"]),
                ({NAME: b"g--incoming"}, [True, "g--incoming"]),
                ({NAME: b"g--migratedaway"}, [True, "g--migratedaway"]),
                ({NAME: b"g", CONTROL: b"suspend"}, [True, "g"]),
                ({NAME: b"g", CONTROL: b"poweroff"}, [False, "g"])):
            (self.folder / "socket").unlink(missing_ok=True)
            self.store(answering(values))
            self.assertEqual(self.look()[0][1:], expected)

    def test_never_answers(self):
        store = self.store(lambda connection, path: True)
        self.assert_without(slow=True)
        self.assertEqual(store.asked, [NAME])

    def test_does_not_even_accept(self):
        """As one that was stopped: others fill what may wait for it."""
        listening = socket.socket(socket.AF_UNIX)
        self.addCleanup(listening.close)
        listening.bind(str(self.folder / "socket"))
        listening.listen(8)
        self.assert_without(slow=True)

    def test_nobody_can_wait_for_it(self):
        listening = socket.socket(socket.AF_UNIX)
        self.addCleanup(listening.close)
        listening.bind(str(self.folder / "socket"))
        listening.listen(0)
        other = socket.socket(socket.AF_UNIX)
        self.addCleanup(other.close)
        other.connect(str(self.folder / "socket"))
        self.assert_without(slow=False)

    def test_half_an_answer(self):
        def answer(connection, path):
            connection.send(struct.pack("4I", XS_READ, 0, 0, 5) + b"gue")
            return True

        self.store(answer)
        self.assert_without(slow=True)

    def test_closes(self):
        self.store(lambda connection, path: False)
        self.assert_without(slow=False)

    def test_claims_to_have_too_much(self):
        def answer(connection, path):
            connection.send(struct.pack("4I", XS_READ, 0, 0, 0xffffffff))
            return True

        self.store(answer)
        self.assert_without(slow=False)

    def test_none(self):
        self.assert_without(slow=False)

    def test_was_killed(self):
        """It leaves its socket behind."""
        self.store(answering({})).socket.close()
        self.assert_without(slow=False)


if __name__ == "__main__":
    unittest.main()
