/* SPDX-License-Identifier: GPL-2.0-or-later */
/* New per-CPU variables: in the room that CPUs' areas have for them. */
#include "loading.h"

#include <xen/percpu.h>

#include "../../xen/common/livepatch/symbols.h"

#define WA (SHF_ALLOC | SHF_WRITE)
#define ROOM 1024

DECLARE_PER_CPU(struct { uint8_t bytes[ROOM]; }, livepatch_room);

static uint8_t *room_of(unsigned int cpu)
{
    return per_cpu(livepatch_room, cpu).bytes;
}

static unsigned int add(struct image *image, const char *name,
                        const char *symbol, size_t size, uint64_t alignment)
{
    unsigned int section = image_add_section(image, name, SHT_NOBITS, WA, NULL,
                                             size);

    image->sections[section].header.sh_addralign = alignment;
    image_add_symbol(image, symbol, section, 0, size,
                     ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT));
    return section;
}

/* Another payload each time. */
static struct image *with(const char *symbol, size_t size,
                          uint64_t alignment)
{
    static uint8_t id;
    struct image *image = image_make(++id, HOSTED_XEN_ID, "xen_two", 7);

    add(image, ".bss.percpu", symbol, size, alignment);
    return image;
}

/* Where it is in each CPU's room. */
static size_t offset_of(const struct payload *payload, const char *name)
{
    unsigned long addr = symbols_find(payload, name);
    size_t offset = addr - (unsigned long)room_of(0);

    assert_int_not_equal(addr, 0);
    assert_true(offset < ROOM);
    return offset;
}

static bool is_filled(const uint8_t *p, uint8_t byte, size_t size)
{
    while ( size && *p == byte )
        size--, p++;
    return !size;
}

static void fill_rooms(uint8_t byte)
{
    unsigned int cpu;

    for ( cpu = 0; cpu < NR_CPUS; cpu++ )
        memset(room_of(cpu), byte, ROOM);
}

/* -- Places -------------------------------------------------------------- */

static void in_the_room(void **state)
{
    struct image *image = with("var", 100, 8);
    struct payload *payload;
    size_t first, second;
    unsigned int cpu;

    add(image, ".bss.percpu.read_mostly", "rare", 4, 4);
    add(image, ".bss.percpux", "other", 5000, 8);
    fill_rooms(0x55);
    payload = accept("p", image);
    first = offset_of(payload, "var");
    second = offset_of(payload, "rare");
    assert_true(second >= first + 100 || first >= second + 4);
    for ( cpu = 0; cpu < HOSTED_CPUS; cpu++ )
    {
        assert_true(is_filled(room_of(cpu) + first, 0, 100));
        assert_true(is_filled(room_of(cpu) + second, 0, 4));
        /* Others' are as they were. */
        assert_true(is_filled(room_of(cpu) + 256, 0x55, ROOM - 256));
    }
    /* Of the image, only the ordinary one is a part. */
    assert_int_equal(payload->image.rw.size, 5000);
    assert_int_equal(symbols_find(payload, "other"),
                     (unsigned long)payload->image.rw.addr);
}

static void references(void **state)
{
    struct image *image = with("var", 24, 8);
    unsigned int data = image_add_section(image, ".data", SHT_PROGBITS, WA,
                                          NULL, 8);
    struct payload *payload;

    image_add_reloc(image, data, 0, image_symbol_index(image, "var"),
                    R_X86_64_64, 8);
    payload = accept("p", image);
    assert_int_equal(*(uint64_t *)payload->image.rw.addr,
                     symbols_find(payload, "var") + 8);
}

static void alignments(void **state)
{
    struct payload *one = accept("one", with("one", 1, 1)), *two, *three;

    two = accept("two", with("two", 70, 64));
    three = accept("three", with("three", 17, 16));
    assert_int_equal(offset_of(one, "one"), 0);
    assert_int_equal(offset_of(two, "two"), 64);
    assert_int_equal(offset_of(three, "three"), 16);
    assert_refused(with("var", 8, 256), -EOPNOTSUPP, "alignment 0x100");
}

/* -- The room's end ------------------------------------------------------ */

static void full(void **state)
{
    assert_refused(with("var", ROOM + 1, 1), -ENOSPC,
                   "no room for 0x401 bytes");
    accept("all", with("var", ROOM, 64));
    assert_refused(with("var", 1, 1), -ENOSPC, "all payloads share 1024");
    assert_refused(with("var", 0, 1), -ENOSPC, "no room");
    /* It is there again at once, and what remains of the payload, which is freed
     * later, doesn't give it away a second time. */
    assert_int_equal(op_unload("all"), 0);
    accept("next", with("var", ROOM - 16, 1));
    accept("last", with("last", 16, 1));
    assert_refused(with("var", 1, 1), -ENOSPC, "no room");
    hosted_grace_period();
    assert_refused(with("var", 1, 1), -ENOSPC, "no room");
}

/* What was taken for a payload that isn't loaded after all. */
static void refused_later(void **state)
{
    struct image *image = with("var", ROOM, 1);

    image_undefined(image, "nobody_has_this");
    assert_refused(image, -ENOENT, "nobody_has_this");
    image = with("var", ROOM, 1);
    add(image, ".bss.percpu.read_mostly", "rare", 1, 1);
    assert_refused(image, -ENOSPC, "no room for 0x1 bytes");
    accept("p", with("var", ROOM, 1));
}

static void other_data(void **state)
{
    struct image *image = image_new();

    image_add_section(image, ".bss.percpu", SHT_PROGBITS, WA, NULL, 8);
    assert_refused(image, -EOPNOTSUPP, "begin as zero");
    image = image_new();
    image_add_section(image, ".bss.percpu", SHT_NOBITS, SHF_ALLOC, NULL, 8);
    assert_refused(image, -EOPNOTSUPP, "can be written");
    image = image_new();
    image_add_section(image, ".bss.percpu", SHT_NOBITS,
                      WA | SHF_EXECINSTR, NULL, 8);
    assert_refused(image, -EOPNOTSUPP, "can be written");
    image = image_new();
    image_add_reloc(image, add(image, ".bss.percpu", "var", 8, 8), 0, 1,
                    R_X86_64_64, 0);
    assert_refused(image, -EOPNOTSUPP, "relocations of per-CPU data");
}

/* -- Times --------------------------------------------------------------- */

static void begins_afresh(void **state)
{
    struct payload *payload = accept("p", with("var", 8, 8));
    size_t offset = offset_of(payload, "var");

    assert_int_equal(op_apply("p"), 0);
    room_of(2)[offset] = 7;
    assert_int_equal(op_revert("p"), 0);
    assert_int_equal(room_of(2)[offset], 7);
    assert_int_equal(op_apply("p"), 0);
    assert_int_equal(room_of(2)[offset], 0);
    assert_int_equal(op_revert("p"), 0);
}

/* One that was parked, and one that slept. */
static void cpu_comes_up(void **state)
{
    hosted_set_cpus(2);
    fill_rooms(0x55);
    hosted_set_cpus(4);
    assert_true(is_filled(room_of(1), 0x55, ROOM));
    assert_true(is_filled(room_of(2), 0, ROOM));
    assert_true(is_filled(room_of(3), 0, ROOM));

    hosted_set_cpus(2);
    fill_rooms(0x55);
    system_state = SYS_STATE_resume;
    hosted_set_cpus(4);
    system_state = SYS_STATE_active;
    assert_true(is_filled(room_of(3), 0x55, ROOM));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        LOADING_TEST(in_the_room),
        LOADING_TEST(references),
        LOADING_TEST(alignments),
        LOADING_TEST(full),
        LOADING_TEST(refused_later),
        LOADING_TEST(other_data),
        LOADING_TEST(begins_afresh),
        LOADING_TEST(cpu_comes_up),
    };

    return cmocka_run_group_tests_name("percpu", tests, NULL, NULL);
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
