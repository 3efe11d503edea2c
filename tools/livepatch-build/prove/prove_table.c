/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables that the linker has collected in Xen's image. */
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "support/sorted.h"
#include "prove_private.h"
#include "object/tables.h"

/* A table's first and last symbol; two starts, as these were renamed. */
static const struct {
    const char *section, *start[2], *end;
} places[NTABLES] = {
    { ".bug_frames.0", { "__start_bug_frames_0", "__start_bug_frames" },
      "__stop_bug_frames_0" },
    { ".bug_frames.1", { "__start_bug_frames_1", "__stop_bug_frames_0" },
      "__stop_bug_frames_1" },
    { ".bug_frames.2", { "__start_bug_frames_2", "__stop_bug_frames_1" },
      "__stop_bug_frames_2" },
    { ".bug_frames.3", { "__start_bug_frames_3", "__stop_bug_frames_2" },
      "__stop_bug_frames_3" },
    { ".altinstructions", { "__alt_instructions", NULL },
      "__alt_instructions_end" },
    { ".alt_call_sites", { "__alt_call_sites_start", NULL },
      "__alt_call_sites_end" },
    { ".ex_table", { "__start___ex_table", NULL }, "__stop___ex_table" },
    { ".ex_table.pre", { "__start___pre_ex_table", NULL },
      "__stop___pre_ex_table" },
};

static int compare_lines(const void *a, const void *b)
{
    const struct line *one = a, *two = b;

    if (one->code != two->code) {
        return one->code < two->code ? -1 : 1;
    }
    return (one->address > two->address) - (one->address < two->address);
}

static bool find_place(const struct running *running, size_t i,
                       uint64_t *start, uint64_t *end)
{
    struct running_symbol symbol;

    if (!running_find(running, "", places[i].end, false, &symbol)) {
        return false;
    }
    *end = symbol.address;
    for (size_t j = 0; j < 2 && places[i].start[j]; j++) {
        if (running_find(running, "", places[i].start[j], false, &symbol)) {
            *start = symbol.address;
            return *start <= *end;
        }
    }
    return false;
}

/* The code that the entry is about: in bug frames above its distance, which
 * has 24 bits, are bits of the line. */
static uint64_t code_of(const uint8_t *entry, uint64_t address, bool bug)
{
    uint32_t word;
    int32_t distance;

    memcpy(&word, entry, sizeof(word));
    distance = bug ? (int32_t)(word << 8) >> 8 : (int32_t)word;
    return address + distance;
}

static void read_table(struct proof *proof, size_t i)
{
    struct lines *lines = &proof->tables[i];
    const struct table *table = table_of(places[i].section);
    const uint8_t *bytes;
    uint64_t start, end;
    size_t size;

    lines->section = places[i].section;
    if (!table || !find_place(proof->running, i, &start, &end)) {
        return;
    }
    bytes = running_bytes(proof->running, start, end - start);
    size = table->entry_size;
    if (!bytes || !size || (end - start) % size) {
        return;
    }
    lines->known = true;
    lines->count = (end - start) / size;
    lines->lines = must_alloc(lines->count + 1, sizeof(*lines->lines));
    for (size_t j = 0; j < lines->count; j++) {
        uint64_t address = start + j * size;

        lines->lines[j].address = address;
        lines->lines[j].code = code_of(bytes + j * size, address,
                                       table->special == SPECIAL_BUG_FRAMES);
    }
    if (lines->count) {
        qsort(lines->lines, lines->count, sizeof(*lines->lines),
              compare_lines);
    }
}

void tables_read(struct proof *proof)
{
    for (size_t i = 0; i < NTABLES; i++) {
        read_table(proof, i);
    }
}

void tables_free(struct proof *proof)
{
    for (size_t i = 0; i < NTABLES; i++) {
        free(proof->tables[i].lines);
    }
}

const struct lines *tables_find(const struct proof *proof, const char *section)
{
    for (size_t i = 0; i < NTABLES; i++) {
        if (!strcmp(proof->tables[i].section, section)) {
            return proof->tables[i].known ? &proof->tables[i] : NULL;
        }
    }
    return NULL;
}

/* The first entry about code at or above this address. */
static size_t first_line(const struct lines *lines, uint64_t code)
{
    size_t at;

    FIND_SORTED(at, lines->count, lines->lines[at].code < code);
    return at;
}

uint64_t table_entry(const struct lines *lines, uint64_t code, size_t ordinal)
{
    size_t at = first_line(lines, code);

    if (ordinal >= lines->count - at ||
        lines->lines[at + ordinal].code != code) {
        return 0;
    }
    return lines->lines[at + ordinal].address;
}

size_t table_count(const struct lines *lines, uint64_t start, uint64_t end)
{
    return end > start ? first_line(lines, end) - first_line(lines, start) : 0;
}
