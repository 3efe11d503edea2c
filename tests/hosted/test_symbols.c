/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Symbols: where they are looked for, and what payloads offer each other. */
#include "loading.h"

#include <xen/symbols.h>

#include "../../xen/common/livepatch/load.h"
#include "../../xen/common/livepatch/symbols.h"

#define WA (SHF_ALLOC | SHF_WRITE)

#define GLOBAL ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT)
#define WEAK   ELF64_ST_INFO(STB_WEAK, STT_OBJECT)
#define LOCAL  ELF64_ST_INFO(STB_LOCAL, STT_OBJECT)

/* A payload with a section of 64 bytes and a pointer in it to a symbol. */
static struct image *make(uint8_t id, const char *refers_to)
{
    struct image *image = image_make(id, HOSTED_XEN_ID, "xen_one", id);
    unsigned int data = image_add_section(image, ".data", SHT_PROGBITS, WA,
                                          NULL, 64);

    if ( refers_to )
    {
        image_add_symbol(image, "pointer", data, 0, 8, LOCAL);
        image_add_reloc(image, data, 0, image_undefined(image, refers_to),
                        R_X86_64_64, 0);
    }
    return image;
}

/* A symbol in the middle of that section. */
static struct image *make_with(uint8_t id, const char *name, uint8_t info)
{
    struct image *image = make(id, NULL);

    image_add_symbol(image, name, image_section_index(image, ".data"), 32, 8,
                     info);
    return image;
}

static unsigned long pointer(const struct payload *payload)
{
    return *(unsigned long *)payload->image.rw.addr;
}

/* -- Resolving ----------------------------------------------------------- */

static void the_hypervisors(void **state)
{
    struct payload *payload = accept("p", make(1, "xen_two"));

    assert_ptr_equal((void *)pointer(payload), hosted_symbol("xen_two"));
    assert_int_equal(payload->nproviders, 0);
}

static void another_payloads(void **state)
{
    struct payload *a = accept("a", make_with(1, "offered", GLOBAL)), *b;

    b = accept("b", make(2, "offered"));
    assert_int_equal(pointer(b), (unsigned long)a->image.rw.addr + 32);
    assert_int_equal(symbols_find(a, "offered"), pointer(b));

    /* a is needed, applied or not, until b is gone. */
    assert_int_equal(b->nproviders, 1);
    assert_ptr_equal(b->providers[0], a);
    assert_int_equal(a->users, 1);
    assert_int_equal(op_unload("a"), -EBUSY);
    assert_int_equal(op_unload("b"), 0);
    assert_int_equal(a->users, 0);
    assert_int_equal(op_unload("a"), 0);
}

static void weak_ones_are_offered(void **state)
{
    accept("a", make_with(1, "offered", WEAK));
    accept("b", make(2, "offered"));
}

/* The hypervisor's comes before a payload's, which had it first. */
static void the_hypervisors_comes_first(void **state)
{
    struct payload *b;

    accept("a", make_with(1, "offered", GLOBAL));
    hosted_add_symbol("offered", hosted_symbol("xen_two"), 8);
    b = accept("b", make(2, "offered"));
    assert_ptr_equal((void *)pointer(b), hosted_symbol("xen_two"));
    assert_int_equal(b->nproviders, 0);
    hosted_remove_symbol("offered");
}

static void nowhere(void **state)
{
    struct image *image;

    assert_refused(make(1, "nowhere"), -ENOENT,
                   "symbol nowhere is neither in the hypervisor nor offered");
    /* Weakness doesn't help: nothing would check for 0. */
    image = make(1, NULL);
    image_add_symbol(image, "nowhere", SHN_UNDEF, 0, 0, WEAK);
    assert_refused(image, -ENOENT, "symbol nowhere is neither");
    image = make(1, NULL);
    image_add_symbol(image, "", SHN_UNDEF, 0, 0, GLOBAL);
    assert_refused(image, -ENOENT, "is neither in the hypervisor");
}

static void what_isnt_offered_isnt_found(void **state)
{
    struct image *image = make_with(1, "local", LOCAL);
    unsigned int data = image_section_index(image, ".data"), debug;

    debug = image_add_section(image, ".debug", SHT_PROGBITS, 0, NULL, 8);
    image_add_symbol(image, ".Lglobal", data, 8, 0, GLOBAL);
    image_add_symbol(image, "absolute", SHN_ABS, 8, 0, GLOBAL);
    image_add_symbol(image, "info", debug, 8, 0, GLOBAL);
    image_add_symbol(image, "", data, 8, 0, GLOBAL);
    image_add_symbol(image, "file", data, 0, 0,
                     ELF64_ST_INFO(STB_GLOBAL, STT_FILE));
    image_add_symbol(image, "section", data, 0, 0,
                     ELF64_ST_INFO(STB_GLOBAL, STT_SECTION));
    accept("a", image);
    assert_refused(make(2, "local"), -ENOENT, "symbol local is neither");
    assert_refused(make(2, ".Lglobal"), -ENOENT, "symbol .Lglobal is neither");
    assert_refused(make(2, "absolute"), -ENOENT, "symbol absolute is neither");
    assert_refused(make(2, "info"), -ENOENT, "symbol info is neither");
    assert_refused(make(2, "file"), -ENOENT, "symbol file is neither");
    assert_refused(make(2, "section"), -ENOENT, "symbol section is neither");
    /* A replacement is known by the name of what it replaces. */
    assert_refused(make(2, "new_xen_one_1"), -ENOENT,
                   "symbol new_xen_one_1 is neither");
}

/* A failed upload leaves nobody bound. */
static void failures_unbind(void **state)
{
    struct payload *a = accept("a", make_with(1, "offered", GLOBAL));
    struct image *image = make(2, "offered");

    image_undefined(image, "nowhere");
    assert_refused(image, -ENOENT, "nowhere");
    assert_int_equal(a->users, 0);
}

static int upload_by_force(struct payload *payload, struct image *image)
{
    size_t size;
    void *file = image_build(image, &size);
    int rc = load_payload(payload, file, size, true);

    image_free(image);
    return rc;
}

/* What was freed after boot is somebody else's memory by now. */
static void init_code(void **state)
{
    struct payload payload = { .name = "forced" };

    assert_refused(make(1, "xen_init_function"), -ENXIO,
                   "symbol xen_init_function");
    assert_refused(make(1, "xen_init_function"), -ENXIO,
                   "belongs to code or data that was freed after boot");
    assert_int_equal(upload_by_force(&payload, make(1, "xen_init_function")),
                     0);
    assert_ptr_equal((void *)pointer(&payload),
                     hosted_symbol("xen_init_function"));
    unload_payload(&payload);
}

extern char __init_begin[], __init_end[];

static void bounds_of_init(void **state)
{
    hosted_add_symbol("at_begin", __init_begin, 1);
    hosted_add_symbol("before", __init_begin - 1, 1);
    hosted_add_symbol("last", __init_end - 1, 1);
    hosted_add_symbol("at_end", __init_end, 1);
    assert_refused(make(1, "at_begin"), -ENXIO, "at_begin");
    assert_refused(make(1, "last"), -ENXIO, "last");
    assert_accepted(make(1, "before"));
    assert_accepted(make(1, "at_end"));
    hosted_remove_symbol("at_begin");
    hosted_remove_symbol("before");
    hosted_remove_symbol("last");
    hosted_remove_symbol("at_end");
}

/* -- Offering ------------------------------------------------------------ */

static void two_of_a_name(void **state)
{
    accept("a", make_with(1, "twice", GLOBAL));
    assert_refused(make_with(2, "twice", GLOBAL), -EEXIST,
                   "global symbol twice exists already, at 0x");
    assert_refused(make_with(2, "twice", GLOBAL), -EEXIST, "in payload a");
    assert_refused(make_with(2, "twice", WEAK), -EEXIST, "in payload a");
    assert_refused(make_with(2, "xen_two", GLOBAL), -EEXIST,
                   "in the hypervisor");
    /* The name is free again when its payload is gone. */
    assert_int_equal(op_unload("a"), 0);
    accept("b", make_with(2, "twice", GLOBAL));
}

/* Wherever among many it is. */
static void one_of_many_collides(void **state)
{
    static const char *const last[] = { "xen_two", "twice", "once" };
    char name[32];

    accept("a", make_with(1, "twice", GLOBAL));
    for ( unsigned int i = 0; i < ARRAY_SIZE(last); i++ )
    {
        struct image *image = make_with(2, last[i], GLOBAL);
        unsigned int data = image_section_index(image, ".data"), j;

        for ( j = 0; j < 1000; j++ )
        {
            snprintf(name, sizeof(name), "datum_%u", j);
            image_add_symbol(image, name, data, 0, 1, GLOBAL);
        }
        if ( i == 2 )
            accept("b", image);
        else
            assert_refused(image, -EEXIST, i ? "twice exists already"
                                             : "xen_two exists already");
    }
}

static void local_ones_never_collide(void **state)
{
    accept("a", make_with(1, "__func__.0", LOCAL));
    accept("b", make_with(2, "__func__.0", LOCAL));
    accept("c", make_with(3, "__func__.0", GLOBAL));
    accept("d", make_with(4, "__func__.0", LOCAL));
    /* Not with the hypervisor either. */
    accept("e", make_with(5, "xen_two", LOCAL));
}

/* Payloads may replace the same function by one of the same name. */
static void replacements_never_collide(void **state)
{
    struct image *image;
    unsigned int id;
    char name[2] = "a";

    for ( id = 1; id < 4; id++, name[0]++ )
    {
        image = image_make(id, HOSTED_XEN_ID, "xen_one", 101);
        assert_non_null(image_symbol(image, "new_xen_one_101"));
        accept(name, image);
    }
    /* Also by the name of what it replaces. */
    image = make(9, NULL);
    image_old_by_name(image, image_add_function(
        image, "xen_two", image_add_return(image, "xen_two", 5), 0));
    accept("named alike", image);
}

/* The macros make weak symbols, of the name of the hook's function. */
static void hooks_never_collide(void **state)
{
    unsigned int id;
    char name[2] = "a";

    for ( id = 1; id < 4; id++, name[0]++ )
    {
        struct image *image = make(id, NULL);

        image_add_hook_call(image, "load", 0);
        image->symbols[image_symbol_index(image, "load_hook_0")]
            .entry.st_info = ELF64_ST_INFO(STB_LOCAL, STT_FUNC);
        image_add_symbol(image, "livepatch_load_data_check_fnc",
                         image_section_index(image, ".livepatch.hooks.load"),
                         0, 8, WEAK);
        accept(name, image);
    }
}

/* -- By name ------------------------------------------------------------- */

static void many_names(void **state)
{
    struct image *image = make(1, NULL);
    unsigned int data = image_add_section(image, ".bss", SHT_NOBITS, WA, NULL,
                                          4096), i;
    struct payload *payload;
    char name[32];

    for ( i = 0; i < 2000; i++ )
    {
        snprintf(name, sizeof(name), "datum_%u", i);
        image_add_symbol(image, name, data, i, 1, GLOBAL);
    }
    /* These have the same hash, by pairs. */
    image_add_symbol(image, "costarring", data, 3000, 0, GLOBAL);
    image_add_symbol(image, "liquid", data, 3001, 0, GLOBAL);
    image_add_symbol(image, "declinate", data, 3002, 0, GLOBAL);
    image_add_symbol(image, "macallums", data, 3003, 0, GLOBAL);
    payload = accept("p", image);

    for ( i = 0; i < 2000; i++ )
    {
        snprintf(name, sizeof(name), "datum_%u", i);
        assert_int_equal(symbols_find(payload, name) -
                         symbols_find(payload, "datum_0"), i);
    }
    assert_int_equal(symbols_find(payload, "costarring") -
                     symbols_find(payload, "datum_0"), 3000);
    assert_int_equal(symbols_find(payload, "liquid") -
                     symbols_find(payload, "datum_0"), 3001);
    assert_int_equal(symbols_find(payload, "declinate") -
                     symbols_find(payload, "datum_0"), 3002);
    assert_int_equal(symbols_find(payload, "macallums") -
                     symbols_find(payload, "datum_0"), 3003);
    assert_int_equal(symbols_find(payload, "datum_2000"), 0);
    assert_int_equal(symbols_find(payload, "datum_"), 0);
    assert_int_equal(symbols_find(payload, ""), 0);
}

static void anywhere(void **state)
{
    struct payload *a = accept("a", make_with(1, "first", GLOBAL));
    struct payload *b = accept("b", make_with(2, "second", GLOBAL));
    struct payload *provider;

    assert_int_equal(symbols_lookup_anywhere("first", &provider),
                     symbols_find(a, "first"));
    assert_ptr_equal(provider, a);
    assert_int_equal(symbols_lookup_anywhere("second", &provider),
                     symbols_find(b, "second"));
    assert_ptr_equal(provider, b);
    assert_ptr_equal((void *)symbols_lookup_anywhere("xen_one", &provider),
                     hosted_symbol("xen_one"));
    assert_null(provider);
    provider = a;
    assert_int_equal(symbols_lookup_anywhere("third", &provider), 0);
    assert_null(provider);
}

/* Of a payload that isn't quite there yet. */
static void no_table(void **state)
{
    struct payload payload = {};
    unsigned long size, offset;

    assert_int_equal(symbols_find(&payload, "name"), 0);
    assert_null(symbols_name(&payload, 1, &size, &offset));
    symbols_free(&payload);
}

/* -- By address ---------------------------------------------------------- */

static void assert_named(const struct payload *payload, size_t at,
                         const char *name, unsigned long size,
                         unsigned long offset)
{
    unsigned long found_size, found_offset;
    const char *found = symbols_name(payload,
                                     (unsigned long)payload->image.rw.addr +
                                     at, &found_size, &found_offset);

    assert_non_null(found);
    assert_string_equal(found, name);
    assert_int_equal(found_size, size);
    assert_int_equal(found_offset, offset);
}

/* Sections of 64 bytes each; all of the data's symbols, of any kind. */
static void nearest_below(void **state)
{
    struct image *image = make(1, NULL);
    unsigned int data = image_section_index(image, ".data");
    unsigned int more = image_add_section(image, ".more", SHT_PROGBITS, WA,
                                          NULL, 64);
    struct payload *payload;

    image_add_symbol(image, "last", more, 40, 0, LOCAL);
    image_add_symbol(image, "local", data, 8, 4, LOCAL);
    image_add_symbol(image, ".Lhidden", data, 10, 1, LOCAL);
    image_add_symbol(image, "global", data, 16, 8, GLOBAL);
    image_add_symbol(image, "unsized", data, 24, 0, LOCAL);
    image_add_symbol(image, "at end", data, 64, 0, LOCAL);
    image_add_symbol(image, "next", data, 48, 16, GLOBAL);
    image_add_symbol(image, "constant", SHN_ABS, 50, 0, GLOBAL);
    payload = accept("p", image);

    assert_named(payload, 8, "local", 4, 0);
    assert_named(payload, 11, "local", 4, 3);
    assert_named(payload, 15, "local", 4, 7);
    assert_named(payload, 16, "global", 8, 0);
    /* It reaches to the next one. */
    assert_named(payload, 24, "unsized", 24, 0);
    assert_named(payload, 47, "unsized", 24, 23);
    assert_named(payload, 48, "next", 16, 0);
    assert_named(payload, 63, "next", 16, 15);
    assert_named(payload, 64, "at end", 0, 0);
    /* And the last one to the end of its section. */
    assert_named(payload, 127, "last", 24, 23);
}

static void none_below(void **state)
{
    struct payload *payload = accept("p", make(1, "xen_two"));
    unsigned long start = (unsigned long)payload->image.text.addr, size, offset;

    assert_string_equal(symbols_name(payload, start, &size, &offset),
                        "new_xen_one_1");
    assert_int_equal(size, 6);
    assert_null(symbols_name(payload, start - 1, &size, &offset));
}

/* At one address functions go before data, and global ones before local. */
static void the_best_of_an_address(void **state)
{
    static const struct {
        uint8_t good, bad;
    } cases[] = {
        { GLOBAL, LOCAL },
        { ELF64_ST_INFO(STB_LOCAL, STT_FUNC), GLOBAL },
        { ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
          ELF64_ST_INFO(STB_LOCAL, STT_FUNC) },
    };
    unsigned int i;

    for ( i = 0; i < 2 * ARRAY_SIZE(cases); i++ )
    {
        struct image *image = make(1, NULL);
        unsigned int data = image_section_index(image, ".data");

        if ( i & 1 )
            image_add_symbol(image, "bad", data, 8, 0, cases[i / 2].bad);
        image_add_symbol(image, "good", data, 8, 0, cases[i / 2].good);
        if ( !(i & 1) )
            image_add_symbol(image, "bad", data, 8, 0, cases[i / 2].bad);
        image_add_symbol(image, "next", data, 24, 0, LOCAL);
        assert_named(accept("p", image), 12, "good", 16, 4);
        assert_int_equal(op_unload("p"), 0);
    }
}

/* For traces: the symbol's name, and the payload's beside it. */
static void in_traces(void **state)
{
    struct payload *payload = accept("the payload", make(1, NULL));
    unsigned long start = (unsigned long)payload->image.text.addr;
    unsigned long size = 0, offset = 0;
    char namebuf[KSYM_NAME_LEN + 1];
    const char *name = symbols_lookup(start + 2, &size, &offset, namebuf);

    assert_string_equal(name, "new_xen_one_1");
    assert_string_equal(namebuf, "the payload");
    assert_int_equal(size, 6);
    assert_int_equal(offset, 2);
    assert_null(payload->region.symbols_lookup(1, &size, &offset, namebuf));
}

static void names_stay_when_the_file_is_gone(void **state)
{
    struct payload *payload = accept("p", make_with(1, "kept", GLOBAL));

    /* accept() has freed it. */
    assert_int_not_equal(symbols_find(payload, "kept"), 0);
    assert_named(payload, 32, "kept", 8, 0);
}

static void no_memory(void **state)
{
    struct image *image = make_with(2, "name", GLOBAL);
    struct payload *a = accept("a", make_with(1, "offered", GLOBAL));
    unsigned int n = 0, failures = 0, before = hosted_allocated;

    image_add_reloc(image, image_section_index(image, ".data"), 0,
                    image_undefined(image, "offered"), R_X86_64_64, 0);
    do {
        hosted_console_clear();
        hosted_fail_allocation(++n);
        if ( op_upload("p", image) )
        {
            assert_true(hosted_allocation_failed());
            assert_int_equal(hosted_allocated, before);
            assert_int_equal(a->users, 0);
        }
        failures += !!strstr(hosted_console(), "no memory for the table of "
                                               "symbols");
    } while ( hosted_allocation_failed() );
    /* What it hangs from, names, addresses, exports, and their order. */
    assert_int_equal(failures, 5);
    image_free(image);
}

/* -- Cost ---------------------------------------------------------------- */

/* Exports n symbols, or uses them. */
static struct image *many(uint8_t id, unsigned int n, bool uses)
{
    struct image *image = make(id, NULL);
    unsigned int data = image_section_index(image, ".data"), i;
    char name[32];

    for ( i = 0; i < n; i++ )
    {
        snprintf(name, sizeof(name), "a_symbol_%u", i);
        image_add_symbol(image, name, uses ? SHN_UNDEF : data,
                         uses ? 0 : i % 64, 0, GLOBAL);
    }
    return image;
}

static double cost_of_upload(const char *name, struct image *image)
{
    double start;
    size_t size;
    int rc;

    image_build(image, &size);
    start = loading_cpu_time();
    rc = op_upload(name, image);
    start = loading_cpu_time() - start;
    if ( rc )
        fail_msg("%s", hosted_console());
    image_free(image);
    return start;
}

static double cost_of_offering(unsigned int n)
{
    double cost = cost_of_upload("a", many(1, n, false));

    assert_int_equal(op_unload("a"), 0);
    return cost;
}

static double cost_of_use(unsigned int n)
{
    double cost;

    accept("a", many(1, n, false));
    cost = cost_of_upload("b", many(2, n, true));
    assert_int_equal(op_unload("b"), 0);
    assert_int_equal(op_unload("a"), 0);
    return cost;
}

static double cost_of_address(unsigned int n)
{
    struct payload *payload = accept("a", many(1, n, false));
    unsigned long addr = (unsigned long)payload->image.rw.addr, size, offset;
    double start = loading_cpu_time();
    unsigned int i;

    for ( i = 0; i < 20000; i++ )
        assert_non_null(symbols_name(payload, addr + i % 64, &size, &offset));
    start = loading_cpu_time() - start;
    assert_int_equal(op_unload("a"), 0);
    return start;
}

static void many_cost_little(void **state)
{
    assert_scales(cost_of_offering, 500, false);
    assert_scales(cost_of_use, 500, false);
    assert_scales(cost_of_address, 500, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOADING_TEST(the_hypervisors),
        LOADING_TEST(another_payloads),
        LOADING_TEST(weak_ones_are_offered),
        LOADING_TEST(the_hypervisors_comes_first),
        LOADING_TEST(nowhere),
        LOADING_TEST(what_isnt_offered_isnt_found),
        LOADING_TEST(failures_unbind),
        LOADING_TEST(init_code),
        LOADING_TEST(bounds_of_init),
        LOADING_TEST(two_of_a_name),
        LOADING_TEST(one_of_many_collides),
        LOADING_TEST(local_ones_never_collide),
        LOADING_TEST(replacements_never_collide),
        LOADING_TEST(hooks_never_collide),
        LOADING_TEST(many_names),
        LOADING_TEST(anywhere),
        LOADING_TEST(no_table),
        LOADING_TEST(nearest_below),
        LOADING_TEST(none_below),
        LOADING_TEST(the_best_of_an_address),
        LOADING_TEST(in_traces),
        LOADING_TEST(names_stay_when_the_file_is_gone),
        LOADING_TEST(no_memory),
        LOADING_TEST(many_cost_little),
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
