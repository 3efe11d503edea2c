/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is written over a function, and when nothing can be. */
#include "records.h"

#include <asm/alternative.h>
#include <asm/cpufeature.h>
#include <asm/spec_ctrl.h>

#include "arch.h"

#define NEW_ADDR offsetof(struct livepatch_func, new_addr)

static struct image *image_jump(const char *old)
{
    return image_make(IMAGE_ID, HOSTED_XEN_ID, old, 101);
}

static struct image *image_nops(const char *old, unsigned int size)
{
    struct image *image = image_jump(old);

    image_drop_reloc(image, ".livepatch.funcs", NEW_ADDR);
    image_function(image, 0)->new_size = size;
    return image;
}

static void assert_jump(unsigned int offset)
{
    const struct livepatch_fstate *state = &payload.fstate[0];
    const struct livepatch_func *func = &payload.funcs[0];
    int32_t rel32;

    assert_int_equal(state->offset, offset);
    assert_int_equal(state->length, 5);
    assert_int_equal(state->patch[0], 0xe9);
    memcpy(&rel32, state->patch + 1, sizeof(rel32));
    assert_ptr_equal(func->old_addr + offset + 5 + rel32, func->new_addr);
}

static void assert_nops(unsigned int offset, unsigned int length)
{
    const struct livepatch_fstate *state = &payload.fstate[0];
    uint8_t nops[LIVEPATCH_OPAQUE_SIZE];

    assert_int_equal(state->offset, offset);
    assert_int_equal(state->length, length);
    add_nops(nops, length);
    assert_memory_equal(state->patch, nops, length);
}

/* The function does what it should before, while and after. */
static void assert_works(const char *old, int before)
{
    assert_int_equal(op_upload_once("q", image_jump(old)), 0);
    assert_int_equal(hosted_call(old), before);
    assert_int_equal(op_apply("q"), 0);
    assert_int_equal(hosted_call(old), 101);
    assert_int_equal(op_revert("q"), 0);
    assert_int_equal(hosted_call(old), before);
    assert_int_equal(op_unload("q"), 0);
}

static void test_jump(void **state)
{
    assert_loads(image_jump("xen_one"));
    assert_jump(0);
    assert_works("xen_one", 1);
    assert_loads(image_jump("xen_endbr"));
    assert_jump(4);
    assert_works("xen_endbr", 4);
    assert_loads(image_jump("xen_poisoned"));
    assert_jump(4);
    assert_works("xen_poisoned", 5);
}

/* Too short a function may be continued in the padding behind it, whether its
 * symbol has that or not. */
static void short_ones(void)
{
    assert_int_equal(hosted_symbol_size("xen_tiny"), 3);
    assert_loads(image_jump("xen_tiny"));
    assert_jump(0);
    assert_works("xen_tiny", 0);

    assert_int_equal(hosted_symbol_size("xen_endbr_short"), 7);
    assert_loads(image_jump("xen_endbr_short"));
    assert_jump(4);
    assert_works("xen_endbr_short", 0);
}

static void test_short(void **state)
{
    hosted_end_symbols = false;
    short_ones();
    hosted_end_symbols = true;
    short_ones();
}

/* Some of it runs where a payload's text isn't mapped. */
static void test_entry(void **state)
{
    assert_works("xen_entry", 15);
    opt_xpti_domu = 1;
    assert_refuses(image_jump("xen_entry"), -EOPNOTSUPP, "is entry code");
    assert_loads(image_nops("xen_entry", 5));
    assert_loads(image_jump("xen_one"));
    assert_loads(image_jump("xen_labelled"));
    opt_xpti_domu = 0;
    opt_xpti_hwdom = 1;
    assert_refuses(image_jump("xen_entry"), -EOPNOTSUPP, "XPTI");
    opt_xpti_hwdom = 0;
}

static void test_short_crowded(void **state)
{
    uint8_t *tiny = hosted_symbol("xen_tiny"), *code;

    /* Another function follows at once, */
    assert_refuses(image_jump("xen_tiny_crowded"), -EINVAL,
                   "a jump needs 5 bytes, it has 3, and behind it is no "
                   "padding");

    /* or code that no symbol stands for, */
    code = hosted_symbol("xen_tiny_crowded");
    assert_int_equal(code[3], 0xb8);
    hosted_remove_symbol("xen_neighbour");
    assert_refuses(image_jump("xen_tiny_crowded"), -EINVAL, "no padding");

    /* or a symbol before there is enough of it, */
    hosted_add_symbol("in_padding", tiny + 4, 1);
    assert_refuses(image_jump("xen_tiny"), -EINVAL, "no padding");
    hosted_remove_symbol("in_padding");

    /* or in the middle of a NOP. */
    code = hosted_symbol("xen_endbr_short");
    assert_int_equal(code[7], 0xcc);
    assert_int_not_equal(code[8], 0x90);
    hosted_add_symbol("in_nop", code + 9, 1);
    assert_refuses(image_jump("xen_endbr_short"), -EINVAL,
                   "a jump needs 9 bytes, it has 7");
}

static int check(int64_t distance)
{
    void *old = hosted_symbol("xen_one");
    struct livepatch_reason why = {};
    struct livepatch_fstate state = {};
    const struct livepatch_func func = {
        .name = "far", .old_addr = old, .old_size = 16,
        .new_addr = (void *)((unsigned long)old + distance),
    };
    int rc = arch_function_check(&func, 16, &state, &why);

    if ( rc )
        assert_words(why.text, "far at");
    return rc;
}

static void test_distance(void **state)
{
    assert_int_equal(check(0x7fffffff), 0);
    assert_int_equal(check(0x80000000), -EOVERFLOW);
    assert_int_equal(check(0x80000004), -EOVERFLOW);
    assert_int_equal(check(0x100000010), -EOVERFLOW);
    assert_int_equal(check(-0x7ffffffbL), 0);
    assert_int_equal(check(-0x7ffffffcL), -EOVERFLOW);
    assert_int_equal(check(-0x80000000L), -EOVERFLOW);
    assert_int_equal(check(-0x100000010L), -EOVERFLOW);
}

static void test_nops(void **state)
{
    assert_loads(image_nops("xen_one", 5));
    assert_nops(0, 5);
    assert_loads(image_nops("xen_one", 10));
    assert_nops(0, 10);
    assert_loads(image_nops("xen_nop", 5));
    assert_nops(0, 5);
    assert_loads(image_nops("xen_long", 31));
    assert_nops(0, 31);
}

static void test_nops_size(void **state)
{
    assert_refuses(image_nops("xen_long", 32), -EOPNOTSUPP,
                   "32 bytes of NOPs are more than 31");
    assert_refuses(image_nops("xen_long", 0xffffffff), -EOPNOTSUPP,
                   "4294967295 bytes of NOPs");
    assert_refuses(image_nops("xen_nop", 7), -EINVAL,
                   "7 bytes of NOPs are more than its 6");
    assert_loads(image_nops("xen_one", 0));
    assert_int_equal(payload.fstate[0].length, 0);
}

/* The first four bytes stay, and aren't counted twice. */
static void test_nops_endbr(void **state)
{
    unsigned int size;

    for ( size = 1; size <= 4; size++ )
    {
        assert_refuses(image_nops("xen_endbr", size), -EINVAL,
                       "would change nothing, as ENDBR64 stays");
        assert_refuses(image_nops("xen_poisoned", size), -EINVAL,
                       "would change nothing");
    }
    assert_loads(image_nops("xen_endbr", 0));
    assert_int_equal(payload.fstate[0].length, 0);
    assert_loads(image_nops("xen_endbr", 9));
    assert_nops(4, 5);
    assert_loads(image_nops("xen_poisoned", 9));
    assert_nops(4, 5);
}

static void test_nops_boundary(void **state)
{
    unsigned int size;

    for ( size = 1; size < 15; size++ )
        if ( size % 5 )
            assert_refuses(image_nops("xen_one", size), -EINVAL,
                           "would end within the instruction at offset");
    assert_refuses(image_nops("xen_one", 6), -EINVAL,
                   "instruction at offset 5, which has 5 bytes");
    assert_refuses(image_nops("xen_endbr", 7), -EINVAL,
                   "instruction at offset 4, which has 5 bytes");

    /* All but the last byte of a function that ends with a jump to a return:
     * as xen_nop of Xen's tests does. */
    assert_int_equal(hosted_symbol_size("xen_thunked"), 10);
    assert_refuses(image_nops("xen_thunked", 9), -EINVAL,
                   "9 bytes of NOPs would end within the instruction at "
                   "offset 5");
    assert_loads(image_nops("xen_thunked", 5));
}

static void test_nops_undecodable(void **state)
{
    uint8_t *code = hosted_symbol("xen_nop");

    /* A byte that is no instruction, of the constant 6. */
    assert_int_equal(code[1], 0x06);
    hosted_remove_symbol("xen_nop");
    hosted_add_symbol("odd", code + 1, 5);
    assert_refuses(image_nops("odd", 1), -EINVAL,
                   "can't tell where the instruction at offset 0 ends");
}

/* Something has to be left that ends it. */
static void test_nops_all(void **state)
{
    assert_refuses(image_nops("xen_one", 16), -EINVAL,
                   "it would run into what follows it");
    assert_refuses(image_nops("xen_thunked", 10), -EINVAL,
                   "it would run into what follows it");
    assert_refuses(image_nops("xen_nop", 6), -EINVAL,
                   "it would run into what follows it");
    /* Behind its return is nothing but padding. */
    assert_refuses(image_nops("xen_return", 1), -EINVAL,
                   "it would run into what follows it");
    /* Behind the NOPs there are more, and then the return. */
    assert_loads(image_nops("xen_long", 10));
}

/* Instructions are those of the function itself, below other patches. */
static void test_nops_below_patches(void **state)
{
    assert_loads(image_nops("xen_identity", 2));
    assert_int_equal(op_upload_once("low", image_make(1, HOSTED_XEN_ID,
                                                      "xen_identity", 7)), 0);
    assert_int_equal(op_apply("low"), 0);
    assert_loads(image_nops("xen_identity", 2));
    assert_nops(0, 2);
    assert_refuses(image_nops("xen_identity", 5), -EINVAL,
                   "would end within the instruction at offset 2");
    unload();
    assert_int_equal(op_revert("low"), 0);
}

/* What a patch took of the padding is padding for the next one, too. */
static void test_short_below_patches(void **state)
{
    assert_int_equal(op_upload_once("low", image_make(1, HOSTED_XEN_ID,
                                                      "xen_tiny", 7)), 0);
    assert_int_equal(op_apply("low"), 0);
    assert_loads(image_jump("xen_tiny"));
    assert_jump(0);
    unload();
    assert_int_equal(op_revert("low"), 0);
}

static void test_callable(void **state)
{
    const void *plain = hosted_symbol("xen_one");
    const void *endbr = hosted_symbol("xen_endbr");

    assert_true(arch_callable(plain, 16));

    /* Retpolines are the default. */
    hosted_has_ibt = true;
    assert_true(arch_callable(plain, 16));

    hosted_features[X86_FEATURE_IND_THUNK_JMP] = true;
    assert_false(arch_callable(plain, 16));
    assert_true(arch_callable(endbr, 16));
    assert_true(arch_callable(endbr, 4));
    assert_false(arch_callable(endbr, 3));

    hosted_features[X86_FEATURE_IND_THUNK_JMP] = false;
    hosted_features[X86_FEATURE_IND_THUNK_LFENCE] = true;
    assert_false(arch_callable(plain, 16));
    assert_true(arch_callable(endbr, 16));
    assert_false(arch_callable(hosted_symbol("xen_poisoned"), 16));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        records_test(test_jump),
        records_test(test_short),
        records_test(test_short_crowded), records_test(test_entry),
        records_test(test_distance),
        records_test(test_nops),
        records_test(test_nops_size),
        records_test(test_nops_endbr),
        records_test(test_nops_boundary),
        records_test(test_nops_undecodable),
        records_test(test_nops_all),
        records_test(test_nops_below_patches),
        records_test(test_short_below_patches),
        records_test(test_callable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
