/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a judgement tells of a payload, good or bad, besides single rules.
 */
#include "judged.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define ERROR   XENLIVEPATCH_ERROR
#define WARNING XENLIVEPATCH_WARNING
#define REASON(name) XENLIVEPATCH_REASON_ ## name

#define FUNCS ".livepatch.funcs"

static void test_values(void **state)
{
    payload_image *image = image_new();
    const xenlivepatch_payload *judgement;
    judged j;

    judged_init(&j);
    judgement = j.payload;
    judge_image(&j, image);
    assert_good(&j);
    assert_int_equal(judgement->size, image->size);
    assert_string_equal(judgement->build_id, IMAGE_BUILD_ID);
    assert_string_equal(judgement->depends, IMAGE_XEN_BUILD_ID);
    assert_string_equal(judgement->xen_build_id, IMAGE_XEN_BUILD_ID);
    assert_true(judgement->reapplicable);
    assert_true(judgement->replaceable);
    assert_int_equal(judgement->num_metadata, 2);
    assert_string_equal(judgement->metadata[0].key, "author");
    assert_string_equal(judgement->metadata[0].value, "a test");
    assert_string_equal(judgement->fixes[0], "XSA-1");
    assert_string_equal(judgement->fixes[1], "CVE-2016-2");
    assert_null(judgement->fixes[2]);
    assert_int_equal(judgement->num_functions, 1);
    assert_string_equal(judgement->functions[0].name, "some_function");
    assert_string_equal(judgement->functions[0].replacement,
                        "new_function");
    assert_int_equal(judgement->functions[0].old_addr, 0);
    assert_int_equal(judgement->functions[0].old_size, 32);
    assert_int_equal(judgement->functions[0].new_size, 16);
    assert_false(judgement->functions[0].nop);
    assert_int_equal(judgement->num_hooks, 0);
    judged_dispose(&j);
    image_free(image);
}

/* Test vector of FIPS 180-2; whatever the file is, its hash is told. */
static void test_sha256(void **state)
{
    judged j;

    judged_init(&j);
    judge_bytes(&j, "abc", 3);
    assert_string_equal(j.payload->sha256,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(j.payload->size, 3);
    assert_errors(&j, 1);
    judged_dispose(&j);
}

static void test_functions(void **state)
{
    payload_image *image = image_new();
    const uint64_t addr = 0xffff82d040234930;
    const xenlivepatch_function *functions;
    uint8_t *record;
    judged j;

    image_add_function(image, "caf\xe9");
    image_drop_reloc(image, FUNCS, FUNC_SIZE + 8);
    record = image_data(image, FUNCS) + FUNC_SIZE;
    memcpy(record + 16, &addr, sizeof(addr));
    record[24] = 6;
    record[72] = 1 | 6 << 1;

    judged_init(&j);
    judge_image(&j, image);
    assert_good(&j);
    assert_int_equal(j.payload->num_functions, 2);
    functions = j.payload->functions;
    assert_string_equal(functions[0].name, "some_function");
    assert_string_equal(functions[1].name, "caf\\xe9");
    assert_int_equal(functions[1].old_addr, addr);
    assert_int_equal(functions[1].new_size, 6);
    assert_true(functions[1].nop);
    judged_dispose(&j);
    image_free(image);
}

/* Those without a name are called by what else is known of them. */
static void test_unnamed(void **state)
{
    payload_image *image = image_new();
    const uint64_t addr = 0xffff82d040234930;
    judged j;

    image_add_function(image, "");
    image_add_reloc(image, image_section_index(image, FUNCS), 16,
                    image_symbol_index(image, "xen_symbol"), R_X86_64_64,
                    0);
    image_drop_reloc(image, FUNCS, 0);
    image_drop_reloc(image, FUNCS, FUNC_SIZE);
    memcpy(image_data(image, FUNCS) + FUNC_SIZE + 16, &addr, sizeof(addr));
    judged_init(&j);
    judge_image(&j, image);
    assert_good(&j);
    assert_string_equal(j.payload->functions[0].name, "xen_symbol");
    assert_string_equal(j.payload->functions[1].name,
                        "function at 0xffff82d040234930");
    judged_dispose(&j);
    image_free(image);
}

static void test_hooks(void **state)
{
    static const struct {
        const char *name;
        unsigned int num;
        bool replaceable;
    } hooks[] = {
        { "load", 3, true }, { "unload", 2, true },
        { "preapply", 1, false }, { "apply", 1, true },
        { "postapply", 1, false }, { "prerevert", 1, false },
        { "revert", 1, true }, { "postrevert", 1, false },
    };
    payload_image *image;
    judged j;
    int i;

    for (i = 0; i < ARRAY_SIZE(hooks); i++) {
        image = image_new();
        image_add_hooks(image, hooks[i].name, hooks[i].num);
        judged_init(&j);
        judge_image(&j, image);
        assert_good(&j);
        assert_int_equal(j.payload->num_hooks, hooks[i].num);
        assert_string_equal(j.payload->hooks[0].kind, hooks[i].name);
        assert_int_equal(j.payload->replaceable, hooks[i].replaceable);
        assert_false(j.payload->reapplicable);
        judged_dispose(&j);
        image_free(image);
    }
}

static void test_all_hooks(void **state)
{
    payload_image *image = image_new();
    judged j;

    image_add_hooks(image, "postrevert", 1);
    image_add_hooks(image, "load", 1);
    image_add_hooks(image, "preapply", 1);
    /* A null pointer is no hook. */
    image_drop_reloc(image, ".livepatch.hooks.preapply", 0);
    judged_init(&j);
    judge_image(&j, image);
    assert_errors(&j, 0);
    assert_warnings(&j, 1);
    assert_int_equal(j.payload->num_hooks, 2);
    assert_string_equal(j.payload->hooks[0].kind, "load");
    assert_string_equal(j.payload->hooks[1].kind, "postrevert");
    judged_dispose(&j);
    image_free(image);
}

/* Which sections keep a payload from being applied again. */
static void test_reapplicable(void **state)
{
    static const struct {
        uint32_t type;
        uint64_t flags;
        size_t size;
        bool reapplicable;
    } sections[] = {
        { SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, 8, false },
        { SHT_NOBITS, SHF_ALLOC | SHF_WRITE, 8, false },
        { SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, 0, true },
        { SHT_PROGBITS, SHF_WRITE, 8, true },
        { SHT_PROGBITS, SHF_ALLOC, 8, true },
    };
    payload_image *image;
    judged j;
    int i;

    for (i = 0; i < ARRAY_SIZE(sections); i++) {
        image = image_new();
        image_section(image, FUNCS)->flags |= SHF_WRITE;
        image_add_section(image, ".data", sections[i].type,
                          sections[i].flags, NULL, sections[i].size);
        judged_init(&j);
        judge_image(&j, image);
        assert_good(&j);
        assert_int_equal(j.payload->reapplicable,
                         sections[i].reapplicable);
        judged_dispose(&j);
        image_free(image);
    }
}

/* Not even ELF: what it is instead, and what to do. */
static void test_other_formats(void **state)
{
    static const struct {
        const char *bytes, *message;
    } formats[] = {
        { "\x1f\x8b rest", "gzip: unpack it" },
        { "\xfd" "7zXZ", "xz: unpack it" },
        { "BZh9", "bzip2: unpack it" },
        { "\x28\xb5\x2f\xfd", "zstd: unpack it" },
        { "PK\x03\x04", "zip archive" },
        { "!<arch>\ndebian", "an archive" },
        { "\xed\xab\xee\xdb", "an RPM package" },
        { "MZ", "EFI" },
        { "#!/bin/sh", "a script" },
        { "diff --git", "a patch to sources" },
        { "--- a/xen", "a patch to sources" },
        { "\x7f" "EL", "begin with the bytes" },
        { "!<arch>", "begin with the bytes" },
        { "x", "begin with the bytes" },
    };
    judged j;
    int i;

    for (i = 0; i < ARRAY_SIZE(formats); i++) {
        judged_init(&j);
        j.label = "some.file";
        judge_bytes(&j, formats[i].bytes, strlen(formats[i].bytes));
        assert_int_equal(j.rc, 0);
        assert_finding(&j, ERROR, REASON(FILE), NULL, formats[i].message);
        assert_finding(&j, ERROR, REASON(FILE), NULL, "some.file is not "
                       "an ELF file");
        assert_errors(&j, 1);
        judged_dispose(&j);
    }
}

/* Cut off after every byte: refused, and nothing is read beyond. */
static void test_truncated(void **state)
{
    payload_image *image = image_new();
    size_t size;
    judged j;

    image_build(image);
    for (size = 0; size < image->size; size++) {
        judged_init(&j);
        judge_bytes(&j, image->bytes, size);
        assert_int_equal(j.rc, 0);
        assert_false(j.payload->acceptable);
        assert_true(j.payload->num_findings > 0);
        judged_dispose(&j);
    }
    image_free(image);
}

/* Any one bit wrong: nothing worse than a finding comes of it. */
static void test_flipped(void **state)
{
    payload_image *image = image_new();
    size_t i;
    judged j;

    image_add_alternative(image);
    image_add_code_tables(image);
    image_add_hooks(image, "load", 1);
    image_build(image);
    for (i = 0; i < image->size * 8; i++) {
        image->bytes[i / 8] ^= 1 << i % 8;
        judged_init(&j);
        judge_image(&j, image);
        assert_int_equal(j.rc, 0);
        judged_dispose(&j);
        image->bytes[i / 8] ^= 1 << i % 8;
    }
    image_free(image);
}

static void judge_with_build_id(judged *j, const char *build_id)
{
    payload_image *image = image_new();

    judged_init(j);
    j->criteria.xen_build_id = strdup(build_id);
    judge_image(j, image);
    image_free(image);
}

static void test_xen_build_id(void **state)
{
    static const char *const unusable[] = { "", "abc", "xyz0", "0x12",
                                            "12 34" };
    judged j;
    int i;

    judge_with_build_id(&j, IMAGE_XEN_BUILD_ID);
    assert_good(&j);
    judged_dispose(&j);

    judge_with_build_id(&j, "ABCDEF");
    assert_int_equal(j.rc, 0);
    assert_finding(&j, ERROR, REASON(XEN_BUILD_ID),
                   ".livepatch.xen_depends", "is made for Xen build-id "
                   IMAGE_XEN_BUILD_ID ", this host runs ABCDEF");
    assert_errors(&j, 1);
    judged_dispose(&j);

    for (i = 0; i < ARRAY_SIZE(unusable); i++) {
        judge_with_build_id(&j, unusable[i]);
        assert_int_equal(j.rc, EINVAL);
        assert_finding(&j, ERROR, REASON(USAGE), NULL, "is no build-id");
        assert_errors(&j, 1);
        judged_dispose(&j);
    }
}

static void test_build_id_case(void **state)
{
    payload_image *image = image_new();
    judged j;

    memset(image_data(image, ".livepatch.xen_depends") + 16, 0xab, 20);
    judged_init(&j);
    j.criteria.xen_build_id =
        strdup("AbABabABabABabABabABabABabABabABabABabAB");
    judge_image(&j, image);
    assert_good(&j);
    judged_dispose(&j);
    image_free(image);
}

/* A payload without a good one: that is told, and no comparison made. */
static void test_no_xen_build_id(void **state)
{
    payload_image *image = image_new();
    judged j;

    image_section(image, ".livepatch.xen_depends")->name = ".renamed";
    judged_init(&j);
    j.criteria.xen_build_id = strdup("abcdef");
    judge_image(&j, image);
    assert_int_equal(j.rc, 0);
    assert_null(j.payload->xen_build_id);
    assert_errors(&j, 1);
    judged_dispose(&j);
    image_free(image);
}

static void test_several(void **state)
{
    payload_image *image = image_new();
    judged j;

    image_section_header(image, ".modinfo")->sh_addralign = 0;
    image_section_header(image, ".rodata.str")->sh_addralign = 3;
    image_data(image, FUNCS)[32] = 7;
    image_data(image, ".note.gnu.build-id")[8] = 7;
    judged_init(&j);
    judge_image(&j, image);
    assert_finding(&j, ERROR, REASON(FORMAT), ".modinfo", "alignment 0");
    assert_finding(&j, ERROR, REASON(FORMAT), ".rodata.str",
                   "power of two");
    assert_finding(&j, ERROR, REASON(FORMAT), "some_function",
                   "version 7");
    assert_finding(&j, ERROR, REASON(FORMAT), ".note.gnu.build-id",
                   "note");
    assert_errors(&j, 4);
    judged_dispose(&j);
    image_free(image);
}

static void test_shifted_hook(void **state)
{
    payload_image *image = image_new();
    judged j;

    image_add_hooks(image, "load", 2);
    image_drop_reloc(image, ".livepatch.hooks.load", 8);
    image_reloc(image, ".livepatch.hooks.load", 0)->offset = 4;
    judged_init(&j);
    judge_image(&j, image);
    assert_finding(&j, ERROR, REASON(HOOK), ".livepatch.hooks.load",
                   "load+0 doesn't point");
    assert_finding(&j, ERROR, REASON(HOOK), ".livepatch.hooks.load",
                   "load+0x8 doesn't point");
    assert_errors(&j, 2);
    judged_dispose(&j);
    image_free(image);
}

static void test_same_symbol(void **state)
{
    payload_image *image = image_new();
    unsigned int funcs = image_section_index(image, FUNCS);
    unsigned int symbol = image_symbol_index(image, "xen_symbol");
    judged j;

    image_add_function(image, "other");
    image_add_function(image, "another");
    image_add_reloc(image, funcs, 16, symbol, R_X86_64_64, 0);
    image_add_reloc(image, funcs, 2 * FUNC_SIZE + 16, symbol, R_X86_64_64,
                    0);
    judged_init(&j);
    judge_image(&j, image);
    assert_errors(&j, 1);
    assert_non_null(strstr(j.payload->findings[0].message, "twice"));
    judged_dispose(&j);
    image_free(image);
}

/* A size that would make the sum wrap. */
static void test_endless(void **state)
{
    payload_image *image = image_new();
    judged j;

    image_add_section(image, ".zero.1", SHT_NOBITS, SHF_ALLOC, NULL, 1);
    image_add_section(image, ".zero.2", SHT_NOBITS, SHF_ALLOC, NULL, 1);
    image_section_header(image, ".zero.1")->sh_size = -1;
    judged_init(&j);
    judge_image(&j, image);
    assert_finding(&j, ERROR, REASON(FORMAT), ".zero.1", "zeroes");
    assert_finding(&j, ERROR, REASON(FORMAT), NULL, "hypervisor's memory");
    assert_errors(&j, 2);
    judged_dispose(&j);
    image_free(image);
}

/* Names out of a payload can't reach the terminal unescaped. */
static void test_escaped(void **state)
{
    const xenlivepatch_finding *finding;
    payload_image *image = image_new();
    judged j;

    image_add_symbol(image, "\x1b[2J\xff", SHN_COMMON, 0, 0);
    judged_init(&j);
    judge_image(&j, image);
    assert_errors(&j, 1);
    finding = &j.payload->findings[0];
    assert_string_equal(finding->where, "\\x1b[2J\\xff");
    assert_non_null(strstr(finding->message, "Symbol \\x1b[2J\\xff is"));
    judged_dispose(&j);
    image_free(image);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_sha256),
        cmocka_unit_test(test_functions),
        cmocka_unit_test(test_unnamed),
        cmocka_unit_test(test_hooks),
        cmocka_unit_test(test_all_hooks),
        cmocka_unit_test(test_reapplicable),
        cmocka_unit_test(test_other_formats),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_flipped),
        cmocka_unit_test(test_xen_build_id),
        cmocka_unit_test(test_build_id_case),
        cmocka_unit_test(test_no_xen_build_id),
        cmocka_unit_test(test_several),
        cmocka_unit_test(test_shifted_hook),
        cmocka_unit_test(test_same_symbol),
        cmocka_unit_test(test_endless),
        cmocka_unit_test(test_escaped),
    };

    return cmocka_run_group_tests_name("whole", tests, NULL, NULL);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
