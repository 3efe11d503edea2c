/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An array in place of per-CPU data.
 */
#include <stdlib.h>
#include <string.h>

#include "compare/traits.h"
#include "skeleton_private.h"
#include "support/memory.h"
#include "uses.h"

static void write_array(FILE *out, const struct source *source,
                        const struct atom *atom, const char *name,
                        const char *declaration)
{
    fprintf(out, "\n/*\n * %s\n * would be per-CPU data, and the areas of CPUs "
            "that are up have no room for it.\n"
            " * An array goes on where a CPU goes away and comes up again; an "
            "area begins\n * anew.  The fix has it here:\n *\n", name);
    uses_tell(source, &(struct names_used) { &name, 1, false }, out);
    fprintf(out, " *\n"
            " * LIVEPATCH_TODO: take DEFINE_PER_CPU() out of the fix; write\n"
            " *   this_cpu(%s) as %s[smp_processor_id()],\n"
            " *   per_cpu(%s, cpu) as %s[cpu].\n */\n", name, name, name, name);
    if (declaration) {
        fprintf(out, "%s%s;\n", is_global(atom) ? "" : "static __maybe_unused ",
                declaration);
    } else {
        fprintf(out, "/* LIVEPATCH_TODO: %s[NR_CPUS]: its type has no name "
                "here. */\n", name);
    }
}

bool skeleton_array(struct skeleton *skeleton, const struct atom *atom)
{
    static const char prefix[] = "per_cpu__";
    const struct source *source = skeleton_source(skeleton, atom);
    const char *symbol = atom->symbol->name;
    const char *name = symbol + (starts_with(symbol, prefix) ?
                                 sizeof(prefix) - 1 : 0);
    const struct shape *shape = layouts_variable(skeleton->input->layouts,
                                                 symbol);
    char *array = must_print("%s[NR_CPUS]", name);
    char *declaration = shape ? skeleton_declare(skeleton, shape, array) : NULL;
    size_t first = source ? uses_first(source, &(struct names_used) {
        &name, 1, false }) : 0;
    struct writing writing;
    bool added = false;

    if (first) {
        writing_begin(&writing);
        write_array(writing.out, source, atom, name, declaration);
        added = insertions_add(&skeleton->insertions, source, first - 1,
                               writing_end(&writing));
    }
    if (added) {
        fprintf(skeleton->words.out, "- %s: %s: an array; the fix uses it as "
                "it says there\n", source->path, name);
    }
    free(declaration);
    free(array);
    return added;
}
