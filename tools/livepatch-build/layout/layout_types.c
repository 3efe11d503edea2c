/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layout_types.h"

#include <stdlib.h>

#include "support/memory.h"

static uint64_t hash_word(uint64_t hash, uint64_t word)
{
    return hash_more(hash, &word, sizeof(word));
}

static uint64_t hash_shape(uint64_t hash, const struct shape *shape)
{
    for (; shape; shape = shape->target) {
        hash = hash_word(hash, shape->kind);
        /* Where an aggregate is only declared, its size isn't known. */
        hash = hash_word(hash, shape->tag ? 0 : shape->size);
        hash = hash_word(hash, shape->encoding);
        hash = hash_word(hash, (uintptr_t)shape->words);
    }
    return hash;
}

static uint64_t hash_type(const struct type *type)
{
    uint64_t hash = hash_word(UINT64_C(0xcbf29ce484222325),
                              (uintptr_t)type->key);
    size_t i;

    hash = hash_word(hash, type->kind);
    hash = hash_word(hash, type->size);
    hash = hash_word(hash, type->alignment);
    hash = hash_word(hash, type->constant);
    for (i = 0; i < type->nmembers; i++) {
        const struct member *member = &type->members[i];

        hash = hash_word(hash, (uintptr_t)member->path);
        hash = hash_word(hash, member->bit);
        hash = hash_word(hash, member->bits);
        hash = hash_shape(hash, &member->shape);
    }
    for (i = 0; i < type->nenumerators; i++) {
        hash = hash_word(hash, (uintptr_t)type->enumerators[i].name);
        hash = hash_word(hash, (uint64_t)type->enumerators[i].value);
    }
    return hash;
}

struct type *types_find(const struct types *types, struct type *type)
{
    struct type *other = NULL;

    type->hash = hash_type(type);
    if (types->nbuckets) {
        other = types->buckets[type->hash & (types->nbuckets - 1)];
    }
    while (other && (other->hash != type->hash || other->key != type->key)) {
        other = other->next;
    }
    return other;
}

static void put(struct types *types, struct type *type)
{
    struct type **bucket = &types->buckets[type->hash & (types->nbuckets - 1)];

    type->next = *bucket;
    *bucket = type;
}

struct type *types_keep(struct types *types, const struct type *type)
{
    struct type *kept = arena_alloc(&types->arena, 1, sizeof(*kept));
    size_t i;

    *kept = *type;
    types->all = must_grow(types->all, &types->room, types->ntypes + 1,
                           sizeof(*types->all));
    types->all[types->ntypes++] = kept;
    if (types->ntypes <= types->nbuckets) {
        put(types, kept);
        return kept;
    }
    free(types->buckets);
    types->nbuckets = types->nbuckets ? 2 * types->nbuckets : 4096;
    types->buckets = must_alloc(types->nbuckets, sizeof(*types->buckets));
    for (i = 0; i < types->ntypes; i++) {
        put(types, types->all[i]);
    }
    return kept;
}

void types_free(struct types *types)
{
    free(types->buckets);
    free(types->all);
    arena_free(&types->arena);
    names_free(&types->names);
}
