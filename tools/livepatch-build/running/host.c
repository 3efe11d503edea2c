/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE

#include "host.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "support/memory.h"
#include "report/printable.h"
#include "support/run.h"

/* In hexadecimal, of the hypervisor that runs here; NULL: none does. */
static char *read_build_id(void)
{
    static const char *const argv[] = { "xl", "info", "build_id", NULL };
    char *output, *end;

    if (run_program(argv, NULL, NULL, &output)) {
        free(output);
        return NULL;
    }
    end = output + strspn(output, "0123456789abcdef");
    if (end == output || strcmp(end, "\n")) {
        free(output);
        return NULL;
    }
    *end = '\0';
    return output;
}

static bool has_id(const char *xen_syms, const char *wanted)
{
    char *why = NULL, *text;
    struct running *running = running_read(xen_syms, &why);
    const struct build_id *id;
    bool same = false;

    if (running) {
        id = running_xen_id(running);
        text = printable_hex(id->bytes, id->size);
        same = !strcmp(text, wanted);
        free(text);
    }
    running_free(running);
    free(why);
    return same;
}

static char *find_in(const char *folder, const char *id)
{
    char *pattern = must_print("%s/xen-syms*", folder), *path = NULL;
    glob_t found;

    if (!glob(pattern, 0, NULL, &found)) {
        for (size_t i = 0; i < found.gl_pathc && !path; i++) {
            if (has_id(found.gl_pathv[i], id)) {
                path = must_copy(found.gl_pathv[i]);
            }
        }
        globfree(&found);
    }
    free(pattern);
    return path;
}

char *host_xen_syms(const char *folders, char **why)
{
    char *id = read_build_id(), *list, *rest, *folder, *path = NULL;

    if (!id) {
        return fail_with(why, "this host doesn't run Xen, or doesn't tell "
                         "(xl info build_id): name the xen-syms of the Xen "
                         "that is to be patched with --xen-syms");
    }
    rest = list = must_copy(folders);
    while (!path && (folder = strsep(&rest, ":"))) {
        path = find_in(folder, id);
    }
    free(list);
    if (!path) {
        fail_with(why, "no xen-syms with the build-id of the Xen that runs "
                  "here, %s, is in %s: install its debug package, or name the "
                  "file with --xen-syms", id, folders);
    }
    free(id);
    return path;
}

char *host_config(const struct running *running)
{
    struct running_symbol data, size;
    const uint8_t *bytes;
    uint32_t length;

    if (!running_find(running, "", "xen_config_data", false, &data) ||
        !running_find(running, "", "xen_config_data_size", false, &size)) {
        return NULL;
    }
    bytes = running_bytes(running, size.address, sizeof(length));
    if (!bytes) {
        return NULL;
    }
    memcpy(&length, bytes, sizeof(length));
    bytes = running_bytes(running, data.address, length);
    return bytes ? config_uncompress(bytes, length) : NULL;
}
