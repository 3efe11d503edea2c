/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's report, as it should be, and as it should not.
 */
#include "libxl_osdeps.h" /* must come before any other headers */

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <xen/errno.h>

#include "libxl_livepatch_internal.h"

/* A report that is being made. */
static uint8_t bytes[64 * 1024];
static size_t size;

static struct xen_livepatch_report_item *add(uint16_t type,
                                             const void *fields,
                                             size_t fields_size,
                                             const char *text, size_t len)
{
    struct xen_livepatch_report_item *item = (void *)(bytes + size);

    assert_true(size + fields_size + len + 8 <= sizeof(bytes));
    memcpy(item, fields, fields_size);
    memcpy(bytes + size + fields_size, text, len);
    item->type = type;
    item->size = fields_size + len;
    memset(bytes + size + item->size, 0, 7);
    size += (item->size + 7) & ~7;
    return item;
}

#define ADD(type, fields, text) \
    add(LIVEPATCH_REPORT_##type, fields, sizeof(*(fields)), text, \
        sizeof(text) - 1)

#define ADD_TEXT(type, text) \
    ADD(type, &(struct xen_livepatch_report_item){}, text)

static void add_status(uint32_t state, int32_t rc)
{
    ADD(STATUS, (&(struct xen_livepatch_report_status){
        .state = state, .rc = rc, .users = 3,
        .action = LIVEPATCH_ACTION_REPLACE,
        .reason = LIVEPATCH_REASON_HOOK }), "");
}

static void add_times(uint64_t now)
{
    ADD(TIMES, (&(struct xen_livepatch_report_times){
        .now = now, .uploaded = 5000000, .upload = 700, .finished = 9000000,
        .arrival = 11001, .stopped = 12000, .patching = 0 }), "");
}

static void add_straggler(uint16_t domid, uint32_t where)
{
    ADD(STRAGGLER, (&(struct xen_livepatch_report_straggler){
        .cpu = 5, .domid = domid, .vcpu = 6, .where = where, .offset = 0x12,
        .ip = 0xffff82d040200012 }), "do_xen_version");
}

/* One of each kind, and some more than once. */
static void make_all(void)
{
    size = 0;
    ADD_TEXT(NAME, "caf\xe9");
    ADD_TEXT(FAILURE, "no \\ way\n");
    ADD_TEXT(BUILD_ID, "\x01\x02\xff");
    ADD_TEXT(DEPENDS, "\x03");
    ADD_TEXT(XEN_DEPENDS, "\x04\x05");
    ADD_TEXT(CULPRIT, "\xff");
    add_status(LIVEPATCH_STATE_APPLIED, -XEN_EBUSY);
    ADD(FUNCTION, (&(struct xen_livepatch_report_function){
        .old_addr = 0xffff82d040200000, .new_addr = 0xffff82d040500000,
        .old_size = 20, .new_size = 30, .applied = 1 }), "f");
    ADD(FUNCTION, (&(struct xen_livepatch_report_function){
        .old_addr = 0x10, .old_size = 9, .new_size = 7 }), "");
    ADD(HOOKS, (&(struct xen_livepatch_report_hooks){
        .single = LIVEPATCH_REPORT_HOOK_PREAPPLY |
                  LIVEPATCH_REPORT_HOOK_POSTREVERT, .unload = 2 }), "");
    add_times(20000000);
    add_straggler(1, LIVEPATCH_REPORT_WHERE_HYPERVISOR);
    add_straggler(2, LIVEPATCH_REPORT_WHERE_GUEST);
    add_straggler(0x7ff0, LIVEPATCH_REPORT_WHERE_UNKNOWN);
    ADD(WAITING, (&(struct xen_livepatch_report_waiting){
        .domid = 8, .vcpu = 9 }), "");
    ADD(SIGNATURE, (&(struct xen_livepatch_report_signature){
        .signature = LIVEPATCH_REPORT_SIGNATURE_KNOWN }), "vendor");
}

/* From a block of exactly that size, so that one byte more is noticed. */
static int parse(size_t len, libxl_livepatch_report *report)
{
    uint64_t boot_us = 1000000000;
    void *exact = malloc(len ?: 1);
    int r;

    memcpy(exact, bytes, len);
    libxl_livepatch_report_init(report);
    r = libxl__livepatch_parse_report(exact, len, &boot_us, report);
    free(exact);
    return r;
}

static void test_all(void **state)
{
    libxl_livepatch_report r;

    make_all();
    assert_int_equal(parse(size, &r), 0);
    assert_string_equal(r.name, "caf\\xe9");
    assert_string_equal(r.failure, "no \\ way\\x0a");
    assert_string_equal(r.build_id, "0102ff");
    assert_string_equal(r.depends, "03");
    assert_string_equal(r.xen_build_id, "0405");
    assert_int_equal(r.state, LIBXL_LIVEPATCH_STATE_APPLIED);
    assert_int_equal(r.rc, -XEN_EBUSY);
    assert_int_equal(r.users, 3);
    assert_int_equal(r.action, LIBXL_LIVEPATCH_OPERATION_REPLACE);
    assert_int_equal(r.reason, LIBXL_LIVEPATCH_REASON_HOOK);
    assert_string_equal(r.culprit, "\\xff");

    assert_int_equal(r.num_functions, 2);
    assert_string_equal(r.functions[0].name, "f");
    assert_string_equal(r.functions[0].old_addr, "0xffff82d040200000");
    assert_string_equal(r.functions[0].new_addr, "0xffff82d040500000");
    assert_int_equal(r.functions[0].old_size, 20);
    assert_int_equal(r.functions[0].new_size, 30);
    assert_true(r.functions[0].applied);
    assert_false(r.functions[0].nop);
    assert_string_equal(r.functions[1].name, "");
    assert_null(r.functions[1].new_addr);
    assert_false(r.functions[1].applied);
    assert_true(r.functions[1].nop);

    assert_int_equal(libxl_string_list_length(&r.hooks), 3);
    assert_string_equal(r.hooks[0], "unload");
    assert_string_equal(r.hooks[1], "preapply");
    assert_string_equal(r.hooks[2], "postrevert");

    assert_int_equal(r.uploaded_us, 1000005000);
    assert_int_equal(r.finished_us, 1000009000);
    /* Rounded up to microseconds. */
    assert_int_equal(r.upload_us, 1);
    assert_int_equal(r.arrival_us, 12);
    assert_int_equal(r.stopped_us, 12);
    assert_int_equal(r.patching_us, 0);
    libxl_livepatch_report_dispose(&r);
}

static void test_obstacles(void **state)
{
    libxl_livepatch_report r;

    make_all();
    assert_int_equal(parse(size, &r), 0);
    assert_int_equal(r.num_stragglers, 3);
    assert_int_equal(r.stragglers[0].cpu, 5);
    assert_int_equal(r.stragglers[0].domid, 1);
    assert_int_equal(r.stragglers[0].vcpu, 6);
    assert_int_equal(r.stragglers[0].where,
                     LIBXL_LIVEPATCH_WHERE_HYPERVISOR);
    assert_string_equal(r.stragglers[0].symbol, "do_xen_version");
    assert_int_equal(r.stragglers[0].offset, 0x12);
    assert_string_equal(r.stragglers[0].ip, "0xffff82d040200012");
    assert_int_equal(r.stragglers[1].where, LIBXL_LIVEPATCH_WHERE_GUEST);
    assert_int_equal(r.stragglers[2].domid, 0x7ff0);
    assert_int_equal(r.stragglers[2].where, LIBXL_LIVEPATCH_WHERE_UNKNOWN);
    /* It can't be known. */
    assert_null(r.stragglers[2].symbol);
    assert_null(r.stragglers[2].ip);
    assert_int_equal(r.num_waiting, 1);
    assert_int_equal(r.waiting[0].domid, 8);
    assert_int_equal(r.waiting[0].vcpu, 9);
    assert_int_equal(r.signature, LIBXL_LIVEPATCH_SIGNATURE_KNOWN);
    assert_string_equal(r.signer, "vendor");
    libxl_livepatch_report_dispose(&r);
}

/* Only a key of the hypervisor has a name; one value is not known here. */
static void test_signature(void **state)
{
    static const libxl_livepatch_signature meant[] = {
        [LIVEPATCH_REPORT_SIGNATURE_NONE] = LIBXL_LIVEPATCH_SIGNATURE_ABSENT,
        [LIVEPATCH_REPORT_SIGNATURE_KNOWN] = LIBXL_LIVEPATCH_SIGNATURE_KNOWN,
        [LIVEPATCH_REPORT_SIGNATURE_UNKNOWN] =
            LIBXL_LIVEPATCH_SIGNATURE_FOREIGN,
        LIBXL_LIVEPATCH_SIGNATURE_UNKNOWN,
    };
    libxl_livepatch_report r;
    int i;

    for (i = 0; i < ARRAY_SIZE(meant); i++) {
        size = 0;
        ADD(SIGNATURE, (&(struct xen_livepatch_report_signature){
            .signature = i }), "k");
        assert_int_equal(parse(size, &r), 0);
        assert_int_equal(r.signature, meant[i]);
        if (i == LIVEPATCH_REPORT_SIGNATURE_KNOWN)
            assert_string_equal(r.signer, "k");
        else
            assert_null(r.signer);
        libxl_livepatch_report_dispose(&r);
    }
}

static void assert_same(const libxl_livepatch_report *report,
                        const char *wanted)
{
    libxl_ctx *const none = NULL;
    char *json = libxl_livepatch_report_to_json(none,
                                    (libxl_livepatch_report *)report);

    assert_string_equal(json, wanted);
    free(json);
}

/* What a later hypervisor may add is passed over. */
static void test_later(void **state)
{
    const struct xen_livepatch_report_item none = {};
    struct {
        struct xen_livepatch_report_waiting waiting;
        uint64_t more[3];
    } longer = { { .domid = 8, .vcpu = 9 }, { 1, 2, 3 } };
    libxl_livepatch_report r;
    char *wanted;

    size = 0;
    ADD_TEXT(NAME, "n");
    ADD(WAITING, &longer.waiting, "");
    assert_int_equal(parse(size, &r), 0);
    wanted = libxl_livepatch_report_to_json(NULL, &r);
    libxl_livepatch_report_dispose(&r);

    size = 0;
    add(0xffff, &none, sizeof(none), "what is that?", 13);
    ADD_TEXT(NAME, "n");
    add(0, &none, sizeof(none), "", 0);
    add(LIVEPATCH_REPORT_WAITING, &longer, sizeof(longer), "", 0);
    add(100, &none, sizeof(none), "x", 1);
    assert_int_equal(parse(size, &r), 0);
    assert_same(&r, wanted);
    libxl_livepatch_report_dispose(&r);
    free(wanted);
}

/* Of what there should be one of, the first counts. */
static void test_repeated(void **state)
{
    libxl_livepatch_report r;
    char *wanted;

    make_all();
    size = 0;
    ADD_TEXT(NAME, "n");
    ADD_TEXT(FAILURE, "f");
    ADD_TEXT(BUILD_ID, "\x01");
    ADD(HOOKS, (&(struct xen_livepatch_report_hooks){ .load = 1 }), "");
    assert_int_equal(parse(size, &r), 0);
    wanted = libxl_livepatch_report_to_json(NULL, &r);
    libxl_livepatch_report_dispose(&r);

    ADD_TEXT(NAME, "other");
    ADD_TEXT(FAILURE, "other");
    ADD_TEXT(BUILD_ID, "\x02");
    ADD(HOOKS, (&(struct xen_livepatch_report_hooks){ .unload = 1 }), "");
    assert_int_equal(parse(size, &r), 0);
    assert_same(&r, wanted);
    libxl_livepatch_report_dispose(&r);
    free(wanted);
}

/* Every one that the hypervisor has, and what a later one may have. */
static void test_reasons(void **state)
{
    static const libxl_livepatch_reason reasons[] = {
#define REASON(r) LIBXL_LIVEPATCH_REASON_##r
        REASON(NONE), REASON(FORMAT), REASON(XEN_BUILD_ID),
        REASON(DEPENDENCY), REASON(SYMBOL), REASON(COLLISION),
        REASON(EXPECTATION), REASON(HOOK), REASON(WRONG_STATE),
        REASON(NOT_ON_TOP), REASON(IN_USE), REASON(IN_FLIGHT),
        REASON(QUIESCE), REASON(WAITQUEUE), REASON(MEMORY),
        REASON(HYPERVISOR), REASON(SIGNATURE), REASON(HYPERVISOR),
    };
    libxl_livepatch_report r;
    int i;

    for (i = 0; i <= ARRAY_SIZE(reasons); i++) {
        bool last = i == ARRAY_SIZE(reasons);

        size = 0;
        ADD(STATUS, (&(struct xen_livepatch_report_status){
            .reason = last ? UINT32_MAX : i }), "");
        assert_int_equal(parse(size, &r), 0);
        assert_int_equal(r.reason,
                         last ? REASON(HYPERVISOR) : reasons[i]);
        libxl_livepatch_report_dispose(&r);
    }
}

static void test_empty(void **state)
{
    libxl_livepatch_report r;

    assert_int_equal(parse(0, &r), 0);
    assert_same(&r, "{\n\n}\n");
    libxl_livepatch_report_dispose(&r);

    /* Texts and ids of no bytes. */
    size = 0;
    ADD_TEXT(NAME, "");
    ADD_TEXT(FAILURE, "");
    ADD_TEXT(BUILD_ID, "");
    assert_int_equal(parse(size, &r), 0);
    assert_string_equal(r.name, "");
    assert_null(r.failure);
    assert_null(r.build_id);
    libxl_livepatch_report_dispose(&r);
}

/* Without a symbol; and in the guest nobody knows the symbols. */
static void test_no_symbol(void **state)
{
    libxl_livepatch_report r;

    size = 0;
    ADD(STRAGGLER, (&(struct xen_livepatch_report_straggler){
        .where = LIVEPATCH_REPORT_WHERE_HYPERVISOR, .offset = 7,
        .ip = 0x1234 }), "");
    ADD(STRAGGLER, (&(struct xen_livepatch_report_straggler){
        .where = 77, .ip = 0x1234 }), "");
    assert_int_equal(parse(size, &r), 0);
    assert_null(r.stragglers[0].symbol);
    assert_int_equal(r.stragglers[0].offset, 0);
    assert_string_equal(r.stragglers[0].ip, "0x1234");
    assert_int_equal(r.stragglers[1].where, LIBXL_LIVEPATCH_WHERE_UNKNOWN);
    libxl_livepatch_report_dispose(&r);
}

/*----- when was it? -----*/

static void test_boot(void **state)
{
    libxl_livepatch_report r[2];
    uint64_t boot_us = 0, found = 0;
    int i;

    for (i = 0; i < 2; i++) {
        size = 0;
        add_times(20000000 + i * 5000000);
        libxl_livepatch_report_init(&r[i]);
        assert_int_equal(libxl__livepatch_parse_report(bytes, size, &boot_us,
                                                       &r[i]), 0);
        if (!i) found = boot_us;
    }
    /* Within a day of now, and the same for both. */
    assert_true(found / 1000000 + 86400 > time(NULL) &&
                found / 1000000 <= time(NULL));
    assert_int_equal(boot_us, found);
    assert_int_equal(r[0].finished_us, r[1].finished_us);
    assert_int_equal(r[0].finished_us, found + 9000);
    for (i = 0; i < 2; i++) libxl_livepatch_report_dispose(&r[i]);
}

/* What did not happen has no time. */
static void test_never(void **state)
{
    libxl_livepatch_report r;

    size = 0;
    ADD(TIMES, (&(struct xen_livepatch_report_times){ .now = 1 }), "");
    assert_int_equal(parse(size, &r), 0);
    assert_int_equal(r.uploaded_us, 0);
    assert_int_equal(r.finished_us, 0);
    libxl_livepatch_report_dispose(&r);
}

/*----- broken ones -----*/

static void assert_broken(size_t len)
{
    libxl_livepatch_report r;

    assert_int_equal(parse(len, &r), EBADMSG);
    libxl_livepatch_report_dispose(&r);
}

/* Cut off at any byte that is not the end of an item. */
static void test_truncated(void **state)
{
    size_t ends[160], num = 0, end = 0, len, i;
    libxl_livepatch_report r;

    make_all();
    while (end < size) {
        uint32_t item;

        memcpy(&item, bytes + end + 4, 4);
        ends[num++] = end;
        /* What fills it up may be missing at the end. */
        for (i = item; i < ((item + 7) & ~7U); i++)
            ends[num++] = end + i;
        end += (item + 7) & ~7U;
        assert_true(num < ARRAY_SIZE(ends) - 8);
    }
    for (len = 0; len < size; len++) {
        bool whole = false;

        for (i = 0; i < num; i++) whole |= ends[i] == len;
        if (!whole) {
            assert_broken(len);
            continue;
        }
        assert_int_equal(parse(len, &r), 0);
        libxl_livepatch_report_dispose(&r);
    }
}

static const uint32_t sizes[] = {
    0, 1, 4, 7, 0x80000000, 0xfffffff8, 0xffffffff, 65536,
};

static void test_wrong_size(void **state)
{
    struct xen_livepatch_report_item *item;
    int i;

    for (i = 0; i < ARRAY_SIZE(sizes); i++) {
        /* The last one, and one with others behind it; even an unknown one. */
        size = 0;
        item = ADD_TEXT(NAME, "n");
        item->size = sizes[i];
        assert_broken(size);
        ADD_TEXT(FAILURE, "f");
        assert_broken(size);
        item->type = 999;
        assert_broken(size);
        /* Even where the next one would be found. */
        if (sizes[i] && sizes[i] < 8) {
            size = 0;
            item = ADD_TEXT(NAME, "");
            item->type = 999;
            item->size = sizes[i];
            ADD_TEXT(FAILURE, "f");
            assert_broken(size);
        }
    }
}

/* Shorter than what each type has. */
static void test_too_short(void **state)
{
    static const struct {
        uint16_t type;
        size_t least;
    } types[] = {
        { LIVEPATCH_REPORT_STATUS,
          sizeof(struct xen_livepatch_report_status) },
        { LIVEPATCH_REPORT_FUNCTION,
          sizeof(struct xen_livepatch_report_function) },
        { LIVEPATCH_REPORT_HOOKS,
          sizeof(struct xen_livepatch_report_hooks) },
        { LIVEPATCH_REPORT_TIMES,
          sizeof(struct xen_livepatch_report_times) },
        { LIVEPATCH_REPORT_STRAGGLER,
          sizeof(struct xen_livepatch_report_straggler) },
        { LIVEPATCH_REPORT_WAITING,
          sizeof(struct xen_livepatch_report_waiting) },
        { LIVEPATCH_REPORT_SIGNATURE,
          sizeof(struct xen_livepatch_report_signature) },
    };
    static const uint8_t zeros[128];
    libxl_livepatch_report r;
    size_t len;
    int i;

    for (i = 0; i < ARRAY_SIZE(types); i++) {
        for (len = 8; len < types[i].least; len++) {
            size = 0;
            add(types[i].type, zeros, len, "", 0);
            assert_broken(size);
            ADD_TEXT(NAME, "n");
            assert_broken(size);
        }
        size = 0;
        add(types[i].type, zeros, types[i].least, "", 0);
        assert_int_equal(parse(size, &r), 0);
        libxl_livepatch_report_dispose(&r);
    }
}

/* Anything; it is enough that it comes back. */
static void test_any_bytes(void **state)
{
    libxl_livepatch_report r;
    int round, i;

    srand(1);
    for (round = 0; round < 20000; round++) {
        make_all();
        for (i = rand() % 8; i >= 0; i--)
            bytes[rand() % size] = rand() % 4 ? rand() % 16 : rand();
        parse(rand() % 4 ? size : rand() % size, &r);
        libxl_livepatch_report_dispose(&r);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_signature),
        cmocka_unit_test(test_obstacles),
        cmocka_unit_test(test_later),
        cmocka_unit_test(test_repeated),
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_no_symbol),
        cmocka_unit_test(test_boot),
        cmocka_unit_test(test_never),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_wrong_size),
        cmocka_unit_test(test_too_short),
        cmocka_unit_test(test_any_bytes),
    };

    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
