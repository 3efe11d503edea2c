# SPDX-License-Identifier: GPL-2.0-or-later
"""One QEMU process that emulates a PC with Xen on it.

There is no KVM here: everything runs on QEMU's own code generator.  Each line
to the outside (QMP, the two agents in dom0, a terminal) is a socket pair that
exists before QEMU does, so no path has to be agreed on, cleaned up or waited
for.  The memory of the machine is a file: see snapshots.py for why.
"""

import json
import select
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass

QEMU = "qemu-system-x86_64"
LINES = ["qmp", "command", "rescue", "terminal"]


class HostError(Exception):
    """The host cannot be used: what happened, and Xen's last words."""


class LineClosed(Exception):
    """The other end of a line is gone: QEMU has ended."""


class LineTimeout(Exception):
    """Nothing (or not enough) came over a line in time."""


class Line:
    """One socket to QEMU, read with deadlines."""

    def __init__(self, sock):
        self.socket = sock
        self.buffer = bytearray()

    def send(self, data, deadline):
        view = memoryview(data)
        while view:
            wait = max(0, deadline - time.monotonic())
            if not select.select([], [self.socket], [], wait)[1]:
                raise LineTimeout
            try:
                sent = self.socket.send(view, socket.MSG_DONTWAIT)
            except ConnectionError as error:
                raise LineClosed from error
            view = view[sent:]

    def _fill(self, deadline):
        wait = max(0, deadline - time.monotonic())
        if not select.select([self.socket], [], [], wait)[0]:
            raise LineTimeout
        try:
            data = self.socket.recv(1 << 20)
        except ConnectionError as error:
            raise LineClosed from error
        if not data:
            raise LineClosed
        self.buffer += data

    def take(self, size, deadline):
        while len(self.buffer) < size:
            self._fill(deadline)
        data = bytes(self.buffer[:size])
        del self.buffer[:size]
        return data

    def take_line(self, deadline):
        while (end := self.buffer.find(b"\n")) < 0:
            self._fill(deadline)
        return self.take(end + 1, deadline)[:-1]


@dataclass(frozen=True)
class Hardware:
    """What must be the same when a saved machine is resumed."""

    smp: int = 2
    memory_mib: int = 2048
    # -smap: with SMAP emulated, QEMU 7.2 faults the PV dom0 as it starts.
    cpu: str = "max,-smap"

    def arguments(self):
        return ["-nodefaults", "-machine", "q35,memory-backend=ram",
                "-accel", "tcg", "-cpu", self.cpu, "-smp", str(self.smp),
                "-m", f"{self.memory_mib}M", "-display", "none", "-vga", "none",
                "-no-reboot"]


def quoted(path):
    """A path as part of a QEMU option, where a comma would end it."""
    return str(path).replace(",", ",,")


def version():
    return subprocess.run([QEMU, "--version"], capture_output=True, text=True,
                          check=True).stdout.splitlines()[0]


class Qemu:
    """A running QEMU: its lines, its console file and its end."""

    def __init__(self, hardware, memory, shared, console, arguments):
        if not shutil.which(QEMU):
            raise HostError(f"{QEMU} is not installed (Debian: qemu-system-x86)")
        self.console_path = console
        self.events = []
        ours, theirs = zip(*(socket.socketpair() for _ in LINES))
        self.lines = {name: Line(end) for name, end in zip(LINES, ours)}
        numbers = {name: end.fileno() for name, end in zip(LINES, theirs)}
        command = [QEMU, *hardware.arguments(), *self._memory(hardware, memory, shared),
                   *self._devices(numbers), *arguments]
        # QEMU must not outlive whoever started it, however that ends.
        with open(f"{console}.qemu", "wb") as errors:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *command],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=errors, pass_fds=numbers.values())
        for end in theirs:
            end.close()

    @staticmethod
    def _memory(hardware, path, shared):
        return ["-object", f"memory-backend-file,id=ram,size={hardware.memory_mib}M,"
                f"share={'on' if shared else 'off'},mem-path={quoted(path)}"]

    def _devices(self, numbers):
        lines = []
        for name, number in numbers.items():
            lines += ["-chardev", f"socket,id={name},fd={number}"]
        return [*lines, "-mon", "chardev=qmp,mode=control",
                "-chardev", f"file,id=xen,append=on,path={quoted(self.console_path)}",
                "-serial", "chardev:xen",
                "-device", "virtio-serial-pci,disable-legacy=on,max_ports=4",
                "-device", "virtconsole,nr=0,chardev=terminal",
                "-device", "virtserialport,nr=1,chardev=command",
                "-device", "virtserialport,nr=2,chardev=rescue"]

    def qmp_start(self, timeout=30):
        """QMP speaks only after this handshake."""
        deadline = time.monotonic() + timeout
        self.lines["qmp"].take_line(deadline)
        self.qmp("qmp_capabilities", timeout=timeout)
        self.qmp("migrate-set-capabilities", timeout=timeout, capabilities=[
            {"capability": "x-ignore-shared", "state": True},
            {"capability": "events", "state": True}])

    def qmp(self, command, timeout=30, **arguments):
        line = self.lines["qmp"]
        deadline = time.monotonic() + timeout
        request = {"execute": command, "arguments": arguments}
        line.send(json.dumps(request).encode() + b"\n", deadline)
        return self._qmp_answer(command, deadline)

    def _qmp_answer(self, command, deadline):
        while True:
            answer = json.loads(self.lines["qmp"].take_line(deadline))
            if "error" in answer:
                raise HostError(f"QEMU refuses {command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]
            self.events.append(answer)

    def read_state(self, path):
        """Go on from a saved state."""
        with open(path, "rb") as file:
            self._hand_over(file)
        self.qmp("migrate-incoming", uri="fd:state")

    def write_state(self, path, timeout):
        """Stop for good, and save the state.  Shared memory stays where it is
        and is no part of it."""
        deadline = time.monotonic() + timeout
        with open(path, "wb") as file:
            self._hand_over(file)
        self.qmp("migrate", uri="fd:state")
        self.events.clear()    # they tell of how this machine itself was resumed
        while (status := self._migration_status()) not in ("completed", "failed"):
            self.events.append(json.loads(self.lines["qmp"].take_line(deadline)))
        if status == "failed":
            raise HostError(f"QEMU could not write the machine's state to {path}")

    def _hand_over(self, file):
        """Pass an open file to QEMU, which knows it as "state" from then on."""
        request = json.dumps({"execute": "getfd", "arguments": {"fdname": "state"}})
        line = self.lines["qmp"]
        socket.send_fds(line.socket, [request.encode() + b"\n"], [file.fileno()])
        self._qmp_answer("getfd", time.monotonic() + 30)

    def _migration_status(self):
        told = [event["data"]["status"] for event in self.events
                if event["event"] == "MIGRATION"]
        return told[-1] if told else None

    def own_words(self):
        """What QEMU itself complained about."""
        with open(f"{self.console_path}.qemu", errors="replace") as stream:
            return stream.read().strip()

    def kill(self):
        self.process.kill()
        self.process.wait()
        for line in self.lines.values():
            line.socket.close()

    def wait(self, timeout):
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            raise LineTimeout from error
