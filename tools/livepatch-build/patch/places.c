/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "places.h"

#include <stdlib.h>
#include <string.h>

#include "declarations.h"
#include "lines.h"
#include "support/memory.h"

/* One of a source's two texts, and which of its lines the other hasn't got. */
struct side {
    const struct source *source;
    const char *text;
    size_t size;
    const bool *changed;
    bool gone;
    struct declarations all;
};

static void add(struct places *places, const struct side *side, size_t line,
                enum place_kind kind, char *name)
{
    for (size_t i = 0; i < places->count; i++) {
        const struct place *place = &places->list[i];

        if (place->path == side->source->path && place->kind == kind &&
            (name ? !strcmp(place->name, name) : place->line == line)) {
            free(name);
            return;
        }
    }
    places->list = must_grow(places->list, &places->room, places->count + 1,
                             sizeof(*places->list));
    places->list[places->count++] = (struct place) {
        side->source->path, line, side->gone, kind, name
    };
}

/* The name of the macro whose definition the directive is, that goes on at an
 * offset; NULL: it is another directive. */
static char *macro_at(const struct side *side, size_t at)
{
    static const char define[] = "define";
    size_t length = sizeof(define) - 1;
    const char *word;

    while (at && (side->text[at - 1] != '\n' ||
                  (at > 1 && side->text[at - 2] == '\\'))) {
        at--;
    }
    word = side->text + at;
    word += strspn(word, " \t");
    word += *word == '#';
    word += strspn(word, " \t");
    if (strncmp(word, define, length)) {
        return NULL;
    }
    word += length + strspn(word + length, " \t");
    length = 0;
    while (is_word(word[length])) {
        length++;
    }
    return must_print("%.*s", (int)length, word);
}

/* NULL: it is in none. */
static char *function_at(const struct declarations *all, size_t at)
{
    char *name = NULL;

    for (size_t i = 0; i < all->count && !name; i++) {
        const struct declaration *d = &all->list[i];

        if (d->start <= at && at < d->end && d->body < d->end) {
            name = declaration_name(all, d);
        }
    }
    return name;
}

static void add_line(struct places *places, const struct side *side,
                     size_t line, size_t start, size_t end)
{
    const char *plain = side->all.plain;
    size_t at = start + strspn(plain + start, " \t\r\f");
    char *name = NULL;

    if (at >= end) {
        return;
    }
    if (plain[at] == '#') {
        name = macro_at(side, at);
        add(places, side, line, name ? PLACE_MACRO : PLACE_OTHER, name);
        return;
    }
    name = function_at(&side->all, at);
    add(places, side, line, name ? PLACE_FUNCTION : PLACE_OTHER, name);
}

static void add_side(struct places *places, struct side *side)
{
    size_t line = 0, end;

    if (declarations_read(&side->all, side->text, side->size)) {
        for (size_t start = 0; start < side->size; start = end + 1, line++) {
            const char *newline = memchr(side->text + start, '\n',
                                         side->size - start);

            end = newline ? (size_t)(newline - side->text) : side->size;
            if (side->changed[line]) {
                add_line(places, side, line + 1, start, end);
            }
        }
    }
    declarations_free(&side->all);
}

void places_add(struct places *places, const struct source *source)
{
    bool *gone, *new;
    size_t size;
    char *now = lines_text(source, false, &size);

    lines_changed(source, &gone, &new);
    add_side(places, &(struct side) {
        .source = source, .text = now, .size = size, .changed = new
    });
    if (source->text.bytes) {
        add_side(places, &(struct side) {
            .source = source, .text = source->text.bytes, .gone = true,
            .size = strlen(source->text.bytes), .changed = gone
        });
    }
    free(now);
    free(gone);
    free(new);
}

char *place_function(const struct source *source, bool gone, size_t line)
{
    size_t size, at = 0;
    char *text = gone ? must_copy(source->text.bytes)
                      : lines_text(source, false, &size), *name = NULL;
    struct declarations all = { .text = NULL };

    if (declarations_read(&all, text, strlen(text))) {
        for (size_t i = 1; i < line; i++) {
            at += strcspn(text + at, "\n") + 1;
        }
        at += strspn(all.plain + at, " \t\r\f");
        name = function_at(&all, at);
    }
    declarations_free(&all);
    free(text);
    return name;
}

void places_free(struct places *places)
{
    for (size_t i = 0; i < places->count; i++) {
        free(places->list[i].name);
    }
    free(places->list);
}
