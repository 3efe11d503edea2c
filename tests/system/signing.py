# SPDX-License-Identifier: GPL-2.0-or-later
"""Signing payloads for tests: objcopy adds the note, openssl makes the signature."""

import struct
import subprocess
import tempfile
from pathlib import Path

KEYS = Path(__file__).resolve().parents[2] / "build/keys"
VERSION_1_RSA_SHA256 = 1


def private(name):
    """The key of that name, which the hypervisor is built with: first or second."""
    return KEYS / f"private-{name}.pem"


def new_key(path, bits=2048):
    """One that it doesn't know."""
    subprocess.run(["openssl", "genrsa", "-out", path, str(bits)], stderr=subprocess.DEVNULL,
                   check=True)
    return path


def _openssl(*args, data=b""):
    return subprocess.run(["openssl", *args], input=data, stdout=subprocess.PIPE,
                          check=True).stdout


def signed(payload, key):
    """The bytes of the payload, a file, with a signature by the private key."""
    size = len(_openssl("dgst", "-sha256", "-sign", key))
    note = struct.pack("<III4s", 4, size, VERSION_1_RSA_SHA256, b"Xen") + bytes(size)
    with tempfile.TemporaryDirectory() as folder:
        note_file, made = Path(folder) / "note", Path(folder) / "made"
        note_file.write_bytes(note)
        subprocess.run(["objcopy", f"--add-section=.note.Xen.signature={note_file}", payload,
                        made], check=True)
        data = made.read_bytes()
    if data.count(note) != 1:
        raise ValueError(f"{payload}: no single place for the signature")
    return data.replace(note, note[:-size] + _openssl("dgst", "-sha256", "-sign", key, data=data))
