/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "lines.h"
#include "memory.h"

struct sources {
    const char *xen, *tree;
    struct source **files;
    size_t nfiles, room;
    /* Patches' texts are what new lines point into. */
    struct patch_text **patches;
    size_t npatches, patches_room;
};

/* One file, and one patch's change of it. */
struct fitting {
    struct source *source;
    const struct patch_text *patch;
    const struct change *change;
    struct report *report;
    struct source_line *out;
    size_t nout, room;
    size_t cursor;              /* in the lines as they are */
    ptrdiff_t shift;            /* of the hunk before, from where it says */
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

/* A line of a hunk, without the letter that says what it is. */
static struct text_line hunk_line(const struct patch_text *patch, size_t at,
                                  char *kind)
{
    struct text_line line = patch->text.lines[at];

    *kind = line.length ? line.text[0] : ' ';
    if (line.length) {
        line.text++;
        line.length--;
    }
    return line;
}

/* Compare a hunk's old lines (or new ones: side '+') with those at a place;
 * returns how many fit before one that doesn't, or the number of all. */
static size_t fitting_lines(const struct fitting *fitting,
                            const struct hunk *hunk, char side, size_t place)
{
    const struct source *source = fitting->source;
    size_t fit = 0;

    for (size_t i = 0; i < hunk->count; i++) {
        char kind;
        struct text_line want = hunk_line(fitting->patch, hunk->first + i,
                                          &kind);
        const struct text_line *have;

        if (kind != ' ' && kind != side) {
            continue;
        }
        if (place + fit >= source->nlines) {
            break;
        }
        have = &source->lines[place + fit].line;
        if (have->length != want.length ||
            memcmp(have->text, want.text, want.length)) {
            break;
        }
        fit++;
    }
    return fit;
}

static bool fits(const struct fitting *fitting, const struct hunk *hunk,
                 char side, size_t place)
{
    return fitting_lines(fitting, hunk, side, place) ==
           (side == '-' ? hunk->old_count : hunk->new_count);
}

/* Where the hunk's old lines (side '+': its new ones) are, nearest to where
 * they are expected. */
static bool find_place(const struct fitting *fitting, const struct hunk *hunk,
                       char side, size_t expected, size_t *place)
{
    size_t count = side == '-' ? hunk->old_count : hunk->new_count;
    size_t end = fitting->source->nlines;

    if (count > end) {
        return false;
    }
    end -= count;
    for (size_t away = 0; away <= end + expected; away++) {
        if (expected + away <= end && expected + away >= fitting->cursor &&
            fits(fitting, hunk, side, expected + away)) {
            *place = expected + away;
            return true;
        }
        if (away <= expected && expected - away <= end &&
            expected - away >= fitting->cursor &&
            fits(fitting, hunk, side, expected - away)) {
            *place = expected - away;
            return true;
        }
        /* Without context there is no telling of one place from another. */
        if (!count) {
            break;
        }
    }
    return false;
}

static size_t expected_place(const struct fitting *fitting,
                             const struct hunk *hunk)
{
    /* A hunk that takes nothing away names the line before. */
    ptrdiff_t place = (ptrdiff_t)hunk->old_start + fitting->shift -
                      (hunk->old_count ? 1 : 0);

    return place < 0 ? 0 : (size_t)place;
}

static bool doesnt_fit(const struct fitting *fitting, const struct hunk *hunk,
                       char **why)
{
    const struct change *change = fitting->change;
    const struct source *source = fitting->source;
    size_t number = (size_t)(hunk - change->hunks) + 1, place;
    size_t expected = expected_place(fitting, hunk);
    size_t at = expected + fitting_lines(fitting, hunk, '-', expected);
    bool there = find_place(fitting, hunk, '+', expected, &place);

    if (there) {
        return fail_with(why, "%s: hunk %zu of %zu for %s doesn't apply: what "
                         "it makes is there already, at line %zu; is the patch "
                         "in this tree?", fitting->patch->path, number,
                         change->nhunks, source->path, place + 1);
    }
    if (at < source->nlines) {
        return fail_with(why, "%s: hunk %zu of %zu for %s (its line %zu) "
                         "doesn't apply: line %zu is not as the patch has it, "
                         "but \"%.*s\"; is it for this version of Xen?",
                         fitting->patch->path, number, change->nhunks,
                         source->path, hunk->old_start, at + 1,
                         (int)source->lines[at].line.length,
                         source->lines[at].line.text);
    }
    return fail_with(why, "%s: hunk %zu of %zu for %s (its line %zu) doesn't "
                     "apply: the file has but %zu lines; is it for this "
                     "version of Xen?", fitting->patch->path, number,
                     change->nhunks, source->path, hunk->old_start,
                     source->nlines);
}

static void put_line(struct fitting *fitting, struct source_line line)
{
    fitting->out = must_grow(fitting->out, &fitting->room, fitting->nout + 1,
                             sizeof(*fitting->out));
    fitting->out[fitting->nout++] = line;
}

static void put_unchanged(struct fitting *fitting, size_t end)
{
    while (fitting->cursor < end) {
        put_line(fitting, fitting->source->lines[fitting->cursor++]);
    }
}

static void put_hunk(struct fitting *fitting, const struct hunk *hunk)
{
    struct source *source = fitting->source;
    char last = ' ';

    for (size_t i = 0; i < hunk->count; i++) {
        char kind;
        struct text_line line = hunk_line(fitting->patch, hunk->first + i,
                                          &kind);

        if (kind == '\\') {
            source->unfinished = last != '-';
        } else if (kind == '+') {
            put_line(fitting, (struct source_line){ line, 0 });
        } else if (kind == '-') {
            fitting->cursor++;
        } else {
            put_unchanged(fitting, fitting->cursor + 1);
        }
        last = kind;
    }
}

static bool apply_hunk(struct fitting *fitting, const struct hunk *hunk,
                       char **why)
{
    size_t expected = expected_place(fitting, hunk), place;
    ptrdiff_t away;

    if (!find_place(fitting, hunk, '-', expected, &place)) {
        return doesnt_fit(fitting, hunk, why);
    }
    away = (ptrdiff_t)place - (ptrdiff_t)expected;
    if (away) {
        report_warn(fitting->report, fitting->source->path, NULL,
                    "hunk %zu of %s is %td lines %s where the patch says",
                    (size_t)(hunk - fitting->change->hunks) + 1,
                    fitting->patch->path, away < 0 ? -away : away,
                    away < 0 ? "before" : "after");
    }
    fitting->shift += away;
    put_unchanged(fitting, place);
    put_hunk(fitting, hunk);
    return true;
}

/* A last line without newline that isn't the last any more gets one; one that
 * is taken away takes its state along. */
static bool apply_hunks(struct fitting *fitting, char **why)
{
    struct source *source = fitting->source;
    bool was_unfinished = source->unfinished;

    for (size_t i = 0; i < fitting->change->nhunks; i++) {
        const struct hunk *hunk = &fitting->change->hunks[i];

        source->unfinished = false;
        if (!apply_hunk(fitting, hunk, why)) {
            free(fitting->out);
            return false;
        }
    }
    if (fitting->cursor < source->nlines) {
        source->unfinished = was_unfinished;
        put_unchanged(fitting, source->nlines);
    }
    free(source->lines);
    source->lines = fitting->out;
    source->nlines = fitting->nout;
    return true;
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
    struct fitting fitting = { .patch = patch, .change = change,
                               .report = report };
    const char *from = NULL, *to = NULL;

    if (!named) {
        return fail_with(why, "%s: a change of no file", patch->path);
    }
    if (leads_out(named) || (change->from && leads_out(change->from))) {
        return fail_with(why, "%s: it changes %s, which is not in the tree",
                         patch->path, named);
    }
    if (is_build_rule(named)) {
        return fail_with(why, "%s: it changes %s, by which all of Xen is "
                         "built: that can't be live-patched", patch->path,
                         named);
    }
    from = change->from ? within_xen(sources, change->from) : NULL;
    to = change->to ? within_xen(sources, change->to) : NULL;
    if ((change->from && !from) || (change->to && !to)) {
        report_warn(report, named, NULL,
                    "left out: it is not part of the hypervisor");
        return true;
    }
    fitting.source = source_of(sources, patch->path, from, to, why);
    if (!fitting.source) {
        return false;
    }
    fitting.source->exists = true;
    if (change->nhunks && !apply_hunks(&fitting, why)) {
        return false;
    }
    if (!change->to) {
        fitting.source->exists = false;
    }
    return true;
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
