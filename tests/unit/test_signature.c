/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signatures: made with libcrypto here, found and verified by the library.
 */
#include "judged.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#define SECTION XENLIVEPATCH_SIGNATURE
#define BITS    2048

/* Two keys, and what is none that a hypervisor could use. */
enum { OURS, THEIRS, OTHER_KIND, SHORT, ODD, NO_KEY, NUM_KEYS };

static EVP_PKEY *pkeys[NUM_KEYS];
static char paths[NUM_KEYS][64];

static char *const ours[] = { paths[OURS], NULL };
static char *const theirs[] = { paths[THEIRS], NULL };
static char *const both[] = { paths[THEIRS], paths[OURS], NULL };

/* RSA, but not for the padding that hypervisors know. */
static EVP_PKEY *make_pss_key(void)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA_PSS, NULL);
    EVP_PKEY *key = NULL;

    assert_true(EVP_PKEY_keygen_init(context) > 0);
    assert_true(EVP_PKEY_CTX_set_rsa_keygen_bits(context, BITS) > 0);
    assert_true(EVP_PKEY_keygen(context, &key) > 0);
    EVP_PKEY_CTX_free(context);
    return key;
}

static int make_keys(void **state)
{
    FILE *file;
    int i;

    pkeys[OURS] = EVP_RSA_gen(BITS);
    pkeys[THEIRS] = EVP_RSA_gen(BITS);
    pkeys[OTHER_KIND] = make_pss_key();
    pkeys[SHORT] = EVP_RSA_gen(1024);
    pkeys[ODD] = EVP_RSA_gen(BITS + 8);
    for (i = 0; i < NUM_KEYS; i++) {
        snprintf(paths[i], sizeof(paths[i]), "/tmp/key-%d-%d.pem", i,
                 (int)getpid());
        file = fopen(paths[i], "w");
        if (!file) return -1;
        if (pkeys[i])
            PEM_write_PUBKEY(file, pkeys[i]);
        else
            fputs("no key\n", file);
        fclose(file);
    }
    return 0;
}

static int remove_keys(void **state)
{
    int i;

    for (i = 0; i < NUM_KEYS; i++) {
        unlink(paths[i]);
        EVP_PKEY_free(pkeys[i]);
    }
    return 0;
}

static void sign(EVP_PKEY *key, const EVP_MD *hash, void *data, size_t size)
{
    xenlivepatch_signature place;
    uint8_t digest[XENLIVEPATCH_DIGEST_LEN];
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    char *why = NULL;

    assert_int_equal(xenlivepatch_find_signature(data, size, &place, &why),
                     0);
    xenlivepatch_digest(data, size, &place, digest);
    assert_true(EVP_PKEY_sign_init(context) > 0);
    assert_true(EVP_PKEY_CTX_set_rsa_padding(context,
                                             RSA_PKCS1_PADDING) > 0);
    assert_true(EVP_PKEY_CTX_set_signature_md(context, hash) > 0);
    assert_true(EVP_PKEY_sign(context, (uint8_t *)data + place.offset,
                              &place.size, digest,
                              EVP_MD_get_size(hash)) > 0);
    EVP_PKEY_CTX_free(context);
}

static const uint8_t *image_bytes(payload_image *image, size_t *size_r)
{
    image_build(image);
    *size_r = image->size;
    return image->bytes;
}

/* A payload that is signed with OURS. */
static uint8_t *make_signed(size_t *size_r)
{
    payload_image *image = image_new();
    void *data;
    char *why = NULL;
    size_t size;
    const uint8_t *bytes = image_bytes(image, &size);

    assert_int_equal(xenlivepatch_add_signature(bytes, size, BITS / 8, &data,
                                                size_r, &why), 0);
    image_free(image);
    sign(pkeys[OURS], EVP_sha256(), data, *size_r);
    return data;
}

/* 0, EACCES... */
static int verdict(const void *data, size_t size, char *const *keys)
{
    const char *signer = NULL;
    char *why = NULL;
    int rc = xenlivepatch_verify(data, size, keys, &signer, &why);

    assert_int_equal(!rc, !!signer);
    assert_int_equal(!rc, !why);
    free(why);
    return rc;
}

static void test_signed(void **state)
{
    const xenlivepatch_criteria criteria = { .keys = both };
    xenlivepatch_payload *payload = xenlivepatch_new();
    char expected[64];
    size_t size;
    uint8_t *data = make_signed(&size);

    assert_int_equal(verdict(data, size, ours), 0);
    assert_int_equal(verdict(data, size, both), 0);
    assert_int_equal(verdict(data, size, theirs), EACCES);
    assert_int_equal(xenlivepatch_judge(payload, data, size, "it",
                                        &criteria), 0);
    assert_true(payload->acceptable);
    snprintf(expected, sizeof(expected), "key-%d-%d", OURS, (int)getpid());
    assert_string_equal(payload->signer, expected);
    xenlivepatch_free(payload);
    free(data);
}

/* A bit of each byte of the file: nobody has signed that. */
static void test_each_byte(void **state)
{
    size_t size, i;
    uint8_t *data = make_signed(&size);

    for (i = 0; i < size; i++) {
        data[i] ^= 1 << i % 8;
        if (!verdict(data, size, ours)) fail_msg("byte %zu", i);
        data[i] ^= 1 << i % 8;
    }
    assert_int_equal(verdict(data, size, ours), 0);
    free(data);
}

static void test_each_length(void **state)
{
    size_t size, shorter;
    uint8_t *data = make_signed(&size);
    uint8_t *longer = calloc(1, size + 1);

    for (shorter = 0; shorter < size; shorter++)
        assert_int_equal(verdict(data, shorter, ours), EACCES);
    memcpy(longer, data, size);
    assert_int_equal(verdict(longer, size + 1, ours), EACCES);
    free(longer);
    free(data);
}

static void test_not_signed(void **state)
{
    const xenlivepatch_criteria forced = { .keys = ours, .force = true };
    xenlivepatch_payload *payload = xenlivepatch_new();
    payload_image *image = image_new();
    size_t size;
    const uint8_t *bytes = image_bytes(image, &size);

    assert_int_equal(verdict(bytes, size, ours), EACCES);
    assert_int_equal(xenlivepatch_judge(payload, bytes, size, "it", &forced),
                     0);
    assert_false(payload->acceptable);
    assert_false(payload->forced);
    assert_int_equal(payload->findings[0].reason,
                     XENLIVEPATCH_REASON_SIGNATURE);
    assert_null(payload->signer);
    xenlivepatch_free(payload);
    image_free(image);
}

static void test_other_hash(void **state)
{
    size_t size;
    uint8_t *data = make_signed(&size);

    /* Of the same length as ours: only the padding tells them apart. */
    sign(pkeys[OURS], EVP_sha512_256(), data, size);
    assert_int_equal(verdict(data, size, ours), EACCES);
    sign(pkeys[THEIRS], EVP_sha256(), data, size);
    assert_int_equal(verdict(data, size, ours), EACCES);
    assert_int_equal(verdict(data, size, theirs), 0);
    free(data);
}

/* What the note must not be: none of these is taken for a signature. */

typedef struct {
    uint32_t type, owner_size, signature_size;
    const char *owner;
    uint32_t section_type;
    uint64_t flags;
    int more;                   /* bytes in the section */
    int sections;
} note;

static int note_verdict(note n, char **why_r)
{
    payload_image *image = image_new();
    struct {
        Elf64_Nhdr head;
        char owner[4];
        uint8_t signature[BITS / 8 + 8];
    } content = { { n.owner_size, n.signature_size, n.type }, "" };
    xenlivepatch_signature place;
    const uint8_t *bytes;
    size_t size;
    int rc;

    memcpy(content.owner, n.owner, 4);
    while (n.sections--)
        image_add_section(image, SECTION, n.section_type, n.flags, &content,
                          sizeof(content) - 8 + n.more);
    bytes = image_bytes(image, &size);
    rc = xenlivepatch_find_signature(bytes, size, &place, why_r);
    image_free(image);
    return rc;
}

static const note good = {
    XENLIVEPATCH_SIGNATURE_TYPE, 4, BITS / 8, "Xen", SHT_NOTE, 0, 0, 1,
};

static void assert_no_signature(note n, const char *words)
{
    char *why = NULL;

    assert_int_equal(note_verdict(n, &why), EINVAL);
    if (!strstr(why, words)) fail_msg("\"%s\" without \"%s\"", why, words);
    free(why);
}

static void test_notes(void **state)
{
    char *why = NULL;
    note n;

    assert_int_equal(note_verdict(good, &why), 0);
#define BAD(member, value, words) \
    (n = good, n.member = value, assert_no_signature(n, words))
    BAD(type, 2, "type 0x2");
    BAD(type, 1 | 1 << 16, "type 0x10001");
    BAD(type, 1 | 1 << 24, "type 0x1000001");
    BAD(owner_size, 3, "owner");
    BAD(owner, "XEN", "owner");
    BAD(owner, "Xen\1", "owner");
    BAD(signature_size, BITS / 8 - 8, "should fill");
    BAD(signature_size, BITS / 8 + 8, "should fill");
    BAD(signature_size, -16U, "should fill");
    BAD(more, 8, "should fill");
    BAD(more, -(BITS / 8) - 1, "too short");
    BAD(section_type, SHT_PROGBITS, "not a note");
    BAD(section_type, SHT_NOBITS, "not a note");
    BAD(flags, SHF_ALLOC, "not a note that isn't loaded");
    BAD(sections, 2, "two sections");
#undef BAD
}

/* Bytes that count as zeroes must not be anything else as well. */
static void test_overlaps(void **state)
{
    size_t size, i;
    uint8_t *data = make_signed(&size);
    Elf64_Ehdr *header = (Elf64_Ehdr *)data;
    Elf64_Shdr *sections = (Elf64_Shdr *)(data + header->e_shoff);
    Elf64_Shdr *note_section = &sections[header->e_shnum - 1];
    xenlivepatch_signature place;
    char *why = NULL;

    for (i = 1; sections[i].sh_type != SHT_PROGBITS || !sections[i].sh_size;)
        i++;
    sections[i].sh_offset = note_section->sh_offset + 20;
    assert_int_equal(xenlivepatch_find_signature(data, size, &place, &why),
                     EINVAL);
    assert_non_null(strstr(why, "overlaps section "));
    free(why);
    free(data);

    data = make_signed(&size);
    header = (Elf64_Ehdr *)data;
    sections = (Elf64_Shdr *)(data + header->e_shoff);
    sections[header->e_shnum - 1].sh_offset = header->e_shoff + 8;
    assert_int_equal(xenlivepatch_find_signature(data, size, &place, &why),
                     EINVAL);
    assert_non_null(strstr(why, "overlaps the section headers"));
    free(why);
    free(data);
}

static void test_keys(void **state)
{
    static const struct {
        int key;
        const char *words;
    } unusable[] = {
        { OTHER_KIND, "none for RSA" }, { SHORT, "none for RSA" },
        { ODD, "none for RSA" }, { NO_KEY, "no public key" },
    };
    const xenlivepatch_criteria criteria = { .keys = (char *[]){
        (char *)"/nonexistent", NULL } };
    xenlivepatch_payload *payload = xenlivepatch_new();
    const char *signer;
    char *why = NULL;
    size_t size, i;
    uint8_t *data = make_signed(&size);

    for (i = 0; i < ARRAY_SIZE(unusable); i++) {
        char *const keys[] = { paths[unusable[i].key], paths[OURS], NULL };

        assert_int_equal(xenlivepatch_verify(data, size, keys, &signer,
                                             &why), EINVAL);
        if (!strstr(why, unusable[i].words)) fail_msg("%s", why);
        free(why);
    }
    assert_int_equal(xenlivepatch_judge(payload, data, size, "it",
                                        &criteria), EINVAL);
    assert_int_equal(payload->findings[0].reason, XENLIVEPATCH_REASON_USAGE);
    assert_non_null(strstr(payload->findings[0].message,
                           "/nonexistent can't be read"));
    xenlivepatch_free(payload);
    free(data);
}

static void test_room(void **state)
{
    size_t size, bigger;
    uint8_t *data = make_signed(&size);
    void *again;
    char *why = NULL;

    assert_int_equal(xenlivepatch_add_signature(data, size, BITS / 8, &again,
                                                &bigger, &why), EEXIST);
    assert_int_equal(xenlivepatch_add_signature("no payload", 10, BITS / 8,
                                                &again, &bigger, &why),
                     EINVAL);
    free(why);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signed),
        cmocka_unit_test(test_each_byte),
        cmocka_unit_test(test_each_length),
        cmocka_unit_test(test_not_signed),
        cmocka_unit_test(test_other_hash),
        cmocka_unit_test(test_notes),
        cmocka_unit_test(test_overlaps),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_room),
    };

    return cmocka_run_group_tests(tests, make_keys, remove_keys);
}
