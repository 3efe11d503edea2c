/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What is not as it should be, for people.
 */

#define _GNU_SOURCE

#include <inttypes.h>

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

void livepatch_print_condition(FILE *f,
                               const libxl_livepatch_condition *c)
{
    const libxl_livepatch_deviation *d;
    int i;

    fprintf(f, "%s.\n", c->message);
    for (i = 0; i < c->num_deviations; i++) {
        d = &c->deviations[i];
        fprintf(f, "    %s is %s, should be %s%s%s\n", d->name,
                state_words(d->state), state_words(d->wanted),
                d->message ? ": " : "", d->message ?: "");
    }
    if (c->advice)
        fprintf(f, "    %s\n", c->advice);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
