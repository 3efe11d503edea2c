/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "linked.h"
#include "support/memory.h"
#include "snippet.h"

const struct source xen_source = {
    "livepatch.c", "long livepatch_op(void) { return 3; }\n",
};

static const char script[] =
    "ENTRY(_stext)\n"
    "SECTIONS {\n"
    "    . = 0xffff82d040200000;\n"
    "    .text : {\n"
    "        _stext = .; *(.text .text.*) *(.fixup) _etext = .;\n"
    "    }\n"
    "    .rodata : {\n"
    "        _srodata = .;\n"
    "        __start___ex_table = .; *(.ex_table) __stop___ex_table = .;\n"
    "        __start_bug_frames = .;\n"
    "        *(.bug_frames.0) __stop_bug_frames_0 = .;\n"
    "        *(.bug_frames.1) __stop_bug_frames_1 = .;\n"
    "        *(.bug_frames.2) __stop_bug_frames_2 = .;\n"
    "        *(.bug_frames.3) __stop_bug_frames_3 = .;\n"
    "        *(.rodata .rodata.*) *(.data.rel.ro .data.rel.ro.*)\n"
    "    }\n"
    "    .note.gnu.build-id : {\n"
    "        __note_gnu_build_id_start = .; *(.note.gnu.build-id)\n"
    "        __note_gnu_build_id_end = .;\n"
    "    }\n"
    "    . = ALIGN(4096);\n"
    "    __init_begin = .;\n"
    "    .init.text : { *(.init.text) *(.altinstr_replacement) }\n"
    "    .init.data : {\n"
    "        *(.init.data) __alt_instructions = .; *(.altinstructions)\n"
    "        __alt_instructions_end = .;\n"
    "    }\n"
    "    . = ALIGN(4096);\n"
    "    __init_end = .;\n"
    "    .data : { *(.data .data.*) }\n"
    "    .bss : { __bss_start = .; *(.bss .bss.*) }\n"
    "    __x86_return_thunk = _stext;\n"
    "    PROVIDE_HIDDEN(low_half = ABSOLUTE((livepatch_op) & 0xffff));\n"
    "    PROVIDE_HIDDEN(next_half ="
    " ABSOLUTE(((livepatch_op) >> 16) & 0xffff));\n"
    "    /DISCARD/ : { *(.discard .discard.*) *(.note.gnu.property) }\n"
    "}\n";

static void run(const char *command)
{
    if (system(command)) {
        fail_msg("%s", command);
    }
}

char *link_xen(const struct source *sources, const char *options)
{
    char folder[] = "/tmp/linked.XXXXXX", *path, *command;

    assert_non_null(mkdtemp(folder));
    path = must_print("%s/xen.lds", folder);
    write_bytes(path, script, strlen(script));
    free(path);
    for (int i = 0; sources[i].name; i++) {
        size_t size;
        unsigned char *image = snippet_image(sources[i].name, sources[i].text,
                                             "", &size);

        path = must_print("%s/%02d.o", folder, i);
        write_bytes(path, image, size);
        free(image);
        free(path);
    }
    path = must_print("%s/xen-syms", folder);
    command = must_print("ld -z noexecstack -T %s/xen.lds -N"
                         " --no-warn-rwx-segments %s"
                         " -o %s %s/*.o && rm %s/*.o %s/xen.lds", folder,
                         options, path, folder, folder, folder);
    run(command);
    free(command);
    return path;
}

void unlink_xen(char *path)
{
    assert_int_equal(unlink(path), 0);
    *strrchr(path, '/') = '\0';
    assert_int_equal(rmdir(path), 0);
    free(path);
}

struct running *run_xen(const struct source *sources)
{
    char *path = link_xen(sources, "--build-id=sha1"), *why = NULL;
    struct running *running = running_read(path, &why);

    if (!running) {
        fail_msg("%s", why);
    }
    unlink_xen(path);
    return running;
}
