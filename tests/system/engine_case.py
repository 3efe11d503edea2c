# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of our engine on a booted Xen share.

They speak to it by hypercalls (probe.c) and with the stock xen-livepatch, and
look at its memory from outside.  LIVEPATCH_ENGINE=own-debug has them run on a
hypervisor with assertions; ENGINE_LONG=1 makes the repetitions many.
"""

import errno
import functools
import os
import re
import shlex
import shutil
import struct
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import engines
from host import TOP, XEN_ARGS, Host
from livepatch_case import STOCK_XL, TREE, LivepatchCase
from qemu import Hardware

os.environ.setdefault("LIVEPATCH_ENGINE", "own")
LONG = os.environ.get("ENGINE_LONG") == "1"

# An emulated CPU may not run for a while when this machine has other things
# to do, so what has to arrive gets much time.
AMPLE_MS = 2000

# LIVEPATCH_REPORT_* of the public header.
NAME, FAILURE, BUILD_ID, DEPENDS, XEN_DEPENDS, STATUS, FUNCTION, HOOKS, TIMES, \
    STRAGGLER, WAITING, CULPRIT, SIGNATURE = range(1, 14)
TEXTS = {NAME: "name", FAILURE: "failure", CULPRIT: "culprit"}
IDS = {BUILD_ID: "build_id", DEPENDS: "depends", XEN_DEPENDS: "xen_depends"}
WHERE = {0: "unknown", 1: "guest", 2: "hypervisor"}
DOMID_IDLE = 0x7fff


@dataclass
class Report:
    """What the engine tells of a payload, or of the last failed upload."""

    name: str = ""
    failure: str = ""
    culprit: str = ""
    build_id: bytes = b""
    depends: bytes = b""
    xen_depends: bytes = b""
    status: dict = field(default_factory=dict)
    functions: list = field(default_factory=list)
    hooks: dict = field(default_factory=dict)
    times: dict = field(default_factory=dict)
    stragglers: list = field(default_factory=list)
    waiting: list = field(default_factory=list)
    signature: int = None
    signer: str = ""


def parse_report(data):
    report = Report()
    while data:
        kind, pad, size = struct.unpack_from("<HHI", data)
        if pad or size < 8 or size > len(data):
            raise ValueError(f"item {kind} of {size} bytes, pad {pad}, of {len(data)} left")
        filled = -(-size // 8) * 8
        if any(data[size:filled]):
            raise ValueError(f"item {kind} is filled up with other than zeros")
        _add_item(report, kind, data[8:size])
        data = data[filled:]
    return report


def _fields(layout, names, body):
    values = struct.unpack_from(layout, body)
    return dict(zip(names.split(), values)), body[struct.calcsize(layout):].decode()


def _add_item(report, kind, body):
    if kind in TEXTS:
        setattr(report, TEXTS[kind], body.decode())
    elif kind in IDS:
        setattr(report, IDS[kind], bytes(body))
    elif kind == STATUS:
        report.status, _ = _fields("<IiIIII", "state rc users action reason pad", body)
    elif kind == FUNCTION:
        known, name = _fields("<QQIIII", "old new old_size new_size applied pad", body)
        report.functions.append({"name": name, **known})
    elif kind == HOOKS:
        report.hooks, _ = _fields("<IIII", "single load unload pad", body)
    elif kind == TIMES:
        names = "now uploaded upload finished arrival stopped patching stall attempts"
        report.times, _ = _fields("<9Q", names, body)
    elif kind == STRAGGLER:
        known, symbol = _fields("<IHHIIQ", "cpu domid vcpu where offset ip", body)
        report.stragglers.append({**known, "where": WHERE[known["where"]], "symbol": symbol})
    elif kind == WAITING:
        report.waiting.append(_fields("<HHI", "domid vcpu pad", body)[0])
    elif kind == SIGNATURE:
        known, report.signer = _fields("<II", "signature pad", body)
        report.signature = known["signature"]


@functools.cache
def symbol(name):
    """Address of a symbol of the hypervisor."""
    text = subprocess.run(["nm", engines.xen_syms()], stdout=subprocess.PIPE, text=True,
                          check=True).stdout
    found = [line.split()[0] for line in text.splitlines() if line.split()[-1] == name]
    if not found:
        raise LookupError(f"xen-syms has no symbol {name}")
    return int(found[0], 16)


def fill(folder):
    """What dom0 has in /extra."""
    sources = [engines.payloads(), engines.tree_payloads(engines.current()),
               TOP / "build/guests"]
    for source in sources:
        for file in sorted(source.iterdir()):
            if file.is_file():
                shutil.copy(file, folder)
    libraries = [f"-L{TREE}/libs/{name}" for name in ["ctrl", "call", "store"]]
    for program in ["witness", "probe", "hotplug"]:
        subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-D__XEN_TOOLS__",
                        f"-I{TREE}/include", "-o", f"{folder}/{program}",
                        Path(__file__).with_name(f"{program}.c"), *libraries, "-lxenctrl",
                        "-lxencall", "-lxenstore", "-Wl,--allow-shlib-undefined"], check=True)


class InTime(Exception):
    """CPUs came together within a microsecond: none was late."""


def with_late_cpus(test):
    """A test of what follows act_late(), from the start again if that was in
    time, as it may be if the CPU that waits is not run for a while itself."""
    @functools.wraps(test)
    def repeated(self):
        for _ in range(10):
            try:
                return test(self)
            except InTime:
                self.clean_up()
                self.console_start = len(self.host.console())
        self.fail("no CPU was late in 10 attempts")
    return repeated


class EngineCase(LivepatchCase):
    """Every payload is taken out after each test, and all else that lasts,
    the hypervisor's own text too, must be as it was."""

    SMP = 2
    CPU = Hardware.cpu
    XEN_ARGS = XEN_ARGS
    GUESTS = []         # arguments of xl create
    _text = None

    @property
    def host(self):
        if LivepatchCase._host is None:
            with tempfile.TemporaryDirectory() as folder:
                fill(folder)
                create = [f"cd /extra && {STOCK_XL} create -q {guest}" for guest in self.GUESTS]
                # An NMI that nobody asked for is dom0's business, with
                # assertions too; what the engine says is to be seen.
                args = self.XEN_ARGS.replace("loglvl=warning", "loglvl=all", 1) + " nmi=dom0"
                LivepatchCase._host = Host.booted(
                    smp=self.SMP, cpu=self.CPU, xen_args=args,
                    toolstack=engines.toolstack(), extra=folder,
                    setup=[*create, "/extra/witness; /extra/probe get none"])
            EngineCase._text = None
        return LivepatchCase._host

    @classmethod
    def tearDownClass(cls):
        if LivepatchCase._host is not None:
            LivepatchCase._host.kill()
        LivepatchCase._host = LivepatchCase._clean = EngineCase._text = None

    def setUp(self):
        super().setUp()
        if EngineCase._text is None:
            EngineCase._text = self.xen_text()
        self.console_start = len(self.host.console())

    def clean_up(self):
        for _ in range(8):
            payloads = self.state().payloads
            if not payloads:
                break
            for name, state in reversed(payloads.items()):
                if state == "applied":
                    self.probe(f"act {shlex.quote(name)} revert {AMPLE_MS}")
                self.probe(f"unload {shlex.quote(name)}")
        self.assertEqual(self.state().payloads, {})
        self.assertTrue(self.xen_text() == EngineCase._text, "Xen's text has changed")

    # -- Doing -------------------------------------------------------------

    def probe(self, *commands, timeout=120):
        """The answers, one for each command."""
        result = self.host.run("/extra/probe " + " + ".join(commands), timeout, check=True)
        lines = result.stdout.splitlines()
        self.assertEqual(len(lines), len(commands), result)
        return lines[0] if len(lines) == 1 else lines

    def upload(self, *names, answer="ok"):
        for name in names:
            self.assertEqual(self.probe(f"upload {name} /extra/{name}.livepatch"), answer)

    def act(self, name, action, ends, answer="ok", ms=AMPLE_MS, flags=0):
        """ends: state and rc afterwards."""
        self.assertEqual(self.probe(f"act {name} {action} {ms} {flags}"), f"{answer} {ends}",
                         self.said())

    def act_late(self, name, action, state):
        """An action for which no CPU has the time to come: with_late_cpus."""
        answer = self.probe(f"act {name} {action} 0.001 0")
        if answer in ("ok applied 0", "ok checked 0"):
            raise InTime
        self.assertEqual(answer, f"ok {state} -{errno.EBUSY}", self.said())

    def load(self, *names):
        for name in names:
            self.upload(name)
            self.act(name, "apply", "applied 0")

    def revert(self, *names):
        for name in names:
            self.act(name, "revert", "checked 0")

    # -- Looking -----------------------------------------------------------

    def extra_version(self):
        return self.state().extra

    def said(self):
        """What Xen has said since the test began."""
        return self.host.console()[self.console_start:]

    def report(self, name=""):
        text = self.probe(f"report {name}")
        self.assertRegex(text, "^([0-9a-f]{2})+$")
        return parse_report(bytes.fromhex(text))

    def rehearse(self, ms):
        """Bring the CPUs together for nothing; the report on it."""
        text = self.probe(f"rehearse {ms}")
        self.assertRegex(text, "^([0-9a-f]{2})+$")
        return parse_report(bytes.fromhex(text))

    def memory(self, address, size):
        """The hypervisor's memory, as the emulator has it."""
        with tempfile.NamedTemporaryFile(dir=self.host.folder) as file:
            # QMP's numbers are signed.
            self.host.qmp("memsave", val=address - (address >> 63 << 64), size=size,
                          filename=file.name)
            return Path(file.name).read_bytes()

    def xen_text(self):
        start = symbol("_stext")
        return self.memory(start, symbol("_etext") - start)

    def free_pages(self):
        """Of the host's memory, as Xen's own heap counts them."""
        mark = len(self.host.console())
        self.host.run(f"{STOCK_XL} debug-keys H", check=True)
        counts = re.findall(r"zone=\d+\] -> (\d+) pages", self.host.console()[mark:])
        self.assertTrue(counts, "Xen tells nothing of its heap")
        return sum(map(int, counts))
