# SPDX-License-Identifier: GPL-2.0-or-later
"""A folder for the files of one running host, under build/run.

Its process holds a lock on it.  A process that was killed leaves its folder
behind, unlocked: the next one to come along removes it.
"""

import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

# A folder younger than this may be about to be locked.
SETTLED_SECONDS = 60


class RunFolder:
    def __init__(self, parent):
        parent.mkdir(parents=True, exist_ok=True)
        _sweep(parent)
        self.path = Path(tempfile.mkdtemp(prefix="host-", dir=parent))
        self.lock = _lock(self.path)

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)
        if self.lock is not None:
            os.close(self.lock)
            self.lock = None


def _lock(path):
    """The descriptor that holds the lock, or None if another one has it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _sweep(parent):
    for path in parent.glob("host-*"):
        try:
            if time.time() - path.stat().st_mtime < SETTLED_SECONDS:
                continue
            descriptor = _lock(path)
        except FileNotFoundError:
            continue
        if descriptor is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(descriptor)
