/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions whose entry can't be overwritten.
 */
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "unpatchable.h"

/* The engine's files, of any release and make: common/livepatch.c,
 * common/livepatch_elf.c, common/livepatch/quiesce.c, and so on. */
static bool is_engine(const char *source)
{
    const char *const starts[] = { "common/livepatch", arch->engine };

    for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
        size_t length = strlen(starts[i]);

        if (!strncmp(source, starts[i], length) &&
            strchr("./_", source[length])) {
            return true;
        }
    }
    return false;
}

/* Of the engine, what a hypercall or a key calls, on any engine: no CPU is in
 * one while text is written.  As they take locks, and copy from and to guests,
 * a fix of how that is done has them all. */
static bool is_called_from_outside(const struct atom *atom)
{
    static const char *const names[] = {
        "livepatch_op", "list_payloads", "report_write", "livepatch_printall",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (!strcmp(atom->symbol->name, names[i])) {
            return true;
        }
    }
    return false;
}

static bool is_function(const struct arch_function *function,
                        const char *source, const char *name)
{
    return !strcmp(name, function->name) && !strcmp(source, function->source);
}

static bool is_interrupting(const char *source, const char *name)
{
    const struct arch_function *function = arch->interrupting;

    while (function->name && !is_function(function, source, name)) {
        function++;
    }
    return function->name;
}

static bool is_entry(const struct atom *atom)
{
    const char *section = atom->section->name;
    static const char entry[] = ".text.entry";

    return !strncmp(section, entry, sizeof(entry) - 1) &&
           (!section[sizeof(entry) - 1] || section[sizeof(entry) - 1] == '.');
}

static uint64_t jump_end(const struct selection *selection,
                         const struct atom *old,
                         const struct running_symbol *symbol)
{
    const uint8_t *bytes = NULL;
    uint64_t size = symbol->size < old->size ? symbol->size : old->size;

    if (symbol->address) {
        bytes = running_bytes(resolver_running(selection->resolver),
                              symbol->address, size);
    }
    if (!bytes) {
        bytes = old->bytes;
    }
    return arch->jump_size + (bytes ? arch->landing(bytes, size) : 0);
}

static void judge_place(struct selection *selection, struct atom *atom,
                        const struct running_symbol *symbol)
{
    uint64_t end = jump_end(selection, atom->twin, symbol);

    if (symbol->init) {
        selection_refuse(selection, REFUSAL_INIT, atom, NULL,
                         "it ran at boot, and is gone");
    } else if (symbol->size < end) {
        selection_refuse(selection, REFUSAL_SMALL, atom,
                         "change the functions that call it, so that they "
                         "call another one",
                         "it has %llu bytes, a jump needs %llu",
                         (unsigned long long)symbol->size,
                         (unsigned long long)end);
    } else if (symbol->size > UINT32_MAX || atom->size > UINT32_MAX) {
        selection_refuse(selection, REFUSAL_LIMIT, atom, NULL,
                         "it has more than 4 GiB");
    }
}

void unpatchable_judge(struct selection *selection, struct atom *atom)
{
    const char *source = resolver_file(selection->resolver, atom);
    struct running_symbol symbol;
    char *why = NULL;

    if (is_engine(source) && !is_called_from_outside(atom)) {
        selection_refuse(selection, REFUSAL_ENGINE, atom, NULL,
                         "it is part of live patching, and may run while text "
                         "is written");
    } else if (is_interrupting(source, atom->symbol->name)) {
        selection_refuse(selection, REFUSAL_ENGINE, atom,
                         "change what it calls",
                         "it may interrupt a CPU while its entry is written, "
                         "and run half-written code");
    } else if (is_function(&arch->idle_loop, source, atom->symbol->name)) {
        selection_refuse(selection, REFUSAL_ENGINE, atom, NULL,
                         "all CPUs stand still in it while text is written, "
                         "and would go on in the old one");
    } else if (is_entry(atom)) {
        selection_refuse(selection, REFUSAL_ASSEMBLY, atom, NULL,
                         "it is entry code (%s)", atom->section->name);
    } else if (!resolver_function(selection->resolver, atom, &symbol, &why)) {
        selection_refuse(selection, REFUSAL_SYMBOL, atom, NULL, "%s", why);
        free(why);
    } else {
        judge_place(selection, atom, &symbol);
    }
}
