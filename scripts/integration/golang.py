# SPDX-License-Identifier: GPL-2.0-or-later
"""The Go bindings, which are made of libxl's types and checked in.

Xen's own generator makes them anew: what it writes for the types that the tree
had is there byte for byte, so that only ours are added.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from . import IntegrationError

FOLDER = "tools/golang/xenlight"
GENERATOR = f"{FOLDER}/gengotypes.py"
GENERATED = (f"{FOLDER}/types.gen.go", f"{FOLDER}/helpers.gen.go")
TYPES = "tools/libs/light/libxl_types.idl"


def generate(tree, types):
    """Path in the tree -> contents, for the types as they will be."""
    with tempfile.TemporaryDirectory(prefix="integrate-") as folder:
        idl = Path(folder) / "libxl_types.idl"
        idl.write_bytes(types)
        written = [Path(folder) / Path(name).name for name in GENERATED]
        done = subprocess.run(
            [sys.executable, "-B", tree / GENERATOR, idl, *written],
            env={**os.environ, "LIBXL_SRC_DIR": str((tree / TYPES).parent)},
            capture_output=True, text=True)
        if done.returncode:
            raise IntegrationError(
                f"{tree / GENERATOR} can't make Go bindings of the types; the "
                f"tree was not changed:\n{done.stderr.rstrip()}")
        return {name: path.read_bytes()
                for name, path in zip(GENERATED, written)}
