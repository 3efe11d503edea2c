/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The pauser's journal: what its successor has to know if it is killed.
 *
 * Xen counts pauses, but shows only whether there are any.  So the
 * successor has to find out whether a pause that it sees is that of the
 * journal.  While a domain is paused it doesn't run, so that the time that
 * it has run for stays what it was: if that is what the journal tells then
 * nobody has resumed it since, and one of its pauses is ours.  Otherwise a
 * person has, and who paused it again had a reason of his own.
 *
 *   killed before the pause     not flagged paused: nothing to do
 *   killed while it is paused   flagged, has not run: one unpause, which
 *                               is ours, also when somebody paused it, too
 *   killed after the unpause    not flagged, or it has run: nothing to do
 *
 * Two guesses remain.  Killed in the microseconds between the pause and
 * the line that it is made, the time is unknown, and the flag alone
 * decides: to leave such a guest alone would leave one paused that nobody
 * knows about. And a domain all whose vCPUs slept between a person's
 * unpause and pause has not run, as if it had been paused all the time.
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

static const char *const words[] = {
    [GUEST_RUNS] = "resumed",
    [GUEST_PAUSING] = "pausing",
    [GUEST_PAUSED] = "paused",
};

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
bool journal_note(const guest *g)
{
    char line[96];
    struct stat before;
    size_t i, len;
    ssize_t wrote;

    if (journal_fd < 0)
        journal_fd = open(journal_path, O_WRONLY | O_APPEND | O_CREAT |
                          O_CLOEXEC | O_NOFOLLOW, 0600);
    if (journal_fd < 0 || fstat(journal_fd, &before)) return false;

    len = snprintf(line, sizeof(line), "%s %"PRIu32":", words[g->state],
                   g->domid);
    for (i = 0; i < sizeof(g->uuid); i++)
        len += snprintf(line + len, sizeof(line) - len, "%02x",
                        g->uuid[i]);
    len += snprintf(line + len, sizeof(line) - len, " %"PRIu64"\n",
                    g->cpu_ns);
    wrote = write(journal_fd, line, len);
    if (wrote == (ssize_t)len) return true;

    /* Don't leave half a line for the next one to continue. */
    if (wrote > 0 && !ftruncate(journal_fd, before.st_size))
        errno = ENOSPC;
    return false;
}

bool journal_end(bool made_sense)
{
    char bad[4096];
    int r;

    if (journal_fd < 0 && made_sense) return true;

    snprintf(bad, sizeof(bad), "%s.bad", journal_path);
    r = made_sense ? unlink(journal_path) : rename(journal_path, bad);
    if (journal_fd >= 0) close(journal_fd);
    journal_fd = -1;
    return !r;
}

const char *guest_parse(const char *text, guest *g)
{
    char hex[2 * sizeof(g->uuid) + 1];
    size_t i;
    int end = -1;

    if (sscanf(text, "%"SCNu32":%32[0-9a-f]%n", &g->domid, hex,
               &end) != 2 || end < 0 || strlen(hex) != 2 * sizeof(g->uuid))
        return NULL;
    for (i = 0; i < sizeof(g->uuid); i++)
        if (sscanf(hex + 2 * i, "%2"SCNx8, &g->uuid[i]) != 1) return NULL;
    return text + end;
}

/* Take one line of a journal into account. */
static bool replay(guest_list *guests, const char *line)
{
    guest now = { .state = GUEST_RUNS }, *more;
    size_t len = strcspn(line, " ");
    const char *rest;
    int i, end = -1;

    while (strlen(words[now.state]) != len ||
           strncmp(words[now.state], line, len))
        if (++now.state > GUEST_PAUSED) return false;
    if (!line[len] || !(rest = guest_parse(line + len + 1, &now)) ||
        sscanf(rest, " %"SCNu64"%n", &now.cpu_ns, &end) != 1 || rest[end])
        return false;

    for (i = 0; i < guests->num; i++)
        if (guests->all[i].domid == now.domid &&
            !memcmp(guests->all[i].uuid, now.uuid, sizeof(now.uuid)))
            break;
    if (i == guests->num) {
        more = realloc(guests->all, (i + 1) * sizeof(*more));
        if (!more) return false;
        guests->all = more;
        guests->num++;
    }
    guests->all[i] = now;
    return true;
}

bool journal_read(guest_list *guests_r)
{
    FILE *stream;
    char line[128];
    size_t len;
    off_t whole = 0;
    bool ok = true;

    journal_fd = open(journal_path, O_RDWR | O_APPEND | O_CLOEXEC |
                      O_NOFOLLOW);
    if (journal_fd < 0) return errno == ENOENT;

    stream = fdopen(dup(journal_fd), "r");
    if (!stream) return false;
    while (fgets(line, sizeof(line), stream)) {
        len = strcspn(line, "\n");
        /* Its pause wasn't made, or its guest counts as open. */
        if (line[len] != '\n' && feof(stream)) {
            ok = !ftruncate(journal_fd, whole) && ok;
            break;
        }
        whole += len + 1;
        line[len] = '\0';
        ok = replay(guests_r, line) && ok;
    }
    ok = !ferror(stream) && ok;
    fclose(stream);
    return ok;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
