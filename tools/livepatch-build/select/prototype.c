/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions that take or give back something else, and who goes on calling them
 * as they were: assembly, and code and tables of files that the patch doesn't
 * touch.  The compiler has seen to all others, unless a table hides the type by
 * a cast.
 */
#include <stdlib.h>
#include <string.h>

#include "compare/traits.h"
#include "selection.h"

#define MOST (1u << 30)         /* bytes that are looked through */

static uint64_t find(const struct running *running, const char *name)
{
    struct running_symbol symbol;

    return running_find(running, "", name, false, &symbol) == 1
           ? symbol.address : 0;
}

/* Was what lies at this address compiled with the patch? */
static bool is_made_anew(const struct selection *selection,
                         const struct running_symbol *user)
{
    const char *mark = strrchr(user->name, '#');
    const char *name = mark ? mark + 1 : user->name;

    for (size_t i = 0; i < selection->npairs; i++) {
        const struct object *old = selection->pairs[i].old;

        for (size_t j = 0; old && !old->assembly && j < old->natoms; j++) {
            const struct atom *atom = old->atoms[j];

            if (atom->symbol && !strcmp(atom->symbol->name, name) &&
                (is_global(atom) || !user->local ||
                 !strncmp(user->name, old->source, mark - user->name))) {
                return true;
            }
        }
    }
    return false;
}

struct users_of {
    struct selection *selection;
    struct atom *function;
    uint64_t address;
    const char *words;          /* what differs */
};

static void judge_user(const struct users_of *users, uint64_t at, bool code)
{
    const struct running *running = resolver_running(
        users->selection->resolver);
    struct running_symbol user;

    if (!running_symbol_at(running, at, &user) ||
        user.address == users->address) {
        return;
    }
    if (!is_made_anew(users->selection, &user)) {
        selection_refuse(users->selection, REFUSAL_MEANING, users->function,
                         "leave the function as it is, and have it call one "
                         "that takes what is needed",
                         "%s, but %s %s it as it was, and stays", users->words,
                         user.name, code ? "calls" : "names");
    } else if (!code && !users->function->refused) {
        selection_warn(users->selection, users->function, "%s, and %s has its "
                       "address: see that who calls it from there does so in "
                       "the new way", users->words, user.name);
    }
}

static void scan_code(const struct users_of *users, uint64_t from, uint64_t to)
{
    const uint8_t *bytes = to > from && to - from < MOST
        ? running_bytes(resolver_running(users->selection->resolver), from,
                        to - from) : NULL;

    for (uint64_t at = 0; bytes && at + 4 <= to - from; at++) {
        int32_t distance;

        memcpy(&distance, bytes + at, sizeof(distance));
        if (from + at + 4 + distance == users->address) {
            judge_user(users, from + at, true);
        }
    }
}

static void scan_data(const struct users_of *users, uint64_t from, uint64_t to)
{
    for (uint64_t at = (from + 7) & ~7ULL;
         from && to - from < MOST && at + 8 <= to; at += 8) {
        const uint8_t *bytes = running_bytes(
            resolver_running(users->selection->resolver), at, 8);

        if (bytes && !memcmp(bytes, &users->address, 8)) {
            judge_user(users, at, false);
        }
    }
}

static void judge_function(struct selection *selection, struct atom *function,
                           const char *words)
{
    const struct running *running = resolver_running(selection->resolver);
    struct users_of users = { selection, function, 0, words };
    struct running_symbol symbol;
    char *why = NULL;

    if (!resolver_function(selection->resolver, function, &symbol, &why) ||
        !symbol.address) {
        free(why);
        return;
    }
    users.address = symbol.address;
    scan_code(&users, find(running, "_stext"), find(running, "_etext"));
    scan_data(&users, find(running, "_srodata"),
              find(running, "__bss_start"));
}

void select_judge_prototypes(struct selection *selection)
{
    for (size_t i = 0; selection->layouts && i < selection->npairs; i++) {
        const struct object *new = selection->pairs[i].new;

        for (size_t j = 0; j < new->natoms; j++) {
            struct atom *atom = new->atoms[j];
            const char *words = is_patched(atom)
                ? layouts_prototype(selection->layouts, i, atom->symbol->name)
                : NULL;

            if (words) {
                judge_function(selection, atom, words);
            }
        }
    }
}
