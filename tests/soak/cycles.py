#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Apply and revert for a long time while guests run; nothing may be left.

    cycles.py [CYCLES [CPUS]]       default: 200 on 2

LIVEPATCH_ENGINE names the hypervisor: see tests/system/engines.py.

Each cycle applies three stacked payloads in one call, replaces them, and
takes everything back.  Afterwards the host must be as it was: no payload, no
record, no journal, no process, no memory of Xen's gone, and the guests have
gone on.
"""

import re
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/system"))

import engines  # noqa: E402
from host import Host  # noqa: E402

CYCLE = """
cd /extra
xl livepatch apply {0} third.livepatch hello.livepatch bye.livepatch >/tmp/log 2>&1 &&
xl livepatch replace {0} replace.livepatch >>/tmp/log 2>&1 &&
xl livepatch revert {0} --unload replace >>/tmp/log 2>&1 || {{ cat /tmp/log; exit 1; }}
"""
# Where more CPUs are emulated than there are, they wait for each other.
LONG = "--timeout=2s"
BEATS = "cat /var/log/xen/console/guest-{}.log | tail -n 1"


def state(host):
    info = host.run("xl info", check=True).stdout
    free = int(re.search(r"free_memory\s*: (\d+)", info)[1])
    return {
        "extra": re.search(r"xen_extra\s*: (.*)", info)[1],
        "payloads": host.run("xen-livepatch list", check=True).stdout,
        "records": host.run("sed '/^@version/d; /^@totals/,/^}/d' /var/run/xen/livepatch.notes "
                            "2> /dev/null || true").stdout,
        "run": host.run("ls /var/run/xen").stdout,
        "processes": host.run("ps | grep -c '[l]ibxl-livepatch' || true").stdout,
        "guests": re.findall(r"^(\S+) +\d+ +\d+ +\d+ +(..p)", host.run("xl list").stdout, re.M),
        "free MiB": free,
    }


def main():
    cycles = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    cpus = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    cycle = CYCLE.format(LONG if cpus > 2 else "")
    files = {f"/extra/{path.name}": path
             for folder in (engines.payloads(), TOP / "build/guests")
             for path in folder.glob("*.*")}
    with Host.booted(toolstack=TOP / "build/dist", smp=cpus) as host:
        host.push(files)
        for guest in ("idle", "busy"):
            host.run(f"cd /extra && xl create -q {guest}.cfg", check=True)
        host.run(cycle, timeout=300, check=True)     # makes what stays, as the lock's file
        before = state(host)
        beats = [host.run(BEATS.format(guest)).stdout for guest in ("idle", "busy")]
        started = time.monotonic()
        for number in range(1, cycles + 1):
            host.run(cycle, timeout=300, check=True)
            if number % 50 == 0:
                print(f"{number} cycles, {time.monotonic() - started:.0f} s", flush=True)
        after = state(host)
        different = [key for key in before if before[key] != after[key]]
        for key in different:
            print(f"{key}: before {before[key]!r}, after {after[key]!r}")
        still = [guest for guest, beat in zip(("idle", "busy"), beats)
                 if host.run(BEATS.format(guest)).stdout == beat]
        for guest in still:
            print(f"guest {guest} has not gone on")
    print(f"{cycles} cycles of 5 actions in {time.monotonic() - started:.0f} s")
    sys.exit(1 if different or still else 0)


main()
