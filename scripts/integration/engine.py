# SPDX-License-Identifier: GPL-2.0-or-later
"""What the hypervisor's part puts where, and what of Xen's own it displaces."""

import re

from . import IntegrationError
from .insertion import Insertion
from .plan import Plan, demand

FOLDERS = ("xen/common/livepatch", "xen/arch/x86/livepatch")
# Beside the sources.
OTHERS = ("Makefile", "Kconfig", ".gitignore")
HEADERS = ("xen/include/xen/livepatch.h",
           "xen/include/xen/livepatch_payload.h",
           "xen/arch/x86/include/asm/livepatch.h")
ADDED = ("xen/include/xen/livepatch_shadow.h", "xen/tools/livepatch-keys.py")
XENS_ENGINE = ("xen/common/livepatch.c", "xen/common/livepatch_elf.c",
               "xen/arch/x86/livepatch.c", "xen/include/xen/livepatch_elf.h")


# In it, what the engine needs to find text and change its permissions, which came
# by bug fixes, in the middle of releases.
REGIONS = "xen/include/xen/virtual_region.h"


def check(tree):
    """Refuse a tree in which the engine would not build."""
    try:
        text = (tree / REGIONS).read_text(errors="replace")
    except FileNotFoundError:
        text = ""
    if not re.search(r"\btext_start\b", text):
        raise IntegrationError(
            f"{tree}: {REGIONS} has no text_start: the engine needs what came "
            "with 4.17.4 and 4.18.2, so give a newer point release; ENGINE=stock "
            "takes every release from 4.17 on")


def plan(repository):
    demand(repository, [*HEADERS, *ADDED, "xen/common/livepatch/Kconfig",
                        *(f"{folder}/Makefile" for folder in FOLDERS)])
    # Every object that is to be built has its source.
    for folder in FOLDERS:
        demand(repository, _sources(repository / folder, folder))
    copies = {name: repository / name for name in (*HEADERS, *ADDED)}
    for folder in FOLDERS:
        for source in sorted((repository / folder).iterdir()):
            if source.suffix in (".c", ".h") or source.name in OTHERS:
                copies[f"{folder}/{source.name}"] = source
    return Plan(copies, [*_makefiles(), *_kconfig(), *_regions(),
                         *_unpatchable(), *_parked(), *_panic(), *_papers()],
                [*HEADERS, *XENS_ENGINE])


def _sources(folder, name):
    makefile = (folder / "Makefile").read_text()
    generated = re.findall(r"(?m)^targets \+= (\S+)\.c$", makefile)
    for source in re.findall(r"(?m)^obj-y \+= (\S+)\.o$", makefile):
        if source not in generated:
            yield f"{name}/{source}.c"


def _makefiles():
    for folder in FOLDERS:
        # Some releases name alternative.o in the same line.
        yield Insertion(f"{folder.removesuffix('/livepatch')}/Makefile",
                        r"obj-\$\(CONFIG_LIVEPATCH\) \+= "
                        r"(alternative\.o )?livepatch\.o( .*)?",
                        (r"obj-$(CONFIG_LIVEPATCH) += \1livepatch/",),
                        where="instead")


def _kconfig():
    file = "xen/common/Kconfig"
    yield Insertion(file, r'\tdepends on "\$\(XEN_HAS_BUILD_ID\)" = "y".*',
                    ("\tdepends on X86",))
    yield Insertion(file, r"config FAST_SYMBOL_LOOKUP", (
        'comment "Live patching: this engine is for x86 only"',
        "\tdepends on !X86",
        "",
        'source "common/livepatch/Kconfig"',
        ""), where="before")


def _regions():
    # The caller's to wait, by call_rcu(): see unload() in actions.c.
    file = "xen/common/virtual_region.c"
    yield Insertion(file, r"    /\* Assert that no CPU might be using the .*",
                    ("    /* It may be in use until the end of a grace period. */",),
                    where="instead")
    yield Insertion(file, r"    rcu_barrier\(\);", (), where="instead")


def _unpatchable():
    yield Insertion("xen/arch/x86/xen.lds.S", r"       \*\(\.text\.cold\)",
                    ("       _slivepatch = .;",
                     "       *(.text.livepatch)",
                     "       _elivepatch = .;",
                     "       _sparked = .;",
                     "       *(.text.parked.*)",
                     "       _eparked = .;",
                     ""), where="before")
    yield Insertion("xen/arch/x86/domain.c",
                    r"static void noreturn cf_check idle_loop\(void\)",
                    ("static void noreturn cf_check __unpatchable idle_loop(void);",
                     ""), where="before")


def _parked():
    # All that CPUs run while they are offline: see unload() in actions.c.  Each
    # has a section of its own, as other functions have.
    for result, name in (("void cf_check", "default_dead_idle"),
                         ("void cf_check", "acpi_dead_idle"),
                         ("void", "play_dead")):
        yield Insertion("xen/arch/x86/include/asm/cpuidle.h",
                        rf"{result} {name}\(void\);",
                        (f'{result} __section(".text.parked.{name}") {name}(void);',),
                        where="instead")


def _panic():
    # Behind the message and its lock, should walking the payloads end in the
    # next panic.
    file = "xen/drivers/char/console.c"
    yield Insertion(file, r"#include <xen/kexec\.h>",
                    ("#include <xen/livepatch.h>",))
    yield Insertion(file, r"    kexec_crash\(CRASHREASON_PANIC\);",
                    ("    livepatch_print_applied();",
                     ""), where="before")


def _papers():
    yield Insertion("docs/misc/xen-command-line.pandoc", r"### loglvl", (
        "### livepatch (x86)",
        "> `= List of [ sig=warn | sig=enforce ]`",
        "",
        "What becomes of live patches that are not signed with one of the keys",
        "in `CONFIG_LIVEPATCH_SIGNING_KEYS`: `warn` loads them with a warning on",
        "the console, `enforce` refuses them.  The default is chosen when the",
        "hypervisor is built, and what is laxer than that has no effect.",
        ""), where="before")
    yield Insertion("MAINTAINERS", r"F:\txen/common/livepatch\*",
                    tuple(f"F:\t{folder}/" for folder in FOLDERS))
    yield Insertion("CHANGELOG.md", r"### Added.*", (
        " - On x86, a new engine for live patches: it says why it refuses a",
        "   payload and which CPUs did not quiesce, a replace that fails puts the",
        "   old patches back, and payloads may be signed."), pick="first")
