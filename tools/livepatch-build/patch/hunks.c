/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hunks.h"

#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

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
bool hunks_apply(struct source *source, const struct patch_text *patch,
                 const struct change *change, struct report *report,
                 char **why)
{
    struct fitting fitting = { .source = source, .patch = patch,
                               .change = change, .report = report };
    bool was_unfinished = source->unfinished;

    for (size_t i = 0; i < change->nhunks; i++) {
        source->unfinished = false;
        if (!apply_hunk(&fitting, &change->hunks[i], why)) {
            free(fitting.out);
            return false;
        }
    }
    if (fitting.cursor < source->nlines) {
        source->unfinished = was_unfinished;
        put_unchanged(&fitting, source->nlines);
    }
    free(source->lines);
    source->lines = fitting.out;
    source->nlines = fitting.nout;
    return true;
}
