#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Our Debian packages, installed beside Debian's Xen in a root of their own,
upgraded and purged.

  SUITE=trixie    Debian 13 instead of 12: they are built there, too, with the Xen
                  source XEN_TREE, which is of the release that it has
"""

import os
import shutil
import subprocess
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
SUITE = os.environ.get("SUITE", "bookworm")
# The release of its Xen.
XEN = {"bookworm": "4.17", "trixie": "4.20"}[SUITE]
# Not for what is done on this machine, which has another Debian.
XEN_TREE = os.environ.pop("XEN_TREE", None)
OTHER = "" if SUITE == "bookworm" else f"-{SUITE}"
BASE = TOP / f"build/deb-base{OTHER}"
# Where its packages are made, and payloads for its Xen.
MADE = TOP / (f"build/{SUITE}/deb" if OTHER else "build/deb")
PAYLOADS = TOP / ("build/payloads-stock-newer" if OTHER else "build/payloads")
CLEAN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"}
NAMES = ["xen-livepatch-tools", "livepatch-build"]
# What dpkg, apt and ldconfig keep for themselves.
THEIRS = ("var/lib/dpkg/", "var/lib/apt/", "var/cache/", "var/log/", "tmp/", "etc/ld.so.cache")


def run(*words, **options):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode:
        raise AssertionError(f"{' '.join(map(str, words))}: {done.returncode}\n{done.stdout}")
    return done.stdout


def build(version, folder):
    if OTHER:
        build_there(version)
    else:
        run(TOP / "scripts/build-deb", env={**os.environ, "VERSION": version})
    folder.mkdir()
    for file in MADE.glob("*.deb"):
        shutil.copy(file, folder)


def build_there(version):
    """In a root of that Debian, with a build folder of its own.  What is mounted
    there is gone with the process."""
    if not XEN_TREE:
        raise AssertionError(f"{SUITE} needs XEN_TREE=DIR, the source of Xen {XEN}")
    root, own = TOP / f"build/deb-build{OTHER}", MADE.parent
    own.mkdir(exist_ok=True)
    make_base()
    if not root.exists():
        run("cp", "-a", "--reflink=auto", BASE, root)
        # apt's settings are this machine's, and a package has one of them, too.
        (root / "etc/dpkg/dpkg.cfg.d/ours").write_text("force-confold\n")
    for name in ("repository", "xen"):
        (root / name).mkdir(exist_ok=True)
    run("unshare", "--mount", "sh", "-ec", """
        mount -t proc proc "$1/proc"
        mount --bind "$2" "$1/repository"
        mount --bind "$3" "$1/repository/build"
        mount --bind "$4" "$1/xen"
        exec chroot "$1" sh -ec 'cd /repository
            scripts/deps build deb
            exec make --no-print-directory deb'
        """, "sh", root, TOP, own, XEN_TREE,
        env={**CLEAN, "VERSION": version, "XEN_TREE": "/xen"})


def make_base():
    """Debian with its Xen's tools; kept, as it takes a minute."""
    if BASE.exists():
        return
    new = BASE.with_suffix(".new")
    shutil.rmtree(new, ignore_errors=True)
    # There may be others' lists beside Debian's.
    site = run("apt-get", "indextargets", "--format", "$(SITE)", "Release: bookworm",
               "Component: main").split()[0]
    run("debootstrap", "--variant=minbase", SUITE, new, site)
    for name in ("apt/sources.list.d", "apt/apt.conf.d"):
        shutil.copytree(f"/etc/{name}", new / "etc" / name, dirs_exist_ok=True)
    for sources in (new / "etc/apt/sources.list.d").iterdir():
        sources.write_text(sources.read_text().replace("bookworm", SUITE))
    for name in ("resolv.conf", "hosts"):
        shutil.copy(f"/etc/{name}", new / "etc" / name)
    (new / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
    (new / "usr/sbin/policy-rc.d").chmod(0o755)
    run("chroot", new, "apt-get", "update")
    # init-system-helpers are there; systemd itself would do nothing here.
    run("chroot", new, "apt-get", "install", "-y", "--no-install-recommends",
        f"xen-utils-{XEN}", "libdw1", "libelf1", "libmd0", "libyajl2")
    new.rename(BASE)


class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        run(TOP / "scripts/deps", "deb")
        cls.folder = TOP / "build/run/deb"
        shutil.rmtree(cls.folder, ignore_errors=True)
        cls.folder.mkdir(parents=True)
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        for version in ("0.2", "0.1"):
            build(version, cls.folder / version)
        make_base()

    def setUp(self):
        self.root = self.folder / "root"
        run("cp", "-a", "--reflink=auto", BASE, self.root)
        self.addCleanup(shutil.rmtree, self.root)
        # Programs ask it where they are, and look for libraries beside.
        run("mount", "-t", "proc", "proc", self.root / "proc")
        self.addCleanup(run, "umount", self.root / "proc")

    def chroot(self, *words):
        return run("chroot", self.root, *words, env=CLEAN)

    def install(self, version):
        files = [shutil.copy(file, self.root / "tmp")
                 for file in sorted((self.folder / version).iterdir())]
        self.chroot("apt-get", "install", "-y", "--no-install-recommends",
                    *(f"/tmp/{Path(file).name}" for file in files))
        for name in NAMES:
            self.assertEqual(self.chroot("dpkg-query", "-W", "-f", "${Version} ${Status}", name),
                             f"{version} install ok installed")

    def files(self):
        """Path -> what it is, of all that belongs to nobody's bookkeeping."""
        found = {}
        for top, folders, names in os.walk(self.root):
            if Path(top) == self.root:
                folders.remove("proc")
            for path in (Path(top, name) for name in [*folders, *names]):
                name = str(path.relative_to(self.root))
                if not name.startswith(THEIRS):
                    found[name] = os.readlink(path) if path.is_symlink() else (
                        path.read_bytes() if path.is_file() else None)
        return found

    def wants(self):
        return sorted(path.name for path in
                      self.root.glob("etc/systemd/system/*.wants/xen-livepatch*"))

    def assert_works(self):
        self.assertEqual(self.wants(), ["xen-livepatch.service"])
        self.assertIn("apply", self.chroot("xl-livepatch", "help"))
        self.assertIn("--xen-syms", self.chroot("livepatch-build", "--help"))
        self.assertIn("--key", self.chroot("livepatch-sign", "--help"))
        words = ". /usr/share/bash-completion/completions/xl-livepatch; complete -p xl-livepatch"
        self.assertIn("_xl_livepatch", self.chroot("bash", "-c", words))
        # Where no Xen runs: in words, and no crash.
        done = subprocess.run(["chroot", self.root, "xl-livepatch", "list"], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertTrue(done.stdout.strip())
        # Each file of Debian's is as its package has it.
        for package in (f"xen-utils-{XEN}", "xen-utils-common", f"libxenmisc{XEN}"):
            self.assertEqual(self.chroot("dpkg", "--verify", package), "")

    def test_there_and_back(self):
        before = self.files()
        self.install("0.1")
        self.assert_works()
        # What an administrator chose stays; this is what systemctl disable does.
        link = self.root / "etc/systemd/system/multi-user.target.wants/xen-livepatch.service"
        target = os.readlink(link)
        link.unlink()
        self.assertEqual(self.wants(), [])
        self.install("0.2")
        self.assertEqual(self.wants(), [])
        link.symlink_to(target)
        self.assert_works()
        self.chroot("apt-get", "purge", "-y", *NAMES)
        after = self.files()
        self.assertEqual(sorted(after.keys() ^ before.keys()), [])
        self.assertEqual([name for name in before if after[name] != before[name]], [])

    def test_removed_and_back(self):
        """With what is the administrator's kept, and nothing that tells node_exporter of
        live patches."""
        self.install("0.1")
        metrics = self.root / "var/lib/prometheus/node-exporter/xen-livepatch.prom"
        metrics.parent.mkdir(parents=True)
        metrics.touch()
        kept = self.root / "var/lib/xen/livepatch/kept"
        kept.mkdir(parents=True)
        self.chroot("apt-get", "remove", "-y", *NAMES)
        self.assertTrue(kept.exists())
        self.assertFalse(metrics.exists())
        self.assertFalse((self.root / "usr/sbin/xl-livepatch").exists())
        self.install("0.2")
        self.assert_works()

    def test_lintian(self):
        files = sorted((self.folder / "0.1").iterdir())
        self.assertEqual([file.name.partition("_")[0] for file in files], sorted(NAMES))
        said = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", *files],
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual((said.returncode, said.stdout), (0, ""))


if __name__ == "__main__":
    unittest.main()
