# SPDX-License-Identifier: GPL-2.0-or-later
"""The hypervisors that tests run on, each with its own build of the payloads.

    stock       Debian's own binary
    stock-newer that of the next Debian, as it is today, under the same tools
    own         this repository's engine
    own-debug   the same, with Xen's assertions
    upstream    Xen's own engine, otherwise built as ours
    upstream-clang14    the same by that compiler; there are no payloads
    xsa182      the same with a flaw of old, for the demo; there are no payloads

LIVEPATCH_ENGINE names the one to use where a test doesn't ask for another.
A further word is the series of a hypervisor that was built from a tree of its
own, as in own-4.20: dom0 has that release's tools then, and ours built for it.
"""

import os
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]


class EngineError(Exception):
    """There is no such hypervisor; the text says how to make it."""


def current():
    return os.environ.get("LIVEPATCH_ENGINE") or "stock"


def is_stock(engine=None):
    return (engine or current()).startswith("stock")


def is_ours(engine=None):
    return (engine or current()).startswith("own")


def series(engine=None):
    """Of the tree that it was built from; "" for Debian's."""
    last = (engine or current()).rpartition("-")[2]
    return last if last[0].isdigit() else ""


def _of_release(name, engine):
    suffix = series(engine) and f"-{series(engine)}"
    return _existing(TOP / f"build/{name}{suffix}", "XEN_TREE=DIR scripts/soak tree")


def toolstack(engine=None):
    """Our toolstack, as installed: what dom0 has beside Xen's own."""
    return _of_release("dist", engine)


def toolstack_tree(engine=None):
    """Xen's tools and ours, where they were built."""
    return _of_release("toolstack-src", engine) / "tools"


def tools(engine=None):
    """What dom0 has of Xen's own tools, laid out as in Debian's packages."""
    return _of_release("tools", engine) if series(engine) else TOP / "build/stock"


def hypervisor(engine=None):
    """The ELF32 file that QEMU boots."""
    engine = engine or current()
    path = f"{engine}/xen.elf" if is_stock(engine) else f"hypervisor-{engine}/xen/xen"
    return _existing(TOP / "build" / path, _how(engine))


def xen_syms(engine=None):
    engine = engine or current()
    if not is_stock(engine):
        return _existing(TOP / f"build/hypervisor-{engine}/xen/xen-syms", _how(engine))
    folder = TOP / "build" / engine / "usr/lib/debug/boot"
    found = sorted(folder.glob("xen-syms-*[!p]")) or [folder / "xen-syms"]
    return _existing(found[0], _how(engine))


def payloads(engine=None):
    """The folder of our own regression payloads for this hypervisor."""
    engine = engine or current()
    suffix, how = ("", "make payloads") if engine == "stock" else (f"-{engine}", _how(engine))
    return _existing(TOP / f"build/payloads{suffix}/manifest.json", how).parent


def tree_payloads(engine):
    """The folder of the payloads that Xen's own source tree brings."""
    return _existing(TOP / f"build/hypervisor-{engine}/tests", _how(engine))


def _how(engine):
    if is_stock(engine):
        return "scripts/soak newer" if engine != "stock" else "scripts/fetch-xen"
    name, _, rest = engine.partition("-")
    words = [f"make hypervisor ENGINE={name}"]
    if rest.startswith("debug"):
        words.append("DEBUG=y")
    if rest.removeprefix("debug").strip("-"):
        words.append("XEN_TREE=DIR")
    return " ".join(words)


def _existing(path, how):
    if not path.exists():
        raise EngineError(f"{path} does not exist: run {how}")
    return path
