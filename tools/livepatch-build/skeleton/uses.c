/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE

#include "uses.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "patch/declarations.h"
#include "patch/lines.h"
#include "patch/places.h"
#include "support/memory.h"

#define MOST 40                 /* lines that are told of */
#define COLUMNS 50              /* of a line's own text */

/* A line without what would begin or end a comment. */
static void tell(const struct source *source, size_t number, bool gone,
                 const char *mark, const struct text_line *line, FILE *out)
{
    char *function = place_function(source, gone, number);
    const char *text = line->text;
    size_t length = line->length;

    while (length && isspace((unsigned char)*text)) {
        text++;
        length--;
    }
    fprintf(out, " *   %s:%zu%s%s%s\n *       %s", source->path, number,
            function ? ", " : "", function ? function : "",
            function ? "()" : "", mark);
    for (size_t i = 0; i < length && i < COLUMNS; i++) {
        bool in_mark = i && ((text[i - 1] == '/' && text[i] == '*') ||
                             (text[i - 1] == '*' && text[i] == '/'));

        fprintf(out, "%s%c", in_mark ? " " : "", text[i]);
    }
    fputs(length > COLUMNS ? "...\n" : "\n", out);
    free(function);
}

static bool has_arrow(const char *start, const char *word)
{
    while (word > start && isspace((unsigned char)word[-1])) {
        word--;
    }
    return word > start && (word[-1] == '.' ||
                            (word - start > 1 && word[-1] == '>' &&
                             word[-2] == '-'));
}

static bool is_used(const struct text_line *line, const char *word,
                    bool member)
{
    const char *end = line->text + line->length, *at = line->text;
    size_t length = strlen(word);

    while ((at = memmem(at, (size_t)(end - at), word, length))) {
        if ((at == line->text || !is_word(at[-1])) &&
            (at + length == end || !is_word(at[length])) &&
            (!member || has_arrow(line->text, at))) {
            return true;
        }
        at++;
    }
    return false;
}

static bool uses_any(const struct source_line *line,
                     const struct names_used *names)
{
    bool used = false;

    for (size_t i = 0; i < names->count && !used; i++) {
        used = (!names->members || !line->origin) &&
               is_used(&line->line, names->words[i], names->members);
    }
    return used;
}

size_t uses_first(const struct source *source, const struct names_used *names)
{
    for (size_t i = 0; i < source->nlines; i++) {
        if (uses_any(&source->lines[i], names)) {
            return i + 1;
        }
    }
    return 0;
}

static void tell_of_more(size_t count, FILE *out)
{
    if (count > MOST) {
        fprintf(out, " *   ... and %zu more lines\n", count - MOST);
    }
}

void uses_tell(const struct source *source, const struct names_used *names,
               FILE *out)
{
    size_t count = 0;

    for (size_t i = 0; i < source->nlines; i++) {
        if (uses_any(&source->lines[i], names) && count++ < MOST) {
            tell(source, i + 1, false, "", &source->lines[i].line, out);
        }
    }
    tell_of_more(count, out);
}

static bool is_in(const struct source *source, bool gone, size_t number,
                  const char *function)
{
    char *name = place_function(source, gone, number);
    bool is = name && !strcmp(name, function);

    free(name);
    return is;
}

size_t changes_tell(const struct source *source, const char *function,
                    FILE *out)
{
    bool *gone, *new;
    size_t count = 0;

    lines_changed(source, &gone, &new);
    for (size_t i = 0; i < source->text.nlines; i++) {
        if (gone[i] && is_in(source, true, i + 1, function) &&
            count++ < MOST) {
            tell(source, i + 1, true, "- ", &source->text.lines[i], out);
        }
    }
    for (size_t i = 0; i < source->nlines; i++) {
        if (new[i] && is_in(source, false, i + 1, function) &&
            count++ < MOST) {
            tell(source, i + 1, false, "+ ", &source->lines[i].line, out);
        }
    }
    tell_of_more(count, out);
    free(gone);
    free(new);
    return count;
}
