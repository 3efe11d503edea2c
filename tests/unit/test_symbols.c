/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A payload compared with a xen-syms.
 */
#include "judged.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define ERROR   XENLIVEPATCH_ERROR
#define WARNING XENLIVEPATCH_WARNING
#define REASON(name) XENLIVEPATCH_REASON_ ## name

#define FUNCS ".livepatch.funcs"

/* Both can be changed before they are compared. */
struct pair {
    payload_image *payload, *xen_syms;
    judged j;
};

static int set_up(void **state)
{
    struct pair *pair = calloc(1, sizeof(*pair));

    assert_non_null(pair);
    pair->payload = image_new();
    pair->xen_syms = image_new_xen_syms();
    judged_init(&pair->j);
    *state = pair;
    return 0;
}

static int tear_down(void **state)
{
    struct pair *pair = *state;

    image_free(pair->payload);
    image_free(pair->xen_syms);
    judged_dispose(&pair->j);
    free(pair);
    return 0;
}

static judged *compare(struct pair *pair)
{
    judged *j = &pair->j;

    image_build(pair->xen_syms);
    j->criteria.xen_syms = strdup(write_file(pair->xen_syms->bytes,
                                             pair->xen_syms->size));
    judge_image(j, pair->payload);
    unlink(j->criteria.xen_syms);
    return j;
}

static void add_undefined(struct pair *pair, const char *name)
{
    image_add_symbol(pair->payload, name, SHN_UNDEF, 0,
                     GELF_ST_INFO(STB_GLOBAL, STT_NOTYPE));
}

static void add_defined(struct pair *pair, const char *name,
                        unsigned char binding)
{
    image_add_symbol(pair->payload, name, 1, 16,
                     GELF_ST_INFO(binding, STT_FUNC));
}

static void set_name(struct pair *pair, const char *name)
{
    struct image_section *names = image_section(pair->payload,
                                                ".rodata.str");

    names->size = strlen(name) + 2;
    names->data = realloc(names->data, names->size);
    assert_non_null(names->data);
    strcpy((char *)names->data + 1, name);
}

static void stack_it(struct pair *pair)
{
    memset(image_data(pair->payload, ".livepatch.depends") + 16, 0x33, 20);
}

static void test_fits(void **state)
{
    struct pair *pair = *state;

    add_undefined(pair, "common/some.c#static_function");
    add_undefined(pair, "xen_data");
    assert_good(compare(pair));
}

/* Linkers put one in front of symbols of their own. */
static void test_file_without_name(void **state)
{
    struct pair *pair = *state;

    image_add_symbol(pair->xen_syms, "", SHN_ABS, 0,
                     GELF_ST_INFO(STB_LOCAL, STT_FILE));
    image_add_symbol(pair->xen_syms, "made_static", 1, 80,
                     GELF_ST_INFO(STB_LOCAL, STT_FUNC));
    add_undefined(pair, "common/init.c#made_static");
    assert_good(compare(pair));
}

static void assert_missing(struct pair *pair, const char *name,
                           const char *message)
{
    judged *j = compare(pair);

    assert_finding(j, ERROR, REASON(SYMBOL), name, message);
    assert_errors(j, 1);
    assert_warnings(j, 0);
}

static void test_missing_symbol(void **state)
{
    struct pair *pair = *state;

    add_undefined(pair, "no_such_symbol");
    assert_missing(pair, "no_such_symbol", "no_such_symbol, which is not "
                   "in xen-syms: build");
}

static void test_local_without_file(void **state)
{
    struct pair *pair = *state;

    add_undefined(pair, "static_function");
    assert_missing(pair, "static_function", "which is not in xen-syms, "
                   "which calls it common/some.c#static_function:");
}

static void test_local_of_other_file(void **state)
{
    struct pair *pair = *state;

    add_undefined(pair, "common/init.c#static_function");
    assert_missing(pair, "common/init.c#static_function", "is not in");
}

static void test_global_with_file(void **state)
{
    struct pair *pair = *state;

    add_undefined(pair, "common/init.c#xen_symbol");
    assert_missing(pair, "common/init.c#xen_symbol", "is not in xen-syms");
}

/* Symbols that Xen's own table leaves out. */
static void test_not_in_table(void **state)
{
    static const char *const names[] = { "xen_absolute", "$x.1",
                                         "a_compiled.b", "comment" };
    struct pair *pair = *state;
    judged *j;
    int i;

    image_add_symbol(pair->xen_syms, "comment",
                     image_add_section(pair->xen_syms, ".comment",
                                       SHT_PROGBITS, 0, "x", 2), 0, 0x12);
    image_add_symbol(pair->xen_syms, "$x.1", 1, 0, 0x12);
    image_add_symbol(pair->xen_syms, "a_compiled.b", 1, 0, 0x12);
    for (i = 0; i < ARRAY_SIZE(names); i++)
        add_undefined(pair, names[i]);
    j = compare(pair);
    for (i = 0; i < ARRAY_SIZE(names); i++)
        assert_finding(j, ERROR, REASON(SYMBOL), names[i], "is not in");
    assert_errors(j, ARRAY_SIZE(names));
}

/* From a payload below, perhaps. */
static void test_stacked(void **state)
{
    struct pair *pair = *state;
    judged *j;

    add_undefined(pair, "no_such_symbol");
    set_name(pair, "no_such_function");
    stack_it(pair);
    j = compare(pair);
    assert_finding(j, WARNING, REASON(SYMBOL), "no_such_symbol",
                   "a payload below");
    assert_finding(j, WARNING, REASON(SYMBOL), "no_such_function",
                   "a payload below");
    assert_errors(j, 0);
    assert_warnings(j, 2);
}

/* A call through the pointer, of both kinds of tables. */
static void check_call(struct pair *pair, const char *pointer,
                       uint64_t offset, int errors)
{
    payload_image *payload = pair->payload;
    judged *j;

    add_undefined(pair, pointer);
    image_add_reloc(payload, image_section_index(payload,
                                                 ".text.new_function"),
                    offset, image_symbol_index(payload, pointer),
                    R_X86_64_PC32, -4);
    j = compare(pair);
    assert_errors(j, errors);
    if (errors)
        assert_finding(j, ERROR, REASON(SYMBOL), pointer, "A call through "
                       "common/init.c#static_init, which is in Xen's "
                       ".init");
}

static void test_alternative_in_init(void **state)
{
    struct pair *pair = *state;

    image_add_alternative(pair->payload);
    check_call(pair, "common/init.c#static_init", 42, 1);
}

static void test_alternative_elsewhere(void **state)
{
    struct pair *pair = *state;

    image_add_alternative(pair->payload);
    check_call(pair, "common/init.c#static_init", 20, 0);
}

static void test_call_in_init(void **state)
{
    struct pair *pair = *state;

    image_add_code_tables(pair->payload);
    check_call(pair, "common/init.c#static_init", 44, 1);
}

/* A builder names by its address what Xen's own table hasn't got once. */
static void check_call_at(struct pair *pair, uint64_t address, int errors)
{
    payload_image *payload = pair->payload;
    unsigned int symbol;
    judged *j;

    image_add_code_tables(payload);
    symbol = image_add_symbol(payload, "some/ops", SHN_ABS, address,
                              GELF_ST_INFO(STB_LOCAL, STT_NOTYPE));
    image_add_reloc(payload, image_section_index(payload,
                                                 ".text.new_function"),
                    44, symbol, R_X86_64_PC32, 8 - 4);  /* the 9th byte */
    j = compare(pair);
    assert_errors(j, errors);
    if (errors)
        assert_finding(j, ERROR, REASON(SYMBOL), "some/ops", "A call "
                       "through some/ops, which is in Xen's .init");
}

static void test_call_at_init(void **state)
{
    struct pair *pair = *state;
    const struct image_section *init = image_section(pair->xen_syms,
                                                     ".init.text");

    check_call_at(pair, init->addr + 8, 1);
}

static void test_call_behind_init(void **state)
{
    struct pair *pair = *state;
    const struct image_section *init = image_section(pair->xen_syms,
                                                     ".init.text");

    check_call_at(pair, init->addr + init->size - 8, 0);
}

static void test_call_of_xen(void **state)
{
    struct pair *pair = *state;

    image_add_code_tables(pair->payload);
    check_call(pair, "xen_data", 44, 0);
}

static void test_init_symbol(void **state)
{
    struct pair *pair = *state;
    judged *j;

    add_undefined(pair, "init_function");
    add_undefined(pair, "common/init.c#static_init");
    j = compare(pair);
    assert_finding(j, WARNING, REASON(SYMBOL), "init_function",
                   "in Xen's .init.text and no longer there");
    assert_finding(j, WARNING, REASON(SYMBOL), "common/init.c#static_init",
                   "in Xen's .init.text");
    assert_errors(j, 0);
    assert_warnings(j, 2);
}

static void test_missing_function(void **state)
{
    struct pair *pair = *state;

    set_name(pair, "no_such_function");
    assert_missing(pair, "no_such_function", "is not in xen-syms");
}

static void test_init_function(void **state)
{
    struct pair *pair = *state;
    judged *j;

    set_name(pair, "init_function");
    j = compare(pair);
    assert_finding(j, WARNING, REASON(SYMBOL), "init_function",
                   "no longer there");
    assert_errors(j, 0);
    assert_warnings(j, 1);
}

static void test_replaced_by_symbol(void **state)
{
    struct pair *pair = *state;
    unsigned int funcs = image_section_index(pair->payload, FUNCS);

    /* The name is for people only then. */
    set_name(pair, "whatever");
    image_add_reloc(pair->payload, funcs, 16,
                    image_symbol_index(pair->payload, "xen_symbol"),
                    R_X86_64_64, 0);
    assert_good(compare(pair));
}

static void test_replaced_data(void **state)
{
    struct pair *pair = *state;

    set_name(pair, "xen_data");
    assert_missing(pair, "xen_data", "is no function but data in Xen's "
                   ".data");
}

static void set_address(struct pair *pair, uint64_t addr)
{
    memcpy(image_data(pair->payload, FUNCS) + 16, &addr, sizeof(addr));
}

static void test_right_address(void **state)
{
    struct pair *pair = *state;

    set_address(pair, 0xffff82d040200000);
    assert_good(compare(pair));
}

static void test_wrong_address(void **state)
{
    struct pair *pair = *state;

    set_address(pair, 0xffff82d040200010);
    assert_missing(pair, "some_function", "replaced at "
                   "0xffff82d040200010, and according to xen-syms it is "
                   "at 0xffff82d040200000");
}

static void test_address_without_symbol(void **state)
{
    struct pair *pair = *state;

    set_name(pair, "no_symbol_of_xen");
    set_address(pair, 0xffff82d040200010);
    assert_good(compare(pair));
}

static void test_wrong_size(void **state)
{
    struct pair *pair = *state;
    judged *j;

    image_data(pair->payload, FUNCS)[28] = 33;
    j = compare(pair);
    assert_finding(j, WARNING, REASON(SYMBOL), "some_function", "said to "
                   "have 33 bytes, and according to xen-syms it has 32");
    assert_errors(j, 0);
    assert_warnings(j, 1);
}

static void test_collision(void **state)
{
    struct pair *pair = *state;
    judged *j;

    add_defined(pair, "init_function", STB_GLOBAL);
    add_defined(pair, "common/some.c#static_function", STB_LOCAL);
    /* What Xen has by another name doesn't collide. */
    add_defined(pair, "static_function", STB_LOCAL);
    j = compare(pair);
    assert_finding(j, ERROR, REASON(COLLISION), "init_function",
                   "Xen has one of that name");
    assert_finding(j, ERROR, REASON(COLLISION),
                   "common/some.c#static_function", "Xen has one");
    assert_errors(j, 2);
}

/* Code that stands in for a function may have its name. */
static void test_override(void **state)
{
    struct pair *pair = *state;

    image_add_symbol(pair->payload, "some_function", 1, 0,
                     GELF_ST_INFO(STB_GLOBAL, STT_FUNC));
    assert_good(compare(pair));
}

static void test_override_elsewhere(void **state)
{
    struct pair *pair = *state;
    judged *j;

    add_defined(pair, "some_function", STB_GLOBAL);
    j = compare(pair);
    assert_finding(j, ERROR, REASON(COLLISION), "some_function", "brings");
    assert_errors(j, 1);
}

static void test_other_xen(void **state)
{
    struct pair *pair = *state;
    judged *j;

    /* With another Xen, symbols prove nothing. */
    add_undefined(pair, "no_such_symbol");
    memset(image_data(pair->xen_syms, ".note.gnu.build-id") + 16, 0x44,
           20);
    j = compare(pair);
    assert_int_equal(j->rc, 0);
    assert_finding(j, ERROR, REASON(XEN_BUILD_ID),
                   ".livepatch.xen_depends",
                   "is of 4444444444444444444444444444444444444444");
    assert_errors(j, 1);
}

static void assert_unusable(struct pair *pair,
                            xenlivepatch_reason reason,
                            const char *where, const char *message)
{
    judged *j = compare(pair);

    assert_int_equal(j->rc, EINVAL);
    assert_finding(j, ERROR, reason, where ? : j->criteria.xen_syms,
                   message);
    assert_errors(j, 1);
}

static void test_no_build_id(void **state)
{
    struct pair *pair = *state;

    image_section(pair->xen_syms, ".note.gnu.build-id")->name = ".note.x";
    image_section(pair->xen_syms, ".note.x")->data[8] = 1;
    assert_unusable(pair, REASON(FILE), NULL, "is no xen-syms");
}

static void test_relocatable(void **state)
{
    struct pair *pair = *state;

    image_header(pair->xen_syms)->e_type = ET_REL;
    assert_unusable(pair, REASON(FILE), NULL, "is no xen-syms");
}

static void test_malformed(void **state)
{
    struct pair *pair = *state;

    image_build(pair->xen_syms);
    pair->xen_syms->size -= 100;
    assert_unusable(pair, REASON(FORMAT), "section headers",
                    "is cut short");
}

static void test_no_file(void **state)
{
    struct pair *pair = *state;
    judged *j = &pair->j;

    j->criteria.xen_syms = strdup("/nowhere/xen-syms");
    judge_image(j, pair->payload);
    assert_int_equal(j->rc, EINVAL);
    assert_finding(j, ERROR, REASON(FILE), "/nowhere/xen-syms",
                   "does not exist");
    assert_errors(j, 1);
}

/* Sparse, so that it takes no room. */
static void test_huge_file(void **state)
{
    struct pair *pair = *state;
    judged *j = &pair->j;

    j->criteria.xen_syms = strdup(write_file("x", 1));
    assert_int_equal(truncate(j->criteria.xen_syms, 1L << 30), 0);
    judge_image(j, pair->payload);
    unlink(j->criteria.xen_syms);
    assert_int_equal(j->rc, EINVAL);
    assert_finding(j, ERROR, REASON(FILE), j->criteria.xen_syms,
                   "is it a xen-syms?");
}

#define TEST(function) \
    cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_fits),
        TEST(test_file_without_name),
        TEST(test_missing_symbol),
        TEST(test_local_without_file),
        TEST(test_local_of_other_file),
        TEST(test_global_with_file),
        TEST(test_not_in_table),
        TEST(test_stacked),
        TEST(test_init_symbol),
        TEST(test_alternative_in_init),
        TEST(test_alternative_elsewhere),
        TEST(test_call_in_init),
        TEST(test_call_at_init),
        TEST(test_call_behind_init),
        TEST(test_call_of_xen),
        TEST(test_missing_function),
        TEST(test_init_function),
        TEST(test_replaced_by_symbol),
        TEST(test_replaced_data),
        TEST(test_right_address),
        TEST(test_wrong_address),
        TEST(test_address_without_symbol),
        TEST(test_wrong_size),
        TEST(test_collision),
        TEST(test_override),
        TEST(test_override_elsewhere),
        TEST(test_other_xen),
        TEST(test_no_build_id),
        TEST(test_relocatable),
        TEST(test_malformed),
        TEST(test_no_file),
        TEST(test_huge_file),
    };

    return cmocka_run_group_tests_name("symbols", tests, NULL, NULL);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
