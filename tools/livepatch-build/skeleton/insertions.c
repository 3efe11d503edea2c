/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "insertions.h"

#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

#define CONTEXT 3               /* lines on either side, as patches have */

/* -- Where ----------------------------------------------------------------- */

static bool line_is(const struct source *source, size_t number,
                    const char *text)
{
    const struct text_line *line = &source->lines[number].line;

    return line->length == strlen(text) &&
           !memcmp(line->text, text, line->length);
}

static bool line_starts(const struct source *source, size_t number,
                        const char *text)
{
    const struct text_line *line = &source->lines[number].line;

    return line->length >= strlen(text) &&
           !memcmp(line->text, text, strlen(text));
}

static bool is_directive(const struct source *source, size_t number,
                         const char *word)
{
    const struct text_line *line = &source->lines[number].line;
    size_t at = 1;

    while (at < line->length && line->text[at] == ' ') {
        at++;
    }
    return line->length >= at + strlen(word) && line->text[0] == '#' &&
           !memcmp(line->text + at, word, strlen(word));
}

/* How many #if a line is within. */
static size_t conditions(const struct source *source, size_t number)
{
    size_t depth = 0;

    for (size_t i = 0; i < number; i++) {
        depth += is_directive(source, i, "if");
        depth -= depth && is_directive(source, i, "endif");
    }
    return depth;
}

/* A blank line behind the end of a function, a type or #includes. */
static bool is_between_declarations(const struct source *source, size_t number)
{
    return line_is(source, number, "") &&
           (line_is(source, number - 1, "}") ||
            line_is(source, number - 1, "};") ||
            line_starts(source, number - 1, "#include"));
}

/* Are the lines around the one old, and together? */
static bool is_untouched(const struct source *source, size_t number)
{
    const struct source_line *lines = source->lines;

    if (number < CONTEXT || number + CONTEXT > source->nlines ||
        !lines[number - CONTEXT].origin) {
        return false;
    }
    for (size_t i = number - CONTEXT + 1; i < number + CONTEXT; i++) {
        if (lines[i].origin != lines[i - 1].origin + 1) {
            return false;
        }
    }
    return true;
}

static bool find_place(const struct source *source, size_t line, size_t *after)
{
    size_t number = line < source->nlines ? line : source->nlines;

    while (number-- > CONTEXT) {
        if (is_between_declarations(source, number) &&
            is_untouched(source, number) && !conditions(source, number)) {
            *after = source->lines[number].origin - 1;
            return true;
        }
    }
    return false;
}

/* -- What ------------------------------------------------------------------ */

/* Two that were as near as this would have the same context. */
static bool is_beside(const struct insertion *insertion,
                      const struct source *source, size_t after)
{
    size_t there = insertion->after;

    return insertion->source == source &&
           (there > after ? there - after : after - there) < 2 * CONTEXT;
}

static int compare_insertions(const void *a, const void *b)
{
    const struct insertion *one = a, *other = b;
    int paths = strcmp(one->source->path, other->source->path);

    return paths ? paths : one->after < other->after ? -1
                         : one->after > other->after;
}

bool insertions_add(struct insertions *insertions, const struct source *source,
                    size_t line, char *text)
{
    size_t after;

    if (!find_place(source, line, &after)) {
        free(text);
        return false;
    }
    for (size_t i = 0; i < insertions->count; i++) {
        struct insertion *there = &insertions->list[i];

        if (is_beside(there, source, after)) {
            char *both = must_print("%s%s", there->text, text);

            free(there->text);
            free(text);
            there->text = both;
            return true;
        }
    }
    insertions->list = must_grow(insertions->list, &insertions->room,
                                 insertions->count + 1,
                                 sizeof(*insertions->list));
    insertions->list[insertions->count++] =
        (struct insertion) { source, after, text };
    qsort(insertions->list, insertions->count, sizeof(*insertions->list),
          compare_insertions);
    return true;
}

bool insertions_has(const struct insertions *insertions,
                    const struct source *source)
{
    for (size_t i = 0; i < insertions->count; i++) {
        if (insertions->list[i].source == source) {
            return true;
        }
    }
    return false;
}

void insertions_free(struct insertions *insertions)
{
    for (size_t i = 0; i < insertions->count; i++) {
        free(insertions->list[i].text);
    }
    free(insertions->list);
}

/* -- As a patch ------------------------------------------------------------ */

static size_t count_lines(const char *text)
{
    size_t lines = 0;

    for (; *text; text++) {
        lines += *text == '\n';
    }
    return lines;
}

static void write_context(const struct source *source, size_t first, FILE *out)
{
    for (size_t i = first; i < first + CONTEXT; i++) {
        const struct text_line *line = &source->text.lines[i];

        fprintf(out, " %.*s\n", (int)line->length, line->text);
    }
}

static void write_hunk(const struct insertion *insertion, size_t before,
                       FILE *out)
{
    size_t first = insertion->after - CONTEXT;

    fprintf(out, "@@ -%zu,%d +%zu,%zu @@\n", first + 1, 2 * CONTEXT,
            first + 1 + before, 2 * CONTEXT + count_lines(insertion->text));
    write_context(insertion->source, first, out);
    for (const char *at = insertion->text; *at; at += strcspn(at, "\n") + 1) {
        fprintf(out, "+%.*s\n", (int)strcspn(at, "\n"), at);
    }
    write_context(insertion->source, insertion->after, out);
}

void insertions_write(const struct insertions *insertions, FILE *out)
{
    const struct source *source = NULL;
    size_t before = 0;

    for (size_t i = 0; i < insertions->count; i++) {
        const struct insertion *insertion = &insertions->list[i];

        if (insertion->source != source) {
            source = insertion->source;
            before = 0;
            fprintf(out, "--- a/xen/%s\n+++ b/xen/%s\n", source->path,
                    source->path);
        }
        write_hunk(insertion, before, out);
        before += count_lines(insertion->text);
    }
}
