#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The harness itself: what every other system test relies on."""

import os
import pty
import select
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path
from unittest import mock

import snapshots
from host import CommandFailed, CommandTimeout, Host, HostError


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = cls.enterClassContext(Host.booted())

    def test_runs_on_xen(self):
        result = self.host.run("xl info")
        self.assertEqual((result.status, result.stderr), (0, ""))
        self.assertRegex(result.stdout, r"(?m)^xen_version +: \d")

    def test_status_and_separate_streams(self):
        result = self.host.run("echo out; echo err >&2; exit 7")
        self.assertEqual((result.status, result.stdout, result.stderr),
                         (7, "out\n", "err\n"))

    def test_death_by_signal(self):
        self.assertEqual(self.host.run("kill -SEGV $$").status, 128 + 11)

    def test_any_byte_in_command_input_and_output(self):
        every = bytes(range(256)) * 3
        self.assertEqual(self.host.run("cat", stdin=every).raw, every)
        # A command cannot hold NUL, no shell's can.
        text = every.replace(b"\0", b"").replace(b"'", b"").decode(errors="surrogateescape")
        self.assertEqual(self.host.run(f"printf %s '{text}'").stdout, text)
        self.assertEqual(self.host.run("printf '\\377\\000\\n'").raw, b"\xff\0\n")

    def test_empty_input_is_end_of_file(self):
        self.assertEqual(self.host.run("cat").stdout, "")

    def test_check_raises(self):
        with self.assertRaises(CommandFailed) as caught:
            self.host.run("echo why >&2; exit 3", check=True)
        self.assertEqual(caught.exception.result.status, 3)
        self.assertIn("why", str(caught.exception))

    def test_push_and_pull(self):
        data = os.urandom(1 << 20)
        self.host.push({"/extra/random": data, "/extra/harness": __file__})
        self.assertEqual(self.host.pull("/extra/random"), data)
        with open(__file__, "rb") as stream:
            self.assertEqual(self.host.pull("/extra/harness"), stream.read())
        with self.assertRaises(CommandFailed):
            self.host.pull("/extra/absent")

    def test_background_job_outlives_its_command(self):
        self.host.run("(sleep 1; echo later > /tmp/job) >/dev/null 2>&1 &")
        self.host.run("until [ -s /tmp/job ]; do usleep 50000; done", timeout=30)

    def test_background_job_that_holds_the_output(self):
        started = time.monotonic()
        self.assertEqual(self.host.run("echo now; sleep 20 &").stdout, "now\n")
        self.assertLess(time.monotonic() - started, 15)

    def test_background_job_that_keeps_writing(self):
        self.host.run("yes | head -c 30000000 &", check=True)
        for number in ["1", "2", "3"]:
            self.assertEqual(self.host.run(f"echo {number}").stdout, f"{number}\n")

    def test_interrupts_are_not_ignored(self):
        self.assertEqual(self.host.run("sh -c 'kill -INT $$; echo survived'").stdout, "")

    def test_timeout_kills_the_command_and_spares_the_host(self):
        with self.assertRaises(CommandTimeout) as caught:
            self.host.run("echo started; sleep 600", timeout=2)
        self.assertEqual(caught.exception.result.stdout, "started\n")
        self.assertIn("sleep 600", str(caught.exception))
        self.assertEqual(self.host.run("echo usable").stdout, "usable\n")
        self.assertNotIn("sleep 600", self.host.run("ps").stdout)

    def test_xen_speaks_on_the_console_alone(self):
        before = len(self.host.console())
        result = self.host.run("xl debug-keys h", check=True)
        self.assertNotIn("(XEN)", result.stdout + result.stderr)
        deadline = time.monotonic() + 30
        while "installed handlers" not in self.host.console()[before:]:
            self.assertLess(time.monotonic(), deadline)
            self.host.run("true")


class Hosts(unittest.TestCase):
    def test_two_side_by_side_are_apart(self):
        with Host.booted() as one, Host.booted() as other:
            one.run("echo one > /tmp/name", check=True)
            self.assertEqual(other.run("test -e /tmp/name").status, 1)
            other.run("echo other > /tmp/name", check=True)
            self.assertEqual(one.pull("/tmp/name"), b"one\n")
        with Host.booted() as fresh:
            self.assertEqual(fresh.run("test -e /tmp/name").status, 1)

    def test_extra_and_setup_are_in_the_snapshot(self):
        setup = ["mkdir /tmp/made", "test -e /extra/test_harness.py"]
        folder = os.path.dirname(os.path.abspath(__file__))
        for _ in range(2):
            with Host.booted(extra=folder, setup=setup) as host:
                host.run("rmdir /tmp/made", check=True)

    def test_setup_that_fails_leaves_no_snapshot(self):
        for _ in range(2):
            with self.assertRaises(CommandFailed):
                Host.booted(setup=["exit 5"])

    def test_poweroff_ends_the_host(self):
        with Host.booted() as host:
            with self.assertRaisesRegex(HostError, "went down"):
                host.run("poweroff -f; sleep 60", timeout=60)

    def test_crash_is_reported_with_xens_words(self):
        with Host.booted() as host:
            with self.assertRaisesRegex(HostError, "(?s)went down.*Dom0 crashed"):
                host.run("echo c > /proc/sysrq-trigger; sleep 60", timeout=60)

    def test_panic_at_boot_is_reported(self):
        with self.assertRaisesRegex(HostError, r"(?s)went down while booting.*Panic on CPU"):
            Host.boot(xen_args="console=com1 com1=115200,8n1 dom0_mem=1M")

    def test_missing_hypervisor_is_named(self):
        with self.assertRaisesRegex(HostError, "/absent/xen"):
            Host.boot(hypervisor="/absent/xen")

    def test_wrong_hypervisor_is_told_in_qemus_words(self):
        with self.assertRaisesRegex(HostError, "(?i)qemu.*kernel"):
            Host.boot(hypervisor=__file__)

    def test_killed_test_takes_its_host_along(self):
        code = ("from host import Host; host = Host.booted(); "
                "print(host.qemu.process.pid, flush=True); input()")
        with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True,
                              cwd=os.path.dirname(os.path.abspath(__file__))) as test:
            emulator = int(test.stdout.readline())
            os.kill(emulator, 0)
            test.kill()
            deadline = time.monotonic() + 10
            while is_running(emulator):
                self.assertLess(time.monotonic(), deadline)


class Tool(unittest.TestCase):
    """scripts/xen-host, as a person or a script calls it."""

    tool = Path(__file__).resolve().parents[2] / "scripts/xen-host"

    def test_run_passes_output_and_status_on(self):
        ended = subprocess.run([self.tool, "run", "--", "echo out; echo err >&2; exit 9"],
                               capture_output=True, text=True)
        self.assertEqual((ended.returncode, ended.stdout, ended.stderr), (9, "out\n", "err\n"))

    def test_run_keeps_the_words_of_a_command_apart(self):
        ended = subprocess.run([self.tool, "run", "--", "printf", "<%s>", "a b", "$c"],
                               capture_output=True, text=True)
        self.assertEqual(ended.stdout, "<a b><$c>")

    def test_run_tells_a_host_that_failed_from_a_command_that_did(self):
        ended = subprocess.run([self.tool, "run", "--hypervisor", "/absent/xen", "--", "true"],
                               capture_output=True, text=True)
        self.assertEqual(ended.returncode, 125)
        self.assertIn("/absent/xen", ended.stderr)

    def test_shell_interrupts_and_ends(self):
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(self.tool, [self.tool, "shell"])
        self.expect(terminal, b"dom0# ")
        os.write(terminal, b"sleep 600; echo survived\n")
        self.expect(terminal, b"sleep 600; echo survived\r\n")
        # Until sleep runs there is nothing to interrupt: ask more than once.
        self.expect(terminal, b"dom0# ", keys=b"\x03")
        os.write(terminal, b"expr 6 \\* 7\n")
        self.expect(terminal, b"42")
        os.write(terminal, b"poweroff\n")
        self.expect(terminal, b"Power down")
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)

    def expect(self, terminal, text, keys=b"", timeout=60):
        seen = b""
        deadline = time.monotonic() + timeout
        while text not in seen:
            self.assertLess(time.monotonic(), deadline, f"no {text} in {seen}")
            if select.select([terminal], [], [], 0.5)[0]:
                seen += os.read(terminal, 4096)
            elif keys:
                os.write(terminal, keys)
        self.assertNotIn(b"\r\nsurvived", seen)


class Snapshots(unittest.TestCase):
    """The store alone: the machines are empty folders."""

    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.enterContext(mock.patch.object(snapshots, "ROOT", Path(folder)))
        self.enterContext(mock.patch.object(snapshots, "KEEP", 2))

    def use(self, key):
        with snapshots.snapshot(key, lambda folder: None) as folder:
            os.utime(folder, (self.clock, self.clock))
            self.clock += 1

    clock = 1000

    def kept(self):
        return {path.name for path in snapshots.ROOT.iterdir() if path.is_dir()}

    def test_two_builders_build_once(self):
        built = []

        def build(folder):
            built.append(folder)
            time.sleep(0.2)

        def user():
            with snapshots.snapshot("key", build) as folder:
                self.assertTrue(folder.is_dir())

        users = [threading.Thread(target=user) for _ in range(4)]
        for thread in users:
            thread.start()
        for thread in users:
            thread.join()
        self.assertEqual(len(built), 1)

    def test_oldest_goes_unless_in_use(self):
        for key in ["a", "b", "c"]:
            self.use(key)
        self.assertEqual(self.kept(), {"b", "c"})
        with snapshots.snapshot("b", self.fail) as folder:
            os.utime(folder, (1, 1))
            self.use("d")
            self.assertEqual(self.kept(), {"b", "c", "d"})

    def test_failed_build_leaves_nothing(self):
        def fail(folder):
            (folder / "ram").touch()
            raise HostError("no")

        with self.assertRaises(HostError), snapshots.snapshot("key", fail):
            pass
        self.assertEqual(self.kept(), set())


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as stream:
            return stream.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


if __name__ == "__main__":
    unittest.main()
