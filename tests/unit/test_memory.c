/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Out of memory: each allocation in turn fails, and the judge, or who reads a
 * report, says so without leaking or crashing.
 */
#include "judged.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "libxl_livepatch_internal.h"


/* Allocations to go until one fails; -1: none does. */
static long countdown = -1;

static bool fails(void)
{
    if (countdown < 0 || countdown--) return false;
    errno = ENOMEM;
    return true;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t num, size_t size);
void *__wrap_calloc(size_t num, size_t size);
void *__wrap_calloc(size_t num, size_t size)
{
    return fails() ? NULL : __real_calloc(num, size);
}

void *__real_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size)
{
    return fails() ? NULL : __real_realloc(block, size);
}

char *__real_strdup(const char *string);
char *__wrap_strdup(const char *string);
char *__wrap_strdup(const char *string)
{
    return fails() ? NULL : __real_strdup(string);
}

char *__real_strndup(const char *string, size_t size);
char *__wrap_strndup(const char *string, size_t size);
char *__wrap_strndup(const char *string, size_t size)
{
    return fails() ? NULL : __real_strndup(string, size);
}

int __real_vasprintf(char **string, const char *format, va_list ap);
int __wrap_vasprintf(char **string, const char *format, va_list ap);
__attribute__((format(printf, 2, 0)))
int __wrap_vasprintf(char **string, const char *format, va_list ap)
{
    return fails() ? -1 : __real_vasprintf(string, format, ap);
}

/* Run it with each allocation failing, until there are none left. */
static void starve(int (*run)(void *), void *argument, int wanted)
{
    long n;
    int rc;

    for (n = 0;; n++) {
        assert_true(n < 1000);
        countdown = n;
        rc = run(argument);
        /* Not reached: none failed. */
        if (countdown >= 0) break;
        assert_int_equal(rc, wanted);
    }
    countdown = -1;
    assert_int_equal(rc, 0);
    assert_true(n > 0);
    print_message("%ld allocations\n", n);
}

struct subject {
    payload_image *image;
    xenlivepatch_criteria criteria;
};

static int judge(void *argument)
{
    struct subject *subject = argument;
    xenlivepatch_payload *payload = xenlivepatch_new();
    int rc;

    if (!payload) return ENOMEM;
    rc = xenlivepatch_judge(payload, subject->image->bytes,
                            subject->image->size, "The payload",
                            &subject->criteria);
    if (rc) assert_false(payload->acceptable);
    xenlivepatch_free(payload);
    return rc;
}

static void starve_judge(payload_image *image, payload_image *xen_syms)
{
    struct subject subject = { .image = image };

    image_build(image);
    if (xen_syms) {
        image_build(xen_syms);
        subject.criteria.xen_syms =
            strdup(write_file(xen_syms->bytes, xen_syms->size));
        subject.criteria.xen_build_id = strdup(IMAGE_XEN_BUILD_ID);
    }
    starve(judge, &subject, ENOMEM);
    if (xen_syms) {
        unlink(subject.criteria.xen_syms);
        image_free(xen_syms);
    }
    free((char *)subject.criteria.xen_syms);
    free((char *)subject.criteria.xen_build_id);
    image_free(image);
}

static payload_image *everything(void)
{
    payload_image *image = image_new();

    image_add_function(image, "init_function");
    image_add_alternative(image);
    image_add_code_tables(image);
    image_add_hooks(image, "load", 2);
    image_add_hooks(image, "postapply", 1);
    return image;
}

static void test_good(void **state)
{
    starve_judge(everything(), NULL);
}

static void test_findings(void **state)
{
    payload_image *image = everything();

    image_add_symbol(image, "__func__.0", 1, 0, 0);
    image_add_symbol(image, "common", SHN_COMMON, 0, 0);
    image_data(image, ".livepatch.funcs")[32] = 1;
    image_section_header(image, ".modinfo")->sh_addralign = 0;
    starve_judge(image, NULL);
}

static void test_xen_syms(void **state)
{
    starve_judge(everything(), image_new_xen_syms());
}

static void test_other_xen(void **state)
{
    payload_image *xen_syms = image_new_xen_syms();

    image_data(xen_syms, ".note.gnu.build-id")[16] = 1;
    starve_judge(everything(), xen_syms);
}

static void test_unusable(void **state)
{
    payload_image *image = image_new();

    image_header(image)->e_machine = EM_ARM;
    starve_judge(image, NULL);
}

/* Section headers that libelf can't use in place, so that it copies. */
static void test_copied_headers(void **state)
{
    payload_image *image = image_new();
    Elf64_Ehdr *header = image_header(image);
    size_t table = header->e_shnum * sizeof(Elf64_Shdr);

    image->bytes = realloc(image->bytes, image->size + table + 3);
    assert_non_null(image->bytes);
    header = image_header(image);
    memcpy(image->bytes + image->size + 3, image->bytes + header->e_shoff,
           table);
    header->e_shoff = image->size + 3;
    image->size += table + 3;
    starve_judge(image, NULL);
}

static int read_file(void *path)
{
    xenlivepatch_payload *payload = xenlivepatch_new();
    int rc;

    if (!payload) return ENOMEM;
    rc = xenlivepatch_read(payload, path);
    if (rc && payload->num_findings)
        assert_int_equal(payload->findings[0].reason,
                         XENLIVEPATCH_REASON_MEMORY);
    xenlivepatch_free(payload);
    return rc;
}

static void test_read(void **state)
{
    const char *path = write_file("content", 7);

    starve(read_file, (void *)path, ENOMEM);
    unlink(path);
}

static int text(void *argument)
{
    static const char bytes[] = "fixes=XSA-1,XSA-2\0key\0other=value\xff";
    xenlivepatch_metadata *md = NULL;
    size_t num = 0;
    char **fixes;
    int r;

    r = xenlivepatch_split_metadata(bytes, sizeof(bytes), &md, &num);
    if (r) return r;
    fixes = xenlivepatch_fixes(md, num);
    if (!fixes) r = ENOMEM;
    xenlivepatch_strings_free(fixes);
    xenlivepatch_metadata_free(md, num);
    return r;
}

static void test_metadata(void **state)
{
    starve(text, NULL, ENOMEM);
}

static int single(void *argument)
{
    size_t len;
    char *got[] = {
        xenlivepatch_text("a\xff", 2),
        xenlivepatch_hex("a\xff", 2),
        xenlivepatch_bytes("a\\xff", &len),
        xenlivepatch_printable("a\xff", 10, false),
        xenlivepatch_default_name("a/b.c"),
    };
    int i, r = 0;

    for (i = 0; i < ARRAY_SIZE(got); i++) {
        if (!got[i]) r = ENOMEM;
        free(got[i]);
    }
    return r;
}

static void test_single(void **state)
{
    starve(single, NULL, ENOMEM);
}

static int report(void *argument)
{
    static const struct {
        struct xen_livepatch_report_item name;
        uint64_t text;
        struct xen_livepatch_report_item failure;
        uint64_t why;
        struct xen_livepatch_report_item id;
        uint64_t bytes;
        struct xen_livepatch_report_function function;
        struct xen_livepatch_report_hooks hooks;
        struct xen_livepatch_report_straggler late;
        uint64_t symbol;
        struct xen_livepatch_report_waiting waiting;
    } items = {
        .name = { LIVEPATCH_REPORT_NAME, 0, 16 },
        .failure = { LIVEPATCH_REPORT_FAILURE, 0, 16 },
        .why = 0x787878,
        .id = { LIVEPATCH_REPORT_BUILD_ID, 0, 16 },
        .function.item = { LIVEPATCH_REPORT_FUNCTION, 0,
                           sizeof(struct xen_livepatch_report_function) },
        .function.new_addr = 1,
        .hooks.item = { LIVEPATCH_REPORT_HOOKS, 0,
                        sizeof(struct xen_livepatch_report_hooks) },
        .hooks.load = 1,
        .late.item = { LIVEPATCH_REPORT_STRAGGLER, 0,
                       sizeof(struct xen_livepatch_report_straggler) + 8 },
        .late.where = LIVEPATCH_REPORT_WHERE_HYPERVISOR,
        .waiting.item = { LIVEPATCH_REPORT_WAITING, 0,
                          sizeof(struct xen_livepatch_report_waiting) },
    };
    libxl_livepatch_report parsed;
    uint64_t boot_us = 0;
    int r;

    libxl_livepatch_report_init(&parsed);
    r = libxl__livepatch_parse_report(&items, sizeof(items), &boot_us,
                                      &parsed);
    libxl_livepatch_report_dispose(&parsed);
    return r;
}

static void test_report(void **state)
{
    starve(report, NULL, ENOMEM);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_findings),
        cmocka_unit_test(test_xen_syms),
        cmocka_unit_test(test_other_xen),
        cmocka_unit_test(test_unusable),
        cmocka_unit_test(test_copied_headers),
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_metadata),
        cmocka_unit_test(test_single),
        cmocka_unit_test(test_report),
    };

    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
