# SPDX-License-Identifier: GPL-2.0-or-later
"""What the toolstack part puts where: files to copy, blocks to insert."""

from .golang import TYPES
from .insertion import Insertion
from .plan import Plan, demand, lines_of

LIBS = "tools/libs"
LIBXC = "tools/libs/ctrl"
LIBXENLIVEPATCH = "tools/libs/livepatch"
LIBXL = "tools/libs/light"
XL = "tools/xl"

# Sources without which nothing would build, named here so that a repository
# that lacks one is refused before the tree is touched.
REQUIRED = (
    "xen/include/public/sysctl.livepatch.h",
    "tools/libxc/xenctrl.livepatch.h",
    "tools/libxc/xc_livepatch_report.c",
    "tools/libxenlivepatch/Makefile",
    "tools/libxenlivepatch/libxenlivepatch.map",
    "tools/libxenlivepatch/xenlivepatch.h",
    "tools/libxl/libxl_types.idl",
    "tools/libxl/libxl_event.livepatch.c",
    "tools/libxl/libxl_livepatch.h",
    "tools/libxl/libxl_livepatch_pauser.c",
    "tools/xl/xl_livepatch.c",
    "tools/xl/xl_livepatch_cmd.h",
    "tools/xl/bash-completion.livepatch",
    "docs/man/xl-livepatch.pod",
)


def plan(repository):
    demand(repository, REQUIRED)
    return Plan(_copies(repository), [
        *_public_header(repository),
        *_libxc(repository),
        *_libxenlivepatch(),
        *_libxl_header(),
        *_libxl_event(repository),
        *_libxl_types(repository),
        *_libxl_makefile(repository),
        *_xl_makefile(repository),
        *_xl_command(),
        *_xl_main(),
        *_xl_completion(repository),
        *_configure(),
        *_papers(),
    ])


def _copies(repository):
    copies = {}
    for source in sorted(repository.glob("tools/libxc/*.c")):
        copies[f"{LIBXC}/{source.name}"] = source
    # Public headers live beside libxl.h, which needs no copying rule then.
    for pattern, ours in (("tools/libxenlivepatch/*", LIBXENLIVEPATCH),
                          ("tools/libxl/libxl_livepatch*.[ch]", LIBXL)):
        for source in sorted(repository.glob(pattern)):
            public = source.name in ("xenlivepatch.h", "libxl_livepatch.h")
            folder = "tools/include" if public else ours
            copies[f"{folder}/{source.name}"] = source
    for source in sorted(repository.glob("tools/xl/xl_livepatch*.[ch]")):
        copies[f"{XL}/{source.name}"] = source
    copies["docs/man/xl-livepatch.1.pod"] = (
        repository / "docs/man/xl-livepatch.pod")
    return copies


def _objects(repository, pattern):
    return sorted(source.stem + ".o" for source in repository.glob(pattern))


def _public_header(repository):
    # The toolstack speaks to engines that have the report and to those that
    # don't: it needs the numbers in any case.
    header = "xen/include/public/sysctl.h"
    yield Insertion(
        header, r"struct xen_sysctl_livepatch_op \{",
        lines_of(repository / "xen/include/public/sysctl.livepatch.h"),
        where="before")
    yield Insertion(
        header, r"        struct xen_sysctl_livepatch_action action;",
        ("        struct xen_sysctl_livepatch_report report;",
         "        struct xen_sysctl_livepatch_rehearse rehearse;"))


def _libxc(repository):
    yield Insertion("tools/include/xenctrl.h",
                    r"int xc_livepatch_replace\(.*\);",
                    lines_of(repository / "tools/libxc/xenctrl.livepatch.h"))
    yield Insertion(f"{LIBXC}/Makefile.common", r"OBJS-y +\+= xc_misc\.o",
                    tuple(f"OBJS-y += {one}" for one in
                          _objects(repository, "tools/libxc/*.c")))
    # xc_livepatch_list() begins again with what was left of its buffers, and
    # in the middle of the list.
    yield Insertion(f"{LIBXC}/xc_misc.c",
                    r" *\*done = 0; /\* Retry from scratch\. \*/", (
        "            name_off = metadata_off = 0;",
        "            name_sz = name_total_size;",
        "            metadata_sz = metadata_total_size;",
        "            sysctl.u.livepatch.u.list.idx = start;"))


def _libxenlivepatch():
    # It uses no other library of Xen's, and libxenlight uses it.
    yield Insertion(f"{LIBS}/Makefile", r"SUBDIRS-y \+= light",
                    ("SUBDIRS-y += livepatch",), where="before")
    yield Insertion(f"{LIBS}/uselibs.mk", r"LIBS_LIBS \+= light",
                    ("LIBS_LIBS += livepatch", "USELIBS_livepatch :="),
                    where="before")
    yield Insertion(f"{LIBS}/uselibs.mk", r"USELIBS_light :?=.*",
                    ("USELIBS_light += livepatch",))


def _libxl_header():
    # At the end of libxl.h, where all that our declarations need is declared.
    yield Insertion("tools/include/libxl.h", r"#include <libxl_event\.h>",
                    ("#include <libxl_livepatch.h>",))


def _libxl_event(repository):
    # A timer that an abort leaves alone, beside those that it doesn't.
    yield Insertion(f"{LIBXL}/libxl_internal.h",
                    r"_hidden void libxl__ev_time_deregister\(.*\);",
                    ("_hidden int libxl__ev_time_register_rel_unabortable(",
                     "                libxl__gc *gc, libxl__ev_time *ev_out,",
                     "                libxl__ev_time_callback *func,",
                     "                int milliseconds);"))
    yield Insertion(f"{LIBXL}/libxl_event.c",
                    r"void libxl__ev_time_deregister\(.*\)",
                    lines_of(repository /
                             "tools/libxl/libxl_event.livepatch.c"),
                    where="before")


def _libxl_types(repository):
    # Not a file of its own: libxl's generated test reads this one, and an
    # event carries an attempt.
    yield Insertion(TYPES, r'libxl_event_type = Enumeration\("event_type", \[',
                    lines_of(repository / "tools/libxl/libxl_types.idl"),
                    where="before")
    yield Insertion(TYPES, r' *\(5, "DOMAIN_CREATE_CONSOLE_AVAILABLE"\),',
                    ('    (6, "LIVEPATCH_ATTEMPT"),',))
    yield Insertion(TYPES, r' *\("domain_create_console_available", None\),', (
        '           ("livepatch_attempt", Struct(None, [',
        '                                        ("attempt", '
        'libxl_livepatch_attempt),',
        '                                 ])),'))


def _libxl_makefile(repository):
    makefile = f"{LIBXL}/Makefile"
    objects = _objects(repository, "tools/libxl/libxl_livepatch*.c")
    pauser = [one for one in objects
              if one.startswith(("libxl_livepatch_pauser.",
                                 "libxl_livepatch_pauser_"))]
    library = [one for one in objects if one not in pauser]
    yield Insertion(makefile, r"OBJS-y \+= _libxl_types\.o",
                    tuple(f"OBJS-y += {one}" for one in library))
    # For hypervisors' images, which GRUB decompresses.
    yield Insertion(makefile, r"LDLIBS-y \+= \$\(PTHREAD_LIBS\)", ("LDLIBS-y += -lz",))
    yield Insertion(makefile, r"CLIENTS = testidl libxl-save-helper.*",
                    ("CLIENTS += libxl-livepatch-pauser",
                     *(f"PAUSER_OBJS += {one}" for one in pauser)))
    yield Insertion(makefile, r"LIBHEADER :?= libxl\.h .*",
                    ("LIBHEADER += libxl_livepatch.h",))
    yield Insertion(makefile, r"testidl: testidl\.o libxenlight\.so",
                    _PAUSER_RULES, where="before")


# LIVEPATCH_PAUSER may be given to make, for an installation beside the
# distribution's own.
_PAUSER_RULES = r"""
LIVEPATCH_PAUSER ?= $(LIBEXEC_BIN)/libxl-livepatch-pauser
$(filter libxl_livepatch%,$(OBJS-y) $(PIC_OBJS)): CFLAGS += -DLIBXL_LIVEPATCH_PAUSER=\"$(LIVEPATCH_PAUSER)\"

$(PAUSER_OBJS): CFLAGS += $(CFLAGS_libxenctrl) $(CFLAGS_libxentoollog) -Wshadow -include $(XEN_ROOT)/tools/config.h
$(PAUSER_OBJS): $(AUTOINCS) libxl.api-ok libxl_internal.h

_libxl.api-for-check: $(XEN_INCLUDE)/libxl_livepatch.h

libxl-livepatch-pauser: $(PAUSER_OBJS)
	$(CC) $(LDFLAGS) -o $@ $(PAUSER_OBJS) $(LDLIBS_libxenctrl) $(LDLIBS_libxentoollog) $(LDLIBS_libxentoolcore) $(APPEND_LDFLAGS)

install:: libxl-livepatch-pauser
	$(INSTALL_DIR) $(DESTDIR)$(LIBEXEC_BIN)
	$(INSTALL_PROG) libxl-livepatch-pauser $(DESTDIR)$(LIBEXEC_BIN)

uninstall::
	rm -f $(DESTDIR)$(LIBEXEC_BIN)/libxl-livepatch-pauser

""".strip("\n").split("\n") + [""]


def _xl_makefile(repository):
    objects = _objects(repository, "tools/xl/xl_livepatch*.c")
    yield Insertion(f"{XL}/Makefile", r"XL_OBJS \+= .*\.o",
                    ("XL_OBJS += " + " ".join(objects),
                     "xl: LDLIBS_libxenlight += $(LDLIBS_libxenlivepatch)"),
                    pick="last")


def _xl_command():
    header, table = f"{XL}/xl.h", f"{XL}/xl_cmdtable.c"
    yield Insertion(header, r"    const char \*cmd_option;", (
        "    /* allocates the libxl context itself, if it needs one */",
        "    int defers_ctx;"))
    yield Insertion(header, r"int main_info\(int argc, char \*\*argv\);",
                    ("int main_livepatch(int argc, char **argv);",))
    yield Insertion(header, r"void xl_ctx_alloc\(void\);",
                    ("int xl_ctx_try_alloc(void);",))
    yield Insertion(table, r'#include "xl\.h"',
                    ('#include "xl_livepatch_cmd.h"',))
    yield Insertion(table, r"\};", (
        '    { "livepatch",',
        "      &main_livepatch, 1, 1,",
        "      XL_LIVEPATCH_DESC, XL_LIVEPATCH_USAGE, XL_LIVEPATCH_OPTIONS,",
        "      .defers_ctx = 1,",
        "    },"), where="before")
    yield Insertion(table, r"        if \(!strncmp\(s, cmd_table\[i\]\."
                    r"cmd_name, len\)\) \{", (
        '        /* "li" stays short for list. */',
        "        if (cmd_table[i].cmd_impl == &main_livepatch && len < 3)",
        "            continue;"), where="before")


def _xl_main():
    source = f"{XL}/xl.c"
    yield Insertion(source, r"static void xl_ctx_free\(void\)",
                    _XL_CTX_TRY_ALLOC, where="before")
    yield Insertion(source, r"int main\(int argc, char \*\*argv\)",
                    _XL_DEFERS_CTX, where="before")
    yield Insertion(source, r"    if \(!logger\) exit\(EXIT_FAILURE\);", (
        "",
        "    if (defers_ctx(cmd)) {",
        "        atexit(xl_ctx_free);",
        "        goto run;",
        "    }"))
    yield Insertion(source, r"    /\* Reset options for per-command use of "
                    r"getopt\. \*/", (" run:",), where="before")


_XL_CTX_TRY_ALLOC = """
/*
 * For commands with defers_ctx: what xl_ctx_alloc does, but a failure is
 * the caller's to report.  /etc/xen/xl.conf is not read: its settings are
 * about creating domains, and parsing it costs two hypercalls.
 */
int xl_ctx_try_alloc(void)
{
    int rc = libxl_ctx_alloc(&ctx, LIBXL_VERSION, 0,
                             (xentoollog_logger *)logger);
    if (rc)
        return rc;

    libxl_childproc_setmode(ctx, &childproc_hooks, 0);
    return 0;
}
""".strip("\n").split("\n") + [""]

_XL_DEFERS_CTX = """
/* Help, and what allocates its own context, must run without Xen. */
static bool defers_ctx(const char *cmd)
{
    const struct cmd_spec *cspec = cmdtable_lookup(cmd);

    return cspec ? cspec->defers_ctx : !strcmp(cmd, "help");
}
""".strip("\n").split("\n") + [""]


def _xl_completion(repository):
    # Appended: bash looks for completions of "xl" in one file only.
    yield Insertion(f"{XL}/bash-completion", "",
                    lines_of(repository / "tools/xl/bash-completion.livepatch"))


def _configure():
    # configure itself is made again by autogen.sh, as always.
    yield Insertion("tools/configure.ac",
                    r"AC_CHECK_LIB\(\[z\], \[deflateCopy\], .*", (
        "AC_CHECK_LIB([elf], [elf_memory], [], [AC_MSG_ERROR(",
        "    [Could not find libelf; install libelf-dev or "
        "elfutils-libelf-devel])])",
        "AC_CHECK_LIB([crypto], [EVP_PKEY_verify], [], [AC_MSG_ERROR(",
        "    [Could not find libcrypto; install libssl-dev or "
        "openssl-devel])])",
        "AC_SEARCH_LIBS([SHA256Init], [md], [], [",
        "    AC_SEARCH_LIBS([SHA256_Init], [md], [], [AC_MSG_ERROR(",
        "        [Could not find SHA-256; install libmd-dev or "
        "libmd-devel])])])"))


def _papers():
    yield Insertion("MAINTAINERS", r"F:\tdocs/misc/livepatch\..*", (
        "F:\tdocs/man/xl-livepatch.1.pod",
        "F:\ttools/include/*livepatch.h",
        "F:\ttools/libs/ctrl/xc_livepatch*",
        "F:\ttools/libs/light/libxl_livepatch*",
        "F:\ttools/libs/livepatch/"))
    yield Insertion("MAINTAINERS", r"F:\ttools/misc/xen-livepatch\.c",
                    ("F:\ttools/xl/xl_livepatch*",))
    yield Insertion("CHANGELOG.md", r"### Added.*", (
        " - `xl livepatch`, and libxl calls beneath it: checks, applies,",
        "   replaces and reverts live patches in one call, all or nothing."),
        pick="first")
    yield Insertion("SUPPORT.md", r"### Live Patching", (
        "",
        "The toolstack's part, `xl livepatch` and libxl's calls:",
        "",
        "    Status, x86: Tech Preview"))
