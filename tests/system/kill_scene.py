# SPDX-License-Identifier: GPL-2.0-or-later
"""The scene of the kill tests: an apply that succeeds only by pausing a guest,
and a program that is struck at its n-th step while it does so (see trip.c).
"""

import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from host import TOP, Host, HostError

HERE = Path(__file__).resolve().parent
TREE = TOP / "build/toolstack-src/tools"
BUILD = TOP / "build/tests/kill"
FILES = ["payloads/slow.livepatch", "payloads/stacked.livepatch",
         "guests/stubborn.elf", "guests/stubborn.cfg"]
XL = "xl"
PAUSER = "libxl-livepatch-pauser"
JOURNAL = "/run/xen/livepatch-paused"
SETUP = ["xl livepatch apply /extra/slow.livepatch",
         "cd /extra && xl create stubborn.cfg",
         # Until it is in its slow hypercall, from where only a pause gets it.
         "sleep 1"]
ATTEMPT = "--retries=0 --timeout=60ms"
BUSY = 2

SLOW = {"slow": "applied"}
BOTH = {"slow": "applied", "stacked": "applied"}


def extra():
    """The folder of what dom0 needs: payloads, the guest, trip.so."""
    folder = BUILD / "extra"
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copy(TOP / "build" / name, folder)
    compiler = ["cc", "-O2", "-Wall", "-Wextra", "-Werror"]
    subprocess.run([*compiler, "-shared", "-fPIC", "-o", folder / "trip.so", HERE / "trip.c"],
                   check=True)
    subprocess.run([*compiler, f"-I{TREE}/include", "-o", folder / "look", HERE / "look.c",
                    f"-L{TREE}/libs/ctrl", "-lxenctrl", "-Wl,--allow-shlib-undefined"],
                   check=True)
    return folder


class Scene:
    """A host where the payload slow is applied and the guest stubborn makes
    its hypercall.  dom0 is on CPU 0 alone, the guest on CPU 1."""

    def __init__(self, host):
        self.host = host

    @classmethod
    @contextmanager
    def set(cls):
        with Host.booted(toolstack=TOP / "build/dist", extra=extra(), setup=SETUP) as host:
            yield cls(host)

    # -- The call that is struck -------------------------------------------

    @staticmethod
    def call(max_pause, **trip):
        """The shell command.  It first fails to quiesce, once, and then pauses
        the guest; trip are trip.c's variables without their TRIP_."""
        words = [f"TRIP_{name.upper()}={value}" for name, value in trip.items()]
        return (f"rm -f /tmp/trip; env {' '.join(words)} TRIP_LOG=/tmp/trip "
                f"LD_PRELOAD=/extra/trip.so xl livepatch apply {ATTEMPT} "
                f"--max-pause={max_pause} /extra/stacked.livepatch")

    def strike(self, max_pause, **trip):
        """Run the call, to its end or ours."""
        return self.host.run(self.call(max_pause, **trip), timeout=60)

    def halt(self, max_pause, **trip):
        """Run the call in the background until it has stopped itself.  Its
        output goes to /tmp/out, its exit status to /tmp/status."""
        call = self.call(max_pause, **trip).replace("env ", "exec env ")
        self.host.run(f"rm -f /tmp/status /tmp/pid /tmp/trip; (sh -c 'echo $$ > /tmp/pid; {call}'; "
                      "echo $? > /tmp/status) > /tmp/out 2>&1 & "
                      "until grep -q tripped /tmp/trip 2> /dev/null || [ -e /tmp/status ]; "
                      "do usleep 10000; done")

    def resume_call(self, signal):
        """Send it a signal, and return (its exit status, its output)."""
        result = self.host.run(f"kill -{signal} $(cat /tmp/pid); until [ -s /tmp/status ]; "
                               "do usleep 10000; done; cat /tmp/status /tmp/out", timeout=60)
        status, _, output = result.stdout.partition("\n")
        return int(status), output

    def until_not_busy(self, command):
        """The host's CPUs are threads of a machine that may be busy itself;
        then they do not come to rest even with the guest paused."""
        for _ in range(10):
            result = self.host.run(command)
            if result.status != BUSY:
                return result
        raise HostError(f"busy all the time: {command}\n{result.stdout}{result.stderr}")

    def steps(self, program):
        """What each step of a call that isn't struck is, the first one first."""
        result = self.until_not_busy(self.call("60s", program=program))
        log = self.log()
        if result.status != 0 or not self.clean_up():
            raise HostError(f"the call fails by itself: {result}")
        return [line.split(" ", 1)[1] for line in log.splitlines()]

    def log(self):
        return self.host.run("cat /tmp/trip").stdout

    # -- What the host is like ---------------------------------------------

    def look(self):
        """{name: state} of what the hypervisor has loaded; and whether the guest,
        which must be there in any case, is paused."""
        text = self.host.run("/extra/look", check=True).stdout
        states = dict(line.split() for line in text.splitlines())
        paused = states.pop("1") == "paused"
        del states["0"]
        return states, paused

    def payloads(self):
        return self.look()[0]

    def is_paused(self):
        return self.look()[1]

    def seconds_until_running(self, limit):
        """None if the guest is still paused after so many seconds."""
        start = time.monotonic()
        while True:
            looked = time.monotonic() - start
            if not self.is_paused():
                return looked
            if looked > limit:
                return None

    def leftovers(self):
        """Processes and files that no call should leave behind for long."""
        ours = "ps -o args | grep '[l]ivepatch'"
        return self.host.run(f"for i in $(seq 100); do {ours} > /dev/null || break; "
                             f"usleep 20000; done; {ours}; ls {JOURNAL} 2> /dev/null").stdout

    def apply(self):
        """The call that comes next, with nothing in its way but the guest."""
        return self.until_not_busy(f"xl livepatch apply {ATTEMPT} /extra/stacked.livepatch")

    def clean_up(self):
        """Whether that worked."""
        return not self.until_not_busy(f"xl livepatch revert --unload {ATTEMPT} stacked").status
