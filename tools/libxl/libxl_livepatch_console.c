/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What Xen says on its console while an action runs.
 *
 * A stock engine returns one errno for most of what can go wrong, and
 * tells the rest on the console alone.
 */

#include "libxl_osdeps.h"

#include "libxl_livepatch_internal.h"

/* Read in pieces of this size, bytes; the ring has 16 KiB by default. */
#define CHUNK (32 * 1024)

/* So many of the last lines are worth showing. */
#define MAX_LINES 64

/*
 * The engine's messages that tell more than its errno.  Fragments, as the
 * rest of the line has names in it, and its wording may change: what is
 * not found here is still shown to the user.
 */
static const struct {
    const char *fragment;
    libxl_livepatch_reason reason;
} meanings[] = {
    { "check against hypervisor build-id failed",
      LIBXL_LIVEPATCH_REASON_XEN_BUILD_ID },
    { "build-id failed",            LIBXL_LIVEPATCH_REASON_DEPENDENCY },
    { "can't revert as payload has .data",
      LIBXL_LIVEPATCH_REASON_NOT_REAPPLICABLE },
    { "Unknown symbol",             LIBXL_LIVEPATCH_REASON_SYMBOL },
    { "Could not resolve old address", LIBXL_LIVEPATCH_REASON_SYMBOL },
    { "duplicate new symbol",       LIBXL_LIVEPATCH_REASON_COLLISION },
    { "expectations of",            LIBXL_LIVEPATCH_REASON_EXPECTATION },
    { "can't unload. Top is",       LIBXL_LIVEPATCH_REASON_NOT_ON_TOP },
    { "found with active waitqueue", LIBXL_LIVEPATCH_REASON_WAITQUEUE },
    { "Timed out on semaphore",     LIBXL_LIVEPATCH_REASON_QUIESCE },
};

/* Read on from *index_io; a chunk that is not full was the last one. */
static int read_on(libxl__gc *gc, char *buffer, unsigned int *count_r,
                   uint32_t *index_io)
{
    unsigned int count = CHUNK;
    int r;

    r = xc_readconsolering(CTX->xch, buffer, &count, 0, 1, index_io);
    if (r) return ERROR_FAIL;

    *count_r = count;
    return 0;
}

void libxl__livepatch_console_mark(libxl__gc *gc,
                                   libxl__livepatch_mark *mark_r)
{
    char *buffer = libxl__malloc(NOGC, CHUNK);
    unsigned int count;
    uint32_t index = 0;
    int rc;

    /* The only way to learn where the end is. */
    do {
        rc = read_on(gc, buffer, &count, &index);
    } while (!rc && count == CHUNK);

    mark_r->valid = !rc;
    mark_r->index = index;
    free(buffer);
}

/*
 * Break text into lines, which it is then cut into; keeps the last ones.
 */
static char **split_lines(libxl__gc *gc, char *text)
{
    char **lines = libxl__calloc(gc, MAX_LINES + 1, sizeof(*lines));
    char *save = NULL, *line;
    int num = 0;

    for (line = strtok_r(text, "\r\n", &save); line;
         line = strtok_r(NULL, "\r\n", &save)) {
        /* Not what guests and dom0's kernel wrote there. */
        if (strncmp(line, "(XEN) ", 6)) continue;
        if (num == MAX_LINES) {
            memmove(lines, lines + 1, (MAX_LINES - 1) * sizeof(*lines));
            num--;
        }
        lines[num++] = libxl__livepatch_text(gc, line + 6);
    }
    lines[num] = NULL;
    return lines;
}

char **libxl__livepatch_console_since(libxl__gc *gc,
                                      const libxl__livepatch_mark *mark)
{
    char *text = libxl__zalloc(gc, 1);
    char *buffer = libxl__malloc(NOGC, CHUNK);
    uint32_t index = mark->index;
    size_t len = 0;
    unsigned int count = 0;
    int rc = mark->valid ? 0 : ERROR_FAIL;

    while (!rc) {
        rc = read_on(gc, buffer, &count, &index);
        if (rc) break;
        text = libxl__realloc(gc, text, len + count + 1);
        memcpy(text + len, buffer, count);
        len += count;
        text[len] = '\0';
        if (count < CHUNK) break;
    }
    free(buffer);
    return split_lines(gc, text);
}

libxl_livepatch_reason
libxl__livepatch_console_reason(char *const *lines, const char **line_r)
{
    int i;

    for (; *lines; lines++) {
        for (i = 0; i < ARRAY_SIZE(meanings); i++) {
            if (!strstr(*lines, meanings[i].fragment)) continue;
            if (line_r) *line_r = *lines;
            return meanings[i].reason;
        }
    }
    return LIBXL_LIVEPATCH_REASON_NONE;
}

bool libxl__livepatch_console_waiter(char *const *lines, uint32_t *domid_r)
{
    const char *end, *p;

    for (; *lines; lines++) {
        end = strstr(*lines, " found with active waitqueue");
        if (!end) continue;
        p = end;
        while (p > *lines && CTYPE(isdigit, p[-1]))
            p--;
        if (p == end || p == *lines || p[-1] != 'd') continue;
        *domid_r = strtoul(p, NULL, 10);
        return true;
    }
    return false;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
