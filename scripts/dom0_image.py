# SPDX-License-Identifier: GPL-2.0-or-later
"""What dom0's file system holds, as an initramfs in the kernel's newc format.

An archive is made of two parts that the kernel reads one after the other:
base(), Debian's own tools and all that they need, and overlay(), a toolstack
of ours and extra files.  Apart, the overlay can also be unpacked in a dom0
that runs already.  The bytes depend on the contents alone, not on times or
owners: equal archives are equal machines.
"""

import os
import re
import stat
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
STOCK = TOP / "build/stock"
KERNEL = TOP / "build/kernel"
DOM0 = Path(__file__).resolve().parent / "dom0"

TOOLS_DIR = "usr/lib/xen-4.17/bin"
TOOLS = ["xl", "xenstored", "xen-init-dom0", "xen-livepatch", "xenconsoled",
         "xenconsole", "libxl-save-helper", "xenctx", "xen-hptool", "xenpm"]

# In the order of their dependencies.
MODULES = ["xen/xen-privcmd", "xen/xen-evtchn", "xen/xen-gntdev",
           "xen/xen-gntalloc", "xen/xenfs/xenfs", "virtio/virtio",
           "virtio/virtio_ring", "virtio/virtio_pci_modern_dev",
           "virtio/virtio_pci_legacy_dev", "virtio/virtio_pci",
           "char/virtio_console"]

# For the line editing of a person's shell.
TERMINALS = ["d/dumb", "l/linux", "s/screen", "s/screen-256color", "t/tmux-256color",
             "v/vt100", "x/xterm", "x/xterm-256color"]
TERMINFO = Path("/lib/terminfo")

MACHINE_LIBS = [Path("/lib/x86_64-linux-gnu"), Path("/usr/lib/x86_64-linux-gnu")]
# glibc loads it on demand when a thread is cancelled, which libxl does.
UNNAMED_LIBS = {"libgcc_s.so.1"}
LOADER = "ld-linux-x86-64.so.2"


class ImageError(Exception):
    """The image cannot be built; the text says what is missing and where."""


class Archive:
    """A cpio archive (newc), every path at most once, parents included."""

    def __init__(self):
        self.entries = {}

    def add(self, path, mode, data=b"", device=(0, 0)):
        parent = os.path.dirname(path)
        if parent and parent not in self.entries:
            self.directory(parent)
        self.entries[path] = (mode, data, device)

    def directory(self, path):
        self.add(path, stat.S_IFDIR | 0o755)

    def symlink(self, path, target):
        self.add(path, stat.S_IFLNK | 0o777, os.fsencode(target))

    def file(self, path, source):
        try:
            data = Path(source).read_bytes()
        except OSError as error:
            raise ImageError(f"cannot read {source}: {error.strerror}") from error
        self.data(path, data, 0o755 if os.access(source, os.X_OK) else 0o644)

    def data(self, path, data, mode=0o644):
        self.add(path, stat.S_IFREG | mode, data)

    def tree(self, source, prefix=""):
        """Everything below source, links as links, under prefix."""
        source = Path(source)
        if not source.is_dir():
            raise ImageError(f"{source} is not a directory")
        for item in sorted(source.rglob("*")):
            path = os.path.join(prefix, item.relative_to(source))
            if item.is_symlink():
                self.symlink(path, os.readlink(item))
            elif item.is_file():
                self.file(path, item)
            elif item.is_dir() and path not in self.entries:
                self.directory(path)

    def encode(self):
        parts = []
        for number, path in enumerate(self.entries, 1):
            parts.append(_newc_entry(number, path, *self.entries[path]))
        parts.append(_newc_entry(0, "TRAILER!!!", 0, b"", (0, 0)))
        return b"".join(parts)


def _newc_entry(number, path, mode, data, device):
    name = os.fsencode(path) + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name
    return _padded(head) + _padded(data)


def _padded(data):
    return data + b"\0" * (-len(data) % 4)


def _needed_libraries(files):
    """The names of the shared libraries that these files ask for."""
    files = [str(file) for file in files if _is_elf(file)]
    if not files:
        return set()
    listing = subprocess.run(["readelf", "--dynamic", "--wide", *files],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                             text=True).stdout
    return set(re.findall(r"\(NEEDED\).*\[(.*)\]", listing))


def _is_elf(file):
    with open(file, "rb") as stream:
        return stream.read(4) == b"\x7fELF"


def _find_library(name, tools):
    theirs = tools / "usr/lib/x86_64-linux-gnu"
    for folder in [theirs, *MACHINE_LIBS]:
        if (folder / name).exists():
            return folder / name
    raise ImageError(f"library {name} is neither in {theirs} nor on this "
                     "machine: install the package that holds it")


def _library_closure(files, present, tools):
    """Libraries that files need, directly or not, and that are not present."""
    found = {}
    wanted = _needed_libraries(files)
    while wanted:
        fresh = {name: _find_library(name, tools)
                 for name in sorted(wanted - present - found.keys() - {LOADER})}
        found.update(fresh)
        wanted = _needed_libraries(fresh.values())
    return found


def kernel_image():
    images = sorted((KERNEL / "boot").glob("vmlinuz-*"))
    if not images:
        raise ImageError(f"no kernel in {KERNEL}/boot: run scripts/fetch-xen")
    return images[-1]


def _add_kernel_modules(archive):
    version = kernel_image().name.removeprefix("vmlinuz-")
    drivers = KERNEL / "lib/modules" / version / "kernel/drivers"
    for module in MODULES:
        name = os.path.basename(module) + ".ko"
        archive.file(f"lib/modules/{name}", drivers / f"{module}.ko")
    names = "".join(f"{os.path.basename(module)}.ko\n" for module in MODULES)
    archive.data("etc/dom0/modules", names.encode())


def _add_busybox(archive):
    archive.file("bin/busybox", "/bin/busybox")
    applets = subprocess.run(["/bin/busybox", "--list"], capture_output=True,
                             text=True, check=True).stdout.split()
    for applet in applets:
        if applet != "busybox":
            archive.symlink(f"bin/{applet}", "busybox")
    archive.symlink("init", "bin/busybox")


def _programs(tools):
    """Path in dom0 -> file here, of every program that brings libraries."""
    programs = {f"{TOOLS_DIR}/{tool}": tools / TOOLS_DIR / tool
                for tool in TOOLS if (tools / TOOLS_DIR / tool).exists()}
    # xenstore-ls and its like are in a package of their own.
    for client in sorted((tools / "usr/bin").glob("xenstore*")):
        if not client.is_symlink():
            programs[f"usr/bin/{client.name}"] = client
    programs["bin/bash"] = Path("/bin/bash")
    return programs


def base(tools=STOCK):
    """The archive of Debian's tools, or those of another release, their
    libraries and dom0's own files."""
    if not tools.is_dir():
        raise ImageError(f"{tools} does not exist: run scripts/fetch-xen")
    archive = Archive()
    for folder in ["dev", "proc", "sys", "run", "tmp", "root", "etc/xen",
                   "var/lib/xen", "var/lib/xenstored", "var/log/xen/console"]:
        archive.directory(folder)
    archive.symlink("var/run", "/run")
    archive.symlink("var/lock", "/run/lock")
    archive.add("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
    archive.add("dev/null", stat.S_IFCHR | 0o666, device=(1, 3))
    archive.data("etc/xen/xl.conf", b"")
    archive.data("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n")
    _add_busybox(archive)
    _add_kernel_modules(archive)
    for name in ["rc", "agent"]:
        archive.file(f"etc/dom0/{name}", DOM0 / name)
    for name in ["inittab", "profile"]:
        archive.file(f"etc/{name}", DOM0 / name)

    for name in TERMINALS:
        if (TERMINFO / name).exists():
            archive.file(f"lib/terminfo/{name}", TERMINFO / name)

    programs = _programs(tools)
    for path, source in programs.items():
        archive.file(path, source)
    for name, source in _base_libraries(programs, tools).items():
        archive.file(f"lib/x86_64-linux-gnu/{name}", source)
    archive.file(f"lib64/{LOADER}", f"/lib64/{LOADER}")
    return archive


def _base_libraries(programs, tools):
    libraries = _library_closure(programs.values(), set(), tools)
    for name in sorted(UNNAMED_LIBS - libraries.keys()):
        libraries[name] = _find_library(name, tools)
    return libraries


def overlay(toolstack=None, extra=None, tools=STOCK):
    """An install tree over base(tools)'s /, the libraries that it lacks, and
    extra in /extra."""
    archive = Archive()
    if toolstack:
        archive.tree(toolstack)
        files = [file for file in Path(toolstack).rglob("*")
                 if file.is_file() and not file.is_symlink()]
        present = {file.name for file in Path(toolstack).rglob("*.so*")}
        present |= _base_libraries(_programs(tools), tools).keys()
        for name, source in _library_closure(files, present, tools).items():
            archive.file(f"lib/x86_64-linux-gnu/{name}", source)
    if extra:
        archive.tree(extra, "extra")
    return archive
