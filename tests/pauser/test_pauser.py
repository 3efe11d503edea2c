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
        self.fresh_xen()

    def fresh_xen(self, num=3):
        self.xen = Hypervisor(self.folder, num)

    def start(self, **kwargs):
        pauser = Pauser(self.folder, self.stand_in, self.xen, **kwargs)
        self.addCleanup(pauser.kill)
        return pauser

    def ready(self, recovered=0, **kwargs):
        pauser = self.start(**kwargs)
        self.assertEqual(pauser.answer(), [f"ready {recovered}"])
        return pauser

    def recover(self):
        """How many guests the next pauser resumes."""
        pauser = self.start()
        word, number = pauser.hear().split()
        self.assertEqual((word, pauser.end()), ("ready", 0))
        self.assertFalse(self.journal.exists())
        return int(number)

    def paused(self, pauser, guests=None):
        guests = guests or self.xen.guests
        self.assertEqual(pauser.pause(*guests),
                         [*(f"paused {one.domid}" for one in guests), "done"])

    def assert_undone(self):
        """Each pause that was made was undone, once."""
        for domain in self.xen.domains:
            self.assertEqual((domain.count, domain.unpauses, domain.futile),
                             (0, domain.pauses, 0), domain.domid)


class Conversation(PauserCase):
    def test_pause_and_resume_twice(self):
        pauser = self.ready()
        for _ in range(2):
            self.paused(pauser)
            self.assertEqual(self.xen.counts, [0, 1, 1, 1])
            self.assertTrue(self.journal.exists())
            time.sleep(0.02)
            *lines, last = pauser.resume()
            self.assertEqual(last, "done")
            self.assertEqual([line.split()[:2] for line in lines],
                             [["resumed", str(domid)] for domid in (1, 2, 3)])
            for line in lines:
                self.assertIn(int(line.split()[2]), range(20000, 2000000))
            self.assert_undone()
            self.assertFalse(self.journal.exists())
        self.assertEqual(pauser.end(), 0)
        self.assertEqual([one.pauses for one in self.xen.domains], [0, 2, 2, 2])

    def test_nobody_to_pause(self):
        pauser = self.ready()
        self.assertEqual(pauser.pause(), ["done"])
        self.assertEqual(pauser.resume(), ["done"])
        self.assertEqual(pauser.end(), 0)

    def test_more_guests_than_a_socket_holds(self):
        self.fresh_xen(5500)
        pauser = self.ready()
        self.paused(pauser)
        self.assertEqual(len(pauser.resume()), 5501)
        self.assertEqual(pauser.end(), 0)
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
        pauser = self.ready()
        pauser.say(*(f"pause {name}" for name in names), "go")
        whys = ["domain 0", "paused already", "dying", "dying", "xenstore",
                "Operation not permitted", "no domain", "no domain"]
        lines = pauser.answer()
        self.assertEqual(lines[-2:], [f"paused {last.domid}", "done"])
        for domid, (line, why) in enumerate(zip(lines, whys, strict=False)):
            self.assertRegex(line, f"^left {domid} .*{why}")
        self.assertEqual([line.split()[:2] for line in pauser.resume()],
                         [["resumed", "8"], ["done"]])
        self.assertEqual(pauser.end(), 0)
        self.assertEqual([one.pauses for one in self.xen.domains], [0] * 8 + [1])
        self.assertEqual([one.unpauses for one in self.xen.domains], [0] * 8 + [1])
        self.assertEqual(admins.count, 2)
        self.assertFalse(self.journal.exists())

    def test_rubbish_ends_it(self):
        guest = self.xen.guests[0].name
        for line in ("", "gone", "pause", f"pause {guest}0", f"pause {guest[:-1]}",
                     f"pause {guest}", "pause x", "go", "x" * 600):
            pauser = self.ready()
            self.paused(pauser)
            pauser.say(line)
            self.assertRegex(pauser.answer()[0], "^failed ", line)
            self.assertEqual(pauser.process.wait(5), 0)
            self.assert_undone()
        pauser = self.ready()
        self.assertRegex(pauser.resume()[0], "^failed ")

    def test_usage(self):
        lock = str(sys.stderr.fileno())
        for args in ([], ["9"], ["9", "x", "j"], ["77", "10", "j"], [lock, "0", "j"]):
            run = subprocess.run(
                [hypervisor.PAUSER, *args], capture_output=True, text=True, check=False,
                env={"LD_LIBRARY_PATH": hypervisor.LIBRARIES})
            self.assertEqual(run.returncode, 1)
            self.assertIn("usage", run.stderr)

    def test_no_xen(self):
        self.xen.head.open_errno = errno.EACCES
        pauser = self.start()
        self.assertEqual(pauser.answer(), ["failed cannot open Xen's control interface: "
                                           "Permission denied"])
        self.assertEqual(pauser.end(), 1)


class Process(PauserCase):
    def test_it_shares_nothing(self):
        spare = os.open("/dev/null", os.O_RDONLY)
        self.addCleanup(os.close, spare)
        pauser = self.ready(fds=[spare])
        pid = pauser.process.pid
        fds = {int(link.name): os.readlink(link)
               for link in Path(f"/proc/{pid}/fd").iterdir()}
        self.assertEqual(fds.pop(2), "/dev/null")
        self.assertEqual(fds.pop(pauser.lock), str(self.folder / "lock"))
        self.assertEqual(set(fds), {0, 1})
        self.assertEqual((os.getsid(pid), os.getpgid(pid)), (pid, pid))

    def test_lock_is_kept_until_the_last_guest_runs(self):
        with open(self.folder / "lock", "w", encoding="ascii") as lock:
            pauser = self.ready()
            self.paused(pauser)
            with self.assertRaises(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            pauser.socket.close()
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assertEqual(self.xen.counts, [0] * 4)

    def test_signals_but_sigterm_do_nothing(self):
        pauser = self.ready()
        self.paused(pauser)
        for signum in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM}:
            pauser.process.send_signal(signum)
        self.assertEqual(self.xen.counts, [0, 1, 1, 1])
        self.assertEqual(pauser.resume()[-1], "done")
        self.assertEqual(pauser.end(), 0)

    def test_sigterm(self):
        pauser = self.ready()
        self.paused(pauser)
        pauser.process.send_signal(signal.SIGTERM)
        self.assertEqual(pauser.process.wait(5), 0)
        self.assert_undone()
        self.assertFalse(self.journal.exists())

    def test_sigterm_during_a_batch(self):
        self.xen.guests[1].pause_ms = 200
        pauser = self.ready()
        pauser.say(*(f"pause {guest.name}" for guest in self.xen.guests), "go")
        wait_until(lambda: self.xen.guests[1].count)
        pauser.process.send_signal(signal.SIGTERM)
        self.assertEqual(pauser.process.wait(5), 0)
        self.assertEqual([one.pauses for one in self.xen.guests], [1, 1, 0])
        self.assert_undone()

    def test_hanging_up(self):
        pauser = self.ready()
        self.paused(pauser)
        self.assertEqual(pauser.end(), 0)
        self.assert_undone()
        self.assertFalse(self.journal.exists())

    def test_hanging_up_during_a_batch(self):
        self.xen.guests[0].pause_ms = 200
        pauser = self.ready()
        pauser.say(*(f"pause {guest.name}" for guest in self.xen.guests), "go")
        wait_until(lambda: self.xen.guests[0].count)
        self.assertEqual(pauser.end(), 0)
        self.assertEqual([one.pauses for one in self.xen.guests], [1, 0, 0])
        self.assert_undone()


class Deadline(PauserCase):
    def test_it_passes(self):
        pauser = self.ready(max_pause_ms=150)
        self.paused(pauser)
        started = time.monotonic()
        wait_until(lambda: not any(self.xen.counts))
        self.assertLess(time.monotonic() - started, 0.5)
        *lines, last = pauser.resume()
        self.assertEqual(last, "expired")
        self.assertEqual(len(lines), 3)
        for line in lines:
            self.assertIn(int(line.split()[2]), range(140000, 500000))
        self.paused(pauser)
        self.assertEqual(pauser.resume()[-1], "done")
        self.assertEqual(pauser.end(), 0)
        self.assert_undone()

    def test_reader_that_takes_nothing(self):
        # Like one that is stopped: the answers don't fit into the socket.
        self.fresh_xen(1000)
        pauser = self.ready(max_pause_ms=300, room=4096)
        pauser.say(*(f"pause {guest.name}" for guest in self.xen.guests), "go")
        wait_until(lambda: self.xen.guests[0].pauses)
        wait_until(lambda: not any(self.xen.counts))
        self.assert_undone()
        self.assertEqual(len(pauser.answer()), 1001)
        self.assertEqual(pauser.resume()[-1], "expired")
        self.assertEqual(pauser.end(), 0)

    def test_pause_that_blocks(self):
        first, blocking, third = self.xen.guests
        blocking.pause_ms = 400
        pauser = self.ready(max_pause_ms=100)
        lines = pauser.pause(*self.xen.guests)
        self.assertEqual(lines[:2], ["paused 1", "paused 2"])
        self.assertRegex(lines[2], "^left 3 .*time")
        self.assertEqual(third.pauses, 0)
        wait_until(lambda: not first.count and not blocking.count, 0.1)
        self.assertEqual(pauser.resume()[-1], "expired")
        self.assertEqual(pauser.end(), 0)
        self.assert_undone()


class Journal(PauserCase):
    def test_killed_at_every_step(self):
        kill_at = 0
        for kill_at in range(1, 1000):
            self.fresh_xen()
            pauser = self.start(kill_at=kill_at)
            try:
                pauser.answer()
                pauser.pause(*self.xen.guests)
                last = pauser.resume()
            except BrokenPipeError:
                last = []
            status = pauser.end()
            if status == 0:
                self.assertEqual(last[-1], "done")
                break
            self.assertEqual(status, -signal.SIGKILL)
            left = sum(self.xen.counts)
            with self.subTest(kill_at=kill_at):
                self.assertEqual(self.recover(), left)
                self.assert_undone()
        self.assertGreater(kill_at, 3 * 12)

    def leave_paused(self):
        """The pauser is killed with all guests paused."""
        pauser = self.ready()
        self.paused(pauser)
        pauser.kill()
        self.assertEqual(self.xen.counts, [0, 1, 1, 1])

    def test_successor_killed_at_every_step(self):
        kill_at = 0
        for kill_at in range(1, 1000):
            self.fresh_xen()
            self.leave_paused()
            successor = self.start(kill_at=kill_at)
            if successor.answer() == ["ready 3"]:
                self.assertEqual(successor.end(), 0)
                break
            self.assertEqual(successor.end(), -signal.SIGKILL)
            with self.subTest(kill_at=kill_at):
                self.recover()
                self.assert_undone()
        self.assertGreater(kill_at, 3 * 6)

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

    def test_administrators_pause_after_ours_was_undone_stays(self):
        pauser = self.ready()
        self.paused(pauser)
        # Killed before it removes the journal, which ends with "resumed".
        self.xen.head.kill_at = self.xen.head.steps + 3 * 6 + 1
        pauser.resume()
        self.assertEqual(pauser.end(), -signal.SIGKILL)
        self.assertTrue(self.journal.exists())
        self.xen.guests[1].count = 1
        self.assertEqual(self.recover(), 0)
        self.assertEqual(self.xen.counts, [0, 0, 1, 0])

    def test_number_belongs_to_another_guest_now(self):
        self.leave_paused()
        self.xen.guests[0].uuid[3] ^= 1
        self.xen.guests[2].domid = 77
        self.assertEqual(self.recover(), 1)
        self.assertEqual(self.xen.counts, [0, 1, 0, 1])

    def test_number_goes_to_another_guest_meanwhile(self):
        pauser = self.ready()
        self.paused(pauser)
        self.xen.guests[0].uuid[3] ^= 1
        self.xen.guests[2].domid = 77
        self.assertEqual(len(pauser.resume()), 4)
        self.assertEqual(pauser.end(), 0)
        self.assertEqual(self.xen.counts, [0, 1, 0, 1])

    def test_line_that_was_not_finished(self):
        self.leave_paused()
        text = self.journal.read_bytes()
        self.xen.guests[2].count = 0
        self.journal.write_bytes(text[:-7])
        self.assertEqual(self.recover(), 2)
        self.assertEqual(self.xen.counts, [0] * 4)

    def test_rubbish_in_it(self):
        for rubbish in (b"x\n", b"pausing 1\n", b"pausing 1 0\n\0\n", b"y" * 300 + b"\n",
                        b"pausing 1 %s\n" % (b"z" * 32)):
            self.journal.write_bytes(rubbish)
            pauser = self.start()
            self.assertRegex(pauser.answer()[0], "^failed .*journal.*xl list")
            self.assertEqual(pauser.end(), 1)
            self.assertEqual(self.journal.read_bytes(), rubbish)

    def test_symbolic_link_is_not_followed(self):
        (self.folder / "target").write_bytes(b"")
        self.journal.symlink_to(self.folder / "target")
        pauser = self.start()
        self.assertRegex(pauser.answer()[0], "^failed cannot open .*journal")

    def test_no_journal_no_pause(self):
        pauser = self.ready()
        self.journal.mkdir()
        lines = pauser.pause(*self.xen.guests)
        for line in lines[:-1]:
            self.assertRegex(line, "^left . cannot write the journal: Is a directory")
        self.assertEqual(len(lines), 4)
        self.assertEqual(sum(one.pauses for one in self.xen.guests), 0)

    def test_half_a_line(self):
        for half in range(1, 7):
            self.fresh_xen()
            self.xen.head.short_write_at = half
            pauser = self.ready()
            lines = pauser.pause(*self.xen.guests)
            whole = [*(f"paused {one}" for one in (1, 2, 3)), "done"]
            if half <= 3:
                self.assertRegex(lines.pop(half - 1), "^left . cannot write the journal: No space")
                whole.pop(half - 1)
            self.assertEqual(lines, whole)
            if half > 3:
                # Killed when all are resumed, before it removes the journal.
                self.xen.head.kill_at = self.xen.head.steps + 3 * 6 + 1
                pauser.resume()
            pauser.kill()
            self.assertEqual(self.recover(), 2 if half <= 3 else 0)
            self.assert_undone()


class Refusal(PauserCase):
    def test_unpause_that_is_refused_for_a_while(self):
        guest = self.xen.guests[1]
        guest.unpause_errno, guest.unpause_refusals = errno.EPERM, 3
        pauser = self.ready()
        self.paused(pauser)
        self.assertEqual(len(pauser.resume()), 4)
        self.assertEqual(pauser.end(), 0)
        self.assert_undone()

    def test_unpause_that_is_refused(self):
        guest = self.xen.guests[1]
        guest.unpause_errno, guest.unpause_refusals = errno.EPERM, 1000000
        pauser = self.ready()
        self.paused(pauser)
        self.assertRegex(pauser.resume()[0], "^failed cannot resume domain 2: Operation not "
                         "permitted.*`xl unpause 2`")
        self.assertEqual(pauser.end(), 1)
        self.assertEqual(self.xen.counts, [0, 0, 1, 0])
        successor = self.start()
        self.assertRegex(successor.answer()[0], "^failed cannot resume domain 2")
        self.assertEqual(successor.end(), 1)
        guest.unpause_refusals = 0
        self.assertEqual(self.recover(), 1)
        self.assert_undone()


if __name__ == "__main__":
    unittest.main()
