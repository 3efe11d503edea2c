#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Hosts of a fleet: Debian dom0s on Debian's Xen, in QEMU, reached by ssh.

  hosts.py NUMBER       starts so many, tells how to reach them, waits for ^C

Each has a disk of its own above the one of disk.py, which lasts as long as the
object does: power may be cut, and the host started again.  One machine is booted
and kept; hosts go on from there when they are started first.
"""

import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/system"))

import disk
import dom0_image
import run_folder
from qemu import QEMU, Hardware, HostError, quoted, version

MEMORY_MIB = 512
# Of it dom0 gets this; Xen itself needs the rest.
XEN_ARGS = ("console=com1 com1=115200,8n1 loglvl=warning guest_loglvl=warning "
            "dom0_mem=384M dom0_max_vcpus=1 dom0_vcpus_pin bootscrub=0")
KERNEL_ARGS = "console=hvc0 quiet net.ifnames=0"
# Three at once share two CPUs, which emulate.
BOOT_TIMEOUT = 600
SSH_OPTIONS = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
               "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=30", "-o", "BatchMode=yes",
               "-o", "IdentitiesOnly=yes"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def booted():
    """A disk in which a machine that is up is kept, too; made once for each disk."""
    path, mark = disk.FOLDER / "booted", disk.FOLDER / "booted.made-of"
    made_of = f"{disk.make_disk().stat().st_mtime_ns} {version()} {XEN_ARGS} {KERNEL_ARGS}"
    if not (mark.exists() and mark.read_text() == made_of):
        mark.unlink(missing_ok=True)
        with Host("first", resumed=False) as host:
            host.wait_until_up()
            host.process.communicate(b"savevm booted\nquit\n", BOOT_TIMEOUT)
            shutil.move(host.disk, path)
        mark.write_text(made_of)
    return path


class Host:
    def __init__(self, name, resumed=True):
        self.name = name
        self.port = free_port()
        self.process = None
        # What the boot loader would find; another one may be booted next.
        self.xen = disk.XEN
        kept = booted() if resumed else None
        self.resume = ["-loadvm", "booted"] if resumed else []
        self.folder = run_folder.RunFolder(TOP / "build/run")
        self.disk = self.folder.path / "disk"
        if resumed:
            disk.deb.run("cp", "--reflink=auto", kept, self.disk)
        else:
            disk.deb.run("qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw",
                         "-b", disk.make_disk(), self.disk)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.cut_power()
        self.folder.remove()

    def start(self):
        """Switch it on; wait_until_up() tells when it can be used."""
        modules = (f"{quoted(dom0_image.kernel_image())} {KERNEL_ARGS},"
                   f"{quoted(disk.INITRD)}")
        command = [
            QEMU, "-nodefaults", "-machine", "q35", "-accel", "tcg", "-cpu", Hardware.cpu,
            "-smp", "2", "-m", f"{MEMORY_MIB}M", "-display", "none",
            "-kernel", self.xen, "-append", XEN_ARGS,
            "-initrd", modules,
            "-drive", f"if=virtio,format=qcow2,file={quoted(self.disk)}",
            "-netdev", f"user,id=net,hostfwd=tcp:127.0.0.1:{self.port}-:22",
            "-device", "virtio-net-pci,netdev=net,romfile=",
            "-chardev", f"file,id=xen,append=on,path={quoted(self.console_path)}",
            "-serial", "chardev:xen", "-monitor", "stdio", *self.resume]
        self.resume = []
        with open(self.folder.path / "qemu", "wb") as errors:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *command],
                stdin=subprocess.PIPE, stdout=errors, stderr=errors)

    @property
    def console_path(self):
        return self.folder.path / "console"

    def console(self):
        return self.console_path.read_text(errors="replace")

    def cut_power(self):
        """Nothing is written any more, nobody is told."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process = None

    # -- By ssh --------------------------------------------------------------

    def command_line(self, command):
        return ["ssh", *SSH_OPTIONS, "-i", str(disk.KEY), "-p", str(self.port),
                "root@127.0.0.1", command]

    def try_run(self, command, timeout=300):
        return subprocess.run(self.command_line(command), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=timeout)

    def run(self, command, status=0, timeout=300):
        """Its output; another exit status than that is an error."""
        done = self.try_run(command, timeout)
        if done.returncode != status:
            raise HostError(f"{self.name}: exit status {done.returncode} from: {command}\n"
                            f"{done.stdout}{done.stderr}")
        return done.stdout

    def put(self, *files, folder="/root"):
        subprocess.run(["scp", "-q", *SSH_OPTIONS, "-i", disk.KEY, "-P", str(self.port),
                        *files, f"root@127.0.0.1:{folder}"], check=True)

    def wait_until_up(self, but=""):
        """Returns the boot's id.  but is that of a boot that shall be over.

        What isn't up in time, or fails, is for the test to find: systemd has
        come to its end, whichever."""
        deadline = time.monotonic() + BOOT_TIMEOUT
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise HostError(f"{self.name}: QEMU ended: "
                                f"{(self.folder.path / 'qemu').read_text()}")
            done = self.try_run("cat /proc/sys/kernel/random/boot_id; "
                                "systemctl is-system-running --wait")
            boot_id, _, state = done.stdout.strip().partition("\n")
            if state and state != "stopping" and boot_id != but:
                self.set_clock()
                return boot_id
            time.sleep(1)
        tail = "\n".join(self.console().splitlines()[-40:])
        raise HostError(f"{self.name}: not up after {BOOT_TIMEOUT} s; its console:\n{tail}")

    def set_clock(self):
        """What is resumed has the time at which it was kept; apt takes no list that
        was signed in the future."""
        self.run(f"date -s @{time.time():.0f}")

    def reboot(self):
        before = self.run("cat /proc/sys/kernel/random/boot_id").strip()
        self.try_run("systemctl reboot")
        return self.wait_until_up(but=before)


def main(arguments):
    if len(arguments) != 1 or not arguments[0].isdigit():
        sys.exit(__doc__.strip())
    hosts = [Host(f"host{number + 1}") for number in range(int(arguments[0]))]
    try:
        for host in hosts:
            host.start()
        for host in hosts:
            started = time.monotonic()
            host.wait_until_up()
            print(f"{host.name} ({time.monotonic() - started:.0f} s): "
                  f"{' '.join(host.command_line(''))}", flush=True)
        signal.pause()
    except KeyboardInterrupt:
        pass
    finally:
        for host in hosts:
            host.__exit__()


if __name__ == "__main__":
    main(sys.argv[1:])
