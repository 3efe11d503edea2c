/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Signatures: where one is in a file, of what it is, and whose.
 *
 * The form is that of the series "LivePatch signing support" for Xen, of
 * 2025: a section with one note, of the owner "Xen", whose type holds a
 * version, an algorithm and a hash, and whose description is the signature.
 * It is of the whole file, in which its own bytes count as zeroes.  What
 * makes a hypervisor refuse it is refused here, too.
 */

#include "private.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

/* What hypervisors verify. */
#define MIN_BITS 2048
#define MAX_BITS 4096

/* To be used after return; the words are for people. */
#define BECAUSE(why_r, rc, ...) because(why_r, rc, __VA_ARGS__)

static int because(char **why_r, int rc, const char *fmt, ...)
                   __attribute__((format(printf, 3, 4)));

static int because(char **why_r, int rc, const char *fmt, ...)
{
    va_list ap;
    int r;

    va_start(ap, fmt);
    r = vasprintf(why_r, fmt, ap);
    va_end(ap);
    if (r >= 0) return rc;
    *why_r = NULL;
    return ENOMEM;
}

/*----- the note -----*/

static bool overlaps(const xlp_section *section, const uint8_t *start,
                     uint64_t size)
{
    return start < section->data + section->size &&
        section->data < start + size;
}

/*
 * The bytes that count as zeroes must be read as a signature and as nothing
 * else, or who can't sign could still change what is loaded.
 */
static int check_place(const xlp_elf *elf, const xlp_section *section,
                       char **why_r)
{
    const xlp_section *other;
    size_t i;

    if (section->type != SHT_NOTE || xlp_is_loaded(section) ||
        !section->data)
        return BECAUSE(why_r, EINVAL, "section %s is not a note that isn't "
                       "loaded", XENLIVEPATCH_SIGNATURE);
    if (overlaps(section, elf->image + elf->header.e_shoff,
                 elf->num_sections * sizeof(Elf64_Shdr)))
        return BECAUSE(why_r, EINVAL, "section %s overlaps the section "
                       "headers", XENLIVEPATCH_SIGNATURE);
    for (i = 1; i < elf->num_sections; i++) {
        other = &elf->sections[i];
        if (other != section && other->data &&
            overlaps(section, other->data, other->size))
            return BECAUSE(why_r, EINVAL, "section %s overlaps section "
                           "%zu", XENLIVEPATCH_SIGNATURE, i);
    }
    return 0;
}

static int read_note(const xlp_elf *elf, const xlp_section *section,
                     xenlivepatch_signature *signature_r, char **why_r)
{
    xlp_note_head head;

    if (section->size < sizeof(head))
        return BECAUSE(why_r, EINVAL, "section %s is too short for a note",
                       XENLIVEPATCH_SIGNATURE);
    memcpy(&head, section->data, sizeof(head));
    if (head.header.n_namesz != sizeof(head.owner) ||
        memcmp(head.owner, XENLIVEPATCH_SIGNATURE_OWNER,
               sizeof(head.owner)))
        return BECAUSE(why_r, EINVAL, "the note in section %s is not of "
                       "the owner " XENLIVEPATCH_SIGNATURE_OWNER,
                       XENLIVEPATCH_SIGNATURE);
    if (head.header.n_type != XENLIVEPATCH_SIGNATURE_TYPE)
        return BECAUSE(why_r, EINVAL, "the note in section %s has type %#x: "
                       "not version 1 with RSA and SHA-256",
                       XENLIVEPATCH_SIGNATURE, head.header.n_type);
    if (head.header.n_descsz != section->size - sizeof(head))
        return BECAUSE(why_r, EINVAL, "the note in section %s has a "
                       "signature of %u bytes, which should fill the "
                       "%"PRIu64" that are left", XENLIVEPATCH_SIGNATURE,
                       head.header.n_descsz,
                       section->size - sizeof(head));
    signature_r->offset = section->data - elf->image + sizeof(head);
    signature_r->size = head.header.n_descsz;
    return 0;
}

static int find_note(const xlp_elf *elf,
                     xenlivepatch_signature *signature_r, char **why_r)
{
    const xlp_section *section =
        xlp_elf_section(elf, XENLIVEPATCH_SIGNATURE);
    size_t i;

    if (!section)
        return BECAUSE(why_r, ENOENT, "it is not signed: there is no "
                       "section %s", XENLIVEPATCH_SIGNATURE);
    for (i = section - elf->sections + 1; i < elf->num_sections; i++) {
        if (!strcmp(elf->sections[i].name, XENLIVEPATCH_SIGNATURE))
            return BECAUSE(why_r, EINVAL, "there are two sections %s",
                           XENLIVEPATCH_SIGNATURE);
    }
    return check_place(elf, section, why_r) ? :
        read_note(elf, section, signature_r, why_r);
}

int xenlivepatch_find_signature(const void *data, size_t size,
                                xenlivepatch_signature *signature_r,
                                char **why_r)
{
    xlp_elf elf;
    int rc = xlp_elf_open(&elf, data, size);

    if (rc == EINVAL)
        rc = BECAUSE(why_r, EINVAL, "it %s", elf.fault.what);
    else if (!rc)
        rc = find_note(&elf, signature_r, why_r);
    xlp_elf_close(&elf);
    return rc;
}

/*----- keys -----*/

/* The public key in a PEM file, or that of a certificate. */
static EVP_PKEY *read_key(const char *path)
{
    FILE *file = fopen(path, "re");
    EVP_PKEY *key;
    X509 *certificate;

    if (!file) return NULL;
    errno = 0;
    key = PEM_read_PUBKEY(file, NULL, NULL, NULL);
    if (!key) {
        rewind(file);
        certificate = PEM_read_X509(file, NULL, NULL, NULL);
        key = certificate ? X509_get_pubkey(certificate) : NULL;
        X509_free(certificate);
    }
    fclose(file);
    return key;
}

static int open_key(const char *path, EVP_PKEY **key_r, char **why_r)
{
    EVP_PKEY *key = read_key(path);
    int bits;

    if (!key && errno)
        return BECAUSE(why_r, EINVAL, "the key %s can't be read: %s", path,
                       strerror(errno));
    if (!key)
        return BECAUSE(why_r, EINVAL, "%s holds no public key or "
                       "certificate in PEM format", path);
    bits = EVP_PKEY_bits(key);
    if (EVP_PKEY_base_id(key) == EVP_PKEY_RSA && bits >= MIN_BITS &&
        bits <= MAX_BITS && !(bits % 64)) {
        *key_r = key;
        return 0;
    }
    EVP_PKEY_free(key);
    return BECAUSE(why_r, EINVAL, "the key %s is none for RSA of %u to %u "
                   "bits", path, MIN_BITS, MAX_BITS);
}

/* 1: it is, 0: it isn't, or -1: there is no memory. */
static int is_by(EVP_PKEY *key, const uint8_t *signature, size_t size,
                 const uint8_t digest[XENLIVEPATCH_DIGEST_LEN])
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    int r = -1;

    if (context && EVP_PKEY_verify_init(context) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
        EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1)
        r = EVP_PKEY_verify(context, signature, size, digest,
                            XENLIVEPATCH_DIGEST_LEN) == 1;
    EVP_PKEY_CTX_free(context);
    return r;
}

int xenlivepatch_verify(const void *data, size_t size, char *const *keys,
                        const char **signer_r, char **why_r)
{
    uint8_t digest[XENLIVEPATCH_DIGEST_LEN];
    xenlivepatch_signature signature;
    const uint8_t *bytes = data;
    EVP_PKEY *key = NULL;
    int rc, found;

    rc = xenlivepatch_find_signature(data, size, &signature, why_r);
    if (rc) return rc == ENOMEM ? rc : EACCES;

    xenlivepatch_digest(data, size, &signature, digest);
    for (; *keys; keys++) {
        rc = open_key(*keys, &key, why_r);
        if (rc) return rc;
        found = is_by(key, bytes + signature.offset, signature.size,
                      digest);
        EVP_PKEY_free(key);
        if (found < 0) return ENOMEM;
        if (found) {
            *signer_r = *keys;
            return 0;
        }
    }
    return BECAUSE(why_r, EACCES, "its signature is of none of the keys, or "
                   "it was changed since");
}

/*----- as a rule -----*/

void xlp_judge_signature(xlp_case *c, const void *data, size_t size)
{
    const char *signer;
    char *why = NULL;
    int rc;

    if (!c->criteria->keys || !*c->criteria->keys) return;

    rc = xenlivepatch_verify(data, size, c->criteria->keys, &signer, &why);
    if (!rc) {
        c->payload->signer = xlp_kept(c, xenlivepatch_default_name(signer));
    } else if (rc == EACCES) {
        REFUSED(c, SIGNATURE, XENLIVEPATCH_SIGNATURE, "The payload isn't "
                "signed with a key that is trusted here: %s", why);
    } else {
        if (rc == EINVAL) REFUSED(c, USAGE, NULL, "%s", why);
        xlp_keep_rc(c, rc);
    }
    free(why);
}
