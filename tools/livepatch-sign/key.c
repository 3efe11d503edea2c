/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "key.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/store.h>
#include <openssl/ui.h>

#include "say.h"

/* What the hypervisor verifies. */
#define MIN_BITS 2048
#define MAX_BITS 4096
#define EXPONENT 65537

struct key {
    EVP_PKEY *pkey;
};

/* The last of what OpenSSL has to say is the most particular. */
static const char *reason(void)
{
    const char *words = ERR_reason_error_string(ERR_peek_last_error());

    return words ? words : "no reason is given";
}

static EVP_PKEY *load(const char *where)
{
    OSSL_STORE_CTX *store = OSSL_STORE_open(where, UI_OpenSSL(), NULL, NULL,
                                            NULL);
    EVP_PKEY *pkey = NULL;
    OSSL_STORE_INFO *info;

    if (!store) {
        return NULL;
    }
    OSSL_STORE_expect(store, OSSL_STORE_INFO_PKEY);
    while (!pkey && !OSSL_STORE_eof(store)) {
        info = OSSL_STORE_load(store);
        if (info && OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY) {
            pkey = OSSL_STORE_INFO_get1_PKEY(info);
        }
        OSSL_STORE_INFO_free(info);
        if (!info && OSSL_STORE_error(store)) {
            break;
        }
    }
    OSSL_STORE_close(store);
    return pkey;
}

static bool is_usable(EVP_PKEY *pkey, const char *where)
{
    int bits = EVP_PKEY_get_bits(pkey);
    BIGNUM *exponent = NULL;
    bool usable;

    if (!EVP_PKEY_is_a(pkey, "RSA") || bits < MIN_BITS || bits > MAX_BITS ||
        bits % 64) {
        say("%s: a key of %d bits (%s); the hypervisor knows RSA with %d to "
            "%d", where, bits, EVP_PKEY_get0_type_name(pkey), MIN_BITS,
            MAX_BITS);
        return false;
    }
    /* A token may keep to itself what is always the same. */
    usable = !EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &exponent) ||
             BN_is_word(exponent, EXPONENT);
    BN_free(exponent);
    if (!usable) {
        say("%s: its public exponent is not %d, the only one that the "
            "hypervisor knows", where, EXPONENT);
    }
    return usable;
}

struct key *key_open(const char *where)
{
    EVP_PKEY *pkey;
    struct key *key;

    /* OpenSSL would say no more than that it knows no such thing. */
    if (!strchr(where, ':') && access(where, R_OK)) {
        say("%s: the key can't be read: %s", where, strerror(errno));
        return NULL;
    }
    ERR_clear_error();
    pkey = load(where);
    if (!pkey) {
        say("%s: no private key there: %s", where, reason());
        return NULL;
    }
    key = is_usable(pkey, where) ? calloc(1, sizeof(*key)) : NULL;
    if (!key) {
        EVP_PKEY_free(pkey);
        return NULL;
    }
    key->pkey = pkey;
    return key;
}

void key_free(struct key *key)
{
    if (key) {
        EVP_PKEY_free(key->pkey);
        free(key);
    }
}

size_t key_size(const struct key *key)
{
    return (size_t)EVP_PKEY_get_size(key->pkey);
}

static EVP_PKEY_CTX *begin(EVP_PKEY *pkey, int (*init)(EVP_PKEY_CTX *))
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);

    if (context && init(context) > 0 &&
        EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0 &&
        EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) > 0) {
        return context;
    }
    EVP_PKEY_CTX_free(context);
    return NULL;
}

bool key_sign(const struct key *key, const uint8_t digest[32],
              uint8_t *signature)
{
    size_t size = key_size(key);
    EVP_PKEY_CTX *signing, *verifying;
    bool made;

    ERR_clear_error();
    signing = begin(key->pkey, EVP_PKEY_sign_init);
    made = signing &&
           EVP_PKEY_sign(signing, signature, &size, digest, 32) > 0 &&
           size == key_size(key);
    EVP_PKEY_CTX_free(signing);
    if (!made) {
        say("signing failed: %s", reason());
        return false;
    }

    verifying = begin(key->pkey, EVP_PKEY_verify_init);
    made = verifying &&
           EVP_PKEY_verify(verifying, signature, size, digest, 32) > 0;
    EVP_PKEY_CTX_free(verifying);
    if (!made) {
        say("the key made a signature that it doesn't verify: %s", reason());
    }
    return made;
}
