#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""CPUs come and go while payloads are uploaded, applied, replaced, reverted
and unloaded: nothing hangs, and nothing fails that has a second to spare.  Nor does
one that is offline go on in a payload that isn't there."""

import os
import re
import time
import unittest

import engine_case
from engine_case import LONG, EngineCase

CYCLES = int(os.environ.get("HOTPLUG_CYCLES") or (200 if LONG else 6))
MS = 1000
NODEPS = 1
HPTOOL = "/usr/lib/xen-4.17/bin/xen-hptool"
PATIENCE = 120          # seconds, for what takes a few: then it hangs

# Eight actions that stop all CPUs or take a payload out, with reports.
ROUND = [
    "upload hello /extra/hello.livepatch", f"act hello apply {MS}", "report hello",
    "upload bye /extra/bye.livepatch", f"act bye apply {MS}", "report bye",
    "upload replace /extra/replace.livepatch", f"act replace replace {MS}", "report replace",
    f"act replace revert {MS}", "report replace", "unload replace", "unload bye",
    f"act hello apply {MS}", "report hello", f"act hello revert {MS}", "unload hello",
]
ACTIONS = sum(command.startswith(("act", "unload")) for command in ROUND)


class Hotplug(EngineCase):
    """Hotplug runs on CPU 0, and dom0's hypercalls on any: its vCPUs aren't
    pinned.  (One alone would wait for the first hypercall before the next.)
    Where Xen saves vector registers lazily, as on AMD's CPUs, it loses those of
    who was on a CPU that is taken offline, with no live patch at all; programs
    in dom0 then die of that.  So it is told to save them eagerly."""

    SMP = 4
    XEN_ARGS = engine_case.XEN_ARGS.replace("dom0_max_vcpus=1 dom0_vcpus_pin",
                                            "dom0_max_vcpus=4 spec-ctrl=eager-fpu")
    GUESTS = ["busy.cfg 'cpus=\"all\"'", "idle.cfg 'cpus=\"all\"'"]

    def begin_hotplug(self, cycles):
        self.host.run(f"/extra/hotplug 1 2 3 {cycles} > /tmp/hotplug 2>&1 &", check=True)

    def hotplug_said(self):
        return self.host.run("cat /tmp/hotplug", PATIENCE, check=True).stdout.strip()

    def assert_all_done(self, cycles):
        self.assertIn(f"{cycles} cycles", self.hotplug_said())
        self.assertEqual(self.host.run("xl info | grep ^nr_cpus", check=True).stdout.split()[-1],
                         str(self.SMP))
        self.assertTrue(all(self.state().running.values()))

    def test_actions_meanwhile(self):
        expected = self.probe(*ROUND, timeout=PATIENCE)
        done, times = 0, []
        self.begin_hotplug(CYCLES)
        while done < CYCLES or not self.hotplug_said():
            answers = self.probe(*ROUND, timeout=PATIENCE)
            for command, answer, wanted in zip(ROUND, answers, expected):
                if command.startswith("report"):
                    self.assertRegex(answer, "^([0-9a-f]{2})+$")
                    times.append(engine_case.parse_report(bytes.fromhex(answer)).times)
                else:
                    self.assertEqual(answer, wanted, f"{command}: {self.said()[-2000:]}")
            done += ACTIONS
        self.assert_all_done(CYCLES)
        longest = {key: max(each[key] for each in times)
                   for key in ("stall", "arrival", "attempts")}
        print(f"\n{self.hotplug_said()}; {done} actions: longest stall "
              f"{longest['stall'] / 1e6:.1f} ms, longest way to the rendezvous "
              f"{longest['arrival'] / 1e6:.1f} ms and {longest['attempts']} attempts", flush=True)

    def test_per_cpu_variables(self):
        """What a CPU had counted is gone with it; the others' is there, and it counts
        again."""
        def count():
            return int(self.extra_version().removeprefix("Call "))

        self.load("percpu")
        counts = [count() for _ in range(20)]
        self.assertEqual(counts, list(range(counts[0], counts[0] + 20)))
        self.begin_hotplug(CYCLES)
        while not self.hotplug_said():
            counts.append(count())
        self.assert_all_done(CYCLES)
        # Never more than there were calls: nobody counts on what others have left.
        self.assertTrue(all(n < counts[0] + calls for calls, n in enumerate(counts, 1)), counts)
        self.assertLess(counts[-1], counts[0] + len(counts) - 1, "no CPU lost what it had")
        last = count()
        self.assertEqual(count(), last + 1)
        self.revert("percpu")
        self.probe("unload percpu")

    def test_unloads_meanwhile(self):
        """One right after the other: an unload that waits for all CPUs hangs
        within a few hundred."""
        self.begin_hotplug(2 * CYCLES)
        done = 0
        while not self.hotplug_said():
            told = self.host.run("/extra/probe times hello /extra/hello.livepatch 50", PATIENCE,
                                 check=True).stdout
            done += len(re.findall(r"\d+", told))
        self.assert_all_done(2 * CYCLES)
        print(f"\n{self.hotplug_said()}; {done} uploads and unloads", flush=True)


class Offline(EngineCase):
    """A CPU that is offline idles in a payload, which is reverted and unloaded.  On
    Intel's processors Xen keeps what such a CPU needs to take an interrupt."""

    SMP = 2
    CPU = "Haswell-noTSX"
    # Else a guest's page tables lack Xen's text, which is looked at afterwards.
    XEN_ARGS = f"{engine_case.XEN_ARGS} xpti=0"

    def set_online(self, online):
        self.host.run(f"{HPTOOL} cpu-{'online' if online else 'offline'} 1", PATIENCE, check=True)

    def wake(self):
        """An NMI for the CPU that is offline, which may take a while."""
        self.upload("wake_parked")
        self.act("wake_parked", "apply", "applied 0", flags=NODEPS)
        time.sleep(1)
        self.revert("wake_parked")
        self.assertEqual(self.probe("unload wake_parked"), "ok")

    def woken(self):
        return int(self.extra_version().removeprefix("Parked "))

    def test_payload_stays(self):
        """It went before the apply, and comes there by an NMI."""
        self.set_online(False)
        self.load("parked")
        self.assertEqual(self.woken(), 0)
        self.wake()
        self.assertEqual(self.woken(), 1)
        self.revert("parked")
        self.assertEqual(self.probe("unload parked"), "ok")
        self.assertRegex(self.said(), "parked: its [0-9]+ pages are kept for ever")
        self.wake()
        self.wake()
        self.assertTrue(all(self.state().running.values()))

        # Back again, it isn't there any more.
        self.set_online(True)
        self.load("parked")
        self.revert("parked")
        self.assertEqual(self.probe("unload parked"), "ok")
        self.assertEqual(self.said().count("are kept for ever"), 1)


if __name__ == "__main__":
    unittest.main()
