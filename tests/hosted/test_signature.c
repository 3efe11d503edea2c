/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signatures of payloads: which are known, and what becomes of the others. */
#include "loading.h"

#include <openssl/rsa.h>

#include "reports.h"
#include "signature.h"
#include "signing.h"

static char *at_boot;

static int enforcing_setup(void **state)
{
    loading_setup(state);
    signature_policy = SIGNATURE_ENFORCE;
    return 0;
}

#define ENFORCING_TEST(fn) \
    cmocka_unit_test_setup_teardown(fn, enforcing_setup, loading_teardown)

/* Refused for its signature, with these words; nothing is left of it. */
static void refused(struct image *image, const char *words)
{
    assert_refused(image, -EACCES, words);
    report_on(NULL);
    assert_int_equal(status()->reason, LIVEPATCH_REASON_SIGNATURE);
    assert_contains(text(LIVEPATCH_REPORT_FAILURE), words);
}

/* What the report on the payload says: a key, or NULL and one of the others. */
static void assert_signature(const char *name, uint32_t signature,
                             const char *key)
{
    const struct xen_livepatch_report_signature *s;

    report_on(name);
    s = item(LIVEPATCH_REPORT_SIGNATURE, 0);
    assert_non_null(s);
    assert_int_equal(s->signature, signature);
    assert_int_equal(s->pad, 0);
    assert_string_equal(text_of(s, sizeof(*s)), key ?: "");
}

static struct image *noted(void)
{
    struct image *image = image_new();

    image_add_signature(image, SIGNATURE_TYPE, signing_size("first"));
    return image;
}

static Elf_Note *note(struct image *image)
{
    return image_data(image, SIGNATURE_SECTION);
}

static struct image *by(const char *key)
{
    return image_signed(image_new(), key);
}

/* -- Policies ------------------------------------------------------------ */

static void by_each_key(void **state)
{
    static const char *const keys[] = { "first", "second", "middle", "large" };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(keys); i++ )
    {
        hosted_console_clear();
        accept("p", by(keys[i]));
        assert_signature("p", LIVEPATCH_REPORT_SIGNATURE_KNOWN, keys[i]);
        assert_string_equal(hosted_console(), "");
        assert_int_equal(op_unload("p"), 0);
    }
}

static void loaded(struct image *image, uint32_t signature, const char *words)
{
    hosted_console_clear();
    accept("p", image);
    assert_signature("p", signature, NULL);
    if ( words )
        assert_contains(hosted_console(), words);
    else
        assert_string_equal(hosted_console(), "");
    report_on("p");
    assert_null(item(LIVEPATCH_REPORT_FAILURE, 0));
    assert_int_equal(op_unload("p"), 0);
}

static void optional(void **state)
{
    loaded(image_new(), LIVEPATCH_REPORT_SIGNATURE_NONE, NULL);
    loaded(by("stranger"), LIVEPATCH_REPORT_SIGNATURE_UNKNOWN, NULL);
    by_each_key(state);
}

static void warned_of(void **state)
{
    signature_policy = SIGNATURE_WARN;
    loaded(image_new(), LIVEPATCH_REPORT_SIGNATURE_NONE,
           "livepatch: p: it is not signed: there is no section .note");
    loaded(by("stranger"), LIVEPATCH_REPORT_SIGNATURE_UNKNOWN,
           "livepatch: p: its signature is of none of this hypervisor's");
    by_each_key(state);
}

static void enforced(void **state)
{
    refused(image_new(), "it is not signed: there is no section .note.Xen.sig");
    refused(by("stranger"), "its signature is of none of this hypervisor's "
            "keys, or it was changed since; only payloads that are signed "
            "with one of this hypervisor's keys are taken");
    by_each_key(state);
}

/* Before anything else that the file says. */
static void judged_first(void **state)
{
    struct image *image = image_new();

    image_header(image)->e_machine = EM_386;
    refused(image, "it is not signed");
    image = image_empty();
    image_add_build_id(image, ".livepatch.xen_depends", HOSTED_XEN_ID + 1);
    refused(image, "it is not signed");
    image = image_new();
    image_undefined(image, "no_such_symbol");
    refused(image, "it is not signed");
}

/* A signature is no reason to take what is wrong otherwise. */
static void not_all_there_is(void **state)
{
    struct image *image = image_new();

    image_undefined(image, "no_such_symbol");
    assert_refused(image_signed(image, "first"), -ENOENT, "no_such_symbol");
}

#if HOSTED_RELEASE >= 19
static void forced(void **state)
{
    struct xen_sysctl_livepatch_op op = {
        .cmd = XEN_SYSCTL_LIVEPATCH_UPLOAD, .flags = LIVEPATCH_FLAG_FORCE,
        .u.upload.name = a_name("p"),
    };
    struct image *image = image_new();
    size_t size;
    void *file = image_build(image, &size);

    op.u.upload.size = size;
    set_xen_guest_handle(op.u.upload.payload, file);
    assert_int_equal(livepatch_op(&op), -EACCES);
    image_free(image);
}
#endif

/* What other loaded it, or fail to, says nothing of this one. */
static void of_the_last_upload(void **state)
{
    signature_policy = SIGNATURE_OPTIONAL;
    accept("p", image_signed(image_make(1, HOSTED_XEN_ID, "xen_one", 101),
                             "first"));
    accept("q", image_make(2, HOSTED_XEN_ID, "xen_two", 102));
    assert_signature("p", LIVEPATCH_REPORT_SIGNATURE_KNOWN, "first");
    assert_signature("q", LIVEPATCH_REPORT_SIGNATURE_NONE, NULL);
    hosted_console_clear();
    hosted_key('x');
    assert_contains(hosted_console(), "signed by  first\n");
    assert_contains(hosted_console(), "signed by  none of this hypervisor");
}

/* -- The command line ---------------------------------------------------- */

static void assert_param(const char *value, int rc,
                         enum signature_policy expected)
{
    assert_int_equal(hosted_param("livepatch", value), rc);
    assert_int_equal(signature_policy, expected);
}

static void command_line(void **state)
{
    assert_param("sig=none", -EINVAL, SIGNATURE_OPTIONAL);
    assert_param("sig=", -EINVAL, SIGNATURE_OPTIONAL);
    assert_param("sig", -EINVAL, SIGNATURE_OPTIONAL);
    assert_param("", -EINVAL, SIGNATURE_OPTIONAL);
    assert_param("sig=enforced", -EINVAL, SIGNATURE_OPTIONAL);
    assert_param("sig=warn", 0, SIGNATURE_WARN);
    assert_param("other,sig=enforce", -EINVAL, SIGNATURE_ENFORCE);
    signature_policy = SIGNATURE_OPTIONAL;
    assert_param("sig=enforce,other", -EINVAL, SIGNATURE_ENFORCE);
    signature_policy = SIGNATURE_OPTIONAL;
    assert_param("sig=enforce,sig=warn", 0, SIGNATURE_ENFORCE);
    signature_policy = SIGNATURE_OPTIONAL;
    assert_param("sig=warn,sig=enforce", 0, SIGNATURE_ENFORCE);
}

static void never_looser(void **state)
{
    signature_policy = SIGNATURE_ENFORCE;
    assert_param("sig=warn", 0, SIGNATURE_ENFORCE);
    assert_param("sig=none", -EINVAL, SIGNATURE_ENFORCE);
    signature_policy = SIGNATURE_WARN;
    assert_param("sig=none", -EINVAL, SIGNATURE_WARN);
}

static void announced(void **state)
{
    assert_contains(at_boot, "livepatch: payloads without a known signature "
                    "are loaded\n");
    assert_contains(at_boot, "livepatch: key first (RSA, 2048 bits)\n");
    assert_contains(at_boot, "livepatch: key second (RSA, 2048 bits)\n");
    assert_contains(at_boot, "livepatch: key middle (RSA, 3072 bits)\n");
    assert_contains(at_boot, "livepatch: key large (RSA, 4096 bits)\n");
}

/* -- The note ------------------------------------------------------------ */

static void two_of_them(void **state)
{
    struct image *image = noted(), *other = by("first");

    image_add_signature(image, SIGNATURE_TYPE, signing_size("first"));
    image_sign(image, "first");
    refused(image, "there are two sections .note.Xen.signature");

    /* Whichever comes first. */
    image = image_new();
    image_add_section(image, SIGNATURE_SECTION, SHT_PROGBITS, 0, "", 1);
    image_add_signature(image, SIGNATURE_TYPE, signing_size("first"));
    refused(image, "there are two sections .note.Xen.signature");

    /* In one section: the whole note again. */
    image = noted();
    image_grow(image, image_section_index(image, SIGNATURE_SECTION),
               note(other), 16 + 256);
    image_free(other);
    image_sign(image, "first");
    refused(image, "section .note.Xen.signature: a signature of 256 bytes "
            "should fill the 528 behind the note's owner");
}

static void kinds_of_sections(void **state)
{
    static const struct { uint32_t type; uint64_t flags; } bad[] = {
        { SHT_NOTE, SHF_ALLOC }, { SHT_NOTE, SHF_ALLOC | SHF_WRITE },
        { SHT_PROGBITS, 0 }, { SHT_NOBITS, 0 }, { SHT_NULL, 0 },
    };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(bad); i++ )
    {
        struct image *image = noted();

        image_section_header(image, SIGNATURE_SECTION)->sh_type = bad[i].type;
        image_section_header(image, SIGNATURE_SECTION)->sh_flags =
            bad[i].flags;
        image_sign(image, "first");
        refused(image, "not a note (7) that isn't loaded");
    }
}

/* The note is that one byte of the file. */
static void refused_at(size_t offset, const char *words)
{
    struct image *image = noted();
    Elf_Shdr *section = image_section_header(image, SIGNATURE_SECTION);

    section->sh_offset = offset;
    section->sh_size = 1;
    refused(image, words);
}

/* What isn't hashed must be nothing else: to the first and the last byte. */
static void overlaps(void **state)
{
    struct image *image = noted();
    const Elf_Ehdr *header = image_header(image);
    const Elf_Shdr *section = (void *)(image->file + header->e_shoff);
    const Elf_Shdr *own = image_section_header(image, SIGNATURE_SECTION);
    unsigned int i;

    for ( i = 1; i < header->e_shnum; i++ )
    {
        char words[64];

        if ( &section[i] == own || section[i].sh_type == SHT_NOBITS ||
             !section[i].sh_size )
            continue;
        snprintf(words, sizeof(words), "overlaps section %u;", i);
        refused_at(section[i].sh_offset, words);
        refused_at(section[i].sh_offset + section[i].sh_size - 1, words);
    }
    refused_at(header->e_shoff, "overlaps the section headers");
    refused_at(header->e_shoff + header->e_shnum * sizeof(*section) - 1,
               "overlaps the section headers");
    image_free(image);
}

static void headers_of_notes(void **state)
{
    static const struct { uint32_t type; const char *words; } bad[] = {
        { 0x00000000, "version 0, algorithm 0 and hash 0" },
        { 0x00000002, "version 2, algorithm 0 and hash 0" },
        { 0x00000101, "version 257, algorithm 0 and hash 0" },
        { 0x00010001, "version 1, algorithm 1 and hash 0" },
        { 0x00ff0001, "version 1, algorithm 255 and hash 0" },
        { 0x01000001, "version 1, algorithm 0 and hash 1" },
        { 0x80000001, "version 1, algorithm 0 and hash 128, of which only 1, "
                      "0 (RSA) and 0 (SHA-256) are known" },
    };
    struct image *image;
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(bad); i++ )
    {
        image = image_new();
        image_add_signature(image, bad[i].type, signing_size("first"));
        image_sign(image, "first");
        refused(image, bad[i].words);
    }

    image = noted();
    memcpy(note(image) + 1, "xen", 4);
    image_sign(image, "first");
    refused(image, "its note is not of Xen's");
    image = noted();
    memcpy(note(image) + 1, "XenX", 4);
    image_sign(image, "first");
    refused(image, "its note is not of Xen's");
    for ( i = 0; i < 32; i++ )
    {
        image = noted();
        note(image)->namesz ^= 1u << i;
        image_sign(image, "first");
        refused(image, "its note is not of Xen's");
    }
}

static void sizes(void **state)
{
    static const size_t unknown[] = { 0, 8, 128, 255, 257, 264, 320, 768 };
    struct image *image;
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(unknown); i++ )
    {
        char words[64];

        snprintf(words, sizeof(words), "keys makes signatures of %zu bytes",
                 unknown[i]);
        image = image_new();
        image_add_signature(image, SIGNATURE_TYPE, unknown[i]);
        refused(image, words);
    }

    /* Too short for the note, for its owner, for the signature. */
    for ( i = 0; i < 16 + 256; i++ )
    {
        image = by("first");
        image_section_header(image, SIGNATURE_SECTION)->sh_size = i;
        refused(image, i < 16 ? "bytes are too few for a note"
                              : "a signature of 256 bytes should fill the");
    }

    for ( i = 0; i < 32; i++ )
    {
        image = noted();
        note(image)->descsz ^= 1u << i;
        image_sign(image, "first");
        refused(image, "bytes should fill the 256 behind the note's owner");
    }

    /* The section ends beyond the file: nobody has looked for a note yet. */
    image = by("first");
    image_section_header(image, SIGNATURE_SECTION)->sh_offset =
        image->size - 16 - 255;
    assert_refused(image, -EINVAL, "are not within the file's");
}

static void trailing_bytes(void **state)
{
    struct image *image = noted();

    image_grow(image, image_section_index(image, SIGNATURE_SECTION), "", 1);
    image_sign(image, "first");
    refused(image, "a signature of 256 bytes should fill the 257");
}

/* -- The signature ------------------------------------------------------- */

/* As EVP_DigestSign() makes it, for the bytes with zeroes in its place. */
static void sign_otherwise(struct image *image, const EVP_MD *md, int padding)
{
    uint8_t *signature = image_signature(image);
    size_t size, length = signing_size("first");
    void *file = image_build(image, &size);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key;

    memset(signature, 0, length);
    assert_true(EVP_DigestSignInit(ctx, &key, md, NULL,
                                   signing_key("first")) > 0);
    assert_true(EVP_PKEY_CTX_set_rsa_padding(key, padding) > 0);
    assert_true(EVP_DigestSign(ctx, signature, &length, file, size) > 0);
    EVP_MD_CTX_free(ctx);
}

static void made_otherwise(void **state)
{
    static const char unknown[] = "its signature is of none of this";
    struct image *image = noted();

    sign_otherwise(image, EVP_sha256(), RSA_PKCS1_PADDING);
    assert_accepted(image);
    image = noted();
    sign_otherwise(image, EVP_sha256(), RSA_PKCS1_PSS_PADDING);
    refused(image, unknown);
    image = noted();
    sign_otherwise(image, EVP_sha1(), RSA_PKCS1_PADDING);
    refused(image, unknown);
    image = noted();
    sign_otherwise(image, EVP_sha512(), RSA_PKCS1_PADDING);
    refused(image, unknown);

    /* Over the file with a signature in it. */
    image = by("first");
    {
        uint8_t digest[SHA256_SIZE];

        signing_digest(image->file, image->size, digest);
        signing_sign("first", digest, image_signature(image));
    }
    refused(image, unknown);
    refused(noted(), unknown);
}

/* Bytes behind the end of what was signed. */
static void longer_file(void **state)
{
    struct image *image = by("first");
    uint8_t *file = calloc(1, image->size + 64);
    size_t more;

    assert_non_null(file);
    memcpy(file, image->file, image->size);
    for ( more = 1; more <= 64; more++ )
        assert_int_equal(op_upload_file("p", file, image->size + more),
                         -EACCES);
    assert_int_equal(op_upload_file("p", file, image->size), 0);
    free(file);
    image_free(image);
}

/* Refused whatever the reason, which is told. */
static void assert_changed(const void *file, size_t size, size_t bit)
{
    unsigned int allocated = hosted_allocated;
    int rc;

    hosted_console_clear();
    rc = op_upload_file("p", file, size);
    if ( rc >= 0 || hosted_allocated != allocated || payloads_count ||
         !*hosted_console() )
        fail_msg("bit %zu of byte %zu: %d, %s", bit % 8, bit / 8, rc,
                 hosted_console());
}

static void each_bit(void **state)
{
    struct image *image = by("first");
    const size_t step = getenv("HOSTED_BRIEF") ? 99 : 1;
    size_t bit;

    for ( bit = 0; bit < 8 * image->size; bit += step )
    {
        image->file[bit / 8] ^= 1 << bit % 8;
        assert_changed(image->file, image->size, bit);
        image->file[bit / 8] ^= 1 << bit % 8;
    }
    assert_accepted(image);
}

static void bits_of_a_large_file(void **state)
{
    struct image *image = image_new();
    unsigned int i;
    size_t bit;

    image_add_section(image, ".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE,
                      NULL, 1 << 20);
    image_signed(image, "large");
    for ( i = 0; i < 50; i++ )
    {
        bit = ((size_t)rand() << 16 ^ rand()) % (8 * image->size);
        image->file[bit / 8] ^= 1 << bit % 8;
        assert_changed(image->file, image->size, bit);
        image->file[bit / 8] ^= 1 << bit % 8;
    }
    assert_accepted(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOADING_TEST(announced), LOADING_TEST(optional),
        LOADING_TEST(warned_of), LOADING_TEST(command_line),
        LOADING_TEST(never_looser), LOADING_TEST(of_the_last_upload),
        ENFORCING_TEST(enforced), ENFORCING_TEST(judged_first),
        ENFORCING_TEST(not_all_there_is),
#if HOSTED_RELEASE >= 19
        ENFORCING_TEST(forced),
#endif
        ENFORCING_TEST(two_of_them), ENFORCING_TEST(kinds_of_sections),
        ENFORCING_TEST(overlaps), ENFORCING_TEST(headers_of_notes),
        ENFORCING_TEST(sizes), ENFORCING_TEST(trailing_bytes),
        ENFORCING_TEST(made_otherwise), ENFORCING_TEST(longer_file),
        ENFORCING_TEST(each_bit), ENFORCING_TEST(bits_of_a_large_file),
    };

    hosted_boot();
    at_boot = strdup(hosted_console());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
