/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lines.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

#define DEEPEST 64              /* of #if within #if; beyond, it is not kept */

/* Where in C we are, at the beginning of a line. */
struct place {
    bool comment;
    bool continued;             /* the line before ends in a backslash */
    bool directive;             /* ... and began with # */
    size_t parentheses;
    /* How deep we were at each #if that we are in: its #else starts there. */
    size_t at_if[DEEPEST];
    size_t ifs;
    size_t turns;               /* of these, how many #else and #endif so far */
};

bool lines_may_be_kept(const struct source *source)
{
    const char *end = strrchr(source->path, '.');

    return end && (!strcmp(end, ".c") || !strcmp(end, ".h")) &&
           strncmp(source->path, "include/public/", 15) &&
           strncmp(source->path, "tools/", 6);
}

/* Skip "..." or '...'; returns the place of its end. */
static size_t skip_quoted(const struct text_line *line, size_t at)
{
    char quote = line->text[at];

    for (at++; at < line->length && line->text[at] != quote; at++) {
        if (line->text[at] == '\\') {
            at++;
        }
    }
    return at;
}

static void see_directive(struct place *place, const struct text_line *line,
                          size_t at)
{
    const char *word;
    size_t length;

    while (at < line->length &&
           (line->text[at] == ' ' || line->text[at] == '\t')) {
        at++;
    }
    word = line->text + at;
    length = line->length - at;
    place->turns += length >= 2 && *word == 'e' && word[1] != 'r';
    if (length >= 2 && !memcmp(word, "if", 2)) {
        if (place->ifs < DEEPEST) {
            place->at_if[place->ifs] = place->parentheses;
        }
        place->ifs++;
    } else if (length >= 2 && !memcmp(word, "el", 2) && place->ifs &&
               place->ifs <= DEEPEST) {
        place->parentheses = place->at_if[place->ifs - 1];
    } else if (length >= 5 && !memcmp(word, "endif", 5) && place->ifs) {
        place->ifs--;
    }
}

/* Returns the place behind what begins there, if that is no code; else the
 * place itself. */
static size_t skip_no_code(struct place *place, const struct text_line *line,
                           size_t at)
{
    const char *text = line->text + at;
    size_t left = line->length - at;

    if (place->comment) {
        place->comment = !(left >= 2 && !memcmp(text, "*/", 2));
        return at + (place->comment ? 1 : 2);
    }
    if (left >= 2 && !memcmp(text, "/*", 2)) {
        place->comment = true;
        return at + 2;
    }
    if (left >= 2 && !memcmp(text, "//", 2)) {
        return line->length;
    }
    if (*text == '"' || *text == '\'') {
        return skip_quoted(line, at) + 1;
    }
    return at;
}

static void see_line(struct place *place, const struct text_line *line)
{
    bool first = !place->continued;

    place->directive = place->directive && place->continued;
    for (size_t at = 0; at < line->length;) {
        size_t next = skip_no_code(place, line, at);
        char letter = line->text[at];

        if (next != at) {
            at = next;
            continue;
        }
        at++;
        if (letter == ' ' || letter == '\t') {
            continue;
        }
        if (first && letter == '#') {
            place->directive = true;
            see_directive(place, line, at);
        }
        first = false;
        if (!place->directive) {
            place->parentheses += letter == '(';
            place->parentheses -= letter == ')' && place->parentheses;
        }
    }
    place->continued = line->length && line->text[line->length - 1] == '\\';
}

/* A #line that was put within an #if may not have been seen by the compiler: it
 * is put again behind that branch. */
static bool is_due(const struct place *place, const struct source_line *line,
                   size_t number, size_t put_at_turn)
{
    return line->origin &&
           (line->origin != number || put_at_turn < place->turns);
}

static bool may_be_here(const struct place *place)
{
    return !place->comment && !place->continued && !place->parentheses &&
           place->ifs <= DEEPEST;
}

char *lines_text(const struct source *source, bool keep, size_t *size)
{
    struct place place = { .comment = false };
    char *bytes = NULL;
    size_t used = 0, room = 0, number = 1, put_at_turn = SIZE_MAX;

    for (size_t i = 0; i < source->nlines; i++) {
        const struct source_line *line = &source->lines[i];

        bytes = must_grow(bytes, &room, used + line->line.length + 40, 1);
        if (keep && is_due(&place, line, number, put_at_turn) &&
            may_be_here(&place)) {
            used += (size_t)sprintf(bytes + used, "#line %zu\n", line->origin);
            number = line->origin;
            put_at_turn = place.ifs ? place.turns : SIZE_MAX;
        }
        memcpy(bytes + used, line->line.text, line->line.length);
        used += line->line.length;
        bytes[used++] = '\n';
        see_line(&place, &line->line);
        number++;
    }
    *size = used - (source->nlines && source->unfinished);
    return bytes ? bytes : must_alloc(1, 1);
}

void lines_changed(const struct source *source, bool **gone, bool **new)
{
    *gone = must_alloc(source->text.nlines + 1, sizeof(bool));
    *new = must_alloc(source->nlines + 1, sizeof(bool));
    memset(*gone, true, source->text.nlines);
    for (size_t i = 0; i < source->nlines; i++) {
        size_t origin = source->lines[i].origin;

        (*new)[i] = !origin;
        if (origin) {
            (*gone)[origin - 1] = false;
        }
    }
}
