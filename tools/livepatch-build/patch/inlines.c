/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inlines.h"

#include <stdlib.h>
#include <string.h>

#include "declarations.h"
#include "lines.h"
#include "support/memory.h"

/* The function in whose body, behind the line of its brace, the line is; NULL:
 * none, or it has directives in it. */
static const struct declaration *function_of(const struct declarations *all,
                                             size_t start, size_t end)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct declaration *d = &all->list[i];

        if (d->name && d->body < start && end < d->end) {
            return memchr(all->plain + d->start, '#', d->end - d->start) ||
                   !memchr(all->plain + d->body, '\n', start - d->body)
                   ? NULL : d;
        }
    }
    return NULL;
}

static bool is_blank(const char *plain, size_t start, size_t end)
{
    while (start < end && strchr(" \t\r\f", plain[start])) {
        start++;
    }
    return start == end;
}

static void add_name(struct inlines *inlines, const char *name)
{
    for (size_t i = 0; i < inlines->count; i++) {
        if (!strcmp(inlines->names[i], name)) {
            return;
        }
    }
    inlines->names = must_grow(inlines->names, &inlines->room,
                               inlines->count + 1, sizeof(char *));
    inlines->names[inlines->count++] = must_copy(name);
}

/* changed: of each line of the text, whether the other build hasn't got it. */
static bool add_changed(struct inlines *inlines, const char *text, size_t size,
                        const bool *changed)
{
    struct declarations all;
    bool good = declarations_read(&all, text, size);
    size_t line = 0, end;

    for (size_t start = 0; good && start < size; start = end + 1, line++) {
        const char *newline = memchr(text + start, '\n', size - start);
        const struct declaration *function;

        end = newline ? (size_t)(newline - text) : size;
        if (!changed[line] || is_blank(all.plain, start, end)) {
            continue;
        }
        function = function_of(&all, start, end);
        good = function;
        if (good) {
            add_name(inlines, function->name);
        }
    }
    declarations_free(&all);
    return good;
}

bool inlines_changed(const struct source *source, struct inlines *inlines)
{
    bool *gone, *new, good;
    size_t before, after;
    char *now = lines_text(source, false, &after);

    good = source->existed && source->exists && lines_may_be_kept(source);
    lines_changed(source, &gone, &new);
    before = source->text.bytes ? strlen(source->text.bytes) : 0;
    good = good && add_changed(inlines, source->text.bytes, before, gone) &&
           add_changed(inlines, now, after, new);
    free(now);
    free(gone);
    free(new);
    return good;
}

void inlines_free(struct inlines *inlines)
{
    for (size_t i = 0; i < inlines->count; i++) {
        free(inlines->names[i]);
    }
    free(inlines->names);
}
