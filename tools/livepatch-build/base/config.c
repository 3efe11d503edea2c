/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "support/gzip.h"
#include "support/memory.h"

/* Xen's is 10 KiB. */
#define CONFIG_MAX (1 << 20)

struct option {
    const char *name, *value;
};

struct options {
    char *text;
    struct option *list;        /* ascending by name */
    size_t count;
};

char *config_uncompress(const void *data, size_t size)
{
    size_t length;

    return gzip_read(data, size, CONFIG_MAX, &length);
}

/* "CONFIG_X=y", or "# CONFIG_X is not set", which is "n". */
static bool parse_line(char *line, struct option *option)
{
    char *end;

    if (!strncmp(line, "# CONFIG_", 9)) {
        end = strstr(line, " is not set");
        if (!end) {
            return false;
        }
        *option = (struct option){ .name = line + 2, .value = "n" };
    } else {
        end = strchr(line, '=');
        if (strncmp(line, "CONFIG_", 7) || !end) {
            return false;
        }
        *option = (struct option){ .name = line, .value = end + 1 };
    }
    *end = '\0';
    return true;
}

static int compare_options(const void *a, const void *b)
{
    return strcmp(((const struct option *)a)->name,
                  ((const struct option *)b)->name);
}

static bool parse(struct options *options, const void *data, size_t size)
{
    size_t room = 0;
    char *rest;

    *options = (struct options){ .text = config_uncompress(data, size) };
    if (!options->text) {
        return false;
    }
    for (char *line = strtok_r(options->text, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest)) {
        struct option option;

        if (parse_line(line, &option)) {
            options->list = must_grow(options->list, &room,
                                      options->count + 1,
                                      sizeof(*options->list));
            options->list[options->count++] = option;
        }
    }
    if (options->count) {
        qsort(options->list, options->count, sizeof(*options->list),
              compare_options);
    }
    return true;
}

static void add_words(char **words, const char *name, const char *here,
                      const char *there)
{
    char *old = *words;

    *words = must_print("%s%s%s is %s here, %s there", old ? old : "",
                        old ? ", " : "", name, here, there);
    free(old);
}

/* An option that one of them doesn't have is off there. */
static char *compare_lists(const struct options *here,
                           const struct options *there, size_t max)
{
    size_t i = 0, j = 0, count = 0;
    char *words = NULL, *all;

    while (i < here->count || j < there->count) {
        const struct option *one = i < here->count ? &here->list[i] : NULL;
        const struct option *two = j < there->count ? &there->list[j] : NULL;
        int order = !one ? 1 : !two ? -1 : strcmp(one->name, two->name);
        const char *value = order <= 0 ? one->value : "n";
        const char *other = order >= 0 ? two->value : "n";

        if (strcmp(value, other) && count++ < max) {
            add_words(&words, order <= 0 ? one->name : two->name, value,
                      other);
        }
        i += order <= 0;
        j += order >= 0;
    }
    if (count <= max) {
        return words;
    }
    all = must_print("%s, and %zu more", words ? words : "", count - max);
    free(words);
    return all;
}

char *config_compare(const void *here, size_t here_size, const void *there,
                     size_t there_size, size_t max)
{
    struct options one = { 0 }, two = { 0 };
    char *words;

    if (here_size == there_size && !memcmp(here, there, here_size)) {
        return NULL;
    }
    if (parse(&one, here, here_size) && parse(&two, there, there_size)) {
        words = compare_lists(&one, &two, max);
    } else {
        words = must_copy("the one embedded in Xen can't be read");
    }
    free(one.text);
    free(one.list);
    free(two.text);
    free(two.list);
    return words;
}
