# SPDX-License-Identifier: GPL-2.0-or-later
"""Changing many files of a tree, all of them or none.

New contents and hard links to the old ones are staged beside the files.  A
journal names what is about to be renamed; while it exists, the change is
unfinished and is undone: at once after an error or a signal, and by the next
run after a kill.
"""

import fcntl
import json
import os
import shutil
import signal
from contextlib import contextmanager

from . import IntegrationError

STAGING = ".xl-livepatch.staging"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    def __init__(self, signum):
        super().__init__(signum)
        self.signum = signum


@contextmanager
def locked(tree):
    """Keep a second run out of this tree.  A signal is Interrupted inside, so
    that nothing is left behind."""
    fd = os.open(tree, os.O_RDONLY)
    handlers = {one: signal.signal(one, _interrupt) for one in SIGNALS}
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        for one, handler in handlers.items():
            signal.signal(one, handler)
        os.close(fd)


def commit(tree, changes, modes):
    """Make the files as told: path -> bytes, or None for no such file.  modes
    are those of files that are not there yet, where they matter."""
    if not changes:
        return
    try:
        _stage(tree, changes, modes)
        _rename(tree)
        # From here on the change stands, so an interruption comes too late.
        _ignore_signals()
        (tree / STAGING / "journal").unlink()
    except BaseException as failure:
        _ignore_signals()
        undo(tree)
        if isinstance(failure, OSError):
            raise IntegrationError(
                f"{failure.filename or tree}: {failure.strerror}; every file "
                "was put back as it was") from failure
        raise
    finally:
        shutil.rmtree(tree / STAGING, ignore_errors=True)


def undo(tree):
    """Put back what an unfinished change has renamed; True if there was one."""
    staging = tree / STAGING
    journal = staging / "journal"
    unfinished = journal.exists()
    if unfinished:
        for number, path in enumerate(json.loads(journal.read_text())):
            old, target = staging / f"{number}.old", tree / path
            if old.exists():
                # A second link, so that undoing can itself be repeated.
                again = staging / f"{number}.again"
                again.unlink(missing_ok=True)
                _link(old, again)
                os.replace(again, target)
                # Renaming one link of a file onto another does nothing.
                again.unlink(missing_ok=True)
            else:
                target.unlink(missing_ok=True)
        journal.unlink()
    shutil.rmtree(staging, ignore_errors=True)
    return unfinished


def _interrupt(signum, _frame):
    raise Interrupted(signum)


def _ignore_signals():
    for one in SIGNALS:
        signal.signal(one, signal.SIG_IGN)


def _stage(tree, changes, modes):
    staging = tree / STAGING
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    for number, (path, content) in enumerate(changes.items()):
        target = tree / path
        if target.exists():
            _link(target, staging / f"{number}.old")
        if content is not None:
            _write(staging / f"{number}.new", content)
            if path in modes:
                (staging / f"{number}.new").chmod(modes[path])
            _take_attributes(staging / f"{number}.new", target)
    _write(staging / "journal.new", json.dumps(list(changes)).encode())
    os.replace(staging / "journal.new", staging / "journal")


def _rename(tree):
    staging = tree / STAGING
    for number, path in enumerate(json.loads((staging / "journal").read_text())):
        new, target = staging / f"{number}.new", tree / path
        if new.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(new, target)
        else:
            target.unlink()


def _write(path, content):
    with open(path, "wb") as file:
        file.write(content)


def _link(old, new):
    try:
        os.link(old, new)
    except OSError:
        shutil.copy2(old, new)


def _take_attributes(path, target):
    """A replaced file keeps its mode; root leaves files to the tree's owner."""
    model = target if target.exists() else target.parent
    while not model.exists():
        model = model.parent
    status = model.stat()
    if target.exists():
        path.chmod(status.st_mode & 0o7777)
    if os.geteuid() == 0:
        os.chown(path, status.st_uid, status.st_gid)
