/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding a payload's hooks, and calling those that are tables. */
#include "records.h"

#include <asm/cpufeature.h>
#include <xen/spinlock.h>

#include "hooks.h"

#define HOOKS ".livepatch.hooks."

static const char *const singles[] = {
    "preapply", "apply", "postapply", "prerevert", "revert", "postrevert",
};

static char calls[64];

static int on_hook(struct payload *p, unsigned int number)
{
    size_t n = strlen(calls);

    snprintf(calls + n, sizeof(calls) - n, "%u%c", number,
             hosted_spin_debug_disabled ? '-' : '+');
    return 0;
}

static struct image *image_hook(const char *kind)
{
    struct image *image = image_new();

    image_add_hook_call(image, kind, 1);
    return image;
}

/* Where each kind ends up. */
static void *single(unsigned int i)
{
    void *const hooks[] = {
        payload.hooks.preapply, payload.hooks.apply, payload.hooks.postapply,
        payload.hooks.prerevert, payload.hooks.revert,
        payload.hooks.postrevert,
    };

    return hooks[i];
}

static void test_none(void **state)
{
    unsigned int i;

    assert_loads(image_new());
    for ( i = 0; i < ARRAY_SIZE(singles); i++ )
        assert_null(single(i));
    assert_int_equal(payload.hooks.nload, 0);
    assert_int_equal(payload.hooks.nunload, 0);
    assert_false(hooks_forbid_replace(&payload));
    hooks_call_load(&payload);
    hooks_call_unload(&payload);
}

/* Each is found under its own name; only some of them forbid REPLACE. */
static void test_single(void **state)
{
    unsigned int i, j;

    for ( i = 0; i < ARRAY_SIZE(singles); i++ )
    {
        assert_loads(image_hook(singles[i]));
        for ( j = 0; j < ARRAY_SIZE(singles); j++ )
            if ( j == i )
                assert_non_null(single(j));
            else
                assert_null(single(j));
        assert_int_equal(hooks_forbid_replace(&payload),
                         !!strncmp(singles[i], "apply", 5) &&
                         !!strncmp(singles[i], "revert", 6));
    }
}

static void test_single_is_one(void **state)
{
    char words[64];
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(singles); i++ )
    {
        struct image *image = image_hook(singles[i]);

        image_add_hook_call(image, singles[i], 2);
        snprintf(words, sizeof(words),
                 "section " HOOKS "%s has 2 hooks", singles[i]);
        assert_refuses(image, -EINVAL, words);
    }
}

static void test_tables(void **state)
{
    struct image *image = image_hook("load");

    image_add_hook_call(image, "load", 2);
    image_add_hook_call(image, "unload", 3);
    image_add_hook_call(image, "unload", 4);
    image_add_hook_call(image, "unload", 5);
    assert_loads(image);
    assert_int_equal(payload.hooks.nload, 2);
    assert_int_equal(payload.hooks.nunload, 3);
    assert_false(hooks_forbid_replace(&payload));

    /* In their order, and with the lock checks off. */
    hosted_on_hook = on_hook;
    calls[0] = '\0';
    hooks_call_load(&payload);
    assert_string_equal(calls, "1-2-");
    assert_false(hosted_spin_debug_disabled);
    calls[0] = '\0';
    hooks_call_unload(&payload);
    assert_string_equal(calls, "3-4-5-");
    assert_false(hosted_spin_debug_disabled);
    hosted_on_hook = NULL;
}

static void test_sizes(void **state)
{
    static const char *const kinds[] = { "load", "unload", "preapply" };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(kinds); i++ )
    {
        struct image *image = image_new();
        char name[64];

        snprintf(name, sizeof(name), HOOKS "%s", kinds[i]);
        image_add_section(image, name, SHT_PROGBITS, SHF_ALLOC | SHF_WRITE,
                          NULL, 0);
        assert_refuses(image, -EINVAL, "is empty");
        assert_words(payload.why.text, name);

        image = image_hook(kinds[i]);
        image_grow(image, image_section_index(image, name), NULL, 4);
        assert_refuses(image, -EINVAL, name);

        image = image_hook(kinds[i]);
        image_section(image, name)->header.sh_flags = 0;
        assert_refuses(image, -EINVAL, "ALLOC");
    }
}

static void test_target(void **state)
{
    static const char *const kinds[] = { "load", "unload", "revert" };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(kinds); i++ )
    {
        struct image *image;
        char name[64];

        snprintf(name, sizeof(name), HOOKS "%s", kinds[i]);

        /* NULL, ... */
        image = image_hook(kinds[i]);
        image_drop_reloc(image, name, 0);
        assert_refuses(image, -EINVAL, "there is no code of the payload at");
        assert_words(payload.why.text, name);

        /* the hypervisor's code, ... */
        image = image_new();
        image_add_hook(image, kinds[i], image_undefined(image, "xen_two"));
        assert_refuses(image, -EINVAL, "there is no code of the payload at");

        /* data. */
        image = image_new();
        image_add_hook(image, kinds[i],
                       image_add_symbol(image, "data",
                                        image_add_section(image, ".data",
                                            SHT_PROGBITS,
                                            SHF_ALLOC | SHF_WRITE, NULL, 8),
                                        0, 8, 0));
        assert_refuses(image, -EINVAL, "there is no code of the payload at");
    }

    /* The second of a table, too. */
    {
        struct image *image = image_hook("load");

        image_add_hook(image, "load", image_undefined(image, "xen_two"));
        assert_refuses(image, -EINVAL, "there is no code of the payload at");
    }
}

/* With CET-IBT, hooks without ENDBR64 would end in a fault. */
static void test_ibt(void **state)
{
    struct image *image;

    hosted_has_ibt = true;
    hosted_features[X86_FEATURE_IND_THUNK_JMP] = true;
    assert_loads(image_hook("load"));

    image = image_new();
    image_add_hook(image, "load", image_symbol_index(image,
                                                     "new_xen_one_101"));
    assert_refuses(image, -EINVAL, "doesn't begin with ENDBR64");
    assert_words(payload.why.text, HOOKS "load");

    /* Not at the end of all code, where there is no room for one. */
    image = image_new();
    image_add_hook(image, "load", image_add_code(image, "short", "\xf3", 1));
    assert_refuses(image, -EINVAL, "doesn't begin with ENDBR64");

    hosted_has_ibt = false;
    image = image_new();
    image_add_hook(image, "load", image_symbol_index(image,
                                                     "new_xen_one_101"));
    assert_loads(image);
}

static void test_agreement(void **state)
{
    struct image *image = image_new();

    assert_loads(image_hook("load"));
    assert_int_equal(hooks_agreement(&payload), HOOK_NONE_APPLIED);
    payload.fstate[0].applied = LIVEPATCH_FUNC_APPLIED;
    assert_int_equal(hooks_agreement(&payload), HOOK_ALL_APPLIED);
    payload.fstate[0].applied = LIVEPATCH_FUNC_NOT_APPLIED;

    image_add_function(image, "xen_two",
                       image_add_return(image, "new2", 2), 0);
    assert_loads(image);
    assert_int_equal(hooks_agreement(&payload), HOOK_NONE_APPLIED);
    payload.fstate[1].applied = LIVEPATCH_FUNC_APPLIED;
    assert_int_equal(hooks_agreement(&payload), HOOK_SOME_APPLIED);
    payload.fstate[0].applied = LIVEPATCH_FUNC_APPLIED;
    assert_int_equal(hooks_agreement(&payload), HOOK_ALL_APPLIED);
    payload.fstate[1].applied = LIVEPATCH_FUNC_NOT_APPLIED;
    assert_int_equal(hooks_agreement(&payload), HOOK_SOME_APPLIED);
    payload.fstate[0].applied = LIVEPATCH_FUNC_NOT_APPLIED;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        records_test(test_none),
        records_test(test_single),
        records_test(test_single_is_one),
        records_test(test_tables),
        records_test(test_sizes),
        records_test(test_target),
        records_test(test_ibt),
        records_test(test_agreement),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
