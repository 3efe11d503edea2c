/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tables of types are made of: memory that goes at once, each string
 * once (so that equal strings are equal pointers), and maps of pointers.
 */
#ifndef LIVEPATCH_BUILD_LAYOUT_TABLE_H
#define LIVEPATCH_BUILD_LAYOUT_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *top;
};

/* A place to go back to: all that was allocated since is free again. */
struct arena_mark {
    struct arena_chunk *chunk;
    size_t used;
};

void *arena_alloc(struct arena *arena, size_t count, size_t size); /* zeroed */
struct arena_mark arena_mark(const struct arena *arena);
void arena_release(struct arena *arena, struct arena_mark mark);
void arena_free(struct arena *arena);

/* Of pointers, by pointer. */
struct map {
    struct map_slot {
        const void *key;
        void *value;
    } *slots;
    size_t room, used;
};

void *map_get(const struct map *map, const void *key);
void map_put(struct map *map, const void *key, void *value);
void map_free(struct map *map);

struct names {
    struct arena arena;
    const char **slots;
    size_t room, used;
};

/* The one copy of this string. */
const char *names_get(struct names *names, const char *text);
const char *names_print(struct names *names, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void names_free(struct names *names);

/* A hash that goes on from the one before. */
uint64_t hash_more(uint64_t hash, const void *bytes, size_t size);

#endif
