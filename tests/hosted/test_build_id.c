/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Build-ids: the notes, and what they are compared with. */
#include "loading.h"

#include "../../xen/common/livepatch/build_id.h"
#include "../../xen/common/livepatch/layout.h"

static const char *const sections[] = {
    ".note.gnu.build-id", ".livepatch.depends", ".livepatch.xen_depends",
};

static Elf_Note *note(struct image *image, unsigned int i)
{
    return image_data(image, sections[i]);
}

static void refuse_section(struct image *image, unsigned int i,
                           const char *words)
{
    char all[128];

    snprintf(all, sizeof(all), "section %s%s", sections[i], words);
    assert_refused(image, -EINVAL, all);
}

/* -- Notes --------------------------------------------------------------- */

static void all_three_are_needed(void **state)
{
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(sections); i++ )
    {
        struct image *image = image_new();

        image_drop_section(image, sections[i]);
        refuse_section(image, i, " is missing");

        image = image_new();
        image_section(image, sections[i])->header.sh_flags = 0;
        refuse_section(image, i, " has nothing to load");

        image = image_new();
        image_section_header(image, sections[i])->sh_type = SHT_NOBITS;
        refuse_section(image, i, " has nothing to load");
    }
}

static void sizes(void **state)
{
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(sections); i++ )
    {
        struct image *image = image_new();

        image_section_header(image, sections[i])->sh_size = 0;
        refuse_section(image, i, ": 0 bytes are too few");
        image = image_new();
        image_section_header(image, sections[i])->sh_size = 11;
        refuse_section(image, i, ": 11 bytes are too few");
        image = image_new();
        image_section_header(image, sections[i])->sh_size = 12;
        refuse_section(image, i, ": a note with a name of 4 and a build-id of "
                       "20 bytes does not fit the 0");
        image = image_new();
        image_section_header(image, sections[i])->sh_size--;
        refuse_section(image, i, ": a note with a name of 4 and a build-id of "
                       "20 bytes does not fit the 23");
        image = image_new();
        note(image, i)->descsz = 0;
        refuse_section(image, i, ": a note with a name of 4 and a build-id of "
                       "0 bytes");
        image = image_new();
        note(image, i)->descsz = 21;
        refuse_section(image, i, ": a note");
        image = image_new();
        note(image, i)->descsz = ~0U;
        refuse_section(image, i, ": a note");
        image = image_new();
        note(image, i)->namesz = ~0U;
        refuse_section(image, i, ": a note");
        /* The sum of the two is small. */
        image = image_new();
        note(image, i)->namesz = -16U;
        refuse_section(image, i, ": a note with a name of 4294967280");
        image = image_new();
        note(image, i)->namesz = -16U;
        note(image, i)->descsz = 32;
        refuse_section(image, i, ": a note with a name of 4294967280");
    }
}

static void kinds(void **state)
{
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(sections); i++ )
    {
        struct image *image = image_new();

        note(image, i)->type = NT_GNU_BUILD_ID + 1;
        refuse_section(image, i, ": its first note, of type 4, is not a GNU");
        image = image_new();
        memcpy(note(image, i) + 1, "XEN", 4);
        refuse_section(image, i, ": its first note, of type 3, is not a GNU");
        image = image_new();
        memcpy(note(image, i) + 1, "GNUX", 4);
        refuse_section(image, i, ": its first note, of type 3, is not a GNU");
        image = image_new();
        note(image, i)->namesz = 3;
        refuse_section(image, i, ": its first note, of type 3, is not a GNU");
    }
}

/* Others may follow the first. */
static void first_note_only(void **state)
{
    struct image *image = image_new();

    image_grow(image, image_section_index(image, ".note.gnu.build-id"),
               "more", 4);
    assert_accepted(image);
}

/* 16 bytes, as a hypervisor that is an EFI binary has. */
static void other_lengths(void **state)
{
    static const char id[16] = "0123456789abcdef";
    struct image *image = image_new();
    unsigned int i;

    hosted_build_id = id;
    hosted_build_id_len = sizeof(id);
    for ( i = 1; i < 3; i++ )
    {
        note(image, i)->descsz = sizeof(id);
        memcpy((char *)(note(image, i) + 1) + 4, id, sizeof(id));
    }
    assert_true(build_id_on_xen(accept("p", image)));
}

/* -- Comparisons --------------------------------------------------------- */

static void wrong_xen(void **state)
{
    struct image *image = image_new();

    ((uint8_t *)(note(image, 2) + 1))[4] ^= 1;
    assert_refused(image, -EINVAL,
                   ".livepatch.xen_depends: built for the hypervisor with "
                   "build-id 2322222222222222222222222222222222222222, not "
                   "for the running one, 22222222");
    image = image_new();
    ((uint8_t *)(note(image, 2) + 1))[23] ^= 1;
    assert_refused(image, -EINVAL, "not for the running one");
    image = image_new();
    note(image, 2)->descsz = 19;
    assert_refused(image, -EINVAL, "not for the running one");
}

static void no_xen_id(void **state)
{
    hosted_build_id_len = 0;
    assert_refused(image_new(), -ENODATA, "the hypervisor has no build-id");
    assert_int_equal(build_id_of_xen().len, 0);
    assert_null(build_id_of_xen().p);
}

/* Whatever else is wrong with a payload for another hypervisor: that comes
 * first, and nothing of it is loaded or looked at. */
static void xen_is_compared_first(void **state)
{
    struct image *image = image_new();
    unsigned long allocations;

    image_add_section(image, ".rwx", SHT_PROGBITS,
                      SHF_ALLOC | SHF_WRITE | SHF_EXECINSTR, NULL, 8);
    image_undefined(image, "nowhere");
    image_function(image, 0)->version = 9;
    image_add_section(image, ".altinstructions", SHT_PROGBITS, SHF_ALLOC,
                      NULL, 13);
    ((uint8_t *)(note(image, 2) + 1))[4] ^= 1;
    note(image, 0)->type = 9;
    allocations = hosted_allocations;
    assert_refused(image, -EINVAL, "not for the running one");
    /* The payload, the file, and the three tables of the file's view. */
    assert_true(hosted_allocations - allocations <= 5);
}

static void loaded_once(void **state)
{
    accept("one", image_make(0x33, HOSTED_XEN_ID, "xen_one", 1));
    assert_refused(image_make(0x33, HOSTED_XEN_ID, "xen_two", 2), -EEXIST,
                   "build-id 3333333333333333333333333333333333333333 is that "
                   "of payload one");
    accept("two", image_make(0x34, HOSTED_XEN_ID, "xen_two", 2));
    assert_refused(image_make(0x34, HOSTED_XEN_ID, "xen_three", 2), -EEXIST,
                   "is that of payload two");
}

static void equality(void **state)
{
    struct livepatch_build_id a = { "abc", 3 }, b = { "abd", 3 },
                              c = { "abcd", 4 }, none = { NULL, 0 };

    assert_true(build_id_equal(&a, &a));
    assert_false(build_id_equal(&a, &b));
    assert_false(build_id_equal(&a, &c));
    assert_false(build_id_equal(&c, &a));
    assert_false(build_id_equal(&none, &none));
    assert_false(build_id_equal(&a, &none));
}

/* They are the image's, as the file is gone. */
static void ids_stay(void **state)
{
    struct payload *payload = accept("p", image_make(0x33, 0x44, "xen_one",
                                                     1));
    const struct livepatch_build_id *ids[] = {
        &payload->id, &payload->depends, &payload->xen_depends,
    };
    static const uint8_t bytes[] = { 0x33, 0x44, HOSTED_XEN_ID };
    uint8_t expected[20];
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(ids); i++ )
    {
        memset(expected, bytes[i], sizeof(expected));
        assert_int_equal(ids[i]->len, sizeof(expected));
        assert_memory_equal(ids[i]->p, expected, sizeof(expected));
        assert_true(span_holds(&payload->image.ro, ids[i]->p, ids[i]->len));
    }
    assert_false(build_id_on_xen(payload));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOADING_TEST(all_three_are_needed),
        LOADING_TEST(sizes),
        LOADING_TEST(kinds),
        LOADING_TEST(first_note_only),
        LOADING_TEST(other_lengths),
        LOADING_TEST(wrong_xen),
        LOADING_TEST(no_xen_id),
        LOADING_TEST(xen_is_compared_first),
        LOADING_TEST(loaded_once),
        LOADING_TEST(equality),
        LOADING_TEST(ids_stay),
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
