/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What of the installed payloads is applied at boot, and in which order.
 *
 * Payloads lie upon each other in one stack, so what is installed is put
 * into a chain from Xen upwards.  Whatever can't be in it, a damaged file
 * or what was being applied when the host went down, is left out with what
 * builds on it.
 */

#include "libxl_osdeps.h"

#include "libxl_livepatch_installed.h"

static bool is_free(const libxl__livepatch_link *link)
{
    return !link->left_out;
}

static void judge(libxl__gc *gc, const char *build_id,
                  libxl_string_list keys,
                  const libxl__livepatch_trials *trials,
                  libxl__livepatch_link *link)
{
    const libxl_livepatch_criteria criteria = {
        .xen_build_id = (char *)build_id,
        .keys = keys,
    };
    libxl_livepatch_judgement *const judgement = &link->judgement;
    const libxl_livepatch_finding *error;
    libxl__livepatch_image image = {};

    libxl_livepatch_judgement_init(judgement);
    judgement->file = libxl__livepatch_text(NOGC, link->file.path);
    if (libxl__livepatch_read(link->file.path, &image, judgement) &&
        libxl__livepatch_judge(&image, &criteria, NULL,
                               judgement) == ERROR_NOMEM)
        libxl__alloc_failed(CTX, __func__, 0, 0);
    free(image.data);

    if (!judgement->acceptable) {
        error = libxl__livepatch_first_error(judgement);
        link->left_out = error ? error->message : "it can't be read";
    } else if (libxl__livepatch_has_crashed(trials, judgement->sha256)) {
        link->left_out = "the host went down after it was applied at an "
                         "earlier boot";
    }
}

/* Which of those from first on builds on id; two can't both be applied. */
static libxl__livepatch_link *find_next(libxl__gc *gc,
                                        libxl__livepatch_chain *chain,
                                        int first, const char *id)
{
    libxl__livepatch_link *found = NULL, *l;

    for (l = chain->links + first; l < chain->links + chain->num; l++) {
        if (!is_free(l) ||
            !libxl__livepatch_same_id(l->judgement.depends, id))
            continue;
        if (found &&
            libxl__livepatch_same_id(l->judgement.build_id,
                                     found->judgement.build_id)) {
            l->left_out = GCSPRINTF("%s is the same payload",
                                    found->judgement.file);
            continue;
        }
        if (found) {
            found->left_out = GCSPRINTF("%s is made for the same place in "
                                        "the stack", l->judgement.file);
            l->left_out = GCSPRINTF("%s is made for the same place in the "
                                    "stack", found->judgement.file);
        }
        found = l;
    }
    return found && is_free(found) ? found : NULL;
}

int libxl__livepatch_chain_find(libxl__gc *gc, const char *build_id,
                                libxl_string_list keys,
                                const libxl__livepatch_trials *trials,
                                libxl__livepatch_chain *chain_r)
{
    libxl__livepatch_installed *list;
    libxl__livepatch_link *next, link;
    const char *id = build_id;
    int num, i, r;

    FILLZERO(*chain_r);
    r = libxl__livepatch_installed_list(gc, build_id, &list, &num);
    if (r) return r;

    chain_r->links = libxl__calloc(gc, num + 1, sizeof(*chain_r->links));
    chain_r->num = num;
    for (i = 0; i < num; i++) {
        chain_r->links[i].file = list[i];
        judge(gc, build_id, keys, trials, &chain_r->links[i]);
    }
    /* From Xen upwards, each is put to those before. */
    while ((next = find_next(gc, chain_r, chain_r->num_fit, id))) {
        link = *next;
        *next = chain_r->links[chain_r->num_fit];
        chain_r->links[chain_r->num_fit++] = link;
        id = link.judgement.build_id;
    }
    for (i = chain_r->num_fit; i < num; i++)
        if (is_free(&chain_r->links[i]))
            chain_r->links[i].left_out =
                "what it builds on is not installed, or was left out, too";
    return 0;
}

void libxl__livepatch_chain_dispose(libxl__livepatch_chain *chain)
{
    int i;

    for (i = 0; i < chain->num; i++)
        libxl_livepatch_judgement_dispose(&chain->links[i].judgement);
    FILLZERO(*chain);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
