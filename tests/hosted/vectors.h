/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Test vectors as the script `vectors` puts them into a common form. */
#ifndef HOSTED_VECTORS_H
#define HOSTED_VECTORS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services.h"

#define VECTOR_FIELDS 4

/* One line: words of hexadecimal digits, of which "-" is the empty one. */
struct vector {
    struct { uint8_t *bytes; size_t size; } fields[VECTOR_FIELDS];
    unsigned int nfields;
};

static FILE *vectors_file;

static inline void vectors_open(const char *kind)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s", HOSTED_VECTORS, kind);
    vectors_file = fopen(path, "r");
    if ( !vectors_file )
        hosted_fail("%s: no vectors", path);
}

static inline size_t vectors_bytes(char *word)
{
    size_t n = 0;

    for ( ; word[2 * n] && strcmp(word, "-"); n++ )
    {
        char pair[3] = { word[2 * n], word[2 * n + 1] }, *end;
        unsigned long byte = strtoul(pair, &end, 16);

        if ( end != pair + 2 )
            hosted_fail("vectors: not hexadecimal: %s", word + 2 * n);
        word[n] = byte;
    }
    return n;
}

/* The next one, which lasts until this is called again; NULL: no more. */
static inline struct vector *vectors_next(void)
{
    static struct vector vector;
    static char *line;
    static size_t room;
    char *word, *rest = NULL;

    vector.nfields = 0;
    if ( getline(&line, &room, vectors_file) < 0 )
    {
        fclose(vectors_file);
        return NULL;
    }
    for ( word = strtok_r(line, " \n", &rest); word;
          word = strtok_r(NULL, " \n", &rest) )
    {
        if ( vector.nfields == VECTOR_FIELDS )
            hosted_fail("vectors: too many words");
        vector.fields[vector.nfields].size = vectors_bytes(word);
        vector.fields[vector.nfields++].bytes = (uint8_t *)word;
    }
    return &vector;
}

#endif /* HOSTED_VECTORS_H */
