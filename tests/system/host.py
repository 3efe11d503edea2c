# SPDX-License-Identifier: GPL-2.0-or-later
"""A host with a real Xen and a real dom0, for tests.

    with Host.booted(toolstack="build/dist") as host:
        host.push({"/extra/fix.livepatch": "fix.livepatch"})
        result = host.run("xl livepatch apply /extra/fix.livepatch")

booted() boots a machine once, keeps it as a snapshot and resumes it in about
a second each time after that: every test can have a fresh host of its own.
"""

import json
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "scripts"))

import dom0_image
import engines
import run_folder
import snapshots
from qemu import Hardware, HostError, LineClosed, LineTimeout, Qemu, quoted, version

# Memory is not scrubbed: that would only fill the snapshot with zeros.
XEN_ARGS = ("console=com1 com1=115200,8n1 loglvl=warning guest_loglvl=warning "
            "dom0_mem=512M dom0_max_vcpus=1 dom0_vcpus_pin bootscrub=0")
KERNEL_ARGS = "console=hvc0 quiet"
BOOT_TIMEOUT = 300
RESCUE_TIMEOUT = 30
CONSOLE_TAIL = 40


@dataclass(frozen=True)
class Result:
    """How a command ended.  Bytes that are not UTF-8 are kept in the text as
    surrogate escapes; `raw` is the output as it came."""

    status: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def raw(self):
        return self.stdout.encode(errors="surrogateescape")


class CommandFailed(HostError):
    """A command that had to succeed did not; `result` tells more."""

    def __init__(self, command, result):
        super().__init__(f"exit status {result.status} from: {command}\n"
                         f"{result.stdout}{result.stderr}")
        self.result = result


class CommandTimeout(HostError):
    """A command took too long and was killed; `result` is what it had written
    until then, or None if dom0 no longer answers."""

    def __init__(self, message, result):
        super().__init__(message)
        self.result = result


def _hypervisor(path, engine=None):
    if path is None:
        try:
            return engines.hypervisor(engine)
        except engines.EngineError as error:
            raise HostError(str(error)) from error
    if not Path(path).exists():
        raise HostError(f"no hypervisor at {path}")
    return Path(path)


class Agent:
    """Our side of the protocol that scripts/dom0/agent describes."""

    def __init__(self, line):
        self.line = line
        self.last_id = 0
        self.header = None

    def ask(self, command, stdin, timeout):
        started = time.monotonic()
        deadline = started + timeout
        self.last_id += 1
        command = command.encode(errors="surrogateescape")
        head = f"{self.last_id} {len(command)} {len(stdin)}\n".encode()
        self.line.send(head + command + stdin, deadline)
        return self.answer(started, deadline)

    def answer(self, started, deadline):
        """The answer to the last question; older ones are passed over."""
        while True:
            if self.header is None:
                self.header = [int(word) for word in self.line.take_line(deadline).split()]
            number, status, out_size, err_size = self.header
            data = self.line.take(out_size + err_size, deadline)
            self.header = None
            if number == self.last_id:
                texts = [part.decode(errors="surrogateescape")
                         for part in (data[:out_size], data[out_size:])]
                return Result(status, *texts, time.monotonic() - started)


class Host:
    """A running host.  Leaving its context ends it."""

    def __init__(self, hardware, arguments, keep=None, snapshot=None):
        """With keep (a folder) the host can be saved there: its memory is a
        file in it from the start.  With snapshot, it goes on from that one."""
        self.hardware = hardware
        self.keep = keep and Path(keep)
        self.run_folder = run_folder.RunFolder(TOP / "build/run")
        self.folder = self.run_folder.path
        try:
            self.qemu = self._start(arguments, snapshot)
        except BaseException:
            self.run_folder.remove()
            raise
        self.commands = Agent(self.qemu.lines["command"])
        self.rescue = Agent(self.qemu.lines["rescue"])

    def _start(self, arguments, snapshot):
        memory = (self.keep or snapshot or self.folder) / "ram"
        console = self.folder / "console"
        if snapshot:
            shutil.copyfile(snapshot / "console", console)
            if self.keep:
                subprocess.run(["cp", "--sparse=always", "--reflink=auto",
                                snapshot / "ram", memory], check=True)
        return Qemu(self.hardware, memory, self.keep is not None, console, arguments)

    # -- Ways to get one ---------------------------------------------------

    @classmethod
    def boot(cls, hypervisor=None, smp=2, memory_mib=2048, xen_args=XEN_ARGS,
             initramfs=None, keep=None, timeout=BOOT_TIMEOUT, cpu=Hardware.cpu):
        """Boot and wait until dom0 and Xen's daemons are up.

        hypervisor   an ELF32 Xen; default: see engines.py
        initramfs    dom0's, as bytes; default: dom0_image.base()
        """
        image = initramfs or dom0_image.base(engines.tools()).encode()
        hypervisor = _hypervisor(hypervisor)
        with tempfile.NamedTemporaryFile() as initrd:
            initrd.write(image)
            initrd.flush()
            modules = (f"{quoted(dom0_image.kernel_image())} {KERNEL_ARGS},"
                       f"{quoted(initrd.name)}")
            host = cls(Hardware(smp, memory_mib, cpu),
                       ["-kernel", str(hypervisor), "-append", xen_args,
                        "-initrd", modules], keep=keep)
            return host._ready("booting", timeout)

    @classmethod
    def resume(cls, snapshot, keep=None, timeout=60):
        """A new host that continues where the saved one was.  With keep, it
        can be saved there in its turn."""
        snapshot = Path(snapshot)
        hardware = Hardware(**json.loads((snapshot / "hardware.json").read_text()))
        host = cls(hardware, ["-incoming", "defer"], keep=keep, snapshot=snapshot)
        return host._ready("resuming", timeout, snapshot / "state")

    @classmethod
    def booted(cls, hypervisor=None, smp=2, memory_mib=2048, xen_args=XEN_ARGS,
               toolstack=None, extra=None, setup=(), engine=None, cpu=Hardware.cpu):
        """A fresh host like boot()'s, from a snapshot that is made if there is
        none yet.  engine is one of engines.py.  toolstack (an install tree) is copied over dom0's /, extra
        (a folder) to /extra, and the commands in setup have been run: all
        that is part of the snapshot, too."""
        hypervisor = _hypervisor(hypervisor, engine)
        tools = engines.tools(engine)
        image = dom0_image.base(tools).encode()
        key = snapshots.key_of(version(), asdict(Hardware(smp, memory_mib, cpu)), xen_args,
                               KERNEL_ARGS, snapshots.digest(hypervisor.read_bytes()),
                               snapshots.digest(dom0_image.kernel_image().read_bytes()),
                               snapshots.digest(image))

        def boot(folder):
            with cls.boot(hypervisor, smp, memory_mib, xen_args, image, folder, cpu=cpu) as host:
                host.save()

        if not (toolstack or extra or setup):
            with snapshots.snapshot(key, boot) as folder:
                return cls.resume(folder)

        overlay = dom0_image.overlay(toolstack, extra, tools).encode()

        def prepare(folder):
            with snapshots.snapshot(key, boot) as base, cls.resume(base, folder) as host:
                host.unpack(overlay)
                for command in setup:
                    host.run(command, check=True)
                host.save()

        upper_key = snapshots.key_of(key, snapshots.digest(overlay), list(setup))
        with snapshots.snapshot(upper_key, prepare) as folder:
            return cls.resume(folder)

    def _ready(self, doing, timeout, state=None):
        """The first answer of the agent says that everything is up."""
        try:
            self.qemu.qmp_start(timeout)
            (self.folder / "ram").unlink(missing_ok=True)    # QEMU has it open
            if state:
                self.qemu.read_state(state)
            self.commands.ask("true", b"", timeout)
            return self
        except (LineClosed, LineTimeout) as error:
            what = self._failure(error, f"{doing} the host", timeout)
            self.kill()
            raise HostError(what) from error
        except BaseException:
            self.kill()
            raise

    # -- What it can do ----------------------------------------------------

    def run(self, command, timeout=60, stdin=b"", check=False):
        """Run a shell command in dom0.  With check, its failure raises."""
        try:
            result = self.commands.ask(command, stdin, timeout)
        except LineClosed as error:
            raise HostError(self._failure(error, f"running: {command}", timeout)) from error
        except LineTimeout as error:
            raise self._overrun(error, command, timeout) from error
        if check and result.status != 0:
            raise CommandFailed(command, result)
        return result

    def push(self, files):
        """Put files (or folders) into dom0: {path there: path here, or bytes}."""
        archive = dom0_image.Archive()
        for path, source in files.items():
            path = path.lstrip("/")
            if isinstance(source, bytes):
                archive.data(path, source)
            elif Path(source).is_dir():
                archive.tree(source, path)
            else:
                archive.file(path, source)
        self.unpack(archive.encode())

    def unpack(self, archive):
        """Unpack an archive of dom0_image over dom0's /."""
        self.run("cd / && cpio -idu", stdin=archive, check=True)

    def pull(self, path):
        return self.run(f"cat {shlex.quote(path)}", check=True).raw

    def save(self, timeout=60):
        """Make `keep` a snapshot of this host, which ends by that."""
        if self.keep is None:
            raise HostError("this host cannot be saved: it was started without keep=FOLDER")
        try:
            self.qemu.write_state(self.keep / "state", timeout)
        except (LineClosed, LineTimeout) as error:
            raise HostError(self._failure(error, "saving the host", timeout)) from error
        (self.keep / "console").write_text(self.console())
        (self.keep / "hardware.json").write_text(json.dumps(asdict(self.hardware)))
        self.kill()

    def console(self):
        """All that Xen, and dom0's kernel, have said on the serial console."""
        path = self.folder / "console"
        return path.read_text(errors="replace") if path.exists() else ""

    def qmp(self, command, timeout=30, **arguments):
        try:
            return self.qemu.qmp(command, timeout, **arguments)
        except (LineClosed, LineTimeout) as error:
            raise HostError(self._failure(error, f"QMP {command}", timeout)) from error

    def kill(self):
        self.qemu.kill()
        self.run_folder.remove()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    # -- When things go wrong ----------------------------------------------

    def _overrun(self, error, command, timeout):
        """Kill the command that took too long; the host stays usable."""
        leader = "/run/agent-vport0p1/leader"
        try:
            processes = self.rescue.ask(f"ps; kill -KILL -- -$(cat {leader})", b"",
                                        RESCUE_TIMEOUT).stdout
            now = time.monotonic()
            result = self.commands.answer(now - timeout, now + RESCUE_TIMEOUT)
        except (LineClosed, LineTimeout):
            message = self._failure(error, f"running: {command}", timeout)
            return CommandTimeout(f"{message}\ndom0 no longer answers at all", None)
        message = self._failure(error, f"running: {command}", timeout)
        return CommandTimeout(f"{message}\ndom0's processes then:\n{processes}\n"
                              f"The command had written:\n{result.stdout}{result.stderr}",
                              result)

    def _failure(self, error, doing, timeout):
        if isinstance(error, LineTimeout):
            what = f"no answer for {timeout} s while {doing}"
        else:
            what = f"the host went down while {doing}"
        tail = "\n".join(self.console().splitlines()[-CONSOLE_TAIL:])
        return f"{what}\n{self.qemu.own_words()}\nXen's console, at the end:\n{tail}"
