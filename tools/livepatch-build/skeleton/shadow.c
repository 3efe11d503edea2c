/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A shadow variable for members that objects in memory have no room for.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layout/layout_explain.h"
#include "skeleton_private.h"
#include "support/memory.h"
#include "uses.h"

struct shadow {
    struct skeleton *skeleton;
    const struct type *old, *new;
    const char *tag;            /* of the type, without "struct" */
    char *macro;                /* in capitals */
    struct names_used names;    /* of its new members */
};

/* -- The members ----------------------------------------------------------- */

/* Is it, or what was in its place under another name, there already? */
static bool had(const struct type *old, const struct member *member)
{
    for (size_t i = 0; i < old->nmembers; i++) {
        const struct member *was = &old->members[i];

        if ((was->path == member->path ||
             (was->bit == member->bit && was->bits == member->bits)) &&
            shape_compare(&was->shape, &member->shape) != GRADE_LAYOUT) {
            return true;
        }
    }
    return false;
}

static bool is_new(const struct shadow *shadow, const struct member *member)
{
    return !member->apart && !strchr(member->path, '[') &&
           !had(shadow->old, member);
}

/* Those of nameless structures have a path. */
static const char *name_of(const struct member *member)
{
    const char *dot = strrchr(member->path, '.');

    return dot ? dot + 1 : member->path;
}

static void write_member(const struct shadow *shadow,
                         const struct member *member, FILE *out)
{
    char *declaration = skeleton_declare(shadow->skeleton, &member->shape,
                                         name_of(member));

    if (!declaration) {
        fprintf(out, "    /* LIVEPATCH_TODO: %s: its type has no name "
                "here. */\n", name_of(member));
    } else if (member->field) {
        fprintf(out, "    %s:%llu;\n", declaration,
                (unsigned long long)member->bits);
    } else {
        fprintf(out, "    %s;\n", declaration);
    }
    free(declaration);
}

static void write_members(const struct shadow *shadow, FILE *out)
{
    for (size_t i = 0; i < shadow->new->nmembers; i++) {
        if (is_new(shadow, &shadow->new->members[i])) {
            write_member(shadow, &shadow->new->members[i], out);
        }
    }
}

/* -- Who uses them --------------------------------------------------------- */

static void find_names(struct shadow *shadow)
{
    struct names_used *names = &shadow->names;

    names->members = true;
    names->words = must_alloc(shadow->new->nmembers + 1,
                              sizeof(*names->words));
    for (size_t i = 0; i < shadow->new->nmembers; i++) {
        if (is_new(shadow, &shadow->new->members[i])) {
            names->words[names->count++] = name_of(&shadow->new->members[i]);
        }
    }
}

static void write_uses(const struct shadow *shadow, FILE *out)
{
    const struct sources *sources = shadow->skeleton->input->sources;

    for (size_t i = 0; i < sources_count(sources); i++) {
        uses_tell(sources_get(sources, i), &shadow->names, out);
    }
}

/* -- The header ------------------------------------------------------------ */

/* Payloads share the numbers: one that another fix hardly has. */
static uint32_t number_of(const struct shadow *shadow)
{
    const char *name = shadow->skeleton->input->name;
    uint64_t hash = hash_more(0, name, strlen(name));

    return (uint32_t)hash_more(hash, shadow->tag, strlen(shadow->tag));
}

static void write_about(const struct shadow *shadow, FILE *out)
{
    fprintf(out, "/* SPDX-License-Identifier: GPL-2.0-or-later */\n"
            "/*\n * What the fix adds to %s (%s:%d).\n"
            " * Objects that exist have no room for it: it is a shadow "
            "variable of each.\n *\n"
            " * LIVEPATCH_TODO: take the members out of the fix, and use\n"
            " * %s_shadow() in these lines:\n *\n", shadow->old->name,
            shadow->old->file, shadow->old->line, shadow->tag);
    write_uses(shadow, out);
    fprintf(out, " *\n * LIVEPATCH_TODO: where an object is freed:\n"
            " * livepatch_shadow_detach(object, %s_SHADOW, NULL);\n */\n",
            shadow->macro);
}

static void write_header(const struct shadow *shadow, FILE *out)
{
    const char *tag = shadow->tag, *macro = shadow->macro;

    write_about(shadow, out);
    fprintf(out, "#ifndef LIVEPATCH_%s_SHADOW_H\n"
            "#define LIVEPATCH_%s_SHADOW_H\n\n"
            "#include <xen/livepatch_patch.h>\n\n"
            "#define %s_SHADOW 0x%" PRIx32 "\n\n"
            "struct %s_shadow {\n", macro, macro, macro, number_of(shadow),
            tag);
    write_members(shadow, out);
    fprintf(out, "};\n\n"
            "/*\n * LIVEPATCH_TODO: NULL where memory is short: all who call "
            "it must cope.  It\n * allocates; where that is forbidden, ask "
            "livepatch_shadow_get().  A new one is\n * all zeroes; where that "
            "isn't right, as for a lock, name a constructor.\n */\n"
            "static inline struct %s_shadow *%s_shadow(const void *object)\n"
            "{\n    return livepatch_shadow_get_or_attach((void *)object, "
            "%s_SHADOW,\n"
            "        sizeof(struct %s_shadow), NULL, NULL);\n}\n\n#endif\n",
            tag, tag, macro, tag);
}

/* As a patch that makes the file. */
static void add_header(const struct shadow *shadow)
{
    FILE *out = shadow->skeleton->files.out;
    struct writing writing;
    size_t lines = 0;
    char *text;

    writing_begin(&writing);
    write_header(shadow, writing.out);
    text = writing_end(&writing);
    for (const char *at = text; *at; at++) {
        lines += *at == '\n';
    }
    fprintf(out, "--- /dev/null\n+++ b/xen/include/xen/%s_shadow.h\n"
            "@@ -0,0 +1,%zu @@\n", shadow->tag, lines);
    for (const char *at = text; *at; at += strcspn(at, "\n") + 1) {
        fprintf(out, "+%.*s\n", (int)strcspn(at, "\n"), at);
    }
    free(text);
}

/* -- The sources ----------------------------------------------------------- */

/* Headers are left alone: most of Xen includes some of them. */
static bool add_include(const struct shadow *shadow,
                        const struct source *source, size_t line)
{
    return insertions_add(&shadow->skeleton->insertions, source, line - 1,
                          must_print("\n#include <xen/%s_shadow.h>\n",
                                     shadow->tag));
}

/* Once for all: what the payload brings where the engine hasn't got it. */
static char *own_shadows(const struct shadow *shadow)
{
    return must_print(
        "\n/*\n * LIVEPATCH_TODO: for how many objects at a time?  The payload "
        "brings the room\n * where Xen's engine has no shadow variables.\n */\n"
        "#define LIVEPATCH_SHADOW_ROOM 1024\n"
        "#define LIVEPATCH_SHADOW_SIZE sizeof(struct %s_shadow)\n"
        "#include <xen/livepatch_patch.h>\n", shadow->tag);
}

static bool add_hook(const struct shadow *shadow, const struct source *source)
{
    const char *tag = shadow->tag;
    char *own = shadow->skeleton->has_shadows ? must_copy("") :
                own_shadows(shadow);
    char *text = must_print(
        "%s\nstatic void cf_check livepatch_forget_%s(void)\n{\n"
        "    livepatch_shadow_detach_all(%s_SHADOW, NULL);\n}\n"
        "LIVEPATCH_UNLOAD_HOOK(livepatch_forget_%s);\n", own, tag,
        shadow->macro, tag);

    free(own);
    shadow->skeleton->has_shadows = true;
    return insertions_add(&shadow->skeleton->insertions, source, SIZE_MAX,
                          text);
}

static bool add_to_sources(const struct shadow *shadow)
{
    const struct sources *sources = shadow->skeleton->input->sources;
    bool added = false;

    for (size_t i = 0; i < sources_count(sources); i++) {
        const struct source *source = sources_get(sources, i);
        size_t line = uses_first(source, &shadow->names);

        if (line && ends_with(source->path, ".c") &&
            add_include(shadow, source, line)) {
            added = added || add_hook(shadow, source);
        }
    }
    return added;
}

bool skeleton_shadow(struct skeleton *skeleton,
                     const struct type_change *change)
{
    const char *blank = strrchr(change->old->name, ' ');
    struct shadow shadow = {
        .skeleton = skeleton, .old = change->old, .new = change->new,
        .tag = blank ? blank + 1 : change->old->name,
    };
    bool added;

    shadow.macro = must_copy(shadow.tag);
    for (char *at = shadow.macro; *at; at++) {
        *at = (char)toupper((unsigned char)*at);
    }
    find_names(&shadow);
    added = add_to_sources(&shadow);
    if (added) {
        add_header(&shadow);
        fprintf(skeleton->words.out, "- %s: a shadow variable; the fix uses it "
                "as xen/%s_shadow.h says\n", change->old->name, shadow.tag);
    }
    free(shadow.names.words);
    free(shadow.macro);
    return added;
}
