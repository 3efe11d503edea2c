/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "patch_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "support/files.h"
#include "support/gzip.h"
#include "support/memory.h"

#define PATCH_MAX (32u << 20)   /* bytes: all of Xen's C source is less */

/* Takes the bytes over. */
static void take_lines(struct text *text, char *bytes, size_t size)
{
    size_t room = 0;

    memset(text, 0, sizeof(*text));
    text->bytes = bytes;
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
}

bool text_read(struct text *text, const char *path, char **why)
{
    size_t size;
    char *bytes = files_read(path, &size, why);

    if (bytes) {
        take_lines(text, bytes, size);
    }
    return bytes;
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

/* What can't be read as it is; NULL: nothing known. */
static const char *stranger(const char *bytes, size_t size)
{
    static const struct {
        const char *start, *what;
    } known[] = {
        { "\xfd" "7zXZ", "it is compressed by xz: uncompress it" },
        { "BZh", "it is compressed by bzip2: uncompress it" },
        { "\x28\xb5\x2f\xfd", "it is compressed by zstd: uncompress it" },
        { "PK\x03\x04", "it is a zip archive: unpack it" },
        { "\xff\xfe", "it is text in UTF-16: save it as UTF-8" },
        { "\xfe\xff", "it is text in UTF-16: save it as UTF-8" },
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        size_t length = strlen(known[i].start);

        if (size >= length && !memcmp(bytes, known[i].start, length)) {
            return known[i].what;
        }
    }
    return NULL;
}

/* The lines of a patch file, which gzip may have compressed, and to which an
 * editor may have put a mark that says UTF-8 (a BOM). */
static bool read_lines(struct patch_text *patch, char **why)
{
    static const char mark[] = "\xef\xbb\xbf";
    size_t size, skip;
    char *bytes = files_read(patch->path, &size, why), *plain;

    if (bytes && gzip_is(bytes, size)) {
        plain = gzip_read(bytes, size, PATCH_MAX, &size);
        free(bytes);
        bytes = plain ? plain : fail_with(why, "%s: it was compressed by gzip, "
                                          "and is damaged, or too long",
                                          patch->path);
    }
    if (!bytes) {
        return false;
    }
    if (stranger(bytes, size)) {
        fail_with(why, "%s: no patch: %s", patch->path, stranger(bytes, size));
        free(bytes);
        return false;
    }
    skip = starts_with(bytes, mark) ? strlen(mark) : 0;
    memmove(bytes, bytes + skip, size - skip + 1);
    take_lines(&patch->text, bytes, size - skip);
    drop_returns(&patch->text);
    return true;
}

/* What kind of difference it is, if not a unified one; NULL: not known. */
static const char *other_kind(const struct text *text, size_t at)
{
    const struct text_line *line = &text->lines[at];
    size_t digits = 0;

    if (at + 2 < text->nlines && begins(line, "*** ") &&
        begins(&line[1], "--- ") && begins(&line[2], "***************")) {
        return "a context difference, as `diff -c` makes it";
    }
    while (digits < line->length &&
           (isdigit((unsigned char)line->text[digits]) ||
            (digits && line->text[digits] == ','))) {
        digits++;
    }
    if (digits && digits + 1 < line->length && at + 1 < text->nlines &&
        strchr("acd", line->text[digits]) &&
        isdigit((unsigned char)line->text[digits + 1]) &&
        (begins(&line[1], "< ") || begins(&line[1], "> "))) {
        return "a difference without context, as plain `diff` makes it";
    }
    return NULL;
}

static bool not_a_patch(const struct patch_text *patch, char **why)
{
    for (size_t i = 0; i < patch->text.nlines; i++) {
        const char *kind = other_kind(&patch->text, i);

        if (kind) {
            return fail_with(why, "%s, line %zu: %s: a unified one is needed, "
                             "as `diff -u` or `git diff` make it", patch->path,
                             i + 1, kind);
        }
    }
    return fail_with(why, "%s: no patch: it has no \"---\" and \"+++\" lines "
                     "with a hunk behind them", patch->path);
}

bool patch_text_read(struct patch_text *patch, const char *path, char **why)
{
    size_t at = 0;

    memset(patch, 0, sizeof(*patch));
    patch->path = path;
    if (!read_lines(patch, why)) {
        return false;
    }
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
    return patch->nchanges || not_a_patch(patch, why);
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
