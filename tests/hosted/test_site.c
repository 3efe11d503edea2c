/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing text: every single store is looked at.  The page is read-only; a
 * store faults, is let through alone by the trap flag, and what memory then
 * holds is compared.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <cmocka.h>

#include <asm/page.h>
#include <xen/errno.h>
#include <xen/lib.h>

#include "arch.h"
#include "hosted.h"

#define TRAP_FLAG   0x100
#define MAX_STORES  64

static uint8_t *page;
static uint8_t seen[MAX_STORES][64];    /* The start of it, after each. */
static unsigned int nstores;

static void on_store(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;

    if ( (uint8_t *)info->si_addr - page >= PAGE_SIZE ||
         mprotect(page, PAGE_SIZE, PROT_READ | PROT_WRITE) )
        _exit(2);
    uc->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
}

static void on_stored(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    unsigned int i;

    uc->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
    if ( nstores == MAX_STORES || mprotect(page, PAGE_SIZE, PROT_READ) )
        _exit(3);
    for ( i = 0; i < sizeof(seen[0]); i++ )
        seen[nstores][i] = page[i];
    nstores++;
}

/* cmocka has handlers of its own for these. */
static void write_watched(const struct arch_site *site, const void *bytes)
{
    struct sigaction store = { .sa_sigaction = on_store,
                               .sa_flags = SA_SIGINFO };
    struct sigaction stored = { .sa_sigaction = on_stored,
                                .sa_flags = SA_SIGINFO };
    struct sigaction segv, trap;

    sigaction(SIGSEGV, &store, &segv);
    sigaction(SIGTRAP, &stored, &trap);
    nstores = 0;
    arch_site_write(site, bytes);
    sigaction(SIGSEGV, &segv, NULL);
    sigaction(SIGTRAP, &trap, NULL);
}

/* Writes size bytes of 0xbb at an offset into a page of 0xaa. */
static void write_at(unsigned int offset, unsigned int size)
{
    struct arch_site site = { .alias = page + offset, .text = page + offset,
                              .size = size };
    uint8_t bytes[64];
    unsigned int i;

    memset(bytes, 0xbb, sizeof(bytes));
    assert_int_equal(mprotect(page, PAGE_SIZE, PROT_READ | PROT_WRITE), 0);
    memset(page, 0xaa, 64);
    assert_int_equal(mprotect(page, PAGE_SIZE, PROT_READ), 0);
    write_watched(&site, bytes);
    for ( i = 0; i < 64; i++ )
        assert_int_equal(page[i], i >= offset && i < offset + size ? 0xbb
                                                                   : 0xaa);
}

/* Whether a block of so many bytes was ever between the old and the new. */
static bool is_torn(unsigned int block)
{
    unsigned int i, start;
    bool torn = false;

    for ( i = 0; i < nstores; i++ )
        for ( start = 0; start < 64; start += block )
            torn = torn ||
                   (memcmp(seen[i] + start, page + start, block) &&
                    memchr(seen[i] + start, 0xbb, block));
    return torn;
}

static int setup(void **state)
{
    hosted_boot();
    hosted_reset();
    hosted_has_cx16 = true;
    page = mmap(NULL, PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                0);
    assert_ptr_not_equal(page, MAP_FAILED);
    return 0;
}

static int teardown(void **state)
{
    munmap(page, PAGE_SIZE);
    hosted_has_cx16 = true;
    hosted_check_clean();
    return 0;
}

static void a_jump_within_a_block_is_one_store(void **state)
{
    unsigned int offset;

    for ( offset = 0; offset <= 16 - 5; offset++ )
    {
        write_at(offset, 5);
        assert_int_equal(nstores, 1);
        assert_false(is_torn(16));
        write_at(16 + offset, 5);
        assert_int_equal(nstores, 1);
    }
}

static void across_blocks_each_is_one(void **state)
{
    unsigned int offset, size;

    for ( offset = 0; offset < 16; offset++ )
        for ( size = 1; size <= 31; size++ )
        {
            write_at(offset, size);
            assert_int_equal(nstores, (offset + size + 15) / 16);
            assert_false(is_torn(16));
        }
}

static void old_processors_store_eight_bytes(void **state)
{
    unsigned int offset, size;

    hosted_has_cx16 = false;
    for ( offset = 0; offset < 16; offset++ )
        for ( size = 1; size <= 31; size++ )
        {
            write_at(offset, size);
            assert_int_equal(nstores, (offset + size + 7) / 8 - offset / 8);
            assert_false(is_torn(8));
        }
}

static void nothing_is_written_for_no_bytes(void **state)
{
    struct arch_site site;

    assert_int_equal(arch_site_map(&site, hosted_symbol("xen_one"), 0,
                                   NULL), 0);
    assert_int_equal(hosted_mapped, 0);
    arch_site_write(&site, NULL);
    arch_site_unmap(&site);
}

static void a_view_is_of_the_same_bytes(void **state)
{
    static const char *const names[] = { "xen_one", "xen_page_crossing" };
    struct arch_site site;
    uint8_t before[16], other[16];
    unsigned int i;

    memset(other, 0x90, sizeof(other));
    for ( i = 0; i < ARRAY_SIZE(names); i++ )
    {
        uint8_t *text = hosted_symbol(names[i]);

        memcpy(before, text, sizeof(before));
        assert_int_equal(arch_site_map(&site, text, 5, NULL), 0);
        assert_ptr_equal(site.text, text);
        assert_ptr_not_equal(site.alias, text);
        assert_int_equal(PAGE_OFFSET(site.alias), PAGE_OFFSET(text));
        assert_memory_equal(site.alias, text, 5);
        arch_site_write(&site, other);
        assert_memory_equal(text, other, 5);
        assert_memory_equal(text + 5, before + 5, 11);
        assert_int_equal(hosted_permission(text), PAGE_HYPERVISOR_RX);
        arch_site_write(&site, before);
        assert_memory_equal(text, before, 16);
        arch_site_unmap(&site);
        assert_int_equal(hosted_mapped, 0);
    }
}

/* One mapping for those that lie in the same pages, in whatever order. */
static void neighbours_share_a_view(void **state)
{
    uint8_t *crossing = hosted_symbol("xen_page_crossing");
    uint8_t *next = (uint8_t *)(((uintptr_t)crossing | (PAGE_SIZE - 1)) + 1);
    struct arch_site first, second, third;

    assert_int_equal(arch_site_map(&first, crossing, 5, NULL), 0);
    assert_int_equal(arch_site_map(&second, crossing - 64, 5, &first), 0);
    assert_int_equal(hosted_mapped, 1);
    assert_ptr_equal(second.alias, first.alias - 64);
    assert_null(second.mapping);

    /* The second one has but the first page. */
    assert_int_equal(arch_site_map(&third, next, 5, &second), 0);
    assert_int_equal(hosted_mapped, 2);
    arch_site_unmap(&third);
    assert_int_equal(arch_site_map(&third, crossing, 5, &second), 0);
    assert_int_equal(hosted_mapped, 2);
    arch_site_unmap(&third);
    assert_int_equal(arch_site_map(&third, next, 5, &first), 0);
    assert_int_equal(hosted_mapped, 1);
    assert_memory_equal(third.alias, next, 5);

    arch_site_unmap(&third);
    arch_site_unmap(&second);
    arch_site_unmap(&first);
    assert_int_equal(hosted_mapped, 0);
}

static void without_memory_there_is_no_view(void **state)
{
    struct arch_site site;

    hosted_fail_allocation(1);
    assert_int_equal(arch_site_map(&site, hosted_symbol("xen_one"), 5,
                                   NULL), -ENOMEM);
    arch_site_unmap(&site);
}

static void a_flush_only_after_text_was_writable(void **state)
{
    unsigned int serialised = hosted_serialised[0], flushed;

    arch_serialise();
    flushed = hosted_flushed[0];
    assert_true(hosted_serialised[0] > serialised);
    arch_serialise();
    assert_int_equal(hosted_flushed[0], flushed);
    arch_relax();
    arch_tighten();
    flushed = hosted_flushed[0];
    arch_serialise();
    assert_int_equal(hosted_flushed[0], flushed + 1);
    arch_serialise();
    assert_int_equal(hosted_flushed[0], flushed + 1);
    /* Another CPU has its own TLB. */
    flushed = hosted_flushed[1];
    hosted_cpu = 1;
    arch_serialise();
    hosted_cpu = 0;
    assert_int_equal(hosted_flushed[1], flushed + 1);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_jump_within_a_block_is_one_store),
        TEST(across_blocks_each_is_one),
        TEST(old_processors_store_eight_bytes),
        TEST(nothing_is_written_for_no_bytes),
        TEST(a_view_is_of_the_same_bytes),
        TEST(neighbours_share_a_view),
        TEST(without_memory_there_is_no_view),
        TEST(a_flush_only_after_text_was_writable),
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
