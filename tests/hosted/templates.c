/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <xen/lib.h>

#include "payload.h"
#include "samples.h"
#include "services.h"
#include "templates.h"

#define ID(kind) (0x40 + (kind))

const uint8_t template_nops[] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };

struct template templates[TEMPLATES] = {
    [ONE] = { .patches = { { "xen_one", 101 } } },
    [STACKED] = { .patches = { { "xen_one", 102 }, { "xen_two", 202 } } },
    [SEVERAL] = { .patches = {
        { "xen_endbr", 401 }, { "xen_crossing", 402 },
        { "xen_page_crossing", 403 }, { "xen_poisoned", 404 },
    } },
    [HOOKED] = { .patches = { { "xen_three", 301 } } },
    [GUARDED] = { .patches = { { "xen_three", 302 }, { "xen_nop", 601 } } },
    [NOPS] = { .patches = { { "xen_nop", 0, 5 }, { "xen_long", 0, 5 } } },
    [OFFERING] = { .patches = { { "xen_identity", 701 } } },
    [USING] = { .patches = { { "xen_two", 203 } } },
    [EXPECTING] = { .patches = { { "xen_two", 204 }, { "xen_one", 104 } } },
    [RICH] = { .patches = {
        { "xen_one", 101 }, { "xen_nop", 0, 5 }, { "xen_endbr", 0 },
    } },
};

#define FUNCTION(name, value) { #name, name, value }
int xen_one(void), xen_two(void), xen_three(void), xen_endbr(void),
    xen_poisoned(void), xen_crossing(void), xen_page_crossing(void),
    xen_nop(void), xen_long(void), xen_thunked(void);
const struct function template_functions[] = {
    FUNCTION(xen_one, 1), FUNCTION(xen_two, 2), FUNCTION(xen_three, 3),
    FUNCTION(xen_endbr, 4), FUNCTION(xen_poisoned, 5), FUNCTION(xen_nop, 6),
    FUNCTION(xen_crossing, 7), FUNCTION(xen_page_crossing, 8),
    FUNCTION(xen_long, 10), FUNCTION(xen_thunked, 11),
};
const unsigned int template_nfunctions = ARRAY_SIZE(template_functions);

/* -- Their files ---------------------------------------------------------- */

static void add_patch(struct image *image, const struct patch *patch)
{
    char name[64];
    unsigned int symbol = 0;

    if ( !patch->nops )
    {
        snprintf(name, sizeof(name), "new_%s_%d", patch->function,
                 patch->value);
        symbol = image_add_return(image, name, patch->value);
    }
    image_add_function(image, patch->function, symbol, patch->nops);
}

static void add_hooks(struct image *image, enum template_kind kind)
{
    static const struct {
        enum template_kind kind;
        const char *section;
        enum hook hook;
    } hooks[] = {
        { HOOKED, "load", HOOK_LOAD },
        { HOOKED, "unload", HOOK_UNLOAD },
        { GUARDED, "preapply", HOOK_PREAPPLY },
        { GUARDED, "postapply", HOOK_POSTAPPLY },
        { GUARDED, "prerevert", HOOK_PREREVERT },
        { GUARDED, "postrevert", HOOK_POSTREVERT },
        { ACTING, "apply", HOOK_APPLY },
        { ACTING, "revert", HOOK_REVERT },
    };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(hooks); i++ )
        if ( hooks[i].kind == kind )
            image_add_hook_call(image, hooks[i].section, hooks[i].hook);
}

static struct image *make(enum template_kind kind)
{
    const struct patch *patch = templates[kind].patches;
    struct image *image = image_empty();

    for ( ; patch->function; patch++ )
        add_patch(image, patch);
    if ( kind == ACTING )
    {
        add_patch(image, &(struct patch){ "xen_three", 1 });
        add_patch(image, &(struct patch){ "xen_nop", 0, 5 });
    }
    add_hooks(image, kind);
    if ( kind == OFFERING )
        image_add_return(image, "offered", 1);
    if ( kind == USING )
        image_undefined(image, "offered");
    if ( kind == EXPECTING )
        image_expect(image, 0, "\xb8\x02\x00\x00\x00", 5);
    if ( kind == BROKEN )
        image_undefined(image, "nowhere");
    image_add_build_id(image, ".note.gnu.build-id", ID(kind));
    image_add_build_id(image, ".livepatch.depends",
                       kind == STACKED ? ID(ONE) : HOSTED_XEN_ID);
    image_add_build_id(image, ".livepatch.xen_depends", HOSTED_XEN_ID);
    return image;
}

/* Once; nobody frees them. */
void templates_make(void)
{
    enum template_kind kind;

    /* The hooks' common symbol is forgotten by hosted_reset(). */
    image_provide_hooks();
    if ( templates[0].file )
        return;
    for ( kind = 0; kind < TEMPLATES; kind++ )
    {
        struct image *image = kind == RICH
                              ? sample_rich(ID(RICH), HOSTED_XEN_ID)
                              : make(kind);

        templates[kind].file = image_build(image, &templates[kind].size);
        image->file = NULL;
        image_free(image);
    }
}

const struct patch *template_patch(enum template_kind kind,
                                   const char *function)
{
    const struct patch *patch = templates[kind].patches;

    for ( ; patch->function; patch++ )
        if ( !strcmp(patch->function, function) )
            return patch;
    return NULL;
}

bool template_is_among(enum template_kind kind, const int *loaded,
                       const unsigned int *stack, unsigned int depth)
{
    unsigned int i;

    for ( i = 0; i < depth; i++ )
        if ( loaded[stack[i]] == (int)kind )
            return true;
    return false;
}

bool template_is_loaded(enum template_kind kind, const int *loaded,
                        unsigned int n)
{
    unsigned int i;

    for ( i = 0; i < n; i++ )
        if ( loaded[i] == (int)kind )
            return true;
    return false;
}

/* -- Their hooks ---------------------------------------------------------- */

enum hook_outcome hook_outcomes[HOOKS];
static int balance[HOOKS];

static void mark(struct payload *payload, bool apply, unsigned int n)
{
    unsigned int i;

    for ( i = 0; i < n; i++ )
        payload->fstate[i].applied = apply ? LIVEPATCH_FUNC_APPLIED
                                           : LIVEPATCH_FUNC_NOT_APPLIED;
}

/* In the engine's place: it writes nothing, only says that it did. */
static int act(struct payload *payload, bool apply, enum hook_outcome outcome)
{
    switch ( outcome )
    {
    case HOOK_DOES:
        mark(payload, apply, payload->nfuncs);
        return 0;

    case HOOK_DOES_HALF:
        mark(payload, apply, 1);
        return 0;

    case HOOK_DOES_AND_REFUSES:
        mark(payload, apply, payload->nfuncs);
        return -EPERM;

    case HOOK_DOES_NOTHING:
        return 0;

    default:
        return -EPERM;
    }
}

static int before(enum hook_outcome outcome)
{
    if ( outcome != HOOK_DOES )
        return -EPERM;
    balance[HOOK_PREAPPLY]++;
    return 0;
}

static int hook_called(struct payload *payload, unsigned int number)
{
    /* One that nobody expects to be called. */
    if ( number >= HOOKS )
        hosted_fail("hook %u", number);
    switch ( (enum hook)number )
    {
    case HOOK_LOAD:
        balance[HOOK_LOAD]++;
        return 0;

    case HOOK_UNLOAD:
        balance[HOOK_LOAD]--;
        return 0;

    case HOOK_PREAPPLY:
    case HOOK_PREREVERT:
        return before(hook_outcomes[number]);

    case HOOK_POSTAPPLY:
    case HOOK_POSTREVERT:
        balance[HOOK_PREAPPLY]--;
        return 0;

    default:
        return act(payload, number == HOOK_APPLY, hook_outcomes[number]);
    }
}

void hooks_reset(void)
{
    memset(hook_outcomes, 0, sizeof(hook_outcomes));
    hosted_on_hook = hook_called;
}

int hook_balance(enum hook hook)
{
    return balance[hook];
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
