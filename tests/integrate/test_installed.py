#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What `make install` installs, beside the libraries of a stock Debian Xen."""

import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
STOCK = TOP / "build/stock"
STOCK_LIBRARIES = STOCK / "usr/lib/x86_64-linux-gnu"
PREFIX = "/usr/local"
LIBRARIES = ("libxenctrl.so.4.17", "libxenlight.so.4.17", "libxlutil.so.4.17")


def output(*command, **options):
    return subprocess.run(command, check=True, text=True, capture_output=True,
                          **options).stdout


def exported(library):
    """The symbols that a shared library defines, with their versions."""
    lines = output("nm", "-D", "--defined-only", str(library)).splitlines()
    return {line.split()[-1] for line in lines}


def needed(file):
    return set(re.findall(r"NEEDED +(\S+)", output("objdump", "-p", str(file))))


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        done = cls.install(cls.folder)
        if done.returncode:
            raise RuntimeError(done.stderr)
        cls.root = cls.folder / PREFIX[1:]
        cls.private = cls.root / "lib/xen-livepatch"
        # As on a host whose own libraries are Debian's.
        cls.environment = dict(
            os.environ, LD_LIBRARY_PATH=f"{cls.private}:{STOCK_LIBRARIES}")

    @classmethod
    def install(cls, destination, *args, prefix=PREFIX):
        environment = dict(os.environ, DESTDIR=str(destination), PREFIX=prefix)
        return subprocess.run([TOP / "scripts/install", *args], text=True,
                              env=environment, capture_output=True)

    def xl(self, *args):
        return subprocess.run([self.root / "sbin/xl", *args], text=True,
                              env=self.environment, capture_output=True)

    def test_files(self):
        found = {str(path.relative_to(self.root))
                 for path in self.root.rglob("*") if not path.is_dir()}
        self.assertEqual(found, {
            "bin/livepatch-build",
            "bin/livepatch-package",
            "bin/livepatch-sign",
            "sbin/xl",
            "lib/xen-livepatch/libxenctrl.so.4.17",
            "lib/xen-livepatch/libxenctrl.so.4.17.0",
            "lib/xen-livepatch/libxenlight.so.4.17",
            "lib/xen-livepatch/libxenlight.so.4.17.0",
            "lib/xen-livepatch/libxenlivepatch.so.1",
            "lib/xen-livepatch/libxenlivepatch.so.1.0",
            "lib/xen-livepatch/libxlutil.so.4.17",
            "lib/xen-livepatch/libxlutil.so.4.17.0",
            "lib/xen-livepatch/libxl-livepatch-pauser",
            "share/xen-livepatch/xen-livepatch.init",
            "bin/xen-livepatch-metrics",
            "lib/systemd/system/xen-livepatch-again.service",
            "lib/systemd/system/xen-livepatch-metrics.service",
            "lib/systemd/system/xen-livepatch-metrics.timer",
            "lib/systemd/system/xen-livepatch-settled.service",
            "lib/systemd/system/xen-livepatch.service",
            "share/bash-completion/completions/xl",
            "share/man/man1/livepatch-build.1",
            "share/man/man1/livepatch-package.1",
            "share/man/man1/livepatch-sign.1",
            "share/man/man1/xl-livepatch.1",
            *(f"share/xen-livepatch/{path.name}"
              for path in (TOP / "docs").glob("*.schema.json")),
        })

    def test_builder_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            done = self.install(folder, "builder")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            found = {str(path.relative_to(folder + PREFIX))
                     for path in Path(folder).rglob("*") if not path.is_dir()}
        self.assertEqual(found, {"bin/livepatch-build", "bin/livepatch-package", "bin/livepatch-sign",
                                 "share/man/man1/livepatch-build.1",
                                 "share/man/man1/livepatch-package.1",
                                 "share/man/man1/livepatch-sign.1"})

    def test_xl_needs_libc_alone(self):
        # So it starts sooner than Debian's, and whatever libraries the host
        # has, it runs with ours.
        self.assertLessEqual(needed(self.root / "sbin/xl"),
                             {"libc.so.6", "ld-linux-x86-64.so.2"})

    def test_no_symbol_is_missing(self):
        for name in (*LIBRARIES, "libxenlivepatch.so.1",
                     "libxl-livepatch-pauser"):
            resolved = subprocess.run(
                ["ldd", "-r", self.private / name], env=self.environment,
                text=True, capture_output=True)
            self.assertEqual(resolved.returncode, 0, resolved.stderr)
            self.assertNotRegex(resolved.stdout + resolved.stderr,
                                "not found|undefined symbol")

    def test_xl_unpacks_what_debians_does(self):
        # Kernels of guests: by the libraries that Debian's libxenguest uses.
        xl = (self.root / "sbin/xl").read_bytes()
        theirs = needed(STOCK_LIBRARIES / "libxenguest.so.4.17")
        for library, word in (("libz.so.1", b"inflate 1."),
                              ("liblzma.so.5", b"XZ: Failed to init decoder"),
                              ("libzstd.so.1", b"ZSTD: insufficient input")):
            self.assertIn(library, theirs)
            self.assertTrue(word in xl, word)

    def test_libraries_hold_all_of_debians(self):
        for name in LIBRARIES:
            theirs = exported(STOCK_LIBRARIES / name)
            self.assertGreater(len(theirs), 20)
            self.assertEqual(theirs - exported(self.private / name), set())

    def test_dependencies(self):
        for name in LIBRARIES:
            added = needed(self.private / name) - needed(STOCK_LIBRARIES / name)
            # The second is asked for what is a thread's own.
            self.assertLessEqual(added, {"libxenlivepatch.so.1", "libz.so.1",
                                         "ld-linux-x86-64.so.2"})

    def test_library_of_our_own(self):
        library = self.private / "libxenlivepatch.so.1"
        # All are on every Debian: iproute2, dpkg and openssl need the others.
        self.assertEqual(needed(library), {"libc.so.6", "libelf.so.1",
                                           "libmd.so.0", "libcrypto.so.3"})
        for symbol in exported(library) - {"VERS_1.0"}:
            self.assertRegex(symbol, r"^xenlivepatch_\w+@@VERS_1\.0$")

    def test_library_knows_where_the_pauser_is(self):
        path = f"{PREFIX}/lib/xen-livepatch/libxl-livepatch-pauser"
        library = (self.private / "libxenlight.so.4.17").read_bytes()
        self.assertIn(path.encode() + b"\0", library)
        self.assertTrue(os.access(f"{self.folder}{path}", os.X_OK))

    def test_library_knows_where_debians_programs_are(self):
        library = (self.private / "libxenlight.so.4.17").read_bytes()
        theirs = (STOCK_LIBRARIES / "libxenlight.so.4.17").read_bytes()
        paths = set(re.findall(rb"\0(/(?:usr|etc|var)/[^\0%]*)\0", theirs))
        self.assertGreater(len(paths), 5)
        for path in paths:
            self.assertIn(b"\0" + path + b"\0", library)

    def test_help_needs_no_xen(self):
        for args in (["help"], ["help", "livepatch"], ["help", "list"]):
            done = self.xl(*args)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn(args[-1] if args[1:] else "livepatch", done.stdout)

    def test_other_commands_are_as_before(self):
        stock = subprocess.run(
            [STOCK / "usr/lib/xen-4.17/bin/xl", "list"], text=True,
            env=dict(os.environ, LD_LIBRARY_PATH=str(STOCK_LIBRARIES)),
            capture_output=True)
        # "li" is an abbreviation of list that livepatch must not take away.
        for word in ("list", "li", "none"):
            done = self.xl(word)
            self.assertEqual((done.returncode, done.stdout, done.stderr),
                             (stock.returncode, stock.stdout, stock.stderr))

    def test_completion(self):
        file = self.root / "share/bash-completion/completions/xl"
        registered = output("bash", "--norc", "-c",
                            f". {file} && complete -p xl")
        self.assertRegex(registered, r"complete .*-F \S+ .*\bxl\n")

    def test_man_pages(self):
        for name in ("xl-livepatch", "livepatch-build"):
            file = self.root / f"share/man/man1/{name}.1"
            page = output("man", "-l", file) \
                if Path("/usr/bin/man").exists() else file.read_text()
            self.assertIn(name.upper(), page)

    def test_builder(self):
        # Which is for another machine than the host, maybe: it needs no Xen.
        builder = self.root / "bin/livepatch-build"
        self.assertRegex(output(builder, "--version"), r"^livepatch-build \d")
        self.assertLessEqual(needed(builder), {
            "libc.so.6", "libcrypto.so.3", "libdw.so.1", "libelf.so.1", "libmd.so.0",
            "libyajl.so.2", "libz.so.1"})

    def test_toolstack_alone(self):
        # So dom0 of the tests isn't another one after each change of the builder.
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(self.install(folder, "toolstack").returncode, 0)
            self.assertTrue((Path(folder) / "usr/local/sbin/xl").exists())
            self.assertEqual([one.name for one in (Path(folder) / "usr/local/bin").iterdir()],
                             ["xen-livepatch-metrics"])
            pages = Path(folder) / "usr/local/share/man/man1"
            self.assertEqual([page.name for page in pages.iterdir()], ["xl-livepatch.1"])

    def test_second_install_touches_nothing(self):
        before = {path: path.lstat().st_mtime_ns
                  for path in self.root.rglob("*") if path.is_file()
                  and not path.is_symlink()}
        self.install(self.folder)
        for path, time in before.items():
            self.assertEqual(path.lstat().st_mtime_ns, time, path)

    def test_uninstall_removes_exactly_this(self):
        with tempfile.TemporaryDirectory() as folder:
            other = Path(folder) / "usr/local/share/man/man1/other.1"
            other.parent.mkdir(parents=True)
            other.write_text("somebody else's\n")
            metrics = Path(folder) / "var/lib/prometheus/node-exporter/xen-livepatch.prom"
            metrics.parent.mkdir(parents=True)
            metrics.write_text("xen_livepatch_up 1\n")
            self.assertEqual(self.install(folder).returncode, 0)
            self.assertEqual(self.install(folder, "--uninstall").returncode, 0)
            left = [path for path in Path(folder).rglob("*")
                    if not path.is_dir()]
            self.assertEqual(left, [other])
            self.assertFalse((Path(folder) / "usr/local/lib").exists())

    def test_prefixes_that_are_refused(self):
        for prefix, word in (("/usr", "distribution"), ("local", "absolute"),
                             ("/opt/other", "not built for")):
            with tempfile.TemporaryDirectory() as folder:
                done = self.install(folder, prefix=prefix)
                self.assertEqual(done.returncode, 1)
                self.assertIn(word, done.stderr)
                self.assertEqual(list(Path(folder).iterdir()), [])


if __name__ == "__main__":
    unittest.main()
