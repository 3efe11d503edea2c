/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The symbols of a xen-syms, and a payload compared with those of the
 * hypervisor that it is made for.
 *
 * The hypervisor looks symbols up in a table of its own, made from
 * xen-syms while it is built: global ones by their name, local ones by
 * path/file.c#name, where the file is that of the STT_FILE symbol before
 * them.
 */

#include "private.h"

/* With debug information a xen-syms has some 50 MiB. */
#define MAX_XEN_SYMS (512UL << 20)

/* Those that are in Xen's own table, by name. */
typedef struct {
    xlp_elf elf;
    xlp_xen_symbols xen;
} xen_table;

/*----- symbols -----*/

/* Whether the tool that makes Xen's table takes the symbol in. */
static bool is_in_table(const xlp_xen_symbol *symbol)
{
    return symbol->section && xlp_is_loaded(symbol->section) &&
        *symbol->bare != '$' && !strstr(symbol->bare, "_compiled.");
}

/*
 * Adds the symbol; names_size is advanced by what a local one's name
 * takes.  Without xen->symbols it only counts.
 */
static void add_symbol(xlp_xen_symbols *xen, const xlp_elf *elf,
                       const xlp_symbol *symbol, const char *file,
                       size_t *names_size)
{
    bool local = symbol->binding == STB_LOCAL;
    xlp_xen_symbol *added;
    char *name;

    if (xen->symbols) {
        added = &xen->symbols[xen->num_symbols];
        *added = (xlp_xen_symbol){
            .name = symbol->name, .bare = symbol->name,
            .unit = local ? xen->num_units - 1 : 0,
            .addr = symbol->value, .size = symbol->size,
            .section = xlp_section_of(elf, symbol),
            .type = symbol->type, .local = local,
        };
        added->in_table = is_in_table(added);
    }
    xen->num_symbols++;
    if (!local || !*file) return;

    if (xen->symbols) {
        name = xen->names + *names_size;
        xen->symbols[xen->num_symbols - 1].name = name;
        stpcpy(stpcpy(stpcpy(name, file), "#"), symbol->name);
    }
    *names_size += strlen(file) + strlen(symbol->name) + sizeof("#");
}

/* The tool passes over files without a name, such as the linker's. */
static size_t add_symbols(xlp_xen_symbols *xen, const xlp_elf *elf)
{
    xlp_symbol symbol;
    const char *file = "";
    size_t i, names_size = 0;

    xen->num_symbols = 0;
    xen->num_units = 1;
    for (i = 1; i < elf->num_symbols; i++) {
        symbol = xlp_elf_symbol(elf, i);
        if (!*symbol.name) continue;
        if (symbol.type == STT_FILE) {
            file = symbol.name;
            if (xen->units) xen->units[xen->num_units] = file;
            xen->num_units++;
        } else if (symbol.type != STT_SECTION &&
                   symbol.section != SHN_UNDEF) {
            add_symbol(xen, elf, &symbol, file, &names_size);
        }
    }
    return names_size;
}

int xlp_xen_symbols_read(xlp_xen_symbols *xen, const xlp_elf *elf)
{
    size_t names_size;

    memset(xen, 0, sizeof(*xen));
    names_size = add_symbols(xen, elf);
    /* One more of each: there may be none. */
    xen->names = malloc(names_size + 1);
    xen->units = calloc(xen->num_units, sizeof(*xen->units));
    xen->symbols = calloc(xen->num_symbols + 1, sizeof(*xen->symbols));
    if (!xen->names || !xen->units || !xen->symbols) return ENOMEM;
    xen->units[0] = "";
    add_symbols(xen, elf);
    return 0;
}

void xlp_xen_symbols_dispose(xlp_xen_symbols *xen)
{
    free(xen->symbols);
    free(xen->units);
    free(xen->names);
    memset(xen, 0, sizeof(*xen));
}

static int compare_symbols(const void *a, const void *b)
{
    const xlp_xen_symbol *one = a, *other = b;

    return strcmp(one->name, other->name);
}

static int make_table(xen_table *table)
{
    xlp_xen_symbols *xen = &table->xen;
    size_t i, num = 0;
    int rc = xlp_xen_symbols_read(xen, &table->elf);

    if (rc) return rc;
    for (i = 0; i < xen->num_symbols; i++) {
        if (xen->symbols[i].in_table)
            xen->symbols[num++] = xen->symbols[i];
    }
    xen->num_symbols = num;
    qsort(xen->symbols, num, sizeof(*xen->symbols), compare_symbols);
    return 0;
}

static const xlp_xen_symbol *find_symbol(const xen_table *table,
                                         const char *name)
{
    xlp_xen_symbol key = { .name = name };

    return bsearch(&key, table->xen.symbols, table->xen.num_symbols,
                   sizeof(key), compare_symbols);
}

/* A local symbol whose name without its file is the wanted one. */
static const xlp_xen_symbol *find_local(const xen_table *table,
                                        const char *name)
{
    const xlp_xen_symbol *symbol;
    size_t i;

    for (i = 0; i < table->xen.num_symbols; i++) {
        symbol = &table->xen.symbols[i];
        if (symbol->name != symbol->bare && !strcmp(symbol->bare, name))
            return symbol;
    }
    return NULL;
}

/*----- rules -----*/

/* Its memory is given to other uses when Xen has booted. */
static bool is_init_section(const xlp_section *section)
{
    return !strncmp(section->name, ".init", 5);
}

static bool is_init(const xlp_xen_symbol *symbol)
{
    return is_init_section(symbol->section);
}

/* Whether symbols may come from a payload below this one. */
static bool is_stacked(const xlp_case *c)
{
    const xenlivepatch_payload *payload = c->payload;

    return payload->depends && payload->xen_build_id &&
        strcmp(payload->depends, payload->xen_build_id);
}

/* A name that Xen has to know, whose symbol is returned if it does. */
static const xlp_xen_symbol *judge_wanted(xlp_case *c,
                                          const xen_table *table,
                                          const char *name)
{
    const xlp_xen_symbol *symbol = find_symbol(table, name), *local;

    if (symbol) {
        if (is_init(symbol))
            WARNING(c, SYMBOL, name, "The payload uses %s, which is "
                    "in Xen's %s and no longer there once Xen has "
                    "booted: using it would crash the host", name,
                    symbol->section->name);
        return symbol;
    }
    local = find_local(table, name);
    if (is_stacked(c))
        WARNING(c, SYMBOL, name, "The payload needs the symbol %s, "
                "which is not in xen-syms: a payload below this one "
                "has to bring it along", name);
    else
        REFUSED(c, SYMBOL, name, "The payload needs the symbol %s, "
                "which is not in xen-syms%s%s: build the payload for "
                "this hypervisor", name,
                local ? ", which calls it " : "",
                local ? local->name : "");
    return NULL;
}

static void judge_symbols(xlp_case *c, const xen_table *table)
{
    const xenlivepatch_symbol *symbol;
    size_t i;

    for (i = 0; i < c->payload->num_symbols; i++) {
        symbol = &c->payload->symbols[i];
        if (symbol->kind == XENLIVEPATCH_SYMBOL_NEEDED)
            judge_wanted(c, table, symbol->name);
        if (symbol->kind == XENLIVEPATCH_SYMBOL_NEW &&
            find_symbol(table, symbol->name))
            REFUSED(c, COLLISION, symbol->name, "The payload brings along "
                    "a symbol %s, and Xen has one of that name: give it "
                    "another name", symbol->name);
    }
}

static void judge_replaced(xlp_case *c, const xen_table *table,
                           const xlp_record *record)
{
    const char *name = record->old_symbol ? : record->name;
    const xlp_xen_symbol *symbol;

    if (!name || !*name) return;
    /* Undefined symbols have been looked up before. */
    symbol = record->old_symbol || record->old_addr
        ? find_symbol(table, name) : judge_wanted(c, table, name);
    if (!symbol) return;

    if (!xlp_is_text(symbol->section))
        CAUTION(c, SYMBOL, name, "%s, which is to be replaced, is no "
                "function but data in Xen's %s: build the payload for "
                "this hypervisor", name, symbol->section->name);
    if (record->old_addr && record->old_addr != symbol->addr)
        CAUTION(c, SYMBOL, name, "%s is to be replaced at %#"PRIx64", "
                "and according to xen-syms it is at %#"PRIx64": build "
                "the payload for this hypervisor", name,
                record->old_addr, symbol->addr);
    if (symbol->size && symbol->size != record->old_size)
        WARNING(c, SYMBOL, name, "%s, which is to be replaced, is "
                "said to have %u bytes, and according to xen-syms it "
                "has %"PRIu64": was the payload built for this "
                "hypervisor?", name, record->old_size, symbol->size);
}

/* The section of .init in which a pointer lies, as a relocation of a call
 * names it: by a symbol, or, of one that has no name of its own in Xen's
 * table, by its address.  NULL: it lies elsewhere, or that isn't known. */
static const xlp_section *find_init(const xen_table *table,
                                    const xlp_target *pointer)
{
    /* The addend makes up for the distance to the instruction's end. */
    uint64_t address = pointer->offset + 4;
    const xlp_xen_symbol *symbol;
    const xlp_section *section;
    size_t i;

    if (pointer->kind == XLP_TARGET_OUTSIDE) {
        symbol = find_symbol(table, pointer->symbol);
        return symbol && is_init(symbol) ? symbol->section : NULL;
    }
    if (pointer->kind != XLP_TARGET_ABSOLUTE) return NULL;
    for (i = 1; i < table->elf.num_sections; i++) {
        section = &table->elf.sections[i];
        if (xlp_is_loaded(section) && is_init_section(section) &&
            address >= section->addr &&
            address - section->addr < section->size)
            return section;
    }
    return NULL;
}

/*
 * A call through a pointer is made into a direct one while the payload is
 * loaded: the pointer, behind two bytes of the call, has to be there.
 */
static void judge_call(xlp_case *c, const xen_table *table,
                       const xlp_relocs *relocs, const xlp_target *call)
{
    xlp_target pointer = xlp_target_at(c, relocs, call->offset + 2,
                                       R_X86_64_PC32);
    const xlp_section *init = find_init(table, &pointer);

    if (init)
        CAUTION(c, SYMBOL, pointer.symbol, "A call through %s, which is "
                "in Xen's %s, is to be made a direct one, and there will "
                "be something else once Xen has booted: it would crash "
                "the host; don't replace functions with such calls",
                pointer.symbol, init->name);
}

/* The calls of one table that are in one section. */
static void judge_calls_in(xlp_case *c, const xen_table *table,
                           const xlp_rule *rule, const xlp_section *code)
{
    const xlp_section *section = xlp_special(c, rule->name);
    xlp_relocs relocs, code_relocs;
    xlp_target call;
    uint64_t at;

    if (!section) return;
    xlp_relocs_init(c, section, &relocs);
    xlp_relocs_init(c, code, &code_relocs);
    for (at = 0; at < section->size; at += rule->entry) {
        call = xlp_target_at(c, &relocs, at, R_X86_64_PC32);
        if (call.kind == XLP_TARGET_PAYLOAD && call.section == code)
            judge_call(c, table, &code_relocs, &call);
    }
    xlp_relocs_dispose(&code_relocs);
    xlp_relocs_dispose(&relocs);
}

static void judge_calls(xlp_case *c, const xen_table *table)
{
    const xlp_section *code;
    size_t i;

    for (i = 1; i < c->elf.num_sections; i++) {
        code = &c->elf.sections[i];
        if (!xlp_is_text(code)) continue;
        judge_calls_in(c, table, xlp_find_rule(".altinstructions"), code);
        judge_calls_in(c, table, xlp_find_rule(".alt_call_sites"), code);
    }
}

static const uint8_t *find_build_id(const xlp_elf *elf, size_t *len_r)
{
    const uint8_t *id;
    size_t i;

    for (i = 1; i < elf->num_sections; i++) {
        if (elf->sections[i].type != SHT_NOTE) continue;
        id = xlp_build_id(&elf->sections[i], len_r);
        if (id) return id;
    }
    return NULL;
}

/*
 * Whether xen-syms and payload belong together; when not, nothing more of
 * them is to be compared.
 */
static bool judge_same_xen(xlp_case *c, const xen_table *table)
{
    const char *path = c->criteria->xen_syms;
    const char *made_for = c->payload->xen_build_id;
    const uint8_t *id;
    size_t len;
    char *hex;
    bool same;

    id = find_build_id(&table->elf, &len);
    if (table->elf.header.e_type == ET_REL || !id) {
        REFUSED(c, FILE, path, "%s is no xen-syms, or one without a "
                "build-id: take the one from the debug package of this "
                "very version of Xen", path);
        xlp_keep_rc(c, EINVAL);
        return false;
    }
    if (!made_for) return true;

    hex = xenlivepatch_hex(id, len);
    if (!hex) {
        xlp_keep_rc(c, ENOMEM);
        return false;
    }
    same = !strcmp(hex, made_for);
    if (!same)
        REFUSED(c, XEN_BUILD_ID, XENLIVEPATCH_XEN_DEPENDS, "The payload "
                "is made for Xen build-id %s, and %s is of "
                "%s: take the payload and the xen-syms of the same "
                "package version of Xen", made_for, path, hex);
    free(hex);
    return same;
}

void xlp_judge_xen_syms(xlp_case *c)
{
    const char *path = c->criteria->xen_syms;
    void *data = NULL;
    uint64_t size = 0;
    xen_table table = { .xen.symbols = NULL };
    size_t i;
    int rc;

    rc = xlp_read_file(c, path, MAX_XEN_SYMS, "is it a xen-syms?", &data,
                       &size);
    if (rc) goto out;
    rc = xlp_open(c, &table.elf, data, size, path);
    if (rc) goto out;
    if (!judge_same_xen(c, &table)) goto out;
    rc = make_table(&table);
    if (rc) goto out;

    judge_symbols(c, &table);
    for (i = 0; i < c->num_records; i++)
        judge_replaced(c, &table, &c->records[i]);
    judge_calls(c, &table);
 out:
    xlp_keep_rc(c, rc);
    xlp_xen_symbols_dispose(&table.xen);
    xlp_elf_close(&table.elf);
    free(data);
}
