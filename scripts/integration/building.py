# SPDX-License-Identifier: GPL-2.0-or-later
"""Apply a series patch by patch, and build what each may have changed."""

import os
import subprocess
import time

# Objects for static libraries would double the work.
SHARED = "TARGETS=lib$(LIB_FILE_NAME).so $(PKG_CONFIG_FILE)"
CONFIGURE = """
./autogen.sh && WGET=/bin/false GIT=/bin/false ./configure --disable-docs \\
    --disable-stubdom --disable-ocamltools --disable-xsmpolicy --disable-golang \\
    --disable-rombios --disable-qemu-traditional --disable-pvshim \\
    --with-system-qemu=/bin/false --with-system-seabios=/bin/false
"""
XEN_CONFIG = """
{ cat debian/xen-kconfig || true; echo CONFIG_LIVEPATCH=y; } > xen/.config &&
make -C xen olddefconfig && grep -qx CONFIG_LIVEPATCH=y xen/.config
"""


class BuildError(Exception):
    """A patch that does not apply, or after which the tree does not build."""


class Tree:
    def __init__(self, folder, log):
        self.folder, self.log = folder, log

    def run(self, what, *command):
        with open(self.log, "wb") as log:
            done = subprocess.run(command, cwd=self.folder, stdout=log, stderr=log,
                                  env={key: value for key, value in os.environ.items()
                                       if not key.startswith("MAKE")})
        if done.returncode:
            raise BuildError(f"{what}: {command[0]} failed; its output is in {self.log}")

    def make(self, what, folder, *words):
        self.run(what, "make", "-C", folder, "-j2", *words)

    def build(self, what, changed):
        """Only what is in changed, and what depends on it, is made anew."""
        if any(name.startswith("xen/") for name in changed):
            if not (self.folder / "xen/.config").exists():
                self.run(what, "sh", "-c", XEN_CONFIG)
            self.make(what, "xen", "build")
        if any(name.startswith("tools/") for name in changed):
            if ("tools/configure.ac" in changed or
                    not (self.folder / "config/Tools.mk").exists()):
                self.run(what, "sh", "-c", CONFIGURE)
            for folder in ("tools/include", "tools/libs", "tools/xl"):
                self.make(what, folder, SHARED)


def check(patches, tree, git):
    """tree is a pristine one, which is changed; git runs git there."""
    git("init", "-q")
    git("add", "-A", "-f")
    git("commit", "-q", "-m", "base")
    for number, patch in enumerate(patches, 1):
        started = time.monotonic()
        git("am", "-q", str(patch))
        counts = [line.split("\t") for line in
                  git("diff", "--numstat", "HEAD^", "HEAD").splitlines()]
        what = git("show", "-s", "--format=%s").strip()
        print(f"series: {number:2} +{sum(int(one[0]) for one in counts):<5}{what}",
              flush=True)
        tree.build(f"{number} {what}", [one[2] for one in counts])
        print(f"        builds, after {time.monotonic() - started:.0f} s", flush=True)
