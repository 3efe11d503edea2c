/* SPDX-License-Identifier: GPL-2.0-or-later */
/* .livepatch.funcs: which functions can be patched, and which can't. */
#include "records.h"

#include "arch.h"
#include "functions.h"
#include "hooks.h"
#include "patching.h"

#define OLD_ADDR offsetof(struct livepatch_func, old_addr)
#define NEW_ADDR offsetof(struct livepatch_func, new_addr)
#define NAME     offsetof(struct livepatch_func, name)
#define FUNCS    ".livepatch.funcs"

/* The first record's function is at an address that no symbol stands for. */
static struct image *image_at(const void *addr)
{
    struct image *image = image_new();

    image_drop_reloc(image, FUNCS, OLD_ADDR);
    image_function(image, 0)->old_addr = (void *)addr;
    return image;
}

/* The first record gets another name, of so many bytes, wherever they are. */
static void rename_first(struct image *image, uint64_t flags,
                         const char *name, size_t size)
{
    unsigned int section = image_add_section(image, ".rodata.name",
                                             SHT_PROGBITS, SHF_ALLOC | flags,
                                             name, size);

    image_drop_reloc(image, FUNCS, NAME);
    image_add_reloc(image, image_section_index(image, FUNCS), NAME,
                    image_add_symbol(image, "name", section, 0, size, 0),
                    R_X86_64_64, 0);
}

static void test_good(void **state)
{
    assert_loads(image_new());
    assert_int_equal(payload.nfuncs, 1);
    assert_non_null(payload.fstate);
    assert_ptr_equal(payload.funcs[0].old_addr, hosted_symbol("xen_one"));
    assert_string_equal(payload.funcs[0].name, "xen_one");
    assert_int_equal(payload.fstate[0].applied, LIVEPATCH_FUNC_NOT_APPLIED);
    assert_int_equal(payload.fstate[0].length, ARCH_PATCH_INSN_SIZE);
    assert_int_equal(payload.nproviders, 0);
}

/* A payload of hooks alone; an empty table is as good as none. */
static void test_none(void **state)
{
    struct image *image = image_new();

    image_drop_section(image, FUNCS);
    image_add_hook_call(image, "load", 1);
    assert_loads(image);
    assert_int_equal(payload.nfuncs, 0);
    assert_null(payload.fstate);
    assert_false(functions_replaces(&payload, 0));

    image = image_new();
    image_drop_section(image, FUNCS);
    image_add_section(image, FUNCS, SHT_PROGBITS, SHF_ALLOC, NULL, 0);
    image_add_hook_call(image, "load", 1);
    assert_loads(image);
    assert_int_equal(payload.nfuncs, 0);
}

static void test_section(void **state)
{
    struct image *image = image_new();

    image_grow(image, image_section_index(image, FUNCS), NULL, 8);
    assert_refuses(image, -EINVAL, FUNCS);

    image = image_new();
    image_section(image, FUNCS)->header.sh_flags = 0;
    assert_refuses(image, -EINVAL, "ALLOC");
}

static void test_version(void **state)
{
    struct image *image = image_new();

    image_function(image, 0)->version = 1;
    assert_refuses(image, -EOPNOTSUPP, "record 0: version 1 is not 2");

    image = image_new();
    image_function(image, 0)->version = 3;
    assert_refuses(image, -EOPNOTSUPP, "version 3");
}

static void test_old_size(void **state)
{
    struct image *image = image_new();

    image_function(image, 0)->old_size = 0;
    assert_refuses(image, -EINVAL, "xen_one has an old size of 0");

    image = image_new();
    image_function(image, 0)->old_size = 0xffffffff;
    assert_refuses(image, -EINVAL, "its old size of 4294967295 bytes");
    image = image_new();
    image_function(image, 0)->old_size = 16;
    assert_loads(image);

    /* What is known to end before the next symbol begins. */
    hosted_end_symbols = true;
    image = image_make(IMAGE_ID, HOSTED_XEN_ID, "xen_nop", 9);
    image_function(image, 0)->old_size = 6;
    assert_loads(image);
    image = image_make(IMAGE_ID, HOSTED_XEN_ID, "xen_nop", 9);
    image_function(image, 0)->old_size = 7;
    assert_refuses(image, -EINVAL, "its old size of 7 bytes is more than the "
                                   "6 of xen_nop");
}

/* As in assembly: what counts is that none of them is written over. */
static void test_labels(void **state)
{
    struct image *image;

    for ( hosted_end_symbols = false; ; hosted_end_symbols = true )
    {
        image = image_make(IMAGE_ID, HOSTED_XEN_ID, "xen_labelled", 9);
        assert_int_equal(image_function(image, 0)->old_size, 10);
        assert_int_equal(op_upload_once("l", image), 0);
        assert_int_equal(hosted_call("xen_labelled"), 13);
        assert_int_equal(op_apply("l"), 0);
        assert_int_equal(hosted_call("xen_labelled"), 9);
        assert_int_equal(op_revert("l"), 0);
        assert_int_equal(op_unload("l"), 0);

        image = image_make(IMAGE_ID, HOSTED_XEN_ID, "xen_labelled_early", 9);
        assert_refuses(image, -EINVAL, "a jump needs 5 bytes, it has 2");
        image = image_make(IMAGE_ID, HOSTED_XEN_ID, "xen_labelled_early", 9);
        image_drop_reloc(image, FUNCS, NEW_ADDR);
        image_function(image, 0)->new_size = 7;
        assert_refuses(image, -EINVAL, "can't tell where the instruction at "
                                       "offset 2 ends");
        if ( hosted_end_symbols )
            break;
    }
}

static void test_name(void **state)
{
    struct image *image = image_new();
    char *long_name;

    /* Nowhere, */
    image_drop_reloc(image, FUNCS, NAME);
    image_function(image, 0)->name = (const char *)8;
    assert_refuses(image, -EINVAL, "record 0: the name at");

    /* in the hypervisor, */
    image = image_new();
    image_drop_reloc(image, FUNCS, NAME);
    image_function(image, 0)->name = hosted_symbol("xen_constant");
    assert_refuses(image, -EINVAL, "no string within the payload");

    /* without an end, */
    image = image_new();
    rename_first(image, 0, "xyz", 3);
    assert_refuses(image, -EINVAL, "no string within the payload");

    /* too long to be looked at. */
    image = image_new();
    long_name = calloc(1, 2000);
    memset(long_name, 'x', 1999);
    rename_first(image, 0, long_name, 2000);
    free(long_name);
    assert_refuses(image, -EINVAL, "no string within the payload");
}

/* Names may be in data and in text, too. */
static void test_name_elsewhere(void **state)
{
    static const uint64_t flags[] = { SHF_WRITE, SHF_EXECINSTR };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(flags); i++ )
    {
        struct image *image = image_new();

        rename_first(image, flags[i], "name", 5);
        assert_loads(image);
        assert_string_equal(payload.funcs[0].name, "name");
    }
}

static void test_no_name(void **state)
{
    struct image *image = image_new();

    /* It needs none, ... */
    image_drop_reloc(image, FUNCS, NAME);
    assert_loads(image);
    assert_null(payload.funcs[0].name);
    assert_string_equal(function_name(&payload.funcs[0]), "(no name)");

    /* ... but if it has no address, either. */
    image = image_new();
    image_drop_reloc(image, FUNCS, NAME);
    image_old_by_name(image, 0);
    assert_refuses(image, -EINVAL, "neither a name nor an old address");

    image = image_new();
    image_drop_reloc(image, FUNCS, NAME);
    image_function(image, 0)->old_size = 0;
    assert_refuses(image, -EINVAL, "(no name) has an old size of 0");
}

static void test_by_name(void **state)
{
    struct image *image = image_new();

    image_old_by_name(image, 0);
    assert_loads(image);
    assert_ptr_equal(payload.funcs[0].old_addr, hosted_symbol("xen_one"));
    assert_int_equal(payload.nproviders, 0);

    image = image_new();
    image_old_by_name(image, 0);
    rename_first(image, 0, "xen_unknown", 12);
    assert_refuses(image, -ENOENT,
                   "function xen_unknown is neither in the hypervisor");
}

/* By name, in another payload; this one needs it from then on. */
static void test_by_name_in_payload(void **state)
{
    struct image *image;

    image = image_make(3, HOSTED_XEN_ID, "xen_three", 9);
    image_add_return(image, "low_function", 3);
    assert_int_equal(op_upload_once("lower", image), 0);
    image = image_make(4, 3, "xen_one", 8);
    image_old_by_name(image, 0);
    rename_first(image, 0, "low_function", 13);
    image_function(image, 0)->old_size = 6;
    assert_loads(image);
    assert_int_equal(payload.nproviders, 1);
    assert_ptr_equal(payload.providers[0], payloads_find("lower"));
    assert_int_equal(payloads_find("lower")->users, 1);
    assert_int_equal(op_unload("lower"), -EBUSY);
    unload();
    assert_int_equal(payloads_find("lower")->users, 0);
}

static void test_old_address(void **state)
{
    /* Neither of these is ever read. */
    assert_refuses(image_at((void *)8), -EINVAL, "is no code");
    assert_refuses(image_at((void *)0x8000000000000000), -EINVAL,
                   "is no code");
    assert_refuses(image_at((void *)-8L), -EINVAL, "is no code");
    assert_refuses(image_at(hosted_symbol("xen_variable")), -EINVAL,
                   "is no code");
    assert_refuses(image_at(hosted_symbol("xen_constant")), -EINVAL,
                   "is no code");
    assert_refuses(image_at(hosted_text_end), -EINVAL, "init code");
    assert_refuses(image_at(hosted_symbol("xen_init_function")), -EINVAL,
                   "xen_one at");
    assert_words(payload.why.text, "init code, which was freed after boot");
    assert_refuses(image_at(hosted_symbol("xen_one") + 1), -EINVAL,
                   "0x1 bytes into xen_one");
    assert_refuses(image_at(hosted_symbol("xen_two") - 1), -EINVAL,
                   "is not the start of a function");
    assert_loads(image_at(hosted_symbol("xen_one")));
}

/* The same in another payload. */
static void test_address_in_payload(void **state)
{
    struct image *image;
    struct payload *low;

    assert_int_equal(op_upload_once("low", image_make(2, HOSTED_XEN_ID,
                                                      "xen_two", 1)), 0);
    low = payloads_find("low");

    /* Its data. */
    image = image_make(3, 2, "xen_three", 2);
    image_drop_reloc(image, FUNCS, OLD_ADDR);
    image_function(image, 0)->old_addr = low->image.ro.addr;
    assert_refuses(image, -EINVAL, "is no code");

    /* Within a function of its text. */
    image = image_make(3, 2, "xen_three", 2);
    image_drop_reloc(image, FUNCS, OLD_ADDR);
    image_function(image, 0)->old_addr = low->funcs[0].new_addr + 1;
    assert_refuses(image, -EINVAL, "0x1 bytes into new_xen_two_1");

    /* At its start, but for more than it has. */
    image = image_make(3, 2, "xen_three", 2);
    image_drop_reloc(image, FUNCS, OLD_ADDR);
    image_function(image, 0)->old_addr = low->funcs[0].new_addr;
    image_function(image, 0)->old_size = 4096;
    assert_refuses(image, -EINVAL, "more than the");

    image = image_make(3, 2, "xen_three", 2);
    image_drop_reloc(image, FUNCS, OLD_ADDR);
    image_function(image, 0)->old_addr = low->funcs[0].new_addr;
    image_function(image, 0)->old_size = 6;
    assert_loads(image);
    assert_int_equal(low->users, 1);
}

/* The other payload's file may say that its functions never end. */
static void test_size_in_payload(void **state)
{
    struct image *image = image_make(2, HOSTED_XEN_ID, "xen_two", 1);
    const struct livepatch_span *text;
    struct payload *low;

    image_symbol(image, "new_xen_two_1")->entry.st_size = 1UL << 40;
    assert_int_equal(op_upload_once("low", image), 0);
    low = payloads_find("low");
    text = &low->image.text;

    image = image_make(3, 2, "xen_three", 2);
    image_drop_reloc(image, FUNCS, OLD_ADDR);
    image_function(image, 0)->old_addr = low->funcs[0].new_addr;
    image_function(image, 0)->old_size =
        text->addr + text->size - low->funcs[0].new_addr + 1;
    assert_refuses(image, -EINVAL, "more than the");
}

/* What runs while CPUs are stopped isn't patched, whatever it is called. */
static void test_unpatchable(void **state)
{
    static void *const globals[] = {
        patching_act, check_for_livepatch_work, hooks_call_load,
        hooks_call_unload, hooks_agreement, revert_payload, arch_site_write,
        arch_serialise, arch_relax, arch_tighten, arch_waiting, arch_nmi_hold,
        arch_nmi_release,
    };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(globals); i++ )
        assert_refuses(image_at(globals[i]), -EINVAL,
                       "runs while live patches are applied");

    /* Local ones, too, from the first byte to the last. */
    assert_refuses(image_at(_slivepatch), -EINVAL, "runs while");
    assert_refuses(image_at(_elivepatch - 1), -EINVAL, "runs while");
    assert_refuses(image_at(_elivepatch), -EINVAL, "is no code");

    /* The rest of the engine may be, as far as this is concerned. */
    assert_refuses(image_at(livepatch_op), -EINVAL, "is no code");
    assert_refuses(image_at(patching_prepare), -EINVAL, "is no code");
}

static void test_new_address(void **state)
{
    struct image *image = image_new();

    /* The hypervisor's text, data of the payload, nowhere. */
    image_drop_reloc(image, FUNCS, NEW_ADDR);
    image_function(image, 0)->new_addr = hosted_symbol("xen_two");
    assert_refuses(image, -EINVAL, "xen_one: its replacement at");

    image = image_new();
    image_reloc(image, FUNCS, NEW_ADDR)->entry.r_info =
        image_reloc(image, FUNCS, NAME)->entry.r_info;
    assert_refuses(image, -EINVAL, "is not in the payload's code");

    image = image_new();
    image_drop_reloc(image, FUNCS, NEW_ADDR);
    image_function(image, 0)->new_addr = (void *)-1L;
    assert_refuses(image, -EINVAL, "is not in the payload's code");

    /* There are payloads whose size isn't right, or isn't said. */
    image = image_new();
    image_function(image, 0)->new_size = 0x100000;
    assert_loads(image);
    image = image_new();
    image_function(image, 0)->new_size = 0;
    assert_loads(image);
}

static void test_overlap(void **state)
{
    struct image *image = image_new();

    image_add_function(image, "xen_two", image_symbol_index(image,
                                                 "new_xen_one_101"), 0);
    image_add_function(image, "xen_one", image_symbol_index(image,
                                                 "new_xen_one_101"), 0);
    assert_refuses(image, -EINVAL, "xen_one at");
    assert_words(payload.why.text, "overlap");

    /* Neighbours don't. */
    image = image_new();
    image_add_function(image, "xen_three",
                       image_add_return(image, "new3", 3), 0);
    image_add_function(image, "xen_two",
                       image_add_return(image, "new2", 2), 0);
    image_function(image, 0)->old_size = 16;
    image_function(image, 2)->old_size = 16;
    assert_loads(image);
    assert_int_equal(payload.nfuncs, 3);
}

static void test_replaces(void **state)
{
    static const char *const names[] = {
        "xen_two", "xen_three", "xen_endbr", "xen_poisoned", "xen_crossing",
    };
    struct image *image = image_new();
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(names); i++ )
    {
        char name[16];

        snprintf(name, sizeof(name), "new%u", i);
        image_add_function(image, names[ARRAY_SIZE(names) - 1 - i],
                           image_add_return(image, name, i), 0);
    }
    /* NOPs replace by nothing, which isn't anybody's replacement. */
    image_add_function(image, "xen_nop", 0, 5);
    assert_loads(image);

    for ( i = 0; i < payload.nfuncs; i++ )
    {
        unsigned long addr = (unsigned long)payload.funcs[i].new_addr;

        assert_int_equal(functions_replaces(&payload, addr), !!addr);
        assert_false(functions_replaces(&payload, addr + 1));
    }
    assert_false(functions_replaces(&payload, 1));
    assert_false(functions_replaces(&payload, -1UL));
}

static void test_expectation_form(void **state)
{
    struct image *image = image_new();

    image_expect(image, 0, "\xb8", 1);
    image_function(image, 0)->expect.rsv = 1;
    assert_refuses(image, -EINVAL, "reserved bits");

    image = image_new();
    image_expect(image, 0, hosted_symbol("xen_one"), 16);
    image_function(image, 0)->old_size = 15;
    assert_refuses(image, -ERANGE, "it has 15 bytes, and 16 are expected");
}

static struct image *image_with_much(void)
{
    struct image *image = image_new();

    image_add_function(image, "xen_two",
                       image_add_return(image, "new2", 2), 0);
    image_add_hook_call(image, "load", 1);
    return image;
}

static void test_shortage(void **state)
{
    assert_survives_shortage(image_with_much());
}

/* Binding to the payload that a function belongs to may fail, too. */
static struct image *image_on_low(void)
{
    struct image *image = image_make(3, 2, "xen_three", 2);

    image_drop_reloc(image, FUNCS, OLD_ADDR);
    image_function(image, 0)->old_addr =
        payloads_find("low")->funcs[0].new_addr;
    image_function(image, 0)->old_size = 6;
    return image;
}

static void test_shortage_on_payload(void **state)
{
    assert_int_equal(op_upload_once("low", image_make(2, HOSTED_XEN_ID,
                                                      "xen_two", 1)), 0);
    assert_survives_shortage(image_on_low());
    assert_int_equal(payloads_find("low")->users, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        records_test(test_good),
        records_test(test_none),
        records_test(test_section),
        records_test(test_version),
        records_test(test_old_size),
        records_test(test_name),
        records_test(test_name_elsewhere),
        records_test(test_no_name),
        records_test(test_by_name),
        records_test(test_by_name_in_payload),
        records_test(test_old_address),
        records_test(test_address_in_payload),
        records_test(test_size_in_payload),
        records_test(test_labels), records_test(test_unpatchable),
        records_test(test_new_address),
        records_test(test_overlap),
        records_test(test_replaces),
        records_test(test_expectation_form),
        records_test(test_shortage),
        records_test(test_shortage_on_payload),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
