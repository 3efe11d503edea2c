#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The program libxl-livepatch-pauser, on a stand-in for the hypervisor."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.dont_write_bytecode = True

import hypervisor  # noqa: E402
from hypervisor import Hypervisor, Pauser, wait_until  # noqa: E402


class PauserCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.stand_in = hypervisor.build_stand_in(Path(folder))

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.journal = self.folder / "journal"
        self.bad = self.folder / "journal.bad"
        self.fresh_xen()

    def fresh_xen(self, num=3):
        self.xen = Hypervisor(self.folder, num)

    def start(self, guests=None, **kwargs):
        if guests is None:
            guests = self.xen.guests
        pauser = Pauser(self.folder, self.stand_in, self.xen, guests, **kwargs)
        self.addCleanup(pauser.kill)
        return pauser

    def standing(self, **kwargs):
        """One that has paused all guests."""
        pauser = self.start(**kwargs)
        self.assertEqual(pauser.hear(), "standing")
        return pauser

    def recover(self):
        """How many guests the next pauser resumes."""
        lines, status = self.start(guests=[]).end()
        self.assertEqual((lines.pop(), status), ("done", 0))
        self.assertFalse(self.journal.exists())
        if not lines:
            return 0
        self.assertEqual(len(lines), 1, lines)
        return int(lines[0].removeprefix("recovered "))

    def assert_told(self, lines, num=3, expired=False):
        self.assertEqual([line.split()[:2] for line in lines],
                         [*(["paused", str(i)] for i in range(num)),
                          *([["expired"]] if expired else []), ["done"]])

    def assert_undone(self):
        """Each pause that was made was undone, once."""
        for domain in self.xen.domains:
            self.assertEqual((domain.count, domain.unpauses, domain.futile),
                             (0, domain.pauses, 0), domain.domid)


class Work(PauserCase):
    def test_pause_and_resume(self):
        pauser = self.standing()
        self.assertEqual(self.xen.counts, [0, 1, 1, 1])
        self.assertTrue(self.journal.exists())
        time.sleep(0.02)
        lines, status = pauser.end()
        self.assertEqual(status, 0)
        self.assert_told(lines)
        for line in lines[:-1]:
            self.assertIn(int(line.split()[2]), range(20000, 2000000))
        self.assert_undone()
        self.assertFalse(self.journal.exists())

    def test_nobody_to_pause(self):
        self.assertEqual(self.start(guests=[]).end(), (["done"], 0))

    def test_many_guests(self):
        self.fresh_xen(5500)
        lines, status = self.standing().end()
        self.assertEqual((len(lines), status), (5501, 0))
        self.assert_undone()

    def test_who_is_left_alone(self):
        self.fresh_xen(8)
        admins, dying, shut, xenstore, refusing, gone, other, last = self.xen.guests
        admins.count = 2
        dying.flags = hypervisor.DYING
        shut.flags = hypervisor.SHUTDOWN
        xenstore.flags = hypervisor.XENSTORE
        refusing.pause_errno = errno.EPERM
        names = [one.name for one in self.xen.domains]
        gone.domid = 99
        other.uuid[0] ^= 1
        pauser = self.standing(guests=names)
        whys = ["domain 0 is never paused", "it is paused already",
                "it is shut down or dying", "it is shut down or dying",
                "it runs xenstore", "Xen refuses: Operation not permitted",
                "there is no domain with this number and UUID",
                "there is no domain with this number and UUID"]
        lines, status = pauser.end()
        self.assertEqual(lines[:8], [f"left {i} {why}" for i, why in enumerate(whys)])
        self.assertRegex(lines[8], rf"^paused {last.domid} \d+$")
        self.assertEqual((lines[9:], status), (["done"], 0))
        self.assertEqual([one.pauses for one in self.xen.domains], [0] * 8 + [1])
        self.assertEqual([one.unpauses for one in self.xen.domains], [0] * 8 + [1])
        self.assertEqual(admins.count, 2)
        self.assertFalse(self.journal.exists())

    def test_two_domains_with_one_uuid(self):
        """As during a migration to the host itself."""
        there, here, _ = self.xen.guests
        here.uuid[:] = there.uuid
        lines, status = self.standing(guests=[here]).end()
        self.assertEqual(status, 0)
        self.assert_told(lines, 1)
        self.assertEqual([one.pauses for one in self.xen.guests], [0, 1, 0])
        self.assert_undone()

    def test_usage(self):
        lock = str(sys.stderr.fileno())
        uuid = "0" * 32
        for args in ([], ["9"], ["9", "x", "j"], ["77", "10", "j"], [lock, "0", "j"],
                     *([lock, "10", "j", guest] for guest in (
                         "", "1", "1:", f"1 {uuid}", f"1:{uuid}0", f"1:{uuid[1:]}",
                         f"x:{uuid}", f"1:{uuid} "))):
            run = subprocess.run(
                [hypervisor.PAUSER, *args], capture_output=True, text=True, check=False,
                env={"LD_LIBRARY_PATH": hypervisor.LIBRARIES},
                stdin=subprocess.DEVNULL)
            self.assertEqual(run.returncode, 1, args)
            self.assertIn("usage", run.stderr)

    def test_no_xen(self):
        self.xen.head.open_errno = errno.EACCES
        self.assertEqual(self.start().end(), (
            ["warning cannot open Xen's control interface: Permission denied"], 1))


class Process(PauserCase):
    def test_it_shares_nothing(self):
        spare = os.open("/dev/null", os.O_RDONLY)
        self.addCleanup(os.close, spare)
        pauser = self.standing(fds=[spare])
        pid = pauser.process.pid
        fds = {int(link.name): os.readlink(link)
               for link in Path(f"/proc/{pid}/fd").iterdir()}
        self.assertEqual(fds.pop(2), "/dev/null")
        self.assertEqual(fds.pop(pauser.lock), str(self.folder / "lock"))
        journal = [fd for fd, path in fds.items() if path == str(self.journal)]
        self.assertEqual(set(fds), {0, 1, *journal})
        self.assertEqual(len(journal), 1)
        self.assertEqual((os.getsid(pid), os.getpgid(pid)), (pid, pid))

    def test_lock_is_kept_until_the_last_guest_runs(self):
        with open(self.folder / "lock", "w", encoding="ascii") as lock:
            pauser = self.standing()
            with self.assertRaises(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            pauser.socket.close()
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assertEqual(self.xen.counts, [0] * 4)

    def test_signals_but_sigterm_do_nothing(self):
        pauser = self.standing()
        for signum in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM}:
            pauser.process.send_signal(signum)
        time.sleep(0.05)
        self.assertEqual(self.xen.counts, [0, 1, 1, 1])
        lines, status = pauser.end()
        self.assertEqual(status, 0)
        self.assert_told(lines)

    def test_sigterm(self):
        pauser = self.standing()
        pauser.process.send_signal(signal.SIGTERM)
        self.assertEqual(pauser.process.wait(5), 0)
        self.assert_undone()
        self.assertFalse(self.journal.exists())
        self.assert_told(pauser.rest())

    def test_sigterm_while_it_pauses(self):
        self.xen.guests[1].pause_ms = 200
        pauser = self.start()
        wait_until(lambda: self.xen.guests[1].count)
        pauser.process.send_signal(signal.SIGTERM)
        self.assertEqual(pauser.process.wait(5), 0)
        self.assertEqual([one.pauses for one in self.xen.guests], [1, 1, 0])
        self.assert_undone()

    def test_hanging_up(self):
        self.assertEqual(self.standing().hang_up(), 0)
        self.assert_undone()
        self.assertFalse(self.journal.exists())

    def test_hanging_up_while_it_pauses(self):
        self.xen.guests[0].pause_ms = 200
        pauser = self.start()
        wait_until(lambda: self.xen.guests[0].count)
        self.assertEqual(pauser.hang_up(), 0)
        self.assertEqual([one.pauses for one in self.xen.guests], [1, 0, 0])
        self.assert_undone()


class Deadline(PauserCase):
    def test_it_passes(self):
        started = time.monotonic()
        pauser = self.standing(max_pause_ms=150)
        wait_until(lambda: not any(self.xen.counts))
        self.assertLess(time.monotonic() - started, 1)
        lines, status = pauser.end()
        self.assertEqual(status, 0)
        self.assert_told(lines, expired=True)
        for line in lines[:3]:
            self.assertIn(int(line.split()[2]), range(140000, 1000000))
        self.assert_undone()

    def test_reader_that_takes_nothing(self):
        # Like one that is stopped: what is said doesn't fit into the socket.
        self.fresh_xen(1000)
        pauser = self.start(max_pause_ms=300, room=4096)
        wait_until(lambda: self.xen.guests[-1].pauses)
        wait_until(lambda: not any(self.xen.counts))
        self.assert_undone()
        self.assertEqual(pauser.hear(), "standing")
        lines, status = pauser.end()
        self.assertEqual(status, 0)
        self.assert_told(lines, 1000, expired=True)

    def test_pause_that_blocks(self):
        blocking, third = self.xen.guests[1:]
        blocking.pause_ms = 400
        pauser = self.standing(max_pause_ms=100)
        self.assertEqual(third.pauses, 0)
        wait_until(lambda: not any(self.xen.counts), 0.5)
        lines, status = pauser.end()
        self.assertEqual(status, 0)
        self.assertEqual(lines[2:], ["left 2 the time of the others is over", "expired", "done"])
        self.assert_undone()


class Journal(PauserCase):
    def test_killed_at_every_step(self):
        kill_at = 0
        for kill_at in range(1, 1000):
            self.fresh_xen()
            lines, status = self.start(kill_at=kill_at).run()
            if status == 0:
                self.assertEqual(lines[-1], "done")
                break
            self.assertEqual(status, -signal.SIGKILL)
            left = sum(self.xen.counts)
            with self.subTest(kill_at=kill_at):
                self.assertEqual(self.recover(), left)
                self.assert_undone()
        self.assertGreater(kill_at, 3 * 12)

    def leave_paused(self):
        """The pauser is killed with all guests paused."""
        self.standing().kill()
        self.assertEqual(self.xen.counts, [0, 1, 1, 1])

    def test_successor_killed_at_every_step(self):
        kill_at = 0
        for kill_at in range(1, 1000):
            self.fresh_xen()
            self.leave_paused()
            lines, status = self.start(guests=[], kill_at=kill_at).end()
            if status == 0:
                self.assertEqual(lines, ["recovered 3", "done"])
                break
            self.assertEqual(status, -signal.SIGKILL)
            with self.subTest(kill_at=kill_at):
                self.recover()
                self.assert_undone()
        self.assertGreater(kill_at, 3 * 6)

    def test_each_begins_with_what_was_left(self):
        self.leave_paused()
        pauser = self.start()
        self.assertEqual(pauser.hear(), "recovered 3")
        self.assertEqual(pauser.hear(), "standing")
        lines, status = pauser.end()
        self.assertEqual(status, 0)
        self.assert_told(lines)
        self.assertEqual([one.pauses for one in self.xen.domains], [0, 2, 2, 2])
        self.assert_undone()

    def test_administrators_pause_on_top_stays(self):
        self.leave_paused()
        self.xen.guests[1].count += 1
        self.assertEqual(self.recover(), 3)
        self.assertEqual(self.xen.counts, [0, 0, 1, 0])

    def test_administrator_was_faster(self):
        self.leave_paused()
        self.xen.guests[1].count -= 1
        self.assertEqual(self.recover(), 2)
        self.assertEqual([one.futile for one in self.xen.guests], [0] * 3)

    def test_administrator_resumed_it_and_paused_it_later(self):
        """As the advice was; the pause has a reason of his own."""
        self.leave_paused()
        self.xen.guests[1].resumed_and_paused_by_hand()
        self.assertEqual(self.recover(), 2)
        self.assertEqual(self.xen.counts, [0, 0, 1, 0])

    def test_the_same_while_the_pauser_lives(self):
        pauser = self.standing()
        self.xen.guests[1].resumed_and_paused_by_hand()
        lines, status = pauser.end()
        self.assertEqual(status, 0)
        self.assert_told(lines)
        self.assertEqual(self.xen.counts, [0, 0, 1, 0])

    def kill_after_resuming(self, pauser):
        """Before it removes the journal, which ends with "resumed"."""
        self.xen.head.kill_at = self.xen.head.steps + 3 * 6 + 1
        self.assertEqual(pauser.end()[1], -signal.SIGKILL)
        self.assertTrue(self.journal.exists())

    def test_administrators_pause_after_ours_was_undone_stays(self):
        self.kill_after_resuming(self.standing())
        self.xen.guests[1].count = 1
        self.assertEqual(self.recover(), 0)
        self.assertEqual(self.xen.counts, [0, 0, 1, 0])

    def test_number_belongs_to_another_guest_now(self):
        self.leave_paused()
        self.xen.guests[0].uuid[3] ^= 1
        self.xen.guests[2].domid = 77
        self.assertEqual(self.recover(), 1)
        self.assertEqual(self.xen.counts, [0, 1, 0, 1])

    def test_uuid_belongs_to_another_guest_too(self):
        """A guest that migrates to the host itself, and was not paused."""
        there, here, _ = self.xen.guests
        here.uuid[:] = there.uuid
        self.standing(guests=[there]).kill()
        here.count = 1
        here.cpu_ns = there.cpu_ns
        self.assertEqual(self.recover(), 1)
        self.assertEqual(self.xen.counts, [0, 0, 1, 0])

    def test_number_goes_to_another_guest_meanwhile(self):
        pauser = self.standing()
        self.xen.guests[0].uuid[3] ^= 1
        self.xen.guests[2].domid = 77
        lines, status = pauser.end()
        self.assertEqual((len(lines), status), (4, 0))
        self.assertEqual(self.xen.counts, [0, 1, 0, 1])

    def test_line_that_was_not_finished(self):
        self.leave_paused()
        lines = self.journal.read_bytes().splitlines(keepends=True)
        self.assertEqual([line.split()[0] for line in lines], [b"pausing", b"paused"] * 3)
        self.xen.guests[2].count = 0
        self.journal.write_bytes(b"".join(lines[:-2]) + lines[-2][:-7])
        self.assertEqual(self.recover(), 2)
        self.assertEqual(self.xen.counts, [0] * 4)

    def test_rubbish_in_it(self):
        """What can be understood is done, and the rest told once."""
        for rubbish in (b"x\n", b"paused\n", b"pausing 1\n", b"paused 1:0 0\n\0\n",
                        b"y" * 300 + b"\n", b"pausing 1:%s 1\n" % (b"z" * 32),
                        b"paused 1:%s\n" % (b"0" * 32), b"paused 1:%s 1x\n" % (b"0" * 32)):
            with self.subTest(rubbish):
                self.fresh_xen()
                self.leave_paused()
                left = self.journal.read_bytes()
                self.journal.write_bytes(rubbish + left)
                lines, status = self.start(guests=[]).end()
                self.assertEqual((lines[0], lines[2:], status), ("recovered 3", ["done"], 0))
                self.assertRegex(lines[1], f"^warning .*{self.journal} made no sense and is "
                                 f"{self.bad} now: .*xl list.* remove it")
                self.assert_undone()
                self.assertTrue(self.bad.read_bytes().startswith(rubbish + left))
                self.assertEqual(self.recover(), 0)

    def test_it_cannot_be_read(self):
        def symlink():
            (self.folder / "target").write_bytes(b"")
            self.journal.symlink_to(self.folder / "target")

        for make in (symlink, self.journal.mkdir):
            self.fresh_xen()
            self.bad.unlink(missing_ok=True)
            make()
            pauser = self.start()
            self.assertRegex(pauser.hear(), f"^warning .*{self.bad} now")
            self.assertEqual(pauser.hear(), "standing")
            lines, status = pauser.end()
            self.assertEqual(status, 0)
            self.assert_told(lines)
            self.assertFalse(self.journal.exists() or self.journal.is_symlink())

    def test_it_cannot_be_moved_aside(self):
        self.journal.mkdir()
        self.bad.write_bytes(b"")
        lines, status = self.start().run()
        self.assertRegex(lines[1], f"^warning cannot remove {self.journal}, .*: .*xl list")
        self.assertEqual(lines[2:], [f"left {i} cannot write the journal: Is a directory"
                                     for i in range(3)] + ["done"])
        self.assertEqual(status, 0)
        self.assertEqual(sum(one.pauses for one in self.xen.guests), 0)

    def test_half_a_line(self):
        # The lines are pausing, paused for each, and then three resumed.
        for half in range(1, 10):
            self.fresh_xen()
            self.xen.head.short_write_at = half
            pauser = self.standing()
            refused = half in (1, 3, 5)
            if refused:
                lines, status = pauser.end()
                self.assertIn(f"left {half // 2} cannot write the journal: No space left on "
                              "device", lines)
                self.assertEqual(len(lines), 4)
                self.assertEqual(status, 0)
            elif half <= 6:
                pauser.kill()
                self.assertEqual(self.recover(), 3)
            else:
                self.kill_after_resuming(pauser)
                self.assertEqual(self.recover(), 0)
            self.assert_undone()


class Refusal(PauserCase):
    def test_unpause_that_is_refused_for_a_while(self):
        guest = self.xen.guests[1]
        guest.unpause_errno, guest.unpause_refusals = errno.EPERM, 3
        lines, status = self.standing().end()
        self.assertEqual(status, 0)
        self.assert_told(lines)
        self.assert_undone()

    def test_unpause_that_is_refused(self):
        guest = self.xen.guests[1]
        guest.unpause_errno, guest.unpause_refusals = errno.EPERM, 1000000
        told = (["warning cannot resume domain 2: Operation not permitted; see xl list, and "
                 "xl unpause it if it is still paused"], 1)
        self.assertEqual(self.standing().end(), told)
        self.assertEqual(self.xen.counts, [0, 0, 1, 0])
        self.assertEqual(self.start().end(), told)
        guest.unpause_refusals = 0
        self.assertEqual(self.recover(), 1)
        self.assert_undone()


if __name__ == "__main__":
    unittest.main()
