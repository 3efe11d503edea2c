/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loading as a whole: its order, and that failures leave nothing behind. */
#include "loading.h"

#include <asm/alternative.h>
#include <asm/cpufeatures.h>

#include "../../xen/common/livepatch/load.h"

/* One with everything that a payload can have. */
static struct image *full(void)
{
    static const char nop = 0x90;
    struct image *image = image_new();
    unsigned int code = image_add_return(image, "code", 7), data;

    data = image_add_section(image, ".data", SHT_PROGBITS,
                             SHF_ALLOC | SHF_WRITE, "data", 4);
    image_add_symbol(image, "datum", data, 0, 4, 0x11);
    image_add_section(image, ".bss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE, NULL,
                      100);
    image_add_hook_call(image, "load", 0);
    image_add_hook_call(image, "postapply", 1);
    image_add_bug_frame(image, 1, code, 0, "file.c");
    image_add_exception(image, code, 0, 5);
    image_add_alternative(image, code, 0, 5, 0, X86_FEATURE_ALWAYS, &nop, 1);
    image_add_modinfo(image, "key=value", 10);
    return image;
}

static bool is_zero(const void *p, size_t size)
{
    const uint8_t *byte = p;

    while ( size && !*byte )
        size--, byte++;
    return !size;
}

/* Loads from a copy of the file that nothing may write. */
static int load_copy(struct payload *payload, struct image *image)
{
    size_t size;
    void *file = image_build(image, &size), *copy = malloc(size);
    int rc;

    assert_non_null(copy);
    memcpy(copy, file, size);
    memset(payload, 0, sizeof(*payload));
    strlcpy(payload->name, "p", sizeof(payload->name));
    rc = load_payload(payload, copy, size, false);
    assert_memory_equal(copy, file, size);
    free(copy);
    return rc;
}

static void everything(void **state)
{
    struct image *image = full();
    struct payload payload;

    assert_int_equal(load_copy(&payload, image), 0);
    assert_int_equal(payload.state, LIVEPATCH_STATE_CHECKED);
    assert_int_equal(payload.rc, 0);
    assert_int_equal(payload.nfuncs, 1);
    assert_int_equal(payload.hooks.nload, 1);
    assert_non_null(payload.hooks.postapply);
    assert_int_equal(payload.modinfo.size, 10);
    assert_non_null(payload.image.pristine);
    assert_non_null(payload.region.symbols_lookup);
    assert_int_equal(payload.why.rc, 0);
    assert_string_equal(payload.why.text, "");
    unload_payload(&payload);
    assert_int_equal(hosted_allocated, 0);
    image_free(image);
}

static void nothing_to_do(void **state)
{
    struct image *image = image_new();

    image_drop_section(image, ".livepatch.funcs");
    assert_refused(image, -EINVAL,
                   "nothing to patch: neither functions nor hooks");
    image = image_new();
    image_drop_section(image, ".livepatch.funcs");
    image_add_section(image, ".livepatch.funcs", SHT_PROGBITS, SHF_ALLOC,
                      NULL, 0);
    assert_refused(image, -EINVAL, "nothing to patch");
}

/* A hook of any kind is enough. */
static void hooks_only(void **state)
{
    static const char *const kinds[] = {
        "load", "unload", "preapply", "apply", "postapply", "prerevert",
        "revert", "postrevert",
    };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(kinds); i++ )
    {
        struct image *image = image_new();

        image_drop_section(image, ".livepatch.funcs");
        image_add_hook_call(image, kinds[i], i);
        assert_accepted(image);
    }
}

/* The machine is a question of the architecture, before all that follows. */
static void other_machine(void **state)
{
    struct image *image = image_new();

    image_header(image)->e_machine = EM_AARCH64;
    assert_refused(image, -EOPNOTSUPP, "machine 183");
}

/* Of a failure, only the reason stays. */
static void assert_as_given(const struct payload *payload, int rc)
{
    struct payload given = { .name = "p" };

    given.why = payload->why;
    assert_memory_equal(payload, &given, sizeof(given));
    assert_int_equal(payload->why.rc, rc);
    assert_int_not_equal(payload->why.text[0], 0);
    hosted_grace_period();
    assert_int_equal(hosted_allocated, 0);
}

/* Whichever part is wrong. */
static void each_part_is_checked(void **state)
{
    static const struct {
        const char *section;
        size_t size;
    } parts[] = {
        { ".livepatch.funcs", 103 }, { ".livepatch.hooks.load", 7 },
        { ".bug_frames.1", 7 }, { ".ex_table", 7 }, { ".altinstructions", 13 },
        { ".modinfo", 9 },
    };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(parts); i++ )
    {
        struct image *image = full();
        struct payload payload;
        char rela[64];

        /* Without the relocations, which don't fit any more. */
        snprintf(rela, sizeof(rela), ".rela%s", parts[i].section);
        if ( strcmp(parts[i].section, ".modinfo") )
            image_section_header(image, rela)->sh_type = SHT_PROGBITS;
        image_section_header(image, parts[i].section)->sh_size =
            parts[i].size;
        assert_int_equal(load_copy(&payload, image), -EINVAL);
        assert_as_given(&payload, -EINVAL);
        if ( !strstr(payload.why.text, parts[i].section) )
            fail_msg("\"%s\"", payload.why.text);
        image_free(image);
    }
}

static void failures_leave_nothing(void **state)
{
    struct image *image;
    struct payload payload;

    image = full();
    *(char *)image_data(image, ".livepatch.xen_depends") = 5;
    assert_int_equal(load_copy(&payload, image), -EINVAL);
    assert_as_given(&payload, -EINVAL);
    image_free(image);

    image = full();
    image_function(image, 0)->version = 1;
    assert_int_equal(load_copy(&payload, image), -EOPNOTSUPP);
    assert_as_given(&payload, -EOPNOTSUPP);
    image_free(image);

    image = full();
    ((char *)image_data(image, ".modinfo"))[9] = 'x';
    assert_int_equal(load_copy(&payload, image), -EINVAL);
    assert_as_given(&payload, -EINVAL);
    image_free(image);

    image = full();
    image_header(image)->e_type = ET_EXEC;
    assert_int_equal(load_copy(&payload, image), -EOPNOTSUPP);
    assert_as_given(&payload, -EOPNOTSUPP);
    image_free(image);

    assert_int_equal(op_upload_once("other", full()), 0);
    image = full();
    assert_int_equal(load_copy(&payload, image), -EEXIST);
    assert_non_null(strstr(payload.why.text, "build-id"));
    assert_int_equal(op_unload("other"), 0);
    assert_as_given(&payload, -EEXIST);
    image_free(image);

    image = full();
    image_add_symbol(image, "xen_two", image_section_index(image, ".data"), 0,
                     4, 0x11);
    assert_int_equal(load_copy(&payload, image), -EEXIST);
    assert_as_given(&payload, -EEXIST);
    image_free(image);
}

/* Without memory at any point: words, and nothing left. */
static void no_memory(void **state)
{
    struct image *image = full();
    struct payload payload;
    unsigned long n = 0;
    int rc;

    do {
        hosted_fail_allocation(++n);
        rc = load_copy(&payload, image);
        if ( rc )
        {
            assert_int_equal(rc, -ENOMEM);
            assert_true(hosted_allocation_failed());
            assert_non_null(strstr(payload.why.text, "memory"));
            assert_true(is_zero(&payload.image, sizeof(payload.image)));
            assert_as_given(&payload, -ENOMEM);
        }
    } while ( hosted_allocation_failed() );
    assert_int_equal(rc, 0);
    /* Tables of the file, image, functions, symbols, data. */
    assert_true(n > 10);
    unload_payload(&payload);
    image_free(image);
}

static void protection_fails(void **state)
{
    struct image *image = full();
    struct payload payload;
    unsigned int i;

    for ( i = 1; i <= 3; i++ )
    {
        hosted_fail_protect(i);
        assert_int_equal(load_copy(&payload, image), -ENOMEM);
        assert_as_given(&payload, -ENOMEM);
    }
    hosted_fail_protect(4);
    assert_int_equal(load_copy(&payload, image), 0);
    hosted_fail_protect(0);
    unload_payload(&payload);
    image_free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOADING_TEST(everything),
        LOADING_TEST(nothing_to_do),
        LOADING_TEST(hooks_only),
        LOADING_TEST(other_machine),
        LOADING_TEST(each_part_is_checked),
        LOADING_TEST(failures_leave_nothing),
        LOADING_TEST(no_memory),
        LOADING_TEST(protection_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
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
