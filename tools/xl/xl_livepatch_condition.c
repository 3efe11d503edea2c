/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What is not as it should be, and what would be in the way, for people.
 */

#define _GNU_SOURCE

#include <inttypes.h>
#include <string.h>

#include <libxl.h>

#include "xl.h"
#include "xl_livepatch.h"

static const char *state_words(libxl_livepatch_state state)
{
    switch (state) {
    case LIBXL_LIVEPATCH_STATE_APPLIED: return "applied";
    case LIBXL_LIVEPATCH_STATE_CHECKED: return "loaded, not applied";
    default:                            return "not loaded";
    }
}

/* The rest of a line. */
static void print_words(FILE *f, const char *before, char *const *words)
{
    for (; words && *words; words++) {
        fprintf(f, "%s%s", before, *words);
        before = ", ";
    }
    fprintf(f, ".\n");
}

static void print_missing(FILE *f, const libxl_livepatch_installation *one)
{
    if (one->applied && !one->left_out) return;
    fprintf(f, "    %s is installed%s%s%s\n", one->file,
            one->applied ? ", but a boot would leave it out"
                         : ", but not applied",
            one->left_out ? ": " : "", one->left_out ?: "");
}

static bool is_bootable(const libxl_livepatch_condition *c,
                        const char *id)
{
    const char *one;
    int i;

    for (i = 0; i < c->num_bootable; i++) {
        one = c->bootable[i].build_id;
        if (one && !strcmp(one, id)) return true;
    }
    return false;
}

static void print_other_xens(FILE *f, const libxl_livepatch_condition *c)
{
    char **id;
    bool gone = false;

    if (!c->other_xens) return;
    print_words(f, "Payloads are installed for other Xens: ",
                c->other_xens);
    for (id = c->other_xens; *id; id++)
        gone |= !is_bootable(c, *id);
    if (gone && c->xen_build_id && is_bootable(c, c->xen_build_id))
        fprintf(f, "    Not all of these can be booted any more: xl "
                "livepatch prune removes what is not a package's.\n");
}

static void print_next(FILE *f, const libxl_livepatch_condition *c)
{
    const libxl_livepatch_bootable *next = NULL;
    int i;

    for (i = 0; i < c->num_bootable; i++)
        if (c->bootable[i].next) next = &c->bootable[i];
    if (!c->next_known || (next && next->running)) return;
    if (!next)
        fprintf(f, "The next boot starts no Xen of those in /boot.\n");
    else
        fprintf(f, "The next boot starts another Xen, %s, for which "
                "payloads are installed: %"PRIu32".\n", next->file,
                next->num_installed);
}

void livepatch_print_condition(FILE *f,
                               const libxl_livepatch_condition *c)
{
    const libxl_livepatch_deviation *d;
    int i;

    if (c->xen_version) {
        fprintf(f, "Xen %s", c->xen_version);
        print_words(f, ", and on top of it fixes for ", c->fixes);
    }
    fprintf(f, "%s.\n", c->message);
    for (i = 0; i < c->num_deviations; i++) {
        d = &c->deviations[i];
        fprintf(f, "    %s is %s, should be %s%s%s\n", d->name,
                state_words(d->state), state_words(d->wanted),
                d->message ? ": " : "", d->message ?: "");
    }
    for (i = 0; i < c->num_installed; i++)
        print_missing(f, &c->installed[i]);
    if (c->advice)
        fprintf(f, "    %s\n", c->advice);
    for (i = 0; c->lost_by_boot && c->lost_by_boot[i]; i++)
        fprintf(f, "%s is applied, and not installed: a boot takes it "
                "away.\n", c->lost_by_boot[i]);
    print_next(f, c);
    print_other_xens(f, c);
}

static void print_suspect(FILE *f, const libxl_livepatch_suspect *s)
{
    livepatch_print_domain(f, "    ", s->domid, s->name);
    livepatch_print_duration(f, " ran for ", s->cpu_us, "");
    fprintf(f, "%s\n", s->migrating ? ", is being migrated" : "");
}

void livepatch_print_blockers(FILE *f, const libxl_livepatch_obstacles *o)
{
    int i;

    fprintf(f, "%s.\n", o->message);
    livepatch_print_obstacles(f, o->stragglers, o->num_stragglers,
                              o->waiting, o->num_waiting);
    if (o->num_suspects)
        fprintf(f, "Guests that %s in the way:\n",
                o->rehearsed ? "were" : "may be");
    for (i = 0; i < o->num_suspects; i++)
        print_suspect(f, &o->suspects[i]);
    if (o->stalled_us)
        livepatch_print_duration(f, "The host stood still for ",
                                 o->stalled_us, " at most.\n");
    if (o->advice)
        fprintf(f, "    %s\n", o->advice);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
