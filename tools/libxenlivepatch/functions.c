/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Rules for the functions that a payload replaces.
 *
 * The pointers in a record are filled in by relocations while Xen loads
 * the payload; so that is where to look for what they are going to be.
 */

#include "private.h"

#define FUNC(field) XENLIVEPATCH_FUNC_ ## field

/* struct livepatch_expectation: one byte of bits, then the data. */
#define EXPECT_ENABLED 0x01
#define EXPECT_LEN(bits) ((bits) >> 1 & 0x1f)
#define EXPECT_RSV(bits) ((bits) >> 6)

#define MAX_NOP_SIZE    31
#define JUMP_SIZE       5
#define ENDBR_SIZE      4       /* kept at the start of a function */

/* Where the hypervisor's own code can be. */
#define XEN_VIRT_START  0xffff82d040000000ULL
#define XEN_VIRT_END    (XEN_VIRT_START + (1ULL << 30))

/* One record while it is looked at. */
typedef struct {
    xlp_case *c;
    const xlp_section *section;
    const xlp_relocs *relocs;
    uint64_t at;
    xlp_record *record;
    const char *label;          /* what to call it in messages */
    char label_buffer[sizeof("function at 0x0123456789abcdef")];
    bool bad_name;
    uint8_t expect;             /* bits */
} judged;

/* Rules about one record; what they find is about the function. */
#define FUNC_REFUSED(j, reason, ...) \
    REFUSED((j)->c, reason, (j)->label, __VA_ARGS__)
#define FUNC_CAUTION(j, reason, ...) \
    CAUTION((j)->c, reason, (j)->label, __VA_ARGS__)
#define FUNC_WARNING(j, reason, ...) \
    WARNING((j)->c, reason, (j)->label, __VA_ARGS__)

static uint64_t number(const judged *j, uint64_t field, size_t size)
{
    return xlp_number(j->section, j->at + field, size);
}

static xlp_target target(const judged *j, uint64_t field)
{
    return xlp_target_at(j->c, j->relocs, j->at + field,
                         R_X86_64_64);
}

static bool is_replacement(const judged *j)
{
    return j->record->new_addr.kind != XLP_TARGET_NONE;
}

static void judge_name(judged *j)
{
    xlp_target name = target(j, FUNC(NAME));

    j->label = "(unnamed function)";
    j->bad_name = false;
    if (name.kind == XLP_TARGET_NONE && !number(j, FUNC(NAME), 8))
        return;
    if (name.kind == XLP_TARGET_PAYLOAD)
        j->record->name = xlp_string(name.section, name.offset);
    j->bad_name = !j->record->name;
    if (j->bad_name)
        FUNC_CAUTION(j, FORMAT, "The name of the function in record %"
                     PRIu64" of "XENLIVEPATCH_FUNCS" doesn't point to a "
                     "string in the payload: build the payload anew",
                     j->at / FUNC(SIZE));
    else if (*j->record->name)
        j->label = j->record->name;
    if (j->record->name) xlp_judge_name(j->c, j->record->name);
}

/* A name for one that has none, from its address. */
static void make_label(judged *j, const xlp_target *old, uint64_t addr)
{
    if (j->record->name && *j->record->name) return;
    if (old->kind == XLP_TARGET_OUTSIDE && *old->symbol) {
        j->label = old->symbol;
    } else if (old->kind == XLP_TARGET_NONE && addr) {
        snprintf(j->label_buffer, sizeof(j->label_buffer),
                 "function at %#"PRIx64, addr);
        j->label = j->label_buffer;
    }
}

static void judge_old_addr(judged *j)
{
    xlp_target old = target(j, FUNC(OLD_ADDR));
    uint64_t addr = number(j, FUNC(OLD_ADDR), 8);

    make_label(j, &old, addr);
    switch (old.kind) {
    case XLP_TARGET_OUTSIDE:
        j->record->old_symbol = old.symbol;
        if (old.offset)
            FUNC_CAUTION(j, FORMAT, "%s is to be replaced at %#"PRIx64" "
                         "bytes from the start of %s, and Xen can replace "
                         "only whole functions: build the payload anew",
                         j->label, old.offset, old.symbol);
        break;
    case XLP_TARGET_NONE:
        j->record->old_addr = addr;
        if (!addr && !j->bad_name &&
            !(j->record->name && *j->record->name))
            FUNC_CAUTION(j, SYMBOL,
                         "Record %"PRIu64" of " XENLIVEPATCH_FUNCS " "
                         "has neither a name nor an address of what is to "
                         "be replaced, which would crash the host: build "
                         "the payload anew", j->at / FUNC(SIZE));
        if (addr && (addr < XEN_VIRT_START || addr >= XEN_VIRT_END))
            FUNC_CAUTION(j, FORMAT, "%s is said to be at %#"PRIx64", "
                         "where there is no code of Xen: build the "
                         "payload for this hypervisor", j->label, addr);
        break;
    default:
        FUNC_CAUTION(j, FORMAT, "%s, which is to be replaced, is no "
                     "function of the running hypervisor but something in "
                     "the payload: build the payload anew", j->label);
    }
}

static void judge_new_addr(judged *j)
{
    xlp_record *record = j->record;

    record->new_addr = target(j, FUNC(NEW_ADDR));
    if (record->new_addr.kind == XLP_TARGET_NONE) {
        if (!number(j, FUNC(NEW_ADDR), 8)) return;
        record->new_addr.kind = XLP_TARGET_BAD;
        FUNC_CAUTION(j, FORMAT, "%s is to be replaced by code at a fixed "
                     "address, %#"PRIx64", and nobody knows yet what will "
                     "be there: build the payload anew", j->label,
                     number(j, FUNC(NEW_ADDR), 8));
    } else if (record->new_addr.kind == XLP_TARGET_OUTSIDE) {
        FUNC_WARNING(j, FORMAT, "%s is to be replaced by %s, which is not "
                     "in the payload: make sure that it can stand in",
                     j->label, record->new_addr.symbol);
    } else if (!xlp_target_is_text(&record->new_addr, 1)) {
        FUNC_CAUTION(j, FORMAT, "%s is to be replaced by something that "
                     "is no code of the payload, which would crash the "
                     "host: build the payload anew", j->label);
    } else if (!strncmp(record->new_addr.section->name, ".init", 5)) {
        FUNC_WARNING(j, FORMAT, "%s is to be replaced by code in %s, "
                     "which is meant for booting: is it the right "
                     "function?", j->label,
                     record->new_addr.section->name);
    }
}

/* Whether what is expected at the start tells that it is no ENDBR64. */
static bool expects_no_endbr(const judged *j)
{
    const uint8_t *data = j->section->data + j->at + FUNC(EXPECT) + 1;

    return (j->expect & EXPECT_ENABLED) &&
        EXPECT_LEN(j->expect) >= ENDBR_SIZE &&
        memcmp(data, "\xf3\x0f\x1e\xfa", ENDBR_SIZE) &&
        memcmp(data, "\x66\x0f\x1f\x01", ENDBR_SIZE);
}

static void judge_nop(const judged *j)
{
    const xlp_record *record = j->record;

    if (record->new_size > MAX_NOP_SIZE)
        FUNC_REFUSED(j, FORMAT, "%u bytes of %s are to be made into "
                     "no-operations, and Xen's limit is %u: replace the "
                     "function instead", record->new_size, j->label,
                     MAX_NOP_SIZE);
    if (record->new_size > record->old_size)
        FUNC_REFUSED(j, FORMAT, "%u bytes of %s are to be made into "
                     "no-operations, and it has only %u: build the "
                     "payload for this hypervisor", record->new_size,
                     j->label, record->old_size);
    if (record->new_size < ENDBR_SIZE && !expects_no_endbr(j))
        FUNC_CAUTION(j, FORMAT, "Only %u bytes of %s are to be made into "
                     "no-operations: if it began with ENDBR64, Xen would "
                     "overwrite the host's memory.  Let the payload "
                     "expect %u or more bytes there that are something "
                     "else", record->new_size, j->label, ENDBR_SIZE);
    if (!(j->expect & EXPECT_ENABLED))
        FUNC_WARNING(j, EXPECTATION, "%u bytes of %s are to be made into "
                     "no-operations, whatever is there: let the payload "
                     "expect the bytes that it was made for, as half an "
                     "instruction left over would crash the host",
                     record->new_size, j->label);
}

static void judge_sizes(const judged *j)
{
    const xlp_record *record = j->record;

    if (!record->old_size)
        FUNC_REFUSED(j, FORMAT, "%s is to be replaced, and its size is "
                     "not given (old_size): build the payload anew",
                     j->label);
    else if (!is_replacement(j))
        judge_nop(j);
    else if (record->old_size < JUMP_SIZE)
        FUNC_CAUTION(j, FORMAT, "%s has %u bytes, and a stock Xen needs "
                     "%u to put a jump there: replace its callers instead",
                     j->label, record->old_size, JUMP_SIZE);
    else if (record->old_size < JUMP_SIZE + ENDBR_SIZE)
        FUNC_WARNING(j, FORMAT, "%s has %u bytes, too few for a jump if "
                     "it begins with ENDBR64: Xen may refuse the payload",
                     j->label, record->old_size);
}

static void judge_expectation(const judged *j)
{
    unsigned int len = EXPECT_LEN(j->expect);

    if (!(j->expect & EXPECT_ENABLED)) return;
    if (EXPECT_RSV(j->expect))
        FUNC_REFUSED(j, FORMAT, "What is expected of %s has unknown flags "
                     "set (%#x): build the payload for this hypervisor",
                     j->label, EXPECT_RSV(j->expect));
    if (len > j->record->old_size)
        FUNC_REFUSED(j, FORMAT, "%u bytes are expected of %s, which has "
                     "only %u: build the payload for this hypervisor", len,
                     j->label, j->record->old_size);
}

/* What follows the pointers, as a whole and as numbers. */
static void judge_plain_fields(const judged *j)
{
    unsigned int version = number(j, FUNC(VERSION), 1);

    if (version != XENLIVEPATCH_VERSION)
        FUNC_REFUSED(j, FORMAT, "The record of %s has version %u, and "
                     "Xen takes only %u: build the payload for this "
                     "hypervisor", j->label, version,
                     XENLIVEPATCH_VERSION);
    if (xlp_is_relocated(j->relocs, j->at + FUNC(NEW_SIZE),
                         FUNC(SIZE) - FUNC(NEW_SIZE)))
        FUNC_CAUTION(j, FORMAT, "A relocation changes the sizes or the "
                     "expectation of %s, which have to be known before: "
                     "build the payload anew", j->label);
}

static void tell(const judged *j, xenlivepatch_function *function)
{
    const xlp_record *record = j->record;

    function->name = xlp_kept(j->c, xenlivepatch_text(j->label,
                                                      strlen(j->label)));
    function->replacement = xlp_target_name(j->c, &record->new_addr);
    function->old_addr = record->old_addr;
    function->old_size = record->old_size;
    function->new_size = record->new_size;
    function->nop = !is_replacement(j);
}

static void judge_record(judged *j)
{
    j->record->old_size = number(j, FUNC(OLD_SIZE), 4);
    j->record->new_size = number(j, FUNC(NEW_SIZE), 4);
    j->expect = number(j, FUNC(EXPECT), 1);
    judge_name(j);
    judge_old_addr(j);
    judge_new_addr(j);
    judge_plain_fields(j);
    judge_sizes(j);
    judge_expectation(j);
}

/*----- all records together -----*/

/* What Xen looks up for the record; NULL where it is a number. */
static const char *looked_up(const xlp_record *record)
{
    if (record->old_symbol) return record->old_symbol;
    return record->old_addr ? NULL : record->name;
}

/* Those with a number come first, by it; then those with a name. */
static int compare_records(const void *a, const void *b)
{
    const xlp_record *const *one = a, *const *other = b;
    const char *name = looked_up(*one), *other_name = looked_up(*other);

    if (name && other_name) return strcmp(name, other_name);
    if (name || other_name) return name ? 1 : -1;
    return ((*one)->old_addr > (*other)->old_addr) -
        ((*one)->old_addr < (*other)->old_addr);
}

/* Whether two neighbours in that order are to change the same bytes. */
static bool overlap(const xlp_record *first, const xlp_record *second)
{
    const char *name = looked_up(first), *other_name = looked_up(second);

    if (name && other_name) return !strcmp(name, other_name);
    if (name || other_name) return false;
    return first->old_addr && second->old_addr - first->old_addr <
        first->old_size;
}

static void judge_overlaps(xlp_case *c)
{
    const xlp_record **sorted;
    const char *name;
    size_t i;

    sorted = xlp_alloc(c, c->num_records, sizeof(*sorted));
    if (!sorted) return;
    for (i = 0; i < c->num_records; i++)
        sorted[i] = &c->records[i];
    qsort(sorted, c->num_records, sizeof(*sorted), compare_records);

    for (i = 1; i < c->num_records; i++) {
        if (!overlap(sorted[i - 1], sorted[i])) continue;
        name = sorted[i]->name ? : "(unnamed function)";
        CAUTION(c, FORMAT, name, "%s is to be replaced twice, or "
                "overlaps with another function to be replaced: build "
                "the payload anew", name);
    }
    free(sorted);
}

void xlp_judge_functions(xlp_case *c, const xlp_section *section,
                         const xlp_rule *rule)
{
    xenlivepatch_payload *payload = c->payload;
    xlp_relocs relocs;
    judged j = { .c = c, .section = section, .relocs = &relocs };
    size_t i, num = section->size / rule->entry;

    payload->functions = xlp_alloc(c, num, sizeof(*payload->functions));
    c->records = xlp_alloc(c, num, sizeof(*c->records));
    if (!payload->functions || !c->records) return;
    payload->num_functions = c->num_records = num;

    xlp_relocs_init(c, section, &relocs);
    for (i = 0; i < num; i++) {
        j.at = i * rule->entry;
        j.record = &c->records[i];
        judge_record(&j);
        tell(&j, &payload->functions[i]);
    }
    xlp_relocs_dispose(&relocs);
    judge_overlaps(c);
}
