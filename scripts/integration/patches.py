# SPDX-License-Identifier: GPL-2.0-or-later
"""Our change to Xen as an ordered table of patches, for review there.

A file belongs to the first patch that has a pattern for it.  The tree builds
after each patch: files that nothing builds yet come first, concept by concept,
and what wires them up comes last.
"""

from dataclasses import dataclass

# Added lines that a reviewer takes in at once.  Only a file that is longer by
# itself, or that a program has written, makes a patch longer.
MOST_LINES = 800


@dataclass(frozen=True)
class Patch:
    subject: str
    body: str
    files: tuple                # patterns, below the folders
    folders: tuple = ("",)
    generated: bool = False


XEN = ("xen/common/livepatch/", "xen/arch/x86/livepatch/")
LIBRARY = ("tools/libs/livepatch/",)
LIBXL = ("tools/libs/light/libxl_livepatch",)
XL = ("tools/xl/xl_livepatch",)

PATCHES = [
    Patch("xen/livepatch: a bounds-checked view of a payload's ELF file",
          "Nothing else reads the buffer that was uploaded, so a payload that lies\n"
          "about its offsets is refused in one place, with words that say where.",
          ("elf.*", "reason.*", "compat.h"), XEN),
    Patch("xen/livepatch: place a payload in memory",
          "Text, data and read-only data in one block, each with its permissions;\n"
          "nothing is writable and executable once a load is done.",
          ("layout.*", "memory.*", "permissions.*", "arch.h"), XEN),
    Patch("xen/livepatch: symbols",
          "Names are looked up by hash, addresses in a sorted array.  Local symbols\n"
          "of different payloads don't collide.",
          ("symbols.*", "names.h", "addresses.*"), XEN),
    Patch("xen/livepatch: relocations and build-ids",
          "A payload is bound to the build that it is made for, and to that alone.",
          ("relocate.*", "build_id.*"), XEN),
    Patch("xen/livepatch: where an instruction ends",
          "A NOP patch must end where one does, and so must what a jump covers.",
          ("instruction.*",), XEN),
    Patch("xen/livepatch: functions and expectations",
          "What is to be replaced is what the payload was made for, or it is\n"
          "refused.",
          ("functions.*", "function.c", "expectations.*"), XEN),
    Patch("xen/livepatch: hooks, and tables that belong to a payload's code",
          "Bug frames, the exception table, alternatives and alternative calls.",
          ("hooks.*", "bug_frames.c", "exceptions.c", "alternative*", "tables.h",
           "modinfo.c"), XEN),
    Patch("xen/livepatch: RSA, for those who sign payloads",
          "Keys are unpacked by the build, so that the hypervisor parses none.",
          ("xen/common/livepatch/rsa.*", "xen/common/livepatch/sha256.*",
           "xen/tools/livepatch-keys.py")),
    Patch("xen/livepatch: who signed a payload",
          "Judged before anything else of the file; what becomes of a payload without\n"
          "a known signature is chosen by the build, or more strictly at boot.",
          ("xen/common/livepatch/signature*", "xen/common/livepatch/Kconfig",
           "xen/common/livepatch/.gitignore", "docs/misc/xen-command-line.pandoc")),
    Patch("xen/livepatch: new per-CPU variables",
          "Some of each CPU's area is kept free for those of payloads.",
          ("percpu.*",), XEN),
    Patch("xen/livepatch: dependencies and the stack",
          "A payload that others use can't be unloaded.",
          ("order.*", "payloads.*", "load.*"), XEN),
    Patch("xen/livepatch: bring every CPU to one place, and let all go",
          "Each round has a number, so a CPU that comes late finds that its round is\n"
          "over.",
          ("quiesce.*", "sync.h"), XEN),
    Patch("xen/livepatch: NMIs meanwhile, and who did not come",
          "NMIs that arrive meanwhile are raised again.  Who did not come is\n"
          "recorded, with the vCPU that it ran and where.",
          ("obstacles.*", "nmi.*", "locate.c", "waiting.c"), XEN),
    Patch("xen/livepatch: put jumps into functions, and take them out",
          "Each is one store, so that an NMI in the middle sees old or new code.",
          ("patching.*", "site.c"), XEN),
    Patch("xen/livepatch: apply, revert and replace",
          "A replace is a transaction: if it fails, the old stack is put back.",
          ("actions.*", "flight.*"), XEN),
    Patch("xen/livepatch: how an action ended",
          "In the stack, in the payload's state, and on the console.",
          ("outcome.*",), XEN),
    Patch("xen/livepatch: shadow variables",
          "Fields that a payload adds to structures that exist already.",
          ("xen/common/livepatch/shadow.c", "xen/include/xen/livepatch_shadow.h")),
    Patch("xen/livepatch: the console's and the toolstack's view",
          "A list that is whole although it changes, and reports on why an upload or\n"
          "an action failed, which CPUs were late, and how long everything took.",
          ("list.*", "report.*", "console.c"), XEN),
    Patch("xen/livepatch: what would be in the way",
          "A rehearsal: every CPU is asked, and nothing is changed.",
          ("rehearsal.*",), XEN),
    Patch("xen/livepatch: the sub-operations of the hypercall",
          "What comes from the caller is copied once, outside of every lock.",
          ("hypercall.c",), XEN),
    Patch("xen/livepatch: exchange the engine",
          "The same sysctl and the same payloads as before, and a new sub-operation\n"
          "for reports.",
          ("xen/*",)),
    Patch("tools/libxc: xc_livepatch_list begins anew from the beginning",
          "When the set of payloads changes, a list went on with what was left of its\n"
          "buffers, in the middle of the new set.",
          ("tools/libs/ctrl/xc_misc.c",)),
    Patch("tools/libxc: xc_livepatch_report and xc_livepatch_rehearse",
          "The new sub-operation, for those who speak to libxenctrl.",
          ("tools/libs/ctrl/*", "tools/include/xenctrl.h")),
    Patch("tools/libs/livepatch: what its parts have in common",
          "And the kinds of sections that a payload has.",
          ("private.h", "reader.h", "tables.c", "sha256.c"), LIBRARY),
    Patch("tools/libs/livepatch: read a payload",
          "With libelf.  Nothing in it is believed before it has been looked at.",
          ("elf.c", "file.c"), LIBRARY),
    Patch("tools/libs/livepatch: what a payload's sections say",
          "Where they would lie, and whom the payload is for.",
          ("layout.c", "content.c"), LIBRARY),
    Patch("tools/libs/livepatch: what a payload patches",
          "Its functions, and whether there is room for a jump.",
          ("functions.c",), LIBRARY),
    Patch("tools/libs/livepatch: relocations, and Xen's symbols",
          "With what a payload is bound together.",
          ("relocs.c", "xensyms.c"), LIBRARY),
    Patch("tools/libs/livepatch: words",
          "For people, and safe on their terminals.",
          ("text.c", "describe.c"), LIBRARY),
    Patch("tools/libs/livepatch: signatures",
          "Where one is, whose it is, and room for one in a payload that has none.",
          ("signature.c", "signature_room.c"), LIBRARY),
    Patch("tools/libs: libxenlivepatch, which knows what a payload is",
          "One table of rules: what engines would refuse a payload for, and what they\n"
          "take though it does harm.",
          ("tools/libs/livepatch/*", "tools/include/xenlivepatch.h",
           "tools/libs/Makefile", "tools/libs/uselibs.mk", "tools/configure.ac")),
    Patch("libxl: types of live patching",
          "What is asked for and what is answered; all of it has a JSON form.  The\n"
          "header has the types' defaults, and declares the calls that follow.",
          ("tools/libs/light/libxl_types.idl", "tools/include/libxl*.h")),
    Patch("golang/xenlight: types of live patching",
          "Generated by gengotypes.py.",
          ("tools/golang/*",), generated=True),
    Patch("libxl: pauses of guests, each undone exactly once",
          "Whatever becomes of who asked for them: a journal is kept.",
          ("_pauser_*",), LIBXL),
    Patch("libxl: a process that owns the pauses of guests",
          "It undoes them all when its caller is gone, or merely stopped.",
          ("_pauser*",), LIBXL),
    Patch("libxl: what the parts of live patching have in common",
          "A list of the files, one concept each, is at its beginning.",
          ("_internal.h",), LIBXL),
    Patch("libxl: the hypercalls of live patching",
          "By libxc, but for a list that is whole although payloads come and go.",
          ("_sysctl.c", "_lock.c"), LIBXL),
    Patch("libxl: what the hypervisor reports",
          "If it does, which is found out at run time.",
          ("_report.c", "_obstacle.c"), LIBXL),
    Patch("libxl: what was applied, and by whom",
          "What the hypervisor can't tell is kept in a file that lasts as long as it\n"
          "does, and believed only while it must be true.",
          ("_record.c",), LIBXL),
    Patch("libxl: what people are told about each reason",
          "What it means, and what to do about it, in one table.",
          ("_words.*", "_timer.c"), LIBXL),
    Patch("libxl: reasons, from Xen's console too",
          "A failing call shows what Xen said since it began.",
          ("_console.c", "_judgement.c", "_result.c"), LIBXL),
    Patch("libxl: pause the guests that are in the way",
          "For the time that one attempt takes; never one that was paused before.",
          ("_pause.c",), LIBXL),
    Patch("libxl: which guests are likely to be in the way",
          "For engines that don't say.  What xenstore tells is an aid that nobody\n"
          "waits for.",
          ("_suspect.c", "_names.c"), LIBXL),
    Patch("libxl: one action on a payload",
          "Attempts, polling, and the traps of the hypervisor's interface.",
          ("_action.c",), LIBXL),
    Patch("libxl: plan an apply",
          "Order, dependencies, and whether all of it could be undone.",
          ("_plan.c",), LIBXL),
    Patch("libxl: a transaction that outlives its process",
          "What is intended is written down before the first change.",
          ("_transaction.c", "_restore.c"), LIBXL),
    Patch("libxl: apply and replace live patches",
          "As asynchronous operations that can be aborted: all or nothing.",
          ("_call.c", "_apply.*"), LIBXL),
    Patch("libxl: take live patches back, and tell what is not as intended",
          "Including what a call that was killed has left.",
          ("_revert.*", "_status.c"), LIBXL),
    Patch("libxl: where installed payloads are",
          "A folder for each Xen.  A file is there whole or not at all, and what\n"
          "crashed the host at boot is remembered.",
          ("_installed.*", "_boot.c", "_chain.c"), LIBXL),
    Patch("libxl: install live patches, and uninstall them",
          "They are applied, and there after every boot, or neither.",
          ("_install.c",), LIBXL),
    Patch("libxl: apply what is installed at boot",
          "As one transaction; what is damaged is left out, with what builds on it.",
          ("_reinstate.c",), LIBXL),
    Patch("libxl: which Xens can be booted, and what is for none of them",
          "By their build-ids, and as far as GRUB's own files tell.",
          ("_bootable.c", "_grub.c", "_prune.c"), LIBXL),
    Patch("libxl: live patching",
          "List and check, and what builds all of it.",
          ("tools/libs/light/*",)),
    Patch("xl: what `xl livepatch` is told",
          "Its verbs and options, and help that is there without Xen.",
          ("_options.c", ".h"), XL),
    Patch("xl: what `xl livepatch` says",
          "For people, or as JSON for programs.",
          ("_print.c", "_answer.c", "_wait.c"), XL),
    Patch("xl: results in words",
          "What was done, what was not, and what to do about it.",
          ("_describe.c", "_condition.c"), XL),
    Patch("xl: what there has to be for `xl livepatch`",
          "A host's control domain; and signatures, where keys are demanded.",
          ("_host.c", "_keys.c"), XL),
    Patch("xl: who has changed the hypervisor",
          "Told to systemd's journal, or to syslog.",
          ("_journal.c",), XL),
    Patch("xl: livepatch",
          "Nothing but help and check may run without Xen.",
          ("tools/xl/*",)),
    Patch("docs: xl-livepatch(1)",
          "Every verb, option and exit code.",
          ("docs/*",)),
    Patch("MAINTAINERS, CHANGELOG, SUPPORT: live patching in the main toolstack",
          "The files belong to the section that is there.",
          ("MAINTAINERS", "*.md")),
]

COVER = ("livepatch: one call that applies a patch, and an engine that says why not",
         """\
`xl livepatch apply FILE` uploads, checks and applies a patch in one call; when
the host can't quiesce in time it tries again, then pauses the guests in the way,
applies, and resumes them.  All or nothing.  `xen-livepatch` works as before.

Patches 1 to {engine} exchange the hypervisor's part, for the same ABI and the same
payloads; the rest adds libxl's and xl's, which work on Xen as it is, too.
""")
