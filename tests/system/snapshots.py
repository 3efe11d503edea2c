# SPDX-License-Identifier: GPL-2.0-or-later
"""Booted machines, kept under build/snapshots, one folder for each.

    ram            the machine's memory, a sparse file
    state          everything else, as QEMU's migration writes it
    console        what Xen had said by then
    hardware.json  what QEMU must emulate to take the state

Whoever saves has mapped `ram` shared, so that nothing needs to be written but
the state.  Whoever resumes maps it privately: it is ready at once, pages are
shared between all the hosts that run from it, and no one can change it.
"""

import fcntl
import hashlib
import json
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "build/snapshots"
KEEP = 16


def key_of(*inputs):
    """A name for a machine that depends on all of its inputs."""
    return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()[:24]


def digest(data):
    return hashlib.sha256(data).hexdigest()


@contextmanager
def snapshot(key, build):
    """The folder of the machine `key`, made by build(folder) if it is not
    there.  It stays for as long as the context lasts; a host that has been
    resumed from it no longer needs it."""
    ROOT.mkdir(parents=True, exist_ok=True)
    folder = ROOT / key
    with open(f"{folder}.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        while not folder.exists():
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                _make(folder, build)
            fcntl.flock(lock, fcntl.LOCK_SH)
        os.utime(folder)
        yield folder


def _make(folder, build):
    fresh = Path(f"{folder}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    try:
        build(fresh)
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    _evict()


def _evict():
    """Remove the machines that were not used for longest."""
    folders = [entry for entry in ROOT.iterdir()
               if entry.is_dir() and entry.suffix == ""]
    folders.sort(key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in folders[KEEP:]:
        with open(f"{folder}.lock", "a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            shutil.rmtree(folder, ignore_errors=True)
