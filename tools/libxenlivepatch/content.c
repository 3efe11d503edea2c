/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Rules for build-ids, metadata and hooks.
 */

#include "private.h"

/* Whether the bytes of section are what Xen is going to see. */
static bool is_literal(xlp_case *c, const xlp_section *section)
{
    xlp_relocs relocs;
    bool ok;

    xlp_relocs_init(c, section, &relocs);
    ok = !xlp_is_relocated(&relocs, 0, section->size);
    xlp_relocs_dispose(&relocs);
    if (!ok)
        CAUTION(c, FORMAT, section->name, "A relocation changes section "
                "%s, whose content has to be known before: build the "
                "payload anew", section->name);
    return ok;
}

/*----- build-ids -----*/

void xlp_judge_build_id(xlp_case *c, const xlp_section *section,
                        const xlp_rule *rule)
{
    xenlivepatch_payload *payload = c->payload;
    char **id_r = !strcmp(rule->name, XENLIVEPATCH_BUILD_ID)
        ? &payload->build_id
        : !strcmp(rule->name, XENLIVEPATCH_DEPENDS)
        ? &payload->depends : &payload->xen_build_id;
    const uint8_t *id;
    size_t len;

    if (!is_literal(c, section)) return;
    id = xlp_build_id(section, &len);
    if (!id) {
        REFUSED(c, FORMAT, rule->name, "Section %s doesn't begin with a "
                "note of owner GNU and type 3, which a build-id is: link "
                "the payload with --build-id, and with the notes of what "
                "it depends on", rule->name);
        return;
    }
    if (len > XLP_MAX_BUILD_ID)
        CAUTION(c, FORMAT, rule->name, "The build-id in %s has %zu bytes, "
                "and at most %u are of use: link the payload with "
                "--build-id", rule->name, len, XLP_MAX_BUILD_ID);
    *id_r = xlp_kept(c, xenlivepatch_hex(id, len));
}

/* Whether the criterion is hexadecimal; it may be of either case. */
static bool is_hex(const char *id)
{
    size_t len = strlen(id);

    return len && !(len % 2) &&
        strspn(id, "0123456789abcdefABCDEF") == len;
}

static bool is_same(const char *one, const char *other)
{
    return one && other && !strcasecmp(one, other);
}

void xlp_compare_build_ids(xlp_case *c)
{
    const xenlivepatch_payload *payload = c->payload;
    const char *host = c->criteria->xen_build_id;

    if (is_same(payload->build_id, payload->depends) ||
        is_same(payload->build_id, payload->xen_build_id))
        CAUTION(c, COLLISION, XENLIVEPATCH_BUILD_ID, "The payload's own "
                "build-id, %s, is that of what it depends on: link it "
                "with a build-id of its own", payload->build_id);
    if (!host) return;
    if (!is_hex(host)) {
        REFUSED(c, USAGE, NULL, "\"%s\" is no build-id to compare with: "
                "give it in hexadecimal, as xl info shows it", host);
        xlp_keep_rc(c, EINVAL);
    } else if (payload->xen_build_id &&
               !is_same(payload->xen_build_id, host)) {
        REFUSED(c, XEN_BUILD_ID, XENLIVEPATCH_XEN_DEPENDS, "The payload "
                "is made for Xen build-id %s, this host runs %s: get the "
                "payload that was built for this very package version of "
                "Xen", payload->xen_build_id, host);
    }
}

/*----- metadata -----*/

void xlp_judge_metadata(xlp_case *c, const xlp_section *section,
                        const xlp_rule *rule)
{
    if (!is_literal(c, section)) return;
    if (section->data[section->size - 1])
        REFUSED(c, FORMAT, rule->name, "The metadata in %s doesn't end "
                "with a zero byte: end each key=value with one",
                rule->name);
    xlp_keep_rc(c, xenlivepatch_split_metadata(section->data,
                                               section->size,
                                               &c->payload->metadata,
                                               &c->payload->num_metadata));
}

/*----- hooks -----*/

/* The pointer at offset: whether there is a hook that Xen can call. */
static bool judge_hook(xlp_case *c, const xlp_section *section,
                       const xlp_rule *rule, uint64_t offset,
                       const xlp_target *target)
{
    const char *name = section->name;

    if (target->kind == XLP_TARGET_NONE &&
        !xlp_number(section, offset, 8)) {
        if (rule->flags & XLP_SINGLE)
            WARNING(c, HOOK, name, "The hook in %s is a null pointer, so "
                    "nothing will be called: is a relocation missing?",
                    name);
        else
            CAUTION(c, HOOK, name, "The hook at %s+%#"PRIx64" is a null "
                    "pointer, and calling it would crash the host: build "
                    "the payload anew", name, offset);
        return false;
    }
    if (target->kind == XLP_TARGET_OUTSIDE)
        WARNING(c, HOOK, name, "The hook at %s+%#"PRIx64" is %s, which is "
                "not in the payload: make sure that it may be called as a "
                "hook", name, offset, target->symbol);
    else if (!xlp_target_is_text(target, 1))
        CAUTION(c, HOOK, name, "The hook at %s+%#"PRIx64" doesn't point "
                "to code of the payload, and calling it would crash the "
                "host: build the payload anew", name, offset);
    return true;
}

void xlp_judge_hooks(xlp_case *c, const xlp_section *section,
                     const xlp_rule *rule)
{
    xenlivepatch_payload *payload = c->payload;
    xenlivepatch_hook *hooks;
    xlp_relocs relocs;
    xlp_target target;
    uint64_t offset;

    if ((rule->flags & XLP_SINGLE) && section->size != 8)
        REFUSED(c, HOOK, rule->name, "Section %s has %"PRIu64" hooks, and "
                "Xen takes one: let one function call the others",
                rule->name, section->size / 8);
    hooks = realloc(payload->hooks, (payload->num_hooks +
                    section->size / 8) * sizeof(*hooks));
    if (!hooks) {
        xlp_keep_rc(c, ENOMEM);
        return;
    }
    payload->hooks = hooks;

    xlp_relocs_init(c, section, &relocs);
    for (offset = 0; offset < section->size; offset += 8) {
        target = xlp_target_at(c, &relocs, offset, R_X86_64_64);
        if (!judge_hook(c, section, rule, offset, &target)) continue;
        if (rule->flags & XLP_NO_REPLACE) payload->replaceable = false;
        hooks[payload->num_hooks++] = (xenlivepatch_hook){
            rule->hook, xlp_target_name(c, &target)
        };
    }
    xlp_relocs_dispose(&relocs);
}
