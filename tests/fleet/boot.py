#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The units under a real systemd: what is installed is there after a boot, and
is left out after a boot that didn't end."""

import json
import time
import unittest

from disk import deb
from hosts import Host

PAYLOADS = deb.PAYLOADS
NAMES = ["hello", "bye"]
DROP_IN = "/etc/systemd/system/xen-livepatch.service.d/busy.conf"
# No second CPU ever arrives that fast: the host is as busy as can be.
NEVER = "--deadline=1m --timeout=1us --retries=0 --pause=never"
NOTE = "/var/lib/xen/livepatch/*/.applying.livepatch"


class Boot(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = cls.enterClassContext(Host("host"))
        cls.host.wait_until_up()
        cls.host.put(*(PAYLOADS / f"{name}.livepatch" for name in NAMES))
        files = " ".join(f"{name}.livepatch" for name in NAMES)
        cls.host.run(f"xl-livepatch install --deadline=1m {files}")

    def applied(self, status=0):
        """Names, from the bottom of the stack."""
        document = json.loads(self.host.run("xl-livepatch status -j", status))
        return [each["name"] for each in document.get("payloads", [])
                if each["state"] == "applied"]

    def unit(self, name="xen-livepatch.service"):
        told = self.host.run(f"systemctl show {name}")
        return dict(line.partition("=")[::2] for line in told.splitlines())

    def microseconds(self, begin, end):
        """Between two of a unit's, or of systemd's own, monotonic times."""
        unit = self.unit()
        return int(unit[f"{end}TimestampMonotonic"]) - int(unit[f"{begin}TimestampMonotonic"])

    def test_1_applied_after_a_boot(self):
        self.assertEqual(self.applied(), NAMES)
        self.host.reboot()
        self.assertEqual(self.applied(), NAMES)
        unit = self.unit()
        self.assertEqual((unit["ActiveState"], unit["SubState"]), ("active", "exited"))
        ours = self.microseconds("InactiveExit", "ActiveEnter")
        all_of_it = int(self.host.run("systemctl show --value -p UserspaceTimestampMonotonic "
                                      "-p FinishTimestampMonotonic").split()[-1])
        print(f"\nboot: xen-livepatch.service took {ours / 1e6:.2f} s of "
              f"{all_of_it / 1e6:.1f} s ({100 * ours / all_of_it:.1f} %)")
        # Guests are started by this one.
        guests = self.unit("xendomains.service")
        self.assertGreaterEqual(int(guests["InactiveExitTimestampMonotonic"]),
                                int(unit["ActiveEnterTimestampMonotonic"]))

    def test_2_started_by_hand(self):
        for name in reversed(NAMES):
            self.host.run(f"xl-livepatch revert --unload --deadline=1m {name}")
        self.assertEqual(self.applied(status=3), [])
        begun = time.monotonic()
        self.host.run("systemctl restart xen-livepatch.service")
        whole = time.monotonic() - begun
        self.assertEqual(self.applied(), NAMES)
        unit = self.microseconds("InactiveExit", "ActiveEnter") / 1e6
        print(f"\nsystemctl start: all applied after {unit:.2f} s, "
              f"{whole:.2f} s with ssh's own time")

    def test_metrics(self):
        """They ask our xl, not Debian's, which is in the way there."""
        said = self.host.run("/usr/lib/xen-livepatch/bin/xen-livepatch-metrics")
        self.assertIn("xen_livepatch_up 1\n", said)
        self.assertIn(f"xen_livepatch_applied {len(NAMES)}\n", said)

    def test_3_power_cut_during_restore(self):
        host = self.host
        host.run(f"mkdir -p {DROP_IN.rpartition('/')[0]}; printf '[Service]\\nExecStart=\\n"
                 f"ExecStart=/usr/sbin/xl-livepatch restore --until-settled {NEVER}\\n' > {DROP_IN}; sync")
        host.try_run("systemctl reboot")
        self.wait_for(lambda: host.try_run(
            f"[ \"$(systemctl is-active xen-livepatch.service)\" = activating ] && ls {NOTE}"
        ).returncode == 0)
        host.cut_power()
        host.start()
        host.wait_until_up()
        self.assertEqual(self.applied(status=3), [])
        unit = self.unit()
        self.assertEqual((unit["ActiveState"], unit["Result"]), ("failed", "exit-code"))
        self.assertIn("went down", host.run("xl-livepatch status 2>&1", status=3))
        host.run(f"rm {DROP_IN}; systemctl daemon-reload")
        host.run("xl-livepatch restore --retry --deadline=1m")
        host.reboot()
        self.assertEqual(self.applied(), NAMES)

    def wait_for(self, condition, timeout=600):
        deadline = time.monotonic() + timeout
        while not condition():
            self.assertLess(time.monotonic(), deadline, self.host.console()[-2000:])
            time.sleep(0.5)


if __name__ == "__main__":
    unittest.main(verbosity=2)
