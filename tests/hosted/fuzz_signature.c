/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signed files in which bytes were changed, before they were signed or after
 * it: what a hypervisor that enforces signatures says of them is what is found
 * out here by other means, and with libcrypto.
 *
 * An input is the number of the key, of which one value in sixteen is a long
 * one; a byte of any value; and changes: two bytes for the place, and the new
 * one.  The sum of all bytes says whether the changes are signed, and whether
 * libcrypto is asked if it was wrong to refuse the file: seldom, as either takes
 * twenty times as long as all else, and not by a byte of its own, as the fuzzer
 * would keep what it has found in one that is signed.
 */
#include <stdlib.h>
#include <string.h>

#include <xen/errno.h>
#include <xen/lib.h>

#include "elf.h"
#include "fuzzed.h"
#include "hosted.h"
#include "signature.h"
#include "signing.h"

#define KEYS 5
#define MAX_FILE 2048

static const char *const keys[KEYS] = { "first", "second", "middle", "large",
                                        "stranger" };

/* The first byte's values: each long key once, as they take so long. */
static const uint8_t chosen[16] = { 0, 1, 4, 0, 1, 4, 0, 1, 4, 0, 1, 4, 0, 1,
                                    2, 3 };

/* The sum's, modulo 64. */
#define SIGN 1
#define LOOK 2

static struct { uint8_t bytes[MAX_FILE]; size_t size, note; } files[KEYS];

static void make_files(void)
{
    unsigned int i;

    if ( files[0].size )
        return;
    for ( i = 0; i < KEYS; i++ )
    {
        struct image *image = image_signed(image_empty(), keys[i]);

        if ( image->size > MAX_FILE )
            hosted_fail("a file of %zu bytes", image->size);
        memcpy(files[i].bytes, image->file, image->size);
        files[i].size = image->size;
        files[i].note = image_signature(image) - image->file - 16;
        image_free(image);
    }
}

/* As who has the private key might sign whatever the file has become. */
static void sign(uint8_t *file, unsigned int key)
{
    uint8_t digest[SHA256_SIZE], *signature = file + files[key].note + 16;

    memset(signature, 0, signing_size(keys[key]));
    signing_digest(file, files[key].size, digest);
    signing_sign(keys[key], digest, signature);
}

/* In how many sections a byte is, the headers being one of these. */
static void count_uses(const struct elf_view *elf, uint8_t uses[MAX_FILE])
{
    unsigned int i;
    size_t at;

    for ( at = 0; at < elf->nsections * (size_t)elf->header.e_shentsize; at++ )
        uses[elf->header.e_shoff + at]++;
    for ( i = 1; i < elf->nsections; i++ )
        for ( at = 0; elf->sections[i].data &&
                      at < elf->sections[i].header.sh_size; at++ )
            uses[elf->sections[i].header.sh_offset + at]++;
}

/* The one and only note, as it has to be, or NULL. */
static const uint8_t *find_note(const struct elf_view *elf, size_t *size)
{
    static uint8_t uses[MAX_FILE];
    const struct elf_section *found = NULL;
    unsigned int i, n = 0;
    uint8_t head[16] = "\4\0\0\0\0\0\0\0\1\0\0\0Xen";

    for ( i = 1; i < elf->nsections; i++ )
        if ( !strcmp(elf->sections[i].name, SIGNATURE_SECTION) )
        {
            found = &elf->sections[i];
            n++;
        }
    if ( n != 1 || found->header.sh_type != SHT_NOTE ||
         (found->header.sh_flags & SHF_ALLOC) || found->header.sh_size < 16 )
        return NULL;
    *size = found->header.sh_size - 16;
    head[4] = *size;
    head[5] = *size >> 8;
    memset(uses, 0, sizeof(uses));
    count_uses(elf, uses);
    for ( i = 0; i < found->header.sh_size; i++ )
        if ( uses[found->header.sh_offset + i] != 1 )
            return NULL;
    return memcmp(found->data, head, 16) ? NULL : found->data;
}

static bool is_signed(const struct elf_view *elf)
{
    uint8_t copy[MAX_FILE], digest[SHA256_SIZE];
    size_t size;
    const uint8_t *note = find_note(elf, &size);
    unsigned int i;

    if ( !note )
        return false;
    memcpy(copy, elf->file, elf->size);
    memset(copy + (note + 16 - (const uint8_t *)elf->file), 0, size);
    signing_digest(copy, elf->size, digest);
    /* The last of them is unknown to the hypervisor. */
    for ( i = 0; i < KEYS - 1; i++ )
        if ( size == signing_size(keys[i]) &&
             signing_verify(signing_key(keys[i]), digest, note + 16, size) )
            return true;
    return false;
}

/*
 * What has been accepted must be signed.  Whether what has been refused isn't,
 * is only looked at if asked for.
 */
static void judge(const struct elf_view *elf, bool look)
{
    struct payload payload = {};
    int rc = signature_check(elf, &payload);
    bool known = payload.signature == LIVEPATCH_REPORT_SIGNATURE_KNOWN;

    if ( rc != (known ? 0 : -EACCES) || known != !!payload.signer )
        hosted_fail("judged with %d, and signed by %s", rc, payload.signer);
    if ( !known && (elf->why->reason != LIVEPATCH_REASON_SIGNATURE ||
                    !*elf->why->text) )
        hosted_fail("refused without words");
    if ( (known || look) && known != is_signed(elf) )
        hosted_fail("it is %ssigned", known ? "not " : "");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct livepatch_reason why = {};
    struct elf_view elf;
    unsigned int key, what = 0;
    uint8_t *file;
    size_t at;

    if ( size < 2 )
        return 0;
    fuzz_start();
    make_files();
    signature_policy = SIGNATURE_ENFORCE;
    key = chosen[data[0] % ARRAY_SIZE(chosen)];
    for ( at = 0; at < size; at++ )
        what = (what + data[at]) % 64;
    /* Of its own size, beyond which nobody may read. */
    file = malloc(files[key].size);
    memcpy(file, files[key].bytes, files[key].size);
    for ( at = 2; at + 3 <= size; at += 3 )
        file[(data[at] | data[at + 1] << 8) % files[key].size] = data[at + 2];
    if ( what == SIGN )
        sign(file, key);
    if ( !elf_open(&elf, file, files[key].size, &why) )
    {
        judge(&elf, what == SIGN || what == LOOK);
        elf_close(&elf);
    }
    free(file);
    return 0;
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
