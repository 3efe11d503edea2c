# SPDX-License-Identifier: GPL-2.0-or-later
"""The hosts in which is measured, and the driver that measures there."""

import json
import os
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path += [str(TOP / "tests/system"), str(TOP / "scripts")]

import dom0_image
from host import Host, HostError

PAYLOAD = TOP / "build/payloads/hello.livepatch"
TOOLSTACK = TOP / "build/dist"
FOLDER = "/run/bench"


class CountedHost(Host):
    """A host whose clock counts instructions, one a nanosecond, and skips
    what it would sleep: how fast or busy this machine is has no influence on
    its times.  It can't come from a snapshot of another kind of clock."""

    def __init__(self, hardware, arguments, keep=None, snapshot=None):
        counted = ["-icount", "shift=0,sleep=off", *arguments]
        super().__init__(hardware, counted, keep, snapshot)


def missing():
    """What has to be built first; None if nothing."""
    return next((path for path in (PAYLOAD, TOOLSTACK / "usr/local/sbin/xl")
                 if not path.exists()), None)


def start(clock):
    """A host for one of bench's clocks, with the payload and the driver."""
    extra = {"extra/hello.livepatch": PAYLOAD, "extra/driver": _build_driver()}
    if clock != "counted":
        host = Host.booted(toolstack=TOOLSTACK)
        host.push({f"/{path}": source for path, source in extra.items()})
        if clock == "fixed":
            host.run("echo 0 > /proc/sys/kernel/randomize_va_space", check=True)
        return host
    overlay = dom0_image.overlay(TOOLSTACK)
    for path, source in extra.items():
        overlay.file(path, source)
    return CountedHost.boot(initramfs=dom0_image.base().encode() + overlay.encode())


def _build_driver():
    program = TOP / "build/bench/driver"
    program.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([os.environ.get("CC", "gcc"), "-O2", "-Wall", "-Werror", "-static",
                    "-o", program, TOP / "tests/bench/driver.c"], check=True)
    return program


def run(host, commands, timeout):
    """Run the commands: [(microseconds, tries)], the time being the last try's."""
    plan = "".join(f"{command}\n" for command in commands)
    result = host.run(f"mkdir -p {FOLDER} && exec /extra/driver {FOLDER}", timeout,
                      stdin=plan.encode(), check=True)
    times = [tuple(map(int, line.split())) for line in result.stdout.splitlines()]
    if len(times) != len(commands):
        raise HostError(f"{len(commands)} commands, but {len(times)} times from the driver")
    return times


def outputs(host, numbers):
    """What the commands of these numbers (from 1) wrote, as JSON documents."""
    files = " ".join(f"{FOLDER}/{number}" for number in numbers)
    text = host.run(f"cat {files}", check=True).stdout
    documents, decoder = [], json.JSONDecoder()
    while text := text.lstrip():
        document, end = decoder.raw_decode(text)
        documents.append(document)
        text = text[end:]
    return documents
