# SPDX-License-Identifier: GPL-2.0-or-later
"""contrib/ansible, built and installed as an administrator does, into a folder."""

import os
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
SOURCE = TOP / "contrib/ansible"
NAME = Path("ansible_collections/xen/livepatch")


def environment(folder):
    """For Ansible's commands: all that they keep is in folder."""
    return {**os.environ, "HOME": str(folder), "ANSIBLE_COLLECTIONS_PATH": str(folder),
            "ANSIBLE_NOCOLOR": "1", "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}


def run(folder, *words, **options):
    return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, env=environment(folder), **options)


def galaxy(folder, *words):
    done = run(folder, "ansible-galaxy", "collection", *words)
    if done.returncode:
        raise AssertionError(done.stdout)


def install(folder):
    """Returns where it is then."""
    galaxy(folder, "build", SOURCE, "--output-path", folder)
    built, = folder.glob("xen-livepatch-*.tar.gz")
    galaxy(folder, "install", "--offline", "-p", folder, built)
    return folder / NAME
