/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "patch_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "support/files.h"
#include "support/memory.h"

bool text_read(struct text *text, const char *path, char **why)
{
    size_t size, room = 0;

    memset(text, 0, sizeof(*text));
    text->bytes = files_read(path, &size, why);
    if (!text->bytes) {
        return false;
    }
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text->bytes + at, '\n', size - at);
        size_t length = end ? (size_t)(end - text->bytes) - at : size - at;

        text->lines = must_grow(text->lines, &room, text->nlines + 1,
                                sizeof(*text->lines));
        text->lines[text->nlines++] =
            (struct text_line){ text->bytes + at, length };
        text->unfinished = !end;
        at += length + 1;
    }
    return true;
}

void text_free(struct text *text)
{
    free(text->lines);
    free(text->bytes);
}

static bool begins(const struct text_line *line, const char *with)
{
    size_t length = strlen(with);

    return line->length >= length && !memcmp(line->text, with, length);
}

/* "a/xen/common/x.c<TAB>date" without its first folder; NULL: /dev/null. */
static char *path_from(const struct text_line *line, size_t at)
{
    const char *name = line->text + at, *slash;
    size_t length = line->length - at;
    const char *tab = memchr(name, '\t', length);
    char *path;

    length = tab ? (size_t)(tab - name) : length;
    while (length && isspace((unsigned char)name[length - 1])) {
        length--;
    }
    if (length == strlen("/dev/null") && !memcmp(name, "/dev/null", length)) {
        return NULL;
    }
    slash = memchr(name, '/', length);
    if (slash) {
        length -= (size_t)(slash + 1 - name);
        name = slash + 1;
    }
    path = must_alloc(length + 1, 1);
    memcpy(path, name, length);
    return path;
}

static bool read_number(const char **at, size_t *number)
{
    if (!isdigit((unsigned char)**at)) {
        return false;
    }
    *number = 0;
    while (isdigit((unsigned char)**at) && *number < 100000000) {
        *number = *number * 10 + (size_t)(*(*at)++ - '0');
    }
    return true;
}

/* "-12,3": a count that is left out is 1. */
static bool read_range(const char **at, char sign, size_t *start, size_t *count)
{
    *count = 1;
    if (*(*at)++ != sign || !read_number(at, start)) {
        return false;
    }
    if (**at == ',') {
        (*at)++;
        return read_number(at, count);
    }
    return true;
}

static bool read_hunk_header(const struct text_line *line, struct hunk *hunk)
{
    const char *at = line->text + 3;

    return begins(line, "@@ -") &&
           read_range(&at, '-', &hunk->old_start, &hunk->old_count) &&
           *at++ == ' ' &&
           read_range(&at, '+', &hunk->new_start, &hunk->new_count) &&
           !strncmp(at, " @@", 3);
}

/* Returns the number of the line after the hunk, or 0: it ends too early. */
static size_t read_hunk_lines(const struct text *text, size_t at,
                              struct hunk *hunk)
{
    size_t old = hunk->old_count, new = hunk->new_count;

    hunk->first = at;
    for (; old || new; at++) {
        /* A mailer may have taken the space of an empty line away. */
        char kind = at >= text->nlines ? '?' :
                    text->lines[at].length ? text->lines[at].text[0] : ' ';

        if (kind == '\\' && at > hunk->first) {
            continue;
        }
        if ((kind != ' ' && kind != '-' && kind != '+') ||
            (kind != '+' && !old) || (kind != '-' && !new)) {
            return 0;
        }
        old -= kind != '+';
        new -= kind != '-';
    }
    if (at < text->nlines && begins(&text->lines[at], "\\")) {
        at++;
    }
    hunk->count = at - hunk->first;
    return at;
}

static struct change *add_change(struct patch_text *patch, char *from, char *to)
{
    patch->changes = must_grow(patch->changes, &patch->room,
                               patch->nchanges + 1, sizeof(*patch->changes));
    patch->changes[patch->nchanges] = (struct change){ from, to, NULL, 0, 0 };
    return &patch->changes[patch->nchanges++];
}

/* From "--- " on.  Returns the number of the line behind, or 0 with *why. */
static size_t read_file(struct patch_text *patch, size_t at, char **why)
{
    const struct text_line *lines = patch->text.lines;
    struct change *change = add_change(patch, path_from(&lines[at], 4),
                                       path_from(&lines[at + 1], 4));
    struct hunk hunk;

    at += 2;
    while (at < patch->text.nlines && begins(&lines[at], "@@ ")) {
        size_t header = at;

        if (!read_hunk_header(&lines[at], &hunk) ||
            !(at = read_hunk_lines(&patch->text, at + 1, &hunk))) {
            fail_with(why, "%s, line %zu: this hunk is damaged: it has not the "
                      "number of lines that it says", patch->path, header + 1);
            return 0;
        }
        change->hunks = must_grow(change->hunks, &change->room,
                                  change->nhunks + 1, sizeof(*change->hunks));
        change->hunks[change->nhunks++] = hunk;
    }
    return at;
}

/* A file that is moved as it is has no "---" of its own. */
static void read_rename(struct patch_text *patch, size_t at)
{
    static const char from[] = "rename from ", to[] = "rename to ";
    const struct text_line *lines = patch->text.lines;
    struct change *change;

    if (at + 1 < patch->text.nlines && begins(&lines[at], from) &&
        begins(&lines[at + 1], to)) {
        change = add_change(patch, NULL, NULL);
        change->from = must_alloc(lines[at].length + 1, 1);
        memcpy(change->from, lines[at].text + strlen(from),
               lines[at].length - strlen(from));
        change->to = must_alloc(lines[at + 1].length + 1, 1);
        memcpy(change->to, lines[at + 1].text + strlen(to),
               lines[at + 1].length - strlen(to));
    }
}

static bool begins_file(const struct text *text, size_t at)
{
    return at + 2 < text->nlines && begins(&text->lines[at], "--- ") &&
           begins(&text->lines[at + 1], "+++ ") &&
           begins(&text->lines[at + 2], "@@ ");
}

/* Of a patch that went through Windows or a mailer: CR and LF end every line.
 * In one for a file that has these itself its own lines don't. */
static void drop_returns(struct text *text)
{
    for (size_t i = 0; i < text->nlines; i++) {
        const struct text_line *line = &text->lines[i];

        if (!line->length || line->text[line->length - 1] != '\r') {
            return;
        }
    }
    for (size_t i = 0; i < text->nlines; i++) {
        text->lines[i].length--;
    }
}

bool patch_text_read(struct patch_text *patch, const char *path, char **why)
{
    size_t at = 0;

    memset(patch, 0, sizeof(*patch));
    patch->path = path;
    if (!text_read(&patch->text, path, why)) {
        return false;
    }
    drop_returns(&patch->text);
    while (at < patch->text.nlines) {
        const struct text_line *line = &patch->text.lines[at];

        if (begins_file(&patch->text, at)) {
            at = read_file(patch, at, why);
            if (!at) {
                return false;
            }
            continue;
        }
        if (begins(line, "GIT binary patch") || begins(line, "Binary files ")) {
            return fail_with(why, "%s, line %zu: a binary file is changed, "
                             "which is not supported", path, at + 1);
        }
        read_rename(patch, at++);
    }
    if (!patch->nchanges) {
        return fail_with(why, "%s: no patch: it has no \"---\" and \"+++\" "
                         "lines with a hunk behind them", path);
    }
    return true;
}

void patch_text_free(struct patch_text *patch)
{
    for (size_t i = 0; i < patch->nchanges; i++) {
        free(patch->changes[i].from);
        free(patch->changes[i].to);
        free(patch->changes[i].hunks);
    }
    free(patch->changes);
    text_free(&patch->text);
}
