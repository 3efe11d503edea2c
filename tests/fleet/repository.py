# SPDX-License-Identifier: GPL-2.0-or-later
"""A signed repository of packages of payloads, made as docs/packages.md tells, and
given to hosts by HTTP."""

import functools
import http.server
import os
import subprocess
import sys
import threading
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/soak"))

import deb

PACKAGER = TOP / "tools/livepatch-package/livepatch-package"
XEN = f"xen-hypervisor-{deb.XEN}-amd64"
NAME = "xen-livepatches"
KEYRING = "xen-fixes.gpg"
# QEMU's own network: there hosts find this machine's loopback.
FROM_HOSTS = "10.0.2.2"


def recipe():
    """The commands of the documentation."""
    text = (TOP / "docs/packages.md").read_text()
    script = text.partition("<!-- publish -->")[2].partition("<!-- end -->")[0]
    return "\n".join(line.strip() for line in script.splitlines() if line.startswith("    "))


def packaged(folder, kind, version, *payloads):
    path = f"{TOP}/build/livepatch-build:{os.environ['PATH']}"
    return Path(run(PACKAGER, kind, f"--version={version}",
                    "--maintainer=Fixes <fixes@example.org>", "-o", folder, *payloads,
                    env={**os.environ, "PATH": path}).strip())


def run(*words, **options):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, **options)
    if done.returncode:
        raise AssertionError(f"{' '.join(map(str, words))}: {done.returncode}\n{done.stdout}")
    return done.stdout


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Who fetched what is of no interest."""


class Repository:
    """In folder; home is where the key is kept."""

    def __init__(self, folder, home):
        self.folder, self.home, self.server = Path(folder), Path(home), None
        self.folder.mkdir(parents=True, exist_ok=True)
        self.home.mkdir(mode=0o700, exist_ok=True)

    def add(self, version, xen_version, *payloads):
        """A package of these, in that version."""
        return packaged(self.folder, f"--deb={XEN}={xen_version}", version, *payloads)

    def publish(self):
        run("sh", "-ec", recipe(), cwd=self.folder,
            env={**os.environ, "GNUPGHOME": str(self.home)})

    def serve(self):
        """The line for hosts' lists of sources."""
        handler = functools.partial(Quiet, directory=self.folder)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return (f"deb [signed-by=/etc/apt/keyrings/{KEYRING}] "
                f"http://{FROM_HOSTS}:{self.server.server_port} ./")

    def close(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
        run("gpgconf", "--kill", "all", env={**os.environ, "GNUPGHOME": str(self.home)})


def add_source(host, repository, line):
    """What an administrator does on a host, once."""
    host.run(f"mkdir -p /etc/apt/keyrings; echo '{line}' > /etc/apt/sources.list.d/xen-fixes.list")
    host.put(repository.folder / KEYRING, folder="/etc/apt/keyrings")
