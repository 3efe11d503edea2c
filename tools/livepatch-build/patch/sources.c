/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/files.h"
#include "support/hash.h"
#include "hunks.h"
#include "lines.h"
#include "report/printable.h"
#include "support/memory.h"

#define SUM_BYTES 8     /* nobody counterfeits his own sources */

struct sources {
    const char *xen, *tree;
    struct source **files;
    size_t nfiles, room;
    /* Patches' texts are what new lines point into. */
    struct patch_text **patches;
    size_t npatches, patches_room;
};

struct sources *sources_new(const char *xen, const char *tree)
{
    struct sources *sources = must_alloc(1, sizeof(*sources));

    sources->xen = xen;
    sources->tree = tree;
    return sources;
}

void sources_free(struct sources *sources)
{
    for (size_t i = 0; sources && i < sources->nfiles; i++) {
        text_free(&sources->files[i]->text);
        for (size_t j = 0; j < sources->files[i]->nstates; j++) {
            free(sources->files[i]->states[j]);
        }
        free(sources->files[i]->states);
        free(sources->files[i]->lines);
        free(sources->files[i]->path);
        free(sources->files[i]);
    }
    for (size_t i = 0; sources && i < sources->npatches; i++) {
        patch_text_free(sources->patches[i]);
        free(sources->patches[i]);
    }
    if (sources) {
        free(sources->files);
        free(sources->patches);
    }
    free(sources);
}

size_t sources_count(const struct sources *sources)
{
    return sources->nfiles;
}

const struct source *sources_get(const struct sources *sources, size_t number)
{
    return sources->files[number];
}

static struct source *find_source(const struct sources *sources,
                                  const char *path)
{
    for (size_t i = 0; i < sources->nfiles; i++) {
        if (!strcmp(sources->files[i]->path, path)) {
            return sources->files[i];
        }
    }
    return NULL;
}

const struct source *sources_find(const struct sources *sources,
                                  const char *path)
{
    return find_source(sources, path);
}

static bool exists_below(const char *folder, const char *path, size_t length)
{
    char *full = must_print("%s/%.*s", folder, (int)length, path);
    bool exists = files_exist(full);

    free(full);
    return exists;
}

/* NULL: it is outside xen/, in tools/ or docs/ for example. */
static const char *within_xen(const struct sources *sources, const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t folder = slash ? (size_t)(slash - path) : 0;

    if (!strncmp(path, "xen/", 4)) {
        return path + 4;
    }
    if (exists_below(sources->tree, path, strlen(path))) {
        return NULL;
    }
    if (exists_below(sources->xen, path, strlen(path)) ||
        find_source(sources, path)) {
        return path;
    }
    /* A new one. */
    if (!folder || exists_below(sources->tree, path, folder) ||
        !exists_below(sources->xen, path, folder)) {
        return NULL;
    }
    return path;
}

static bool leads_out(const char *path)
{
    return *path == '/' || !strncmp(path, "../", 3) || strstr(path, "/../");
}

static struct source *open_source(struct sources *sources, const char *path,
                                  char **why)
{
    struct source *source = find_source(sources, path);
    char *full;

    if (source) {
        return source;
    }
    source = must_alloc(1, sizeof(*source));
    full = must_print("%s/%s", sources->xen, path);
    source->existed = source->exists = files_exist(full);
    if (source->existed && !text_read(&source->text, full, why)) {
        free(full);
        free(source);
        return NULL;
    }
    free(full);
    source->path = must_copy(path);
    source->unfinished = source->text.unfinished;
    source->nlines = source->text.nlines;
    source->lines = must_alloc(source->nlines + 1, sizeof(*source->lines));
    for (size_t i = 0; i < source->nlines; i++) {
        source->lines[i] = (struct source_line){ source->text.lines[i], i + 1 };
    }
    sources->files = must_grow(sources->files, &sources->room,
                               sources->nfiles + 1, sizeof(*sources->files));
    return sources->files[sources->nfiles++] = source;
}

/* Move a file: its lines keep their numbers. */
static struct source *rename_source(struct sources *sources,
                                    struct source *from, const char *to,
                                    char **why)
{
    struct source *source = open_source(sources, to, why);

    if (!source) {
        return NULL;
    }
    if (source->exists) {
        return fail_with(why, "%s is moved to %s, which exists", from->path,
                         to);
    }
    free(source->lines);
    source->lines = must_alloc(from->nlines + 1, sizeof(*source->lines));
    if (from->nlines) {
        memcpy(source->lines, from->lines,
               from->nlines * sizeof(*source->lines));
    }
    source->nlines = from->nlines;
    source->unfinished = from->unfinished;
    source->exists = true;
    from->exists = false;
    from->nlines = 0;
    return source;
}

static struct source *source_of(struct sources *sources, const char *patch,
                                const char *from, const char *to, char **why)
{
    struct source *source = open_source(sources, from ? from : to, why);

    if (!source) {
        return NULL;
    }
    if (from && !source->exists) {
        /* The first of two entries for a file that is moved and changed. */
        struct source *moved = to ? find_source(sources, to) : NULL;

        if (moved && moved->exists && strcmp(from, to)) {
            return moved;
        }
        return fail_with(why, "%s: it changes %s, which isn't in the tree",
                         patch, from);
    }
    if (!from && source->exists) {
        return fail_with(why, "%s: it makes a new file %s, which is in the "
                         "tree already", patch, to);
    }
    return from && to && strcmp(from, to) ?
           rename_source(sources, source, to, why) : source;
}

static bool is_build_rule(const char *path)
{
    return !strcmp(path, "Config.mk") || !strncmp(path, "config/", 7);
}

static bool apply_change(struct sources *sources,
                         const struct patch_text *patch,
                         const struct change *change, struct report *report,
                         char **why)
{
    const char *named = change->to ? change->to : change->from;
    const char *from = NULL, *to = NULL;
    struct source *source;

    if (!named) {
        return fail_with(why, "%s: a change of no file", patch->path);
    }
    if (leads_out(named) || (change->from && leads_out(change->from))) {
        return fail_with(why, "%s: it changes %s, which is not in the tree",
                         patch->path, named);
    }
    if (is_build_rule(named)) {
        return fail_with(why, "%s: it changes %s, by which all of Xen is "
                         "built, not what runs: leave that part out",
                         patch->path, named);
    }
    from = change->from ? within_xen(sources, change->from) : NULL;
    to = change->to ? within_xen(sources, change->to) : NULL;
    if ((change->from && !from) || (change->to && !to)) {
        report_warn(report, named, NULL,
                    "left out: it is not part of the hypervisor, which is "
                    "below xen/ in the tree");
        return true;
    }
    source = source_of(sources, patch->path, from, to, why);
    if (!source ||
        (change->nhunks && !hunks_apply(source, patch, change, report, why))) {
        return false;
    }
    source->exists = change->to;
    return true;
}

/* A file that is gone has no lines, and no end of a line either. */
static char *sum_of(const struct source *source)
{
    struct hash hash;
    uint8_t digest[32];

    hash_begin(&hash);
    hash_add(&hash, source->exists ? "+" : "-", 1);
    for (size_t i = 0; i < source->nlines; i++) {
        const struct text_line *line = &source->lines[i].line;

        hash_add(&hash, line->text, line->length);
        hash_add(&hash, "\n", 1);
    }
    hash_end(&hash, digest);
    return printable_hex(digest, SUM_BYTES);
}

static void note_states(struct sources *sources)
{
    for (size_t i = 0; i < sources->nfiles; i++) {
        struct source *source = sources->files[i];

        source->states = must_grow(source->states, &source->states_room,
                                   source->nstates + 1, sizeof(char *));
        source->states[source->nstates++] = sum_of(source);
    }
}

bool sources_went_by(const struct sources *sources, const char *path,
                     const char *sum)
{
    const struct source *source = find_source(sources, path);

    for (size_t i = 0; source && i < source->nstates; i++) {
        if (!strcmp(source->states[i], sum)) {
            return true;
        }
    }
    return false;
}

static int compare_sources(const void *a, const void *b)
{
    const struct source *const *one = a, *const *other = b;

    return strcmp((*one)->path, (*other)->path);
}

char *sources_tell(const struct sources *sources)
{
    struct source **sorted = must_alloc(sources->nfiles, sizeof(*sorted));
    char *told = must_copy("");

    for (size_t i = 0; i < sources->nfiles; i++) {
        sorted[i] = sources->files[i];
    }
    qsort(sorted, sources->nfiles, sizeof(*sorted), compare_sources);
    for (size_t i = 0; i < sources->nfiles; i++) {
        const struct source *source = sorted[i];
        char *longer = must_print("%s%s%s:%s", told, i ? "," : "",
                                  source->states[source->nstates - 1],
                                  source->path);

        free(told);
        told = longer;
    }
    free(sorted);
    return told;
}

bool sources_patch(struct sources *sources, const char *path,
                   struct report *report, char **why)
{
    struct patch_text *patch = must_alloc(1, sizeof(*patch));
    bool good = patch_text_read(patch, path, why);

    sources->patches = must_grow(sources->patches, &sources->patches_room,
                                 sources->npatches + 1,
                                 sizeof(*sources->patches));
    sources->patches[sources->npatches++] = patch;
    for (size_t i = 0; good && i < patch->nchanges; i++) {
        good = apply_change(sources, patch, &patch->changes[i], report, why);
    }
    if (good) {
        note_states(sources);
    }
    return good;
}

static bool make_folder_of(const char *path, char **why)
{
    char *folder = must_copy(path);
    bool made;

    *strrchr(folder, '/') = '\0';
    made = files_make_folder(folder, why);
    free(folder);
    return made;
}

static bool write_source(const char *xen, const struct source *source,
                         bool keep_lines, char **why)
{
    char *full = must_print("%s/%s", xen, source->path), *bytes;
    struct stat status;
    size_t size;
    bool written = true;

    if (!source->exists) {
        unlink(full);
    } else {
        status.st_mode = 0666;
        stat(full, &status);
        bytes = lines_text(source, keep_lines && lines_may_be_kept(source),
                           &size);
        written = make_folder_of(full, why) &&
                  files_write(full, bytes, size, why);
        chmod(full, status.st_mode & 0777);
        free(bytes);
    }
    free(full);
    return written;
}

bool sources_write(const struct sources *sources, const char *xen,
                   bool keep_lines, char **why)
{
    for (size_t i = 0; i < sources->nfiles; i++) {
        const struct source *source = sources->files[i];

        if ((source->existed || source->exists) &&
            !write_source(xen, source, keep_lines, why)) {
            return false;
        }
    }
    return true;
}
