/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What keeps a payload that crashes the host from doing so at each boot.
 *
 * Before anything is applied at boot, a file beside the installed payloads
 * names them and the boot: a line with the hash and the kernel's boot-id
 * for each.  The line goes when the host has run for a while, or is shut
 * down in good order.  One that is found in another boot tells a crash,
 * and stays until a person says otherwise.  The clock plays no part.
 */

#include "libxl_osdeps.h"

#include "libxl_livepatch_installed.h"

#ifndef LIVEPATCH_CMDLINE
#define LIVEPATCH_CMDLINE "/proc/cmdline"
#define LIVEPATCH_BOOT_ID "/proc/sys/kernel/random/boot_id"
#endif
#define OFF "xl.livepatch=off"

/* No payload is called so. */
#define TRIALS ".applying"

/* The first line of a file in /proc, which has no size; or "". */
static char *read_line(libxl__gc *gc, const char *path)
{
    const size_t size = 4096;
    char *text = libxl__zalloc(gc, size);
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || pread(fd, text, size - 1, 0) < 0) *text = '\0';
    if (fd >= 0) close(fd);
    text[strcspn(text, "\n")] = '\0';
    return text;
}

bool libxl__livepatch_boot_is_off(libxl__gc *gc)
{
    char *words = read_line(gc, LIVEPATCH_CMDLINE), *save, *word;

    for (word = strtok_r(words, " ", &save); word;
         word = strtok_r(NULL, " ", &save))
        if (!strcmp(word, OFF)) return true;
    return false;
}

static void add(libxl__gc *gc, libxl__livepatch_trials *trials,
                const char *sha256, const char *boot)
{
    const int i = trials->num++;

    trials->trials = libxl__realloc(gc, trials->trials,
                                    trials->num * sizeof(*trials->trials));
    snprintf(trials->trials[i].sha256, sizeof(trials->trials[i].sha256),
             "%s", sha256);
    snprintf(trials->trials[i].boot, sizeof(trials->trials[i].boot),
             "%s", boot);
}

int libxl__livepatch_trials_load(libxl__gc *gc, const char *build_id,
                                 libxl__livepatch_trials *trials_r)
{
    char *text, *save, *line, sha256[65], boot[65];
    void *data = NULL;
    int len = 0, r;

    FILLZERO(*trials_r);
    trials_r->boot = read_line(gc, LIVEPATCH_BOOT_ID);
    r = libxl_read_file_contents(CTX,
            libxl__livepatch_installed_path(gc, build_id, TRIALS), &data,
            &len);
    if (r) return r == ENOENT ? 0 : -r;

    text = libxl__strndup(gc, data ?: "", len);
    free(data);
    for (line = strtok_r(text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save))
        if (sscanf(line, "%64s %64s", sha256, boot) == 2)
            add(gc, trials_r, sha256, boot);
    return 0;
}

int libxl__livepatch_trials_store(libxl__gc *gc, const char *build_id,
                                  const libxl__livepatch_trials *trials)
{
    const char *text = "";
    int i;

    /* On a full disk, too. */
    if (!trials->num)
        return libxl__livepatch_installed_remove(gc, build_id, TRIALS);

    for (i = 0; i < trials->num; i++)
        text = GCSPRINTF("%s%s %s\n", text, trials->trials[i].sha256,
                         trials->trials[i].boot);
    return libxl__livepatch_installed_write(gc, build_id, TRIALS, text,
                                            strlen(text)) ?:
           libxl__livepatch_installed_commit(gc, build_id, TRIALS);
}

void libxl__livepatch_trials_add(libxl__gc *gc,
                                 libxl__livepatch_trials *trials,
                                 const char *sha256)
{
    /* Where boots can't be told apart, no crash can be recognised. */
    if (*trials->boot) add(gc, trials, sha256, trials->boot);
}

void libxl__livepatch_trials_forget(libxl__livepatch_trials *trials,
                                    const char *sha256, bool this_boot)
{
    int i, num = 0;

    for (i = 0; i < trials->num; i++) {
        const bool same = !strcmp(trials->trials[i].boot, trials->boot);

        if (sha256 ? !strcmp(trials->trials[i].sha256, sha256)
                   : same == this_boot)
            continue;
        trials->trials[num++] = trials->trials[i];
    }
    trials->num = num;
}

bool libxl__livepatch_has_crashed(const libxl__livepatch_trials *trials,
                                  const char *sha256)
{
    int i;

    for (i = 0; i < trials->num; i++)
        if (*trials->boot && !strcmp(trials->trials[i].sha256, sha256) &&
            strcmp(trials->trials[i].boot, trials->boot))
            return true;
    return false;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
