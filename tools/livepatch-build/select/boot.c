/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions that run at boot or as a CPU is brought up, and never else.
 *
 * Such a function is called, directly, by .init code and by functions of its
 * kind alone.  One that a pointer leads to, in any data or in any code, may be
 * called at any time.  Who calls whom is read from the linked text, of which
 * whatever may be the distance to a function's start counts, so that it can
 * only err towards "may be called".
 *
 * Two things are taken for bring-up by their names: start_secondary(), which
 * assembly jumps to; and what the tables of CPU vendors point to (amd_cpu_dev,
 * intel_cpu_dev, ...), which identify_cpu() calls.
 */
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "boot.h"
#include "support/memory.h"
#include "support/sorted.h"

struct edge {
    size_t caller, callee;
};

struct boot {
    const struct running *running;
    uint64_t text, text_end;
    uint64_t *starts;           /* of whatever has a name in .text, ascending */
    size_t nstarts;
    uint8_t *is_start;          /* a bit for each byte of .text */
    bool *called;               /* by anybody */
    bool *late;                 /* may run once Xen has booted */
    bool *bring_up;
    struct edge *edges;         /* ascending by caller */
    size_t nedges, room;
};

static uint64_t find(const struct running *running, const char *name)
{
    struct running_symbol symbol;

    return running_find(running, "", name, false, &symbol) == 1
           ? symbol.address : 0;
}

static void add_start(struct boot *boot, size_t *room,
                      const struct running_symbol *symbol)
{
    uint64_t at = symbol->address - boot->text;

    if (symbol->address < boot->text || symbol->address >= boot->text_end ||
        boot->is_start[at / 8] & 1 << at % 8) {
        return;
    }
    boot->is_start[at / 8] |= 1 << at % 8;
    boot->starts = must_grow(boot->starts, room, boot->nstarts + 1,
                             sizeof(*boot->starts));
    boot->starts[boot->nstarts++] = symbol->address;
}

static void find_starts(struct boot *boot)
{
    struct running_symbol symbol;
    size_t room = 0;

    boot->is_start = must_alloc((boot->text_end - boot->text) / 8 + 1, 1);
    for (size_t i = 0; running_symbol_number(boot->running, i, &symbol); i++) {
        add_start(boot, &room, &symbol);
    }
    boot->called = must_alloc(boot->nstarts + 1, sizeof(bool));
    boot->late = must_alloc(boot->nstarts + 1, sizeof(bool));
    boot->bring_up = must_alloc(boot->nstarts + 1, sizeof(bool));
}

static bool is_start(const struct boot *boot, uint64_t address)
{
    uint64_t at = address - boot->text;

    return address >= boot->text && address < boot->text_end &&
           boot->is_start[at / 8] & 1 << at % 8;
}

/* Of the last one that starts at or below the address. */
static size_t start_number(const struct boot *boot, uint64_t address)
{
    size_t low = 0, high = boot->nstarts;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (boot->starts[middle] <= address) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

static void add_edge(struct boot *boot, size_t caller, size_t callee)
{
    boot->edges = must_grow(boot->edges, &boot->room, boot->nedges + 1,
                            sizeof(*boot->edges));
    boot->edges[boot->nedges++] = (struct edge) { caller, callee };
}

static void note_distance(void *context, uint64_t from, uint64_t at,
                          uint64_t address, bool is_branch)
{
    struct boot *boot = context;
    size_t callee;

    if (!is_start(boot, address)) {
        return;
    }
    callee = start_number(boot, address);
    boot->called[callee] = true;
    if (!is_branch) {
        boot->late[callee] = true;
    } else if (from == boot->text) {
        size_t caller = start_number(boot, from + at);

        if (caller != callee) {
            add_edge(boot, caller, callee);
        }
    }
}

static void scan_code(struct boot *boot, uint64_t from, uint64_t to)
{
    const uint8_t *bytes = to > from ? running_bytes(boot->running, from,
                                                     to - from) : NULL;

    if (bytes) {
        arch->find_distances(bytes, to - from, from, note_distance, boot);
    }
}

static bool is_vendor_table(const struct boot *boot, uint64_t address)
{
    struct running_symbol symbol;

    return running_symbol_at(boot->running, address, &symbol) &&
           ends_with(symbol.name, arch->bring_up_tables);
}

static void scan_data(struct boot *boot, uint64_t from, uint64_t to)
{
    if (!from || to - from > 1u << 30) {
        return;
    }
    for (uint64_t at = from & ~7ULL; at < to; at += sizeof(uint64_t)) {
        const uint8_t *bytes = running_bytes(boot->running, at,
                                             sizeof(uint64_t));
        uint64_t value;
        size_t callee;

        if (!bytes) {
            continue;
        }
        memcpy(&value, bytes, sizeof(value));
        if (!is_start(boot, value)) {
            continue;
        }
        callee = start_number(boot, value);
        boot->called[callee] = true;
        if (is_vendor_table(boot, at)) {
            boot->bring_up[callee] = true;
        } else {
            boot->late[callee] = true;
        }
    }
}

static void find_bring_up(struct boot *boot)
{
    uint64_t address = find(boot->running, arch->bring_up);

    if (is_start(boot, address)) {
        boot->bring_up[start_number(boot, address)] = true;
    }
}

static int compare_edges(const void *a, const void *b)
{
    const struct edge *l = a, *r = b;

    return l->caller < r->caller ? -1 : l->caller > r->caller;
}

static size_t first_edge(const struct boot *boot, size_t caller)
{
    size_t at;

    FIND_SORTED(at, boot->nedges, boot->edges[at].caller < caller);
    return at;
}

/* Whoever is called by what may run late may run late. */
static void spread(struct boot *boot)
{
    size_t *work = must_alloc(boot->nstarts + 1, sizeof(*work)), nwork = 0;

    for (size_t i = 0; i < boot->nstarts; i++) {
        /* Of whom nobody is known who calls it, nothing is. */
        boot->late[i] = !boot->bring_up[i] &&
                        (boot->late[i] || !boot->called[i]);
        if (boot->late[i]) {
            work[nwork++] = i;
        }
    }
    while (nwork) {
        size_t caller = work[--nwork];

        for (size_t i = first_edge(boot, caller);
             i < boot->nedges && boot->edges[i].caller == caller; i++) {
            size_t callee = boot->edges[i].callee;

            if (!boot->late[callee] && !boot->bring_up[callee]) {
                boot->late[callee] = true;
                work[nwork++] = callee;
            }
        }
    }
    free(work);
}

struct boot *boot_new(const struct running *running)
{
    struct boot *boot = must_alloc(1, sizeof(*boot));

    boot->running = running;
    boot->text = find(running, "_stext");
    boot->text_end = find(running, "_etext");
    if (!boot->text || boot->text_end <= boot->text ||
        boot->text_end - boot->text > 1u << 30) {
        boot->text = boot->text_end = 0;
        return boot;
    }
    find_starts(boot);
    if (!boot->nstarts) {
        return boot;
    }
    scan_code(boot, boot->text, boot->text_end);
    scan_code(boot, find(running, "_sinittext"), find(running, "_einittext"));
    scan_data(boot, find(running, "_srodata"), find(running, "__bss_start"));
    find_bring_up(boot);
    if (boot->nedges) {
        qsort(boot->edges, boot->nedges, sizeof(*boot->edges), compare_edges);
    }
    spread(boot);
    return boot;
}

void boot_free(struct boot *boot)
{
    free(boot->starts);
    free(boot->is_start);
    free(boot->called);
    free(boot->late);
    free(boot->bring_up);
    free(boot->edges);
    free(boot);
}

bool boot_only(const struct boot *boot, uint64_t address)
{
    return is_start(boot, address) &&
           !boot->late[start_number(boot, address)];
}
