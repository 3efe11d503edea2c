/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hooks: for what code did that has run, and for values of variables.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "select/select.h"
#include "skeleton_private.h"
#include "support/memory.h"
#include "uses.h"

static const char about_hooks[] =
    " * All CPUs stand still here, with interrupts off: no memory can be had,\n"
    " * and no other CPU asked for anything.  What needs that is for\n"
    " * LIVEPATCH_PREAPPLY_HOOK() or LIVEPATCH_POSTAPPLY_HOOK(), and there "
    "what\n * each CPU sets in itself, such as an MSR, for "
    "livepatch_on_each_cpu().\n"
    " */\n";

bool skeleton_add_hooks(struct skeleton *skeleton, const struct source *source,
                        char *text)
{
    bool first = !insertions_has(&skeleton->insertions, source);
    char *all = must_print("%s%s", first ?
                           "\n#include <xen/livepatch_patch.h>\n" : "", text);

    free(text);
    return insertions_add(&skeleton->insertions, source, SIZE_MAX, all);
}

/* A hook with a line of its own in front of what is to be done. */
static void write_hook(FILE *out, const char *kind, const char *name,
                       const char *line, const char *to_do)
{
    bool load = !strcmp(kind, "LOAD");

    fprintf(out, "static void cf_check livepatch_%s_%s(void)\n{\n%s"
            "    /* LIVEPATCH_TODO: %s */\n}\n"
            "LIVEPATCH_%s_HOOK(livepatch_%s_%s);\n", load ? "set" : "put_back",
            name, line, to_do, kind, load ? "set" : "put_back", name);
}

static void write_ran(FILE *out, const struct source *source, const char *name)
{
    fprintf(out, "\n/*\n * %s()\n * has run, without what the fix changes in "
            "it:\n *\n", name);
    if (!changes_tell(source, name, out)) {
        fputs(" *   no line of its own: a macro, a type or what is inline in "
              "it\n", out);
    }
    fprintf(out, " *\n%s", about_hooks);
    write_hook(out, "LOAD", name, "",
               "do for what exists what these lines would have done.");
    fputc('\n', out);
    write_hook(out, "UNLOAD", name, "", "undo that.");
}

static void tell_variable(FILE *out, const struct source *source,
                          const char *name)
{
    uses_tell(source, &(struct names_used) { &name, 1, false }, out);
}

static void write_value(FILE *out, const struct source *source,
                        const char *name)
{
    char *line;

    fprintf(out, "\n/*\n * %s\n * exists, with the value that it has now.  "
            "Leave its definition as it was in\n * the fix, too.  All that has "
            "it:\n *\n", name);
    tell_variable(out, source, name);
    fprintf(out, " *\n%sstatic typeof(%s) livepatch_old_%s;\n\n", about_hooks,
            name, name);
    line = must_print("    memcpy(&livepatch_old_%s,\n           &%s,\n"
                      "           sizeof(%s));\n",
                      name, name, name);
    write_hook(out, "LOAD", name, line, "set it.");
    free(line);
    fputc('\n', out);
    line = must_print("    memcpy(&%s,\n           &livepatch_old_%s,\n"
                      "           sizeof(%s));\n",
                      name, name, name);
    write_hook(out, "UNLOAD", name, line,
               "right, if it changes meanwhile?");
    free(line);
}

static void write_first_value(FILE *out, const struct source *source,
                              const char *name)
{
    fprintf(out, "\n/*\n * %s\n * is new, and begins with what its "
            "initialiser says: what would set it has run,\n * or it takes "
            "another's place, which is to stay in the fix beside it then.\n"
            " * The fix has it here:\n *\n", name);
    tell_variable(out, source, name);
    fprintf(out, " *\n%s", about_hooks);
    write_hook(out, "LOAD", name, "", "give it its value.");
    fputc('\n', out);
    write_hook(out, "UNLOAD", name, "",
               "hand on what it holds, if another takes its place.");
}

bool skeleton_hooks(struct skeleton *skeleton, const struct atom *atom)
{
    const struct source *source = skeleton_source(skeleton, atom);
    const char *symbol = atom->symbol->name, *fix = "the fix stays as it is";
    struct writing writing;
    char *name;
    bool added;

    if (!source) {
        return false;
    }
    /* Without what the compiler may have put behind it. */
    name = must_print("%.*s", (int)strcspn(symbol, "."), symbol);
    writing_begin(&writing);
    switch ((enum gap)atom->gap) {
    case GAP_RAN:
        write_ran(writing.out, source, name);
        break;
    case GAP_VALUE:
        write_value(writing.out, source, name);
        fix = "leave its definition out of the fix";
        break;
    default:
        write_first_value(writing.out, source, name);
        break;
    }
    added = skeleton_add_hooks(skeleton, source, writing_end(&writing));
    if (added) {
        fprintf(skeleton->words.out, "- %s: %s: a load and an unload hook; "
                "%s\n", source->path, name, fix);
    }
    free(name);
    return added;
}
