/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the builder asks of a machine's code, by its bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/arch.h"
#include "arch/relocation.h"

#define BYTES(...) (const uint8_t[]){ __VA_ARGS__ }

static const struct {
    const uint8_t *code;
    unsigned int length;
    bool runs_on;
} lines[] = {
    { BYTES(0xc3), 1, false },                          /* ret */
    { BYTES(0xc2, 8, 0), 3, false },                    /* ret $8 */
    { BYTES(0xf3, 0xc3), 2, false },                    /* rep ret */
    { BYTES(0xeb, 0), 2, false },                       /* jmp */
    { BYTES(0xe9, 0, 0, 0, 0), 5, false },
    { BYTES(0xff, 0xe0), 2, false },                    /* jmp *%rax */
    { BYTES(0x3e, 0xff, 0xe0), 3, false },              /* notrack */
    { BYTES(0x41, 0xff, 0xe0), 3, false },              /* jmp *%r8 */
    { BYTES(0x0f, 0x0b), 2, false },                    /* ud2 */
    { BYTES(0xcc), 1, false },                          /* padding */
    { BYTES(0x90), 1, true },
    { BYTES(0xff, 0xd0), 2, true },                     /* call *%rax */
    { BYTES(0xff, 0xc0), 2, true },                     /* inc %eax */
    { BYTES(0xe8, 0, 0, 0, 0), 5, true },
    { BYTES(0x74, 0), 2, true },                        /* je */
    { BYTES(0xe2, 0), 2, true },                        /* loop */
    { BYTES(0x0f, 0x05), 2, true },                     /* syscall */
};

static void test_runs_on(void **state)
{
    (void)state;

    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        bool on = arch->runs_on(lines[i].code, lines[i].length, true);

        if (arch->length(lines[i].code, lines[i].length) != lines[i].length ||
            on != lines[i].runs_on) {
            fail_msg("line %zu", i);
        }
    }
    /* Padding is what was before it. */
    assert_false(arch->runs_on(BYTES(0x90), 1, false));
}

/* mov x@GOTPCREL(%rip), %rdi; call and jmp by way of it; and none of these. */
static void test_relax(void **state)
{
    (void)state;

    static const uint8_t was[][6] = {
        { 0x8b, 0x3d, 1, 2, 3, 4 }, { 0xff, 0x15, 1, 2, 3, 4 },
        { 0xff, 0x25, 1, 2, 3, 4 },
    };
    static const uint8_t is[][6] = {
        { 0x8d, 0x3d, 1, 2, 3, 4 }, { 0x67, 0xe8, 1, 2, 3, 4 },
        { 0xe9, 1, 2, 3, 4, 0x90 },
    };
    uint8_t other[6] = { 0x3b, 0x3d };                  /* cmp */

    for (size_t i = 0; i < 3; i++) {
        uint8_t code[6];
        uint64_t at = 100;

        memcpy(code, was[i], sizeof(code));
        assert_true(arch->relax(code + 2, &at));
        assert_memory_equal(code, is[i], sizeof(code));
        assert_int_equal(at, i == 2 ? 99 : 100);
        assert_int_equal(arch->length(code, 6), i == 2 ? 5 : 6);
    }
    assert_false(arch->relax(other + 2, &(uint64_t){ 0 }));
}

static void test_fields(void **state)
{
    (void)state;

    const uint8_t *lea = BYTES(0x48, 0x8d, 0x05, 0, 0, 0, 0);
    const uint8_t *by_register = BYTES(0x48, 0x8d, 0x45, 0x10);
    const uint8_t *absolute = BYTES(0x48, 0x8d, 0x04, 0x25, 0, 0, 0, 0);
    const uint8_t *load = BYTES(0x48, 0x8b, 0x05, 0, 0, 0, 0);
    const uint8_t *call = BYTES(0xff, 0x15, 0, 0, 0, 0);
    const uint8_t *jump = BYTES(0xff, 0x25, 0, 0, 0, 0);

    assert_int_equal(arch->address_field(lea, 7), 3);
    assert_int_equal(arch->address_field(by_register, 4), 0);
    assert_int_equal(arch->address_field(absolute, 8), 0);
    assert_int_equal(arch->address_field(load, 7), 0);
    assert_true(arch->is_call_by_pointer(call, 0, 2));
    assert_false(arch->is_call_by_pointer(call, 0, 3));
    assert_false(arch->is_call_by_pointer(jump, 0, 2));
    assert_true(arch->is_branch(BYTES(0xe8, 0, 0, 0, 0), 1));
    assert_true(arch->is_branch(BYTES(0x0f, 0x84, 0, 0, 0, 0), 2));
    assert_false(arch->is_branch(lea, 3));
    assert_false(arch->is_branch(lea, 0));
}

static void note(void *context, uint64_t from, uint64_t at, uint64_t address,
                 bool is_branch)
{
    unsigned int *found = context;

    assert_int_equal(from, 0x1000);
    if (address == 0x1000) {
        assert_int_equal(at, 4);
        assert_true(is_branch);
        ++*found;
    }
}

/* At its last byte, too; not beyond it. */
static void test_distances(void **state)
{
    (void)state;

    unsigned int found = 0;

    arch->find_distances(BYTES(0x90, 0x90, 0x90, 0xe8, 0xf8, 0xff, 0xff, 0xff),
                         8, 0x1000, note, &found);
    assert_int_equal(found, 1);
    arch->find_distances(BYTES(0x90, 0x90, 0x90, 0xe8, 0xf8, 0xff, 0xff, 0xff),
                         7, 0x1000, note, &found);
    assert_int_equal(found, 1);
}

static void test_landing(void **state)
{
    (void)state;

    assert_int_equal(arch->landing(BYTES(0xf3, 0x0f, 0x1e, 0xfa), 4), 4);
    assert_int_equal(arch->landing(BYTES(0xf3, 0x0f, 0x1e, 0xfa), 3), 0);
    assert_int_equal(arch->landing(BYTES(0x66, 0x0f, 0x1f, 0x01), 4), 4);
    assert_int_equal(arch->landing(BYTES(0x66, 0x0f, 0x1f, 0x00), 4), 0);
    assert_int_equal(arch->landing(arch->far_jump, arch->far_jump_size), 4);
    assert_int_equal(arch->far_jump_field + 4, arch->far_jump_size);
}

static void test_relocations(void **state)
{
    (void)state;

    assert_int_equal(relocation_of(RELOCATION_NONE)->size, 0);
    assert_int_equal(relocation_of(arch->nrelocations)->size, 0);
    assert_int_equal(relocation_of(UINT32_MAX)->size, 0);
    assert_int_equal(relocation_of(arch->address)->size, 8);
    assert_true(relocation_is_address(arch->address));
    assert_false(relocation_is_relative(arch->address));
    assert_int_equal(relocation_of(arch->distance)->size, 4);
    assert_true(relocation_is_relative(arch->distance));
    assert_true(relocation_of(arch->address)->done_by_engines &&
                relocation_of(arch->distance)->done_by_engines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_on),
        cmocka_unit_test(test_relax),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_distances),
        cmocka_unit_test(test_landing),
        cmocka_unit_test(test_relocations),
    };

    return cmocka_run_group_tests_name("arch", tests, NULL, NULL);
}
