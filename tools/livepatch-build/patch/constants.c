/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "constants.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

#define LEAST_COMMON 3          /* of the names of a list's constants */

struct constant {
    char *name, *value;
    const struct constant *old; /* the like of a new one, or NULL */
};

struct constants {
    struct constant *list;
    size_t count, room;
};

/* -- Reading --------------------------------------------------------------- */

static bool is_in_name(char letter)
{
    return isalnum((unsigned char)letter) || letter == '_';
}

/* A line's text without comments and superfluous blanks; the caller frees
 * it. */
static char *plain(const char *text, size_t length)
{
    char *to = must_alloc(length + 1, 1);
    size_t used = 0;

    for (size_t i = 0; i < length; i++) {
        const char *comment = i + 1 < length && text[i] == '/' ? text + i : "";

        if (comment[0] && comment[1] == '/') {
            break;
        }
        if (comment[0] && comment[1] == '*') {
            for (i += 2; i < length && !(text[i - 1] == '*' &&
                                         text[i] == '/'); i++) { }
            continue;
        }
        if (!isspace((unsigned char)text[i])) {
            to[used++] = text[i];
        } else if (used && to[used - 1] != ' ') {
            to[used++] = ' ';
        }
    }
    while (used && to[used - 1] == ' ') {
        used--;
    }
    to[used] = '\0';
    return to;
}

/* Numbers, what joins them, and other constants' names: code has others. */
static bool is_number(const char *value)
{
    bool digits = false;

    while (*value) {
        const char *end = value;

        while (is_in_name(*end)) {
            end++;
        }
        if (end == value) {
            if (!strchr("()<>|&+-*~, ", *value)) {
                return false;
            }
            value++;
            continue;
        }
        digits |= isdigit((unsigned char)*value);
        for (; value < end && isalpha((unsigned char)*value); value++) {
            if (islower((unsigned char)*value)) {
                return false;
            }
        }
        value = end;
    }
    return digits;
}

/* "#define NAME VALUE": not one with parameters, nor one that goes on. */
static void read_line(struct constants *constants,
                      const struct text_line *line)
{
    char *text = plain(line->text, line->length), *at = text, *name;
    size_t length = 0;

    at += *at == '#';
    at += *at == ' ';
    if (text[0] == '#' && starts_with(at, "define ")) {
        name = at + strlen("define ");
        while (is_in_name(name[length])) {
            length++;
        }
        if (length && name[length] == ' ' && is_number(name + length + 1)) {
            constants->list = must_grow(constants->list, &constants->room,
                                        constants->count + 1,
                                        sizeof(*constants->list));
            constants->list[constants->count++] = (struct constant) {
                must_print("%.*s", (int)length, name),
                must_copy(name + length + 1), NULL
            };
        }
    }
    free(text);
}

static void constants_free(struct constants *constants)
{
    for (size_t i = 0; i < constants->count; i++) {
        free(constants->list[i].name);
        free(constants->list[i].value);
    }
    free(constants->list);
}

/* -- Comparing ------------------------------------------------------------- */

static bool parse(const char *value, unsigned long long *number)
{
    char *end;

    value += strspn(value, "( ");
    if (!isdigit((unsigned char)*value)) {
        return false;
    }
    *number = strtoull(value, &end, 0);
    end += strspn(end, "uUlL");
    return !end[strspn(end, ") ")];
}

static bool is_equal(const struct constant *one, const struct constant *other)
{
    unsigned long long a, b;

    return parse(one->value, &a) && parse(other->value, &b)
           ? a == b : !strcmp(one->value, other->value);
}

/* Of one that is defined more than once, for other configurations, the first
 * is paired with the first, and so on. */
static void pair(const struct constants *old, struct constants *new)
{
    for (size_t i = 0; i < new->count; i++) {
        size_t earlier = 0;

        for (size_t j = 0; j < i; j++) {
            earlier += !strcmp(new->list[j].name, new->list[i].name);
        }
        for (size_t j = 0; j < old->count && !new->list[i].old; j++) {
            if (!strcmp(old->list[j].name, new->list[i].name) && !earlier--) {
                new->list[i].old = &old->list[j];
            }
        }
    }
}

static bool is_changed(const struct constant *constant)
{
    return constant->old && !is_equal(constant->old, constant);
}

static bool is_of_a_list(const char *name, const char *other)
{
    size_t common = 0;

    name += strspn(name, "_");
    other += strspn(other, "_");
    while (name[common] && name[common] == other[common]) {
        common++;
    }
    return common >= LEAST_COMMON;
}

/* One that has now the number that this one had. */
static const struct constant *find_successor(const struct constants *constants,
                                             const struct constant *constant)
{
    for (size_t i = 0; i < constants->count; i++) {
        const struct constant *other = &constants->list[i];

        if (other != constant && (!other->old || is_changed(other)) &&
            is_equal(other, constant->old) &&
            is_of_a_list(other->name, constant->name)) {
            return other;
        }
    }
    return NULL;
}

static void judge(const struct source *source,
                  const struct constants *constants,
                  const struct constant *constant, struct report *report)
{
    const char *was = constant->old->value, *is = constant->value;
    const struct constant *successor = find_successor(constants, constant);

    if (starts_with(source->path, "include/public/")) {
        report_refuse(report, REFUSAL_MEANING, source->path, constant->name,
                      "leave the public interface as it is: guests and tools "
                      "can't be patched with Xen",
                      "was %s, is %s: it is Xen's public interface%s", was, is,
                      strstr(constant->name, "INTERFACE_VERSION")
                      ? ", and no tool that is there has this version: none "
                        "could take the payload away again"
                      : ", which guests and tools were built with");
    } else if (successor && !is_name_of_count(constant->name)) {
        report_refuse(report, REFUSAL_MEANING, source->path, constant->name,
                      "put new numbers behind those that exist",
                      "was %s, is %s, and %s is what it was: what is in memory "
                      "by the old number means something else to new code",
                      was, is, successor->name);
    } else {
        report_warn(report, source->path, constant->name, "was %s, is %s: see "
                    "that memory doesn't hold the old one, and nothing has as "
                    "many elements", was, is);
    }
}

void constants_judge(const struct source *source, struct report *report)
{
    struct constants old = { .list = NULL }, new = { .list = NULL };

    for (size_t i = 0; i < source->text.nlines; i++) {
        read_line(&old, &source->text.lines[i]);
    }
    for (size_t i = 0; i < source->nlines; i++) {
        read_line(&new, &source->lines[i].line);
    }
    pair(&old, &new);
    for (size_t i = 0; i < new.count; i++) {
        if (is_changed(&new.list[i])) {
            judge(source, &new, &new.list[i], report);
        }
    }
    constants_free(&old);
    constants_free(&new);
}
