/* SPDX-License-Identifier: GPL-2.0-only */
/* Signatures: the note, the keys, and the policy. */
#include <xen/cache.h>
#include <xen/errno.h>
#include <xen/init.h>
#include <xen/inttypes.h>
#include <xen/lib.h>
#include <xen/param.h>
#include <xen/string.h>

#include "reason.h"
#include "rsa.h"
#include "sha256.h"
#include "signature.h"
#include "signature_keys.h"

static const char section_name[] = ".note.Xen.signature";
static const char owner[] = "Xen";

/* The fields of the note's type; there is one of each so far. */
#define VERSION(type)   ((type) & 0xffff)
#define ALGORITHM(type) ((type) >> 16 & 0xff)
#define HASH(type)      ((type) >> 24)
#define THIS_VERSION    1
#define RSA             0
#define SHA256          0

enum signature_policy __ro_after_init signature_policy =
    IS_ENABLED(CONFIG_LIVEPATCH_SIG_ENFORCE) ? SIGNATURE_ENFORCE :
    IS_ENABLED(CONFIG_LIVEPATCH_SIG_WARN)    ? SIGNATURE_WARN
                                             : SIGNATURE_OPTIONAL;

struct finding {
    const struct rsa_key *key;  /* That signed it; NULL: see words. */
    bool is_signed;             /* There is something like a signature: */
    const uint8_t *signature;   /* in the file, */
    uint32_t size;              /* of so many bytes. */
    char words[160];
};

/* The words go to the console or to the report, if they go anywhere. */
static bool __attribute__((__format__(__printf__, 2, 3)))
reject(struct finding *finding, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(finding->words, sizeof(finding->words), fmt, args);
    va_end(args);

    return false;
}

/* The section; NULL if there is none, or more than one. */
static const struct elf_section *find_section(const struct elf_view *elf,
                                              struct finding *finding)
{
    const struct elf_section *found = NULL;
    unsigned int i;

    for ( i = 1; i < elf->nsections; i++ )
    {
        if ( strcmp(elf->sections[i].name, section_name) )
            continue;

        finding->is_signed = true;
        if ( found )
        {
            reject(finding, "there are two sections %s", section_name);
            return NULL;
        }
        found = &elf->sections[i];
    }

    if ( !found )
        reject(finding, "it is not signed: there is no section %s",
               section_name);

    return found;
}

static bool overlaps(const Elf_Shdr *section, uint64_t offset, uint64_t size)
{
    return offset < section->sh_offset + section->sh_size &&
           section->sh_offset < offset + size;
}

/*
 * The bytes that the digest leaves out are read as a signature, and as nothing
 * else: neither loaded nor a part of what says where things are.
 */
static bool check_section(const struct elf_view *elf,
                          const struct elf_section *section,
                          struct finding *finding)
{
    const Elf_Shdr *header = &section->header;
    unsigned int i;

    if ( header->sh_type != SHT_NOTE || elf_is_alloc(section) )
        return reject(finding, "section %s is of type %u with flags %#"PRIx64
                      ", not a note (%u) that isn't loaded", section_name,
                      header->sh_type, header->sh_flags, SHT_NOTE);

    if ( overlaps(header, elf->header.e_shoff,
                  elf->nsections * (uint64_t)elf->header.e_shentsize) )
        return reject(finding, "section %s overlaps the section headers",
                      section_name);

    for ( i = 1; i < elf->nsections; i++ )
    {
        const struct elf_section *other = &elf->sections[i];

        if ( other != section && other->data &&
             overlaps(header, other->header.sh_offset, other->header.sh_size) )
            return reject(finding, "section %s overlaps section %u",
                          section_name, i);
    }

    return true;
}

/* One note, and nothing else. */
static bool parse_note(const struct elf_section *section,
                       struct finding *finding)
{
    const size_t before = sizeof(Elf_Note) + sizeof(owner);
    const uint64_t room = section->header.sh_size;
    Elf_Note note;

    if ( room < before )
        return reject(finding, "section %s: %"PRIu64" bytes are too few for a "
                      "note", section_name, room);

    memcpy(&note, section->data, sizeof(note));

    if ( note.namesz != sizeof(owner) ||
         memcmp(section->data + sizeof(note), owner, sizeof(owner)) )
        return reject(finding, "section %s: its note is not of %s's",
                      section_name, owner);

    if ( VERSION(note.type) != THIS_VERSION || ALGORITHM(note.type) != RSA ||
         HASH(note.type) != SHA256 )
        return reject(finding, "section %s: version %u, algorithm %u and hash "
                      "%u, of which only %u, %u (RSA) and %u (SHA-256) are "
                      "known", section_name, VERSION(note.type),
                      ALGORITHM(note.type), HASH(note.type), THIS_VERSION,
                      RSA, SHA256);

    if ( note.descsz != room - before )
        return reject(finding, "section %s: a signature of %u bytes should "
                      "fill the %"PRIu64" behind the note's owner",
                      section_name, note.descsz, room - before);

    finding->signature = section->data + before;
    finding->size = note.descsz;

    return true;
}

/* Of the file, in which the signature's bytes count as zeroes. */
static void hash_file(const struct elf_view *elf,
                      const struct finding *finding,
                      uint8_t digest[SHA256_SIZE])
{
    static const uint8_t zeroes[RSA_MAX_BYTES];
    const uint8_t *file = elf->file;
    const uint8_t *rest = finding->signature + finding->size;
    struct sha256_state state;

    ASSERT(finding->size <= sizeof(zeroes));

    sha256_init(&state);
    sha256_update(&state, file, finding->signature - file);
    sha256_update(&state, zeroes, finding->size);
    sha256_update(&state, rest, file + elf->size - rest);
    sha256_final(&state, digest);
}

static void find_key(const struct elf_view *elf, struct finding *finding)
{
    const struct rsa_key *const *key;
    uint8_t digest[SHA256_SIZE];
    bool hashed = false;

    for ( key = signature_keys; *key; key++ )
    {
        if ( rsa_size(*key) != finding->size )
            continue;

        if ( !hashed )
            hash_file(elf, finding, digest);
        hashed = true;

        if ( rsa_verify(*key, finding->signature, digest) )
        {
            finding->key = *key;
            return;
        }
    }

    if ( hashed )
        reject(finding, "its signature is of none of this hypervisor's keys, "
               "or it was changed since");
    else
        reject(finding, "section %s: none of this hypervisor's keys makes "
               "signatures of %u bytes", section_name, finding->size);
}

static void judge(const struct elf_view *elf, struct finding *finding)
{
    const struct elf_section *section = find_section(elf, finding);

    if ( section && check_section(elf, section, finding) &&
         parse_note(section, finding) )
        find_key(elf, finding);
}

int signature_check(const struct elf_view *elf, struct payload *payload)
{
    struct finding finding = {};
    char name[PRINTABLE_NAME_SIZE];

    judge(elf, &finding);

    if ( finding.key )
    {
        payload->signature = LIVEPATCH_REPORT_SIGNATURE_KNOWN;
        payload->signer = finding.key->name;
        return 0;
    }

    payload->signature = finding.is_signed
                         ? LIVEPATCH_REPORT_SIGNATURE_UNKNOWN
                         : LIVEPATCH_REPORT_SIGNATURE_NONE;

    if ( signature_policy == SIGNATURE_ENFORCE )
        return refuse_as(LIVEPATCH_REASON_SIGNATURE, elf->why, -EACCES,
                         "%s; only payloads that are signed with one of this "
                         "hypervisor's keys are taken", finding.words);

    if ( signature_policy == SIGNATURE_WARN )
        printk(XENLOG_WARNING "livepatch: %s: %s\n",
               printable_name(name, payload->name), finding.words);

    return 0;
}

/* livepatch=sig=enforce|warn.  It can't loosen what was built in. */
static int __init cf_check parse_livepatch(const char *s)
{
    enum signature_policy asked;
    const char *end;
    int rc = 0;

    do {
        end = strchr(s, ',') ?: strchr(s, '\0');

        if ( !cmdline_strcmp(s, "sig=enforce") )
            asked = SIGNATURE_ENFORCE;
        else if ( !cmdline_strcmp(s, "sig=warn") )
            asked = SIGNATURE_WARN;
        else
        {
            asked = SIGNATURE_OPTIONAL;
            rc = -EINVAL;
        }

        signature_policy = max(signature_policy, asked);
        s = end + 1;
    } while ( *end );

    return rc;
}
custom_param("livepatch", parse_livepatch);

static int __init cf_check announce(void)
{
    static const char *const becomes[] = {
        [SIGNATURE_OPTIONAL] = "loaded",
        [SIGNATURE_WARN]     = "loaded with a warning",
        [SIGNATURE_ENFORCE]  = "refused",
    };
    const struct rsa_key *const *key;

    printk("livepatch: payloads without a known signature are %s\n",
           becomes[signature_policy]);

    for ( key = signature_keys; *key; key++ )
        printk("livepatch: key %s (RSA, %zu bits)\n", (*key)->name,
               rsa_size(*key) * 8);

    return 0;
}
__initcall(announce);

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
