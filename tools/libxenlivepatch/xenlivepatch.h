/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What a live patch for the hypervisor, a payload, is: read, and judged
 * before the hypervisor sees it.
 *
 * Text
 *
 * Names in a payload are any bytes.  Where this header speaks of text they
 * are printable UTF-8: other bytes are written \xNN, a backslash \\, and
 * text that would begin with "hex:" begins with \x68.  Strings that are no
 * text are said to be as in the file.
 *
 * Errors
 *
 * Functions return 0 or an errno value, those that return pointers NULL
 * where there is no memory left, unless they say otherwise.
 */

#ifndef XENLIVEPATCH_H
#define XENLIVEPATCH_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*----- the format of a payload -----*/

/* Sections that the hypervisor looks for by name. */
#define XENLIVEPATCH_FUNCS        ".livepatch.funcs"
#define XENLIVEPATCH_HOOKS        ".livepatch.hooks."
#define XENLIVEPATCH_DEPENDS      ".livepatch.depends"
#define XENLIVEPATCH_XEN_DEPENDS  ".livepatch.xen_depends"
#define XENLIVEPATCH_BUILD_ID     ".note.gnu.build-id"
#define XENLIVEPATCH_METADATA     ".modinfo"
/* Where builders keep the names of functions; Xen doesn't look for it. */
#define XENLIVEPATCH_STRINGS      ".livepatch.strings"
/*
 * New per-CPU variables (this name, or one that goes on with a point); in bytes
 * the size and the alignment of the room that hypervisors with our engine have
 * for them; and the function that does it, xen/common/livepatch/percpu.c.  A
 * payload has to name that, as another engine would take the section for
 * ordinary data.
 */
#define XENLIVEPATCH_PER_CPU       ".bss.percpu"
#define XENLIVEPATCH_PER_CPU_LOAD  "livepatch_percpu_load"
#define XENLIVEPATCH_PER_CPU_SIZE  1024
#define XENLIVEPATCH_PER_CPU_ALIGN 128
/* A note with a signature of the file: see "signatures" below. */
#define XENLIVEPATCH_SIGNATURE    ".note.Xen.signature"

/* struct livepatch_func: its size, and where its fields are. */
#define XENLIVEPATCH_FUNC_SIZE      104
#define XENLIVEPATCH_FUNC_NAME      0
#define XENLIVEPATCH_FUNC_NEW_ADDR  8
#define XENLIVEPATCH_FUNC_OLD_ADDR  16
#define XENLIVEPATCH_FUNC_NEW_SIZE  24
#define XENLIVEPATCH_FUNC_OLD_SIZE  28
#define XENLIVEPATCH_FUNC_VERSION   32
#define XENLIVEPATCH_FUNC_EXPECT    72
/* The version that goes with that. */
#define XENLIVEPATCH_VERSION        2

/* Bytes of a file that the hypervisor takes. */
#define XENLIVEPATCH_MAX_SIZE (2UL << 20)

/*----- a payload -----*/

typedef enum {
    XENLIVEPATCH_NOTE,
    XENLIVEPATCH_WARNING,       /* may well be as it should be */
    XENLIVEPATCH_ERROR,         /* the payload is not acceptable */
} xenlivepatch_severity;

typedef enum {
    XENLIVEPATCH_REASON_NONE,
    XENLIVEPATCH_REASON_USAGE,          /* the criteria can't be used */
    XENLIVEPATCH_REASON_FILE,           /* unreadable, or no payload */
    XENLIVEPATCH_REASON_FORMAT,
    XENLIVEPATCH_REASON_XEN_BUILD_ID,   /* made for another hypervisor */
    XENLIVEPATCH_REASON_SYMBOL,
    XENLIVEPATCH_REASON_COLLISION,
    XENLIVEPATCH_REASON_EXPECTATION,
    XENLIVEPATCH_REASON_HOOK,
    XENLIVEPATCH_REASON_MEMORY,
    XENLIVEPATCH_REASON_SIGNATURE,      /* of none of the keys */
} xenlivepatch_reason;

typedef struct {
    xenlivepatch_severity severity;
    xenlivepatch_reason reason;
    char *where;                /* text: section, symbol...; may be NULL */
    char *message;              /* text, for people */
} xenlivepatch_finding;

typedef struct {
    char *key;                  /* text */
    char *value;                /* text; NULL: the entry has no '=' */
} xenlivepatch_metadata;

typedef struct {
    char *name;                 /* text */
    char *replacement;          /* text; NULL: made no-operations, or its
                                 * symbol is not known */
    uint64_t old_addr;          /* 0: is looked up by name */
    uint32_t old_size;
    uint32_t new_size;
    bool nop;                   /* made no-operations, not replaced */
} xenlivepatch_function;

typedef struct {
    const char *kind;           /* "load", "preapply", ... */
    char *function;             /* text; NULL: its symbol is not known */
} xenlivepatch_hook;

/* One that is loaded and not empty. */
typedef struct {
    char *name;                 /* text */
    uint64_t size;
    bool writable;
    bool executable;
    size_t entries;             /* of a table that goes with code, or 0 */
} xenlivepatch_section;

typedef enum {
    XENLIVEPATCH_SYMBOL_NEW,            /* other payloads can use it */
    XENLIVEPATCH_SYMBOL_REPLACEMENT,    /* of a function replaced by it */
    XENLIVEPATCH_SYMBOL_NEEDED,         /* of the host, by name */
    XENLIVEPATCH_SYMBOL_FIXED,          /* of the host, by address */
} xenlivepatch_symbol_kind;

typedef struct {
    char *name;                 /* as in the file */
    xenlivepatch_symbol_kind kind;
    uint8_t type;               /* STT_* */
    uint64_t value;
    uint64_t size;
} xenlivepatch_symbol;

/*
 * A payload and what is thought of it.  Made and filled in by the library
 * alone, and only ever extended at its end.
 */
typedef struct {
    xenlivepatch_finding *findings;
    size_t num_findings;
    bool acceptable;            /* no finding is an error */
    bool forced;                /* but some would be without force */

    void *data;                 /* the file, where _read has read it */
    uint64_t size;
    char *sha256;               /* in hexadecimal, as build-ids are; all of
                                 * them may be NULL */
    char *build_id;
    char *depends;              /* build-id of what is below it */
    char *xen_build_id;
    bool reapplicable;          /* after a revert, by any engine */
    bool replaceable;           /* no hook that forbids replace */
    xenlivepatch_metadata *metadata;
    size_t num_metadata;
    char **fixes;               /* text; NULL-terminated */
    xenlivepatch_function *functions;
    size_t num_functions;
    xenlivepatch_hook *hooks;
    size_t num_hooks;
    xenlivepatch_section *sections;
    size_t num_sections;
    xenlivepatch_symbol *symbols;   /* that engines look at */
    size_t num_symbols;
    uint64_t signature;         /* bytes of XENLIVEPATCH_SIGNATURE */
    char *signer;               /* text: the key, by its file's name without
                                 * suffix; NULL: no keys were given, or it
                                 * is of none of them */
} xenlivepatch_payload;

/* What a payload is compared with; what is NULL is not. */
typedef struct {
    const char *xen_build_id;   /* in hexadecimal */
    const char *xen_syms;       /* path of a xen-syms */
    /*
     * Let what engines would take be no more than warnings, though it may
     * take the host down: then the payload says that it was forced.
     */
    bool force;
    /*
     * Files with public keys, of which one must have signed the payload;
     * NULL-terminated.  That can't be forced.
     */
    char *const *keys;
} xenlivepatch_criteria;

xenlivepatch_payload *xenlivepatch_new(void);
void xenlivepatch_free(xenlivepatch_payload *payload);

/*
 * Read the file at path, once, into payload->data and ->size.  EINVAL with
 * a finding where it can't be.
 */
int xenlivepatch_read(xenlivepatch_payload *payload, const char *path);

/*
 * Judge size bytes at data, which are not kept; label names them in
 * findings.  criteria may be NULL.  Fills in the payload as far as it can
 * be read.  What is found is no failure of this function: EINVAL is for
 * criteria that can't be used, with a finding that says so.
 */
int xenlivepatch_judge(xenlivepatch_payload *payload, const void *data,
                       size_t size, const char *label,
                       const xenlivepatch_criteria *criteria);

/*----- signatures -----*/

/* The note's owner, and its type: version | algorithm << 16 | hash << 24.
 * The algorithm is RSA with PKCS #1 v1.5 (0), the hash SHA-256 (0). */
#define XENLIVEPATCH_SIGNATURE_OWNER "Xen"
#define XENLIVEPATCH_SIGNATURE_TYPE  1

#define XENLIVEPATCH_DIGEST_LEN 32

/* Where the signature is in the file, in bytes. */
typedef struct {
    size_t offset;
    size_t size;
} xenlivepatch_signature;

/*
 * Find it in the size bytes of a payload at data.  ENOENT: it has none;
 * EINVAL: what it has is none that a hypervisor would take, or it is no
 * ELF file.  *why_r is malloc'd then, a clause for people.
 */
int xenlivepatch_find_signature(const void *data, size_t size,
                                xenlivepatch_signature *signature_r,
                                char **why_r);

/* What is signed: SHA-256 of the file, the signature's bytes as zeroes. */
void xenlivepatch_digest(const void *data, size_t size,
                         const xenlivepatch_signature *signature,
                         uint8_t digest_r[XENLIVEPATCH_DIGEST_LEN]);

/*
 * The file with room for a signature of that many bytes, zeroes, malloc'd:
 * what signers begin with.  EINVAL with *why_r as above; EEXIST where it
 * has a signature already.
 */
int xenlivepatch_add_signature(const void *data, size_t size,
                               size_t signature_size, void **data_r,
                               size_t *size_r, char **why_r);

/*
 * Find out which of the keys has signed it.  These are paths of files with
 * a public key, or a certificate, in PEM format, of RSA with 2048 to 4096
 * bits; NULL-terminated.  EACCES: none of them; EINVAL: one can't be used;
 * with *why_r as above.  *signer_r is one of keys.
 */
int xenlivepatch_verify(const void *data, size_t size, char *const *keys,
                        const char **signer_r, char **why_r);

/*----- text -----*/

/* The len bytes as text; malloc'd, as everything below. */
char *xenlivepatch_text(const void *bytes, size_t len);

/*
 * A message in which names as in the file may stand: as text, but that
 * backslashes stay as they are, and what goes beyond max bytes is cut off.
 * With lines, tabs and ends of lines stay, too.
 */
char *xenlivepatch_printable(const char *message, size_t max, bool lines);

/* The len bytes in hexadecimal, lower case. */
char *xenlivepatch_hex(const void *bytes, size_t len);

/* Whether the bytes and their text are the same. */
bool xenlivepatch_is_plain(const void *bytes, size_t len);

/*
 * The bytes that a text stands for, or "hex:" with hexadecimal digits; a
 * NUL that is not counted follows them.  NULL with errno EINVAL where the
 * text is malformed.
 */
char *xenlivepatch_bytes(const char *text, size_t *len_r);

/* path without folders and without its last suffix, as text. */
char *xenlivepatch_default_name(const char *path);

/* Take NUL-terminated key=value entries apart. */
int xenlivepatch_split_metadata(const void *bytes, size_t len,
                                xenlivepatch_metadata **metadata_r,
                                size_t *num_r);
void xenlivepatch_metadata_free(xenlivepatch_metadata *metadata,
                                size_t num);

/*
 * What metadata says to be fixed: the values of all keys "fixes", split at
 * commas and white space; NULL-terminated.
 */
char **xenlivepatch_fixes(const xenlivepatch_metadata *metadata,
                          size_t num);
void xenlivepatch_strings_free(char **strings);

#endif /* XENLIVEPATCH_H */

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
