# SPDX-License-Identifier: GPL-2.0-or-later
"""The state of the stand-in hypervisor (stand_in.c), and the pauser on it."""

import ctypes
import fcntl
import mmap
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parent.parent
TREE = Path(os.environ.get("TOOLSTACK_TREE", TOP / "build/toolstack-src"))
PAUSER = Path(os.environ.get("LIBXL_LIVEPATCH_PAUSER",
                             TREE / "tools/libs/light/libxl-livepatch-pauser"))
LIBRARIES = ":".join(str(path) for path in (TREE / "tools/libs").iterdir())
DYING, SHUTDOWN, XENSTORE = 1 << 0, 1 << 2, 1 << 7


def build_stand_in(folder):
    """Compile stand_in.c into folder; its path."""
    library = folder / "stand_in.so"
    includes = [TREE / "tools/include"] + [
        TREE / "tools/libs" / name / "include"
        for name in ("call", "ctrl", "toolcore", "toollog")]
    subprocess.run(
        ["gcc", "-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror",
         "-Wno-unused-parameter", "-shared", "-fPIC", "-D__XEN_TOOLS__",
         *(f"-I{path}" for path in includes), "-o", library,
         HERE / "stand_in.c", "-ldl"], check=True)
    return library


def build_side(folder, name, part):
    """Compile a program with a part of libxl in it into folder; its path."""
    program = folder / name
    subprocess.run(
        ["make", "-s", "--no-print-directory", "-C", TREE / "tools/libs/light",
         "-f", "Makefile", "-f", HERE / "libxl_side.mk", f"SIDE={name}", f"PART={part}",
         f"PROGRAM={program}", program], check=True)
    return program


class Domain(ctypes.Structure):
    _fields_ = [("domid", ctypes.c_uint32), ("uuid", ctypes.c_uint8 * 16),
                *((name, ctypes.c_uint32) for name in (
                    "flags", "count", "pauses", "unpauses", "futile",
                    "pause_ms", "pause_errno", "unpause_errno",
                    "unpause_refusals")),
                ("cpu_ns", ctypes.c_uint64)]

    @property
    def uuid_hex(self):
        return bytes(self.uuid).hex()

    @property
    def name(self):
        return f"{self.domid}:{self.uuid_hex}"

    def resumed_and_paused_by_hand(self):
        """It has run meanwhile."""
        self.count = 1
        self.cpu_ns += 1


class Head(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in (
        "num", "open_errno", "kill_at", "steps", "short_write_at", "writes")]


class Hypervisor:
    """A hypervisor with num guests, from domain 1 on, and domain 0."""

    def __init__(self, folder, num=3):
        self.path = folder / "xen"
        size = ctypes.sizeof(Head) + (num + 1) * ctypes.sizeof(Domain)
        self.path.write_bytes(bytes(size))
        with open(self.path, "r+b") as stream:
            self.memory = mmap.mmap(stream.fileno(), size)
        self.head = Head.from_buffer(self.memory)
        self.domains = (Domain * (num + 1)).from_buffer(self.memory,
                                                       ctypes.sizeof(Head))
        self.head.num = num + 1
        for domid, domain in enumerate(self.domains):
            domain.domid = domid
            domain.cpu_ns = 1000
            domain.uuid[:] = os.urandom(16) if domid else bytes(16)

    @property
    def guests(self):
        return self.domains[1:]

    @property
    def counts(self):
        return [domain.count for domain in self.domains]


class Pauser:
    """The program, and libxl's end of the line to it."""

    def __init__(self, folder, stand_in, hypervisor, guests=(), max_pause_ms=60000,
                 kill_at=0, room=None, fds=()):
        names = [one if isinstance(one, str) else one.name for one in guests]
        hypervisor.head.steps = 0
        hypervisor.head.kill_at = kill_at
        self.lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
        fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.socket, theirs = socket.socketpair()
        self.socket.settimeout(10)
        if room:
            theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, room)
        with theirs:
            self.process = subprocess.Popen(
                [PAUSER, str(self.lock), str(max_pause_ms), folder / "journal", *names],
                stdin=theirs, stdout=theirs,
                stderr=subprocess.DEVNULL, pass_fds=(self.lock, *fds),
                env={"LD_PRELOAD": stand_in, "LD_LIBRARY_PATH": LIBRARIES,
                     "STAND_IN_XEN": hypervisor.path})
        os.close(self.lock)
        self.heard = b""

    def hear(self):
        """A line; None at the end."""
        while b"\n" not in self.heard:
            more = self.socket.recv(65536)
            if not more:
                return None
            self.heard += more
        line, self.heard = self.heard.split(b"\n", 1)
        return line.decode()

    def rest(self):
        """All lines up to the end."""
        return list(iter(self.hear, None))

    def run(self):
        """All that it says if the end comes as soon as guests stand still, and
        its status."""
        lines = []
        for line in iter(self.hear, None):
            if line == "standing":
                more, status = self.end()
                return lines + more, status
            lines.append(line)
        return lines, self.process.wait(10)

    def end(self):
        """What it says after the end, and its status."""
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        lines = self.rest()
        return lines, self.process.wait(10)

    def hang_up(self):
        """The exit status."""
        self.socket.close()
        return self.process.wait(10)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        return self.hang_up()


def wait_until(condition, timeout=5):
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.002)
