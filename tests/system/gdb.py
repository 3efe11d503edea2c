# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole machine stopped where one of its CPUs comes to an address, by QEMU's
stub of gdb's remote protocol:

    with Gdb(host) as gdb:          stops the machine
        gdb.run_to(address)         and so does that, when a CPU is there
"""

import socket
import time


class Gdb:
    """While it lasts the machine stands still but for run_to(); it goes on
    afterwards."""

    def __init__(self, host, timeout=60):
        self.host = host
        self.timeout = timeout

    def __enter__(self):
        path = f"{self.host.folder}/gdb"      # a second one takes its place
        self.host.qmp("human-monitor-command",
                      **{"command-line": f"gdbserver unix:{path},server=on,wait=off"})
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(self.timeout)
        self.socket.connect(path)
        self.buffer = b""
        self.socket.sendall(b"+")
        self.ask("?")
        return self

    def __exit__(self, *_):
        try:
            self.ask("D")
        finally:
            self.socket.close()

    def run_to(self, address):
        """The number of the CPU that came first."""
        self.expect_ok(f"Z0,{address:x},1")
        stop = self.ask("c")
        self.expect_ok(f"z0,{address:x},1")
        if not stop.startswith("T05thread:"):
            raise RuntimeError(f"the machine stopped otherwise: {stop}")
        number = stop.partition("thread:")[2].partition(";")[0]
        return int(number.rpartition(".")[2], 16) - 1

    def expect_ok(self, packet):
        answer = self.ask(packet)
        while answer.startswith("T"):       # that the machine has stopped
            answer = self.answer_to(packet)
        if answer != "OK":
            raise RuntimeError(f"QEMU answers {packet} with {answer!r}")

    def ask(self, packet):
        data = packet.encode()
        self.socket.sendall(b"$%s#%02x" % (data, sum(data) & 0xff))
        return self.answer_to(packet)

    def answer_to(self, packet):
        deadline = time.monotonic() + self.timeout
        while time.monotonic() < deadline:
            begin, end = self.buffer.find(b"$"), self.buffer.find(b"#")
            if 0 <= begin < end and len(self.buffer) >= end + 3:
                answer = self.buffer[begin + 1:end].decode()
                self.buffer = self.buffer[end + 3:]
                self.socket.sendall(b"+")
                return answer
            self.buffer += self.socket.recv(4096)
        raise TimeoutError(f"no answer to {packet}")
