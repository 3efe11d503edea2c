/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What a payload is made of; nothing is judged here.
 */

#include "private.h"

static void describe_sections(xlp_case *c)
{
    xenlivepatch_payload *payload = c->payload;
    const xlp_section *section;
    xenlivepatch_section *seen;
    const xlp_rule *rule;
    size_t i;

    payload->sections = xlp_alloc(c, c->elf.num_sections,
                                  sizeof(*payload->sections));
    if (!payload->sections) return;
    for (i = 1; i < c->elf.num_sections; i++) {
        section = &c->elf.sections[i];
        if (!strcmp(section->name, XENLIVEPATCH_SIGNATURE))
            payload->signature = section->size;
        if (!xlp_is_loaded(section) || !section->size) continue;
        seen = &payload->sections[payload->num_sections++];
        seen->name = xlp_kept(c, xenlivepatch_text(section->name,
                                                   strlen(section->name)));
        seen->size = section->size;
        seen->writable = section->flags & SHF_WRITE;
        seen->executable = section->flags & SHF_EXECINSTR;
        rule = xlp_find_rule(section->name);
        if (rule && (rule->flags & XLP_TABLE))
            seen->entries = section->size / rule->entry;
    }
}

/* Where code of the payload begins that replaces a function. */
static int compare_starts(const void *a, const void *b)
{
    const xlp_target *one = a, *other = b;

    if (one->section != other->section)
        return one->section < other->section ? -1 : 1;
    return (one->offset > other->offset) - (one->offset < other->offset);
}

static size_t find_starts(const xlp_case *c, xlp_target *starts)
{
    size_t i, num = 0;

    for (i = 0; i < c->num_records; i++) {
        if (c->records[i].new_addr.kind == XLP_TARGET_PAYLOAD)
            starts[num++] = c->records[i].new_addr;
    }
    qsort(starts, num, sizeof(*starts), compare_starts);
    return num;
}

/* Whether engines look at it, and as what. */
static bool classify(const xlp_case *c, const xlp_symbol *symbol,
                     const xlp_target *starts, size_t num,
                     xenlivepatch_symbol_kind *kind_r)
{
    xlp_target key = {
        .section = xlp_section_of(&c->elf, symbol),
        .offset = symbol->value,
    };

    if (!*symbol->name || symbol->type == STT_FILE) return false;
    if (symbol->section == SHN_UNDEF)
        *kind_r = XENLIVEPATCH_SYMBOL_NEEDED;
    else if (symbol->section == SHN_ABS)
        *kind_r = XENLIVEPATCH_SYMBOL_FIXED;
    else if (!xlp_is_exported(c, symbol))
        return false;
    else if (bsearch(&key, starts, num, sizeof(key), compare_starts))
        *kind_r = XENLIVEPATCH_SYMBOL_REPLACEMENT;
    else
        *kind_r = XENLIVEPATCH_SYMBOL_NEW;
    return true;
}

static void describe_symbols(xlp_case *c)
{
    xenlivepatch_payload *payload = c->payload;
    xlp_target *starts = xlp_alloc(c, c->num_records, sizeof(*starts));
    xenlivepatch_symbol_kind kind;
    xenlivepatch_symbol *seen;
    xlp_symbol symbol;
    size_t i, num;

    payload->symbols = xlp_alloc(c, c->elf.num_symbols,
                                 sizeof(*payload->symbols));
    if (!starts || !payload->symbols) goto out;
    num = find_starts(c, starts);
    for (i = 1; i < c->elf.num_symbols; i++) {
        symbol = xlp_elf_symbol(&c->elf, i);
        if (!classify(c, &symbol, starts, num, &kind)) continue;
        seen = &payload->symbols[payload->num_symbols++];
        seen->name = xlp_kept(c, strdup(symbol.name));
        seen->kind = kind;
        seen->type = symbol.type;
        seen->value = symbol.value;
        seen->size = symbol.size;
        if (!seen->name) break;
    }
 out:
    free(starts);
}

void xlp_describe(xlp_case *c)
{
    describe_sections(c);
    describe_symbols(c);
}
