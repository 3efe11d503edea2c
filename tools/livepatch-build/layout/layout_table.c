/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layout_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

#define CHUNK (64 * 1024)
#define ALIGN (sizeof(void *))

struct arena_chunk {
    struct arena_chunk *below;
    size_t used, size;
    unsigned char bytes[];
};

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
    struct arena_chunk *chunk = arena->top;
    size_t need;
    void *memory;

    if (size && count > (SIZE_MAX / 2) / size) {
        return must_alloc(count, size);     /* which says what is wrong */
    }
    need = (count * size + ALIGN - 1) & ~(ALIGN - 1);
    if (!chunk || need > chunk->size - chunk->used) {
        size_t room = need > CHUNK ? need : CHUNK;

        chunk = must_alloc(1, sizeof(*chunk) + room);
        chunk->below = arena->top;
        chunk->size = room;
        arena->top = chunk;
    }
    memory = chunk->bytes + chunk->used;
    memset(memory, 0, need);
    chunk->used += need;
    return memory;
}

struct arena_mark arena_mark(const struct arena *arena)
{
    struct arena_mark mark = { arena->top, arena->top ? arena->top->used : 0 };

    return mark;
}

void arena_release(struct arena *arena, struct arena_mark mark)
{
    while (arena->top != mark.chunk) {
        struct arena_chunk *below = arena->top->below;

        free(arena->top);
        arena->top = below;
    }
    if (arena->top) {
        arena->top->used = mark.used;
    }
}

void arena_free(struct arena *arena)
{
    arena_release(arena, (struct arena_mark){ NULL, 0 });
}

/* Where the key is, or where it would be put. */
static struct map_slot *find_slot(const struct map *map, const void *key)
{
    size_t at = (uintptr_t)key * UINT64_C(0x9e3779b97f4a7c15) >> 20;

    for (;; at++) {
        struct map_slot *slot = &map->slots[at & (map->room - 1)];

        if (!slot->key || slot->key == key) {
            return slot;
        }
    }
}

void *map_get(const struct map *map, const void *key)
{
    return map->room ? find_slot(map, key)->value : NULL;
}

void map_put(struct map *map, const void *key, void *value)
{
    struct map_slot *slot;

    if (2 * (map->used + 1) > map->room) {
        struct map old = *map;
        size_t i;

        map->room = old.room ? 2 * old.room : 64;
        map->slots = must_alloc(map->room, sizeof(*map->slots));
        for (i = 0; i < old.room; i++) {
            if (old.slots[i].key) {
                *find_slot(map, old.slots[i].key) = old.slots[i];
            }
        }
        free(old.slots);
    }
    slot = find_slot(map, key);
    map->used += !slot->key;
    slot->key = key;
    slot->value = value;
}

void map_free(struct map *map)
{
    free(map->slots);
    *map = (struct map){ 0 };
}

uint64_t hash_more(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *byte = bytes;

    while (size--) {
        hash = (hash ^ *byte++) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static const char **find_name(const struct names *names, const char *text)
{
    size_t at = hash_more(UINT64_C(0xcbf29ce484222325), text, strlen(text));

    for (at ^= at >> 29;; at++) {
        const char **slot = &names->slots[at & (names->room - 1)];

        if (!*slot || !strcmp(*slot, text)) {
            return slot;
        }
    }
}

static void grow_names(struct names *names)
{
    const char **old = names->slots;
    size_t i, room = names->room;

    names->room = room ? 2 * room : 1024;
    names->slots = must_alloc(names->room, sizeof(*names->slots));
    for (i = 0; i < room; i++) {
        if (old[i]) {
            *find_name(names, old[i]) = old[i];
        }
    }
    free(old);
}

const char *names_get(struct names *names, const char *text)
{
    const char **slot;

    if (2 * (names->used + 1) > names->room) {
        grow_names(names);
    }
    slot = find_name(names, text);
    if (!*slot) {
        size_t size = strlen(text) + 1;

        *slot = memcpy(arena_alloc(&names->arena, 1, size), text, size);
        names->used++;
    }
    return *slot;
}

const char *names_print(struct names *names, const char *format, ...)
{
    char buffer[256], *longer;
    const char *name;
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(buffer, sizeof(buffer), format, args);
    va_end(args);
    if (length < 0) {
        return names_get(names, "");
    }
    if ((size_t)length < sizeof(buffer)) {
        return names_get(names, buffer);
    }
    longer = must_alloc(1, (size_t)length + 1);
    va_start(args, format);
    vsnprintf(longer, (size_t)length + 1, format, args);
    va_end(args);
    name = names_get(names, longer);
    free(longer);
    return name;
}

void names_free(struct names *names)
{
    free(names->slots);
    arena_free(&names->arena);
    *names = (struct names){ 0 };
}
