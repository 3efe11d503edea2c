/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What another tool does, at once and without a step; and what there is then.
 */
#include "libxl_osdeps.h"

#undef NDEBUG
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xen/errno.h>

#include "engine_inside.h"
#include "faults.h"

void engine_load(const char *name, const char *file)
{
    static char bytes[64 * 1024];
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t size = read(fd, bytes, sizeof(bytes));
    int r = engine_upload(name, bytes, size, true);

    assert(!r);
    close(fd);
}

void engine_apply(const char *name)
{
    assert(engine_find(name)->state == LIVEPATCH_STATE_CHECKED);
    engine_push(engine_find(name));
    engine_find(name)->finished_us = faults_now_us();
    engine_state_changed();
}

void engine_revert(const char *name)
{
    assert(engine_find(name) == engine.applied[engine.num_applied - 1]);
    engine_pop();
    engine_state_changed();
}

void engine_unload(const char *name)
{
    engine_unload_payload(engine_find(name));
}

void engine_fly(const char *name, uint32_t cmd, int looks)
{
    struct engine_payload *p = engine_find(name);

    engine.flying = p;
    engine.flying_cmd = cmd;
    engine.looks_left = looks;
    p->rc = -XEN_EAGAIN;
}

static int compare_names(const void *va, const void *vb)
{
    struct engine_payload *const *a = va, *const *b = vb;

    return strcmp((*a)->name, (*b)->name);
}

char *engine_state(void)
{
    struct engine_payload *sorted[ENGINE_PAYLOADS];
    size_t size;
    char *text;
    FILE *stream = open_memstream(&text, &size);
    int i;

    memcpy(sorted, engine.loaded, sizeof(sorted));
    qsort(sorted, engine.num_loaded, sizeof(*sorted), compare_names);
    for (i = 0; i < engine.num_loaded; i++)
        fprintf(stream, "%s%s:%s", i ? " " : "", sorted[i]->name,
                sorted[i]->state == LIVEPATCH_STATE_APPLIED ? "applied"
                                                            : "checked");
    fprintf(stream, "|");
    for (i = 0; i < engine.num_applied; i++)
        fprintf(stream, "%s%s", i ? " " : "", engine.applied[i]->name);
    fclose(stream);
    return text;
}
