/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The pauser's journal: what its successor has to know if it is killed.
 *
 * A guest is open from before the hypercall that pauses it until after the
 * one that resumes it.  Of an open guest the successor can't know whether
 * the pause was made, or the unpause: Xen's count is not visible, only
 * whether it is zero.  So it goes by Xen's flag, and undoes one pause of a
 * guest that is open and flagged paused:
 *
 *   killed before the pause     not flagged: nothing to do
 *   killed while it is paused   flagged: one unpause, which is ours, also
 *                               when somebody paused it on top of us
 *   killed after the unpause    not flagged: nothing to do
 *
 * That is exact, as we only pause guests that are not paused, except where
 * the pauser is killed in the microseconds between a line here and the
 * hypercall next to it, and somebody else then pauses the guest before the
 * successor looks: their pause is undone.  More lines (that the pause is
 * made, that the unpause is about to be) would not tell these cases apart
 * either, only move them; and the other choice, to leave an open guest
 * alone, would leave guests paused for ever that nobody knows about.
 */

#include "libxl_osdeps.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libxl_livepatch_pauser_guests.h"

#define PAUSING "pausing "
#define RESUMED "resumed "

static const char *journal_path;
static int journal_fd = -1;

void journal_set_path(const char *path)
{
    journal_path = path;
}

/*
 * A line is one write.  Nothing more is needed for it to survive us: the
 * page cache outlives a process, and a pause doesn't outlive the host.
 */
static bool append(const char *word, const guest *g)
{
    char line[80];
    struct stat before;
    size_t i, len;
    ssize_t wrote;

    len = snprintf(line, sizeof(line), "%s%"PRIu32" ", word, g->domid);
    for (i = 0; i < sizeof(g->uuid); i++)
        len += snprintf(line + len, sizeof(line) - len, "%02x",
                        g->uuid[i]);
    line[len++] = '\n';

    if (fstat(journal_fd, &before)) return false;
    wrote = write(journal_fd, line, len);
    if (wrote == (ssize_t)len) return true;

    /* Don't leave half a line for the next one to continue. */
    if (wrote > 0) {
        errno = ENOSPC;
        if (ftruncate(journal_fd, before.st_size)) return false;
    }
    return false;
}

bool journal_pausing(const guest *g)
{
    if (journal_fd < 0)
        journal_fd = open(journal_path, O_WRONLY | O_APPEND | O_CREAT |
                          O_CLOEXEC | O_NOFOLLOW, 0600);
    return journal_fd >= 0 && append(PAUSING, g);
}

void journal_resumed(const guest *g)
{
    /* Where that fails a successor finds out by Xen's flag. */
    if (journal_fd >= 0) append(RESUMED, g);
}

void journal_remove(void)
{
    if (journal_fd < 0) return;

    unlink(journal_path);
    close(journal_fd);
    journal_fd = -1;
}

bool parse_guest(const char *text, uint32_t *domid_r,
                 uint8_t uuid_r[GUEST_UUID_LEN])
{
    char hex[2 * GUEST_UUID_LEN + 1];
    int i, end = -1;

    if (sscanf(text, "%"SCNu32" %32[0-9a-f]%n", domid_r, hex, &end) != 2)
        return false;
    if (end < 0 || text[end] || strlen(hex) != 2 * GUEST_UUID_LEN)
        return false;
    for (i = 0; i < GUEST_UUID_LEN; i++)
        if (sscanf(hex + 2 * i, "%2"SCNx8, &uuid_r[i]) != 1) return false;
    return true;
}

/* Take one line of a journal into account. */
static bool replay(guest_list *guests, const char *line)
{
    uint32_t domid;
    uint8_t uuid[GUEST_UUID_LEN];
    bool pausing = !strncmp(line, PAUSING, strlen(PAUSING));
    int i;

    if (!pausing && strncmp(line, RESUMED, strlen(RESUMED))) return false;
    if (!parse_guest(line + strlen(PAUSING), &domid, uuid)) return false;

    for (i = 0; i < guests->num; i++)
        if (guests->all[i].domid == domid &&
            !memcmp(guests->all[i].uuid, uuid, sizeof(uuid)))
            break;
    if (i == guests->num && !guests_add(guests, domid, uuid)) return false;
    guests->all[i].paused = pausing;
    return true;
}

static bool read_lines(guest_list *guests, char why[GUEST_WHY_LEN])
{
    FILE *stream = fdopen(dup(journal_fd), "r");
    char line[128];
    size_t len;
    off_t whole = 0;
    bool ok = true;

    if (!stream) {
        snprintf(why, GUEST_WHY_LEN, "cannot read %s: %s", journal_path,
                 strerror(errno));
        return false;
    }
    while (ok && fgets(line, sizeof(line), stream)) {
        len = strcspn(line, "\n");
        if (line[len] != '\n' && feof(stream)) {
            /* Its pause wasn't made, or its guest counts as open. */
            ok = !ftruncate(journal_fd, whole);
            break;
        }
        whole += len + 1;
        line[len] = '\0';
        ok = replay(guests, line);
    }
    if (!ok)
        snprintf(why, GUEST_WHY_LEN, "%s has a line that no pauser wrote: "
                 "see with `xl list` that no guest is paused that should "
                 "run, and remove the file", journal_path);
    fclose(stream);
    return ok;
}

bool journal_read(guest_list *guests, char why[GUEST_WHY_LEN])
{
    journal_fd = open(journal_path, O_RDWR | O_APPEND | O_CLOEXEC |
                      O_NOFOLLOW);
    if (journal_fd < 0 && errno == ENOENT) return true;
    if (journal_fd < 0) {
        snprintf(why, GUEST_WHY_LEN, "cannot open %s: %s", journal_path,
                 strerror(errno));
        return false;
    }
    return read_lines(guests, why);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
