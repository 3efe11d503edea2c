/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The sections that the hypervisor looks for by name, and what it wants of
 * each: the one list of them.
 */

#include "private.h"

#define HOOK(kind, more) \
    { XENLIVEPATCH_HOOKS kind, 8, XLP_PATCHES | (more), \
      xlp_judge_hooks, kind }
#define TABLE(name, entry, judge) \
    { name, entry, XLP_MAY_BE_EMPTY | XLP_TABLE, judge, NULL }

/* In the order in which their contents are judged. */
const xlp_rule xlp_rules[] = {
    { XENLIVEPATCH_BUILD_ID, 1, XLP_NEEDED, xlp_judge_build_id, NULL },
    { XENLIVEPATCH_DEPENDS, 1, XLP_NEEDED, xlp_judge_build_id, NULL },
    { XENLIVEPATCH_XEN_DEPENDS, 1, XLP_NEEDED, xlp_judge_build_id, NULL },
    { XENLIVEPATCH_METADATA, 1, 0, xlp_judge_metadata, NULL },
    HOOK("load", 0),
    HOOK("unload", 0),
    HOOK("preapply", XLP_SINGLE | XLP_NO_REPLACE),
    HOOK("apply", XLP_SINGLE),
    HOOK("postapply", XLP_SINGLE | XLP_NO_REPLACE),
    HOOK("prerevert", XLP_SINGLE | XLP_NO_REPLACE),
    HOOK("revert", XLP_SINGLE),
    HOOK("postrevert", XLP_SINGLE | XLP_NO_REPLACE),
    { XENLIVEPATCH_FUNCS, XENLIVEPATCH_FUNC_SIZE, XLP_PATCHES,
      xlp_judge_functions, NULL },
    TABLE(".bug_frames.0", 8, xlp_judge_bug_frames),
    TABLE(".bug_frames.1", 8, xlp_judge_bug_frames),
    TABLE(".bug_frames.2", 8, xlp_judge_bug_frames),
    /* Of assertions: with their message. */
    TABLE(".bug_frames.3", 16, xlp_judge_bug_frames),
    TABLE(".altinstructions", 14, xlp_judge_alternatives),
    { ".altinstr_replacement", 1, XLP_MAY_BE_EMPTY, NULL, NULL },
    TABLE(".ex_table", 8, xlp_judge_exceptions),
    TABLE(".alt_call_sites", 4, xlp_judge_alternative_calls),
};
const size_t xlp_num_rules = XLP_NUM(xlp_rules);

const xlp_rule *xlp_find_rule(const char *name)
{
    size_t i;

    for (i = 0; i < xlp_num_rules; i++) {
        if (!strcmp(xlp_rules[i].name, name)) return &xlp_rules[i];
    }
    return NULL;
}

/* Whether Xen would find loaded data of the right size in it. */
static bool is_fit(const xlp_section *section, const xlp_rule *rule)
{
    if (!xlp_is_loaded(section)) return false;
    if (!section->size) return rule->flags & XLP_MAY_BE_EMPTY;
    return section->data && !(section->size % rule->entry);
}

const xlp_section *xlp_special(const xlp_case *c, const char *name)
{
    const xlp_section *section = xlp_elf_section(&c->elf, name);

    if (!section || !is_fit(section, xlp_find_rule(name))) return NULL;
    return section;
}

static void judge_form(xlp_case *c, const xlp_section *section,
                       const xlp_rule *rule)
{
    const char *name = section->name;

    if (section != xlp_elf_section(&c->elf, name))
        CAUTION(c, FORMAT, name, "There are two sections called %s, "
                "and Xen would ignore the second one: link the payload "
                "with ld -r, which merges them", name);
    else if (!xlp_is_loaded(section))
        CAUTION(c, FORMAT, name, "Section %s is not marked to be "
                "loaded (ALLOC), and Xen would use it at a wrong "
                "address: fix its flags", name);
    else if (!section->size && !(rule->flags & XLP_MAY_BE_EMPTY))
        xlp_find(c, rule->flags & XLP_NEEDED ? XLP_REFUSED : XLP_CAUTION,
                 XENLIVEPATCH_REASON_FORMAT, name, "Section %s is empty: "
                 "fill it in or leave it out", name);
    else if (section->size % rule->entry)
        /* Not every engine looks at every table. */
        xlp_find(c, rule->flags & XLP_TABLE ? XLP_CAUTION : XLP_REFUSED,
                 XENLIVEPATCH_REASON_FORMAT, name, "Section %s has "
                 "%"PRIu64" bytes, which is no multiple of its entries' "
                 "%u: build the payload for this hypervisor", name,
                 section->size, rule->entry);
    else if (section->size && !section->data)
        CAUTION(c, FORMAT, name, "Section %s has no content in the "
                "file (NOBITS): build the payload anew", name);
}

void xlp_judge_specials(xlp_case *c)
{
    unsigned int there = 0;
    const xlp_rule *rule;
    size_t i;

    for (i = 1; i < c->elf.num_sections; i++) {
        rule = xlp_find_rule(c->elf.sections[i].name);
        if (!rule) continue;
        there |= rule->flags;
        judge_form(c, &c->elf.sections[i], rule);
    }
    for (i = 0; i < xlp_num_rules; i++) {
        rule = &xlp_rules[i];
        if (!(rule->flags & XLP_NEEDED) ||
            xlp_elf_section(&c->elf, rule->name))
            continue;
        REFUSED(c, FORMAT, rule->name, "Section %s is missing: the file "
                "is no finished payload; link it with its build-id and "
                "the notes that say what it depends on", rule->name);
    }
    if (!(there & XLP_PATCHES))
        REFUSED(c, FORMAT, NULL, "The payload neither replaces a function "
                "nor has a hook, so there is nothing to apply: is it the "
                "right file?");
}

void xlp_judge_contents(xlp_case *c)
{
    const xlp_section *section;
    size_t i;

    for (i = 0; i < xlp_num_rules; i++) {
        section = xlp_special(c, xlp_rules[i].name);
        if (section && section->size && xlp_rules[i].judge)
            xlp_rules[i].judge(c, section, &xlp_rules[i]);
    }
}
