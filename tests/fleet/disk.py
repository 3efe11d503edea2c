# SPDX-License-Identifier: GPL-2.0-or-later
"""The disk that the fleet's hosts boot from: Debian with systemd, ssh, Xen's tools
and our package, as an administrator would have it.  It is Debian 12, or what SUITE
names to tests/soak/deb.py; the kernel is Debian 12's in any case.

It is made without a machine: debootstrap's root of tests/soak/deb.py, more
packages in it, and mkfs.ext4 from that.  QEMU loads Xen and the kernel itself,
as there is no boot loader; so an initramfs has what mounts the disk.
"""

import hashlib
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "scripts"), str(TOP / "tests/soak")]

import deb
import dom0_image

FOLDER = TOP / f"build/fleet{deb.OTHER}"
ROOT = FOLDER / "root"
KEY = FOLDER / "key"
DISK = FOLDER / "disk"
INITRD = FOLDER / "initrd"
# python3-apt is for Ansible; Xen's own package for those of payloads, which need it;
# rpm for those that hosts of another distribution get.
PACKAGES = ["systemd-sysv", "openssh-server", "iproute2", "kmod", "dbus", "python3-apt",
            f"xen-hypervisor-{deb.XEN}-amd64", "rpm"]
# The Xen that QEMU loads.
XEN = (TOP / "build/stock-newer" if deb.OTHER else dom0_image.STOCK) / "xen.elf"
# Of the kernel's modules, what this machine can need; udev picks from them.
DRIVERS = ["crypto", "lib", "fs", "drivers/xen", "drivers/virtio", "drivers/block",
           "drivers/net/virtio_net.ko", "drivers/net/net_failover.ko", "net/core"]
# To mount the disk, in the order of their dependencies.
TO_MOUNT = ["drivers/virtio/virtio", "drivers/virtio/virtio_ring",
            "drivers/virtio/virtio_pci_modern_dev", "drivers/virtio/virtio_pci_legacy_dev",
            "drivers/virtio/virtio_pci", "drivers/block/virtio_blk",
            "crypto/crc32c_generic", "lib/libcrc32c", "lib/crc16",
            "fs/mbcache", "fs/jbd2/jbd2", "fs/ext4/ext4"]
INIT = """#!/bin/sh
mount -t proc proc /proc
mount -t devtmpfs dev /dev
while read -r module; do insmod "/modules/$module"; done < /modules/list
mount -o rw /dev/vda /root
mount --move /dev /root/dev
umount /proc
exec switch_root /root /sbin/init
"""
NETWORK = """[Match]
Name=e*
[Network]
Address=10.0.2.15/24
Gateway=10.0.2.2
"""


def modules():
    version = dom0_image.kernel_image().name.removeprefix("vmlinuz-")
    return Path("lib/modules", version, "kernel")


def make_root():
    """Kept while it is to be of the same, as apt needs half a minute for it."""
    mark, made_of = FOLDER / "root.made-of", f"{PACKAGES} {DRIVERS}"
    if ROOT.exists() and mark.exists() and mark.read_text() == made_of:
        return
    deb.make_base()
    shutil.rmtree(ROOT, ignore_errors=True)
    new = ROOT.with_suffix(".new")
    shutil.rmtree(new, ignore_errors=True)
    FOLDER.mkdir(exist_ok=True)
    deb.run("cp", "-a", "--reflink=auto", deb.BASE, new)
    chroot(new, "apt-get", "update")
    chroot(new, "apt-get", "install", "-y", "--no-install-recommends", *PACKAGES)
    chroot(new, "apt-get", "clean")
    (new / "usr/sbin/policy-rc.d").unlink()
    add_modules(new)
    configure(new)
    new.rename(ROOT)
    mark.write_text(made_of)


def chroot(root, *words):
    return deb.run("chroot", root, *words, env=deb.CLEAN)


def add_modules(root):
    for name in DRIVERS:
        source, target = dom0_image.KERNEL / modules() / name, root / modules() / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    for file in (dom0_image.KERNEL / modules().parent).glob("modules.*"):
        shutil.copy(file, root / modules().parent)
    chroot(root, "depmod", modules().parent.name)


def configure(root):
    (root / "etc/fstab").write_text("/dev/vda / ext4 defaults 0 1\n")
    (root / "etc/systemd/network/10-fleet.network").write_text(NETWORK)
    chroot(root, "systemctl", "enable", "systemd-networkd")
    # They would take CPU time at a moment of their own.
    chroot(root, "systemctl", "mask", "apt-daily.timer", "apt-daily-upgrade.timer",
           "systemd-networkd-wait-online.service")
    KEY.unlink(missing_ok=True)
    deb.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "fleet", "-f", KEY)
    keys = root / "root/.ssh/authorized_keys"
    keys.parent.mkdir(mode=0o700, exist_ok=True)
    shutil.copy(KEY.with_suffix(".pub"), keys)


def forget_where_from(root):
    """apt's sources and settings are this machine's; hosts can't reach them."""
    for name in ("etc/apt/sources.list.d", "etc/apt/apt.conf.d", "var/lib/apt/lists"):
        shutil.rmtree(root / name)
        (root / name).mkdir()
    (root / "etc/apt/sources.list").unlink(missing_ok=True)


def make_initrd():
    archive = dom0_image.Archive()
    for folder in ("dev", "proc", "root"):
        archive.directory(folder)
    archive.add("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
    archive.file("bin/busybox", "/bin/busybox")
    for name in ("sh", "mount", "umount", "insmod", "switch_root"):
        archive.symlink(f"bin/{name}", "busybox")
    for name in TO_MOUNT:
        archive.file(f"modules/{os.path.basename(name)}.ko",
                     dom0_image.KERNEL / modules() / f"{name}.ko")
    archive.data("modules/list", "".join(
        f"{os.path.basename(name)}.ko\n" for name in TO_MOUNT).encode())
    archive.data("init", INIT.encode(), 0o755)
    INITRD.write_bytes(archive.encode())


def package():
    """The one that `make deb` built last."""
    found = sorted(deb.MADE.glob("xen-livepatch-tools_*.deb"))
    if not found:
        raise FileNotFoundError(f"no package in {deb.MADE}: run make deb")
    return found[-1]


def make_disk():
    """The disk with our package installed; made anew when that is another one."""
    digest = hashlib.sha256(package().read_bytes() + Path(__file__).read_bytes())
    mark = FOLDER / "disk.made-of"
    if mark.exists() and mark.read_text() == digest.hexdigest():
        return DISK
    mark.unlink(missing_ok=True)
    make_root()
    make_initrd()
    root = FOLDER / "root.with"
    shutil.rmtree(root, ignore_errors=True)
    deb.run("cp", "-a", "--reflink=auto", ROOT, root)
    shutil.copy(package(), root / "tmp")
    chroot(root, "apt-get", "install", "-y", "--no-install-recommends",
           f"/tmp/{package().name}")
    forget_where_from(root)
    DISK.unlink(missing_ok=True)
    deb.run("mkfs.ext4", "-q", "-E", "root_owner=0:0", "-d", root, DISK, "1G")
    shutil.rmtree(root)
    mark.write_text(digest.hexdigest())
    return DISK


if __name__ == "__main__":
    subprocess.run([TOP / "scripts/deps", "demo", "deb"], check=True)
    print(make_disk())
