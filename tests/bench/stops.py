# SPDX-License-Identifier: GPL-2.0-or-later
"""Two engines, ours and Xen's own, measured in the same way: how long uploads
take, and how long the host stands still."""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path += [str(TOP / "tests/system"), str(TOP / "scripts")]

import dom0_image
import engines
from host import Host, HostError, quoted

BUILD = TOP / "build/bench"
TREE = TOP / "build/toolstack-src/tools"
TOOLSTACK = TOP / "build/dist"
STOCK_XL = "/usr/lib/xen-4.17/bin/xl"
PAYLOADS = ["hello", "ground", "wide", "large", "another"]
# Payloads are loaded behind Xen, in the same GiB.
PAYLOADS_END = 0xffff82d080000000
# Long enough for an emulated CPU that is not scheduled for a while; the time
# that is measured begins when the last one has come.
TIMEOUT_MS = 500
PATIENCE = 20


def build():
    """The plugin, and the program that makes the calls."""
    BUILD.mkdir(parents=True, exist_ok=True)
    subprocess.run(["gcc", "-O2", "-Wall", "-Werror", "-shared", "-fPIC",
                    "-fvisibility=hidden", "-o", BUILD / "stops.so",
                    TOP / "tests/bench/stops.c"], check=True)
    subprocess.run(["gcc", "-O2", "-Wall", "-Werror", "-D__XEN_TOOLS__",
                    f"-I{TREE}/include", "-o", BUILD / "probe", TOP / "tests/system/probe.c",
                    f"-L{TREE}/libs/call", "-lxencall", "-Wl,--allow-shlib-undefined"],
                   check=True)


def places(engine):
    """What the plugin has to know of a hypervisor."""
    syms = engines.xen_syms(engine)
    table = {line.split()[-1]: line.split()[0] for line in
             subprocess.run(["nm", syms], stdout=subprocess.PIPE, text=True,
                            check=True).stdout.splitlines()}
    code = subprocess.run(["objdump", "-d", "--no-show-raw-insn", syms],
                          stdout=subprocess.PIPE, text=True, check=True).stdout
    words = [f"low=0x{table['_stext']}", f"high={PAYLOADS_END:#x}"]
    for word, name in [("check", "check_for_livepatch_work"), ("op", "livepatch_op")]:
        if re.search(rf"\tjmp.* <{name}>\n", code):
            raise HostError(f"a function ends in {name}: where does that return?")
        after = re.findall(rf"\tcall.* <{name}>\n([0-9a-f]+):", code)
        words += [f"{word}=0x{table[name]}", *(f"{word}_return=0x{each}" for each in after)]
    return ",".join(words)


class Measured(Host):
    """A host that is watched by the plugin."""

    watch = None        # (what the plugin has to know, clock)

    def __init__(self, hardware, arguments, keep=None, snapshot=None):
        self.out = Path(tempfile.mkdtemp(dir=BUILD)) / "stops"
        known, clock = self.watch
        more = ["-plugin", f"{quoted(BUILD / 'stops.so')},out={quoted(self.out)},"
                           f"clock={clock},{known}"]
        super().__init__(hardware, [*more, *arguments], keep, snapshot)

    def told(self):
        """The plugin's lines so far: words."""
        return [line.split() for line in self.out.read_text().splitlines()]

    def kill(self):
        super().kill()
        shutil.rmtree(self.out.parent, ignore_errors=True)


def start(engine, clock, smp=2):
    files = {"extra/probe": BUILD / "probe"}
    for name in PAYLOADS:
        files[f"extra/{name}.livepatch"] = engines.payloads(engine) / f"{name}.livepatch"
    for suffix in ["elf", "cfg"]:
        files[f"extra/busy.{suffix}"] = TOP / f"build/guests/busy.{suffix}"
    overlay = dom0_image.overlay(TOOLSTACK)
    for path, source in files.items():
        overlay.file(path, source)
    hypervisor = engines.hypervisor(engine)
    with Host.booted(hypervisor=hypervisor, smp=smp):
        pass        # booting is nothing to watch
    watched = type("Watched", (Measured,), {"watch": (places(engine), clock)})
    host = watched.booted(hypervisor=hypervisor, smp=smp)
    host.unpack(overlay.encode())
    return host


def probe(host, *commands, timeout=600):
    """The answers, and the lengths of the hypercalls that they took."""
    before = len(host.told())
    result = host.run("/extra/probe " + " + ".join(commands), timeout, check=True)
    ops = [int(line[1]) for line in host.told()[before:] if line[0] == "op"]
    return result.stdout.splitlines(), ops


def uploads(host, name, times):
    """Lengths of that many uploads; what is uploaded is unloaded again."""
    _, ops = probe(host, f"times {name} /extra/{name}.livepatch {times}")
    if len(ops) != 2 * times:
        raise HostError(f"{times} uploads and unloads were {len(ops)} calls")
    return ops[::2]


def stops(host, name, wanted, batch):
    """(length, arrival) of `wanted` applies of a payload that is loaded.  They
    come in batches; one in which a CPU was late doesn't count."""
    pairs, spoiled = [], 0
    while len(pairs) < wanted:
        before = len(host.told())
        answers, _ = probe(host, f"cycle {name} {batch} {TIMEOUT_MS}")
        told = [line for line in host.told()[before:] if line[0] == "stop"]
        if answers == ["0"] and len(told) == 2 * batch:
            pairs += [(int(length), int(arrival)) for _, length, arrival in told[::2]]
        elif (spoiled := spoiled + 1) > PATIENCE * wanted:
            raise HostError(f"{name}: of {spoiled} batches that many had a CPU that was late, "
                            f"the last one: {answers}, {told}")
    return pairs[:wanted], spoiled


def idle_calls(host):
    """length -> how many calls that found nothing to do, to a power of two."""
    calls = {}
    for line in host.told():
        if line[0] == "idle":
            calls[int(line[1])] = int(line[2])
    return calls
