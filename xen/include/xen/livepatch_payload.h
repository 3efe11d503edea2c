/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A loaded payload, and the macros by which the source of one declares hooks.
 */
#ifndef XEN_LIVEPATCH_PAYLOAD_H
#define XEN_LIVEPATCH_PAYLOAD_H

#include <xen/list.h>
#include <xen/livepatch.h>
#include <xen/rcupdate.h>
#include <xen/time.h>
#include <xen/virtual_region.h>

struct payload;
typedef struct payload livepatch_payload_t;

typedef void livepatch_loadcall_t(void);
typedef void livepatch_unloadcall_t(void);
typedef int livepatch_precall_t(livepatch_payload_t *payload);
typedef int livepatch_actioncall_t(livepatch_payload_t *payload);
typedef void livepatch_postcall_t(livepatch_payload_t *payload);

/* Why something was refused: the last refusal, in words, "" for none. */
struct livepatch_reason {
    const char *about;          /* Name of the payload. */
    int rc;
    uint32_t reason;            /* LIVEPATCH_REASON_*, 0 for none. */
    char text[256];
    char culprit[XEN_LIVEPATCH_NAME_SIZE]; /* Another payload, "" for none. */
};

/* A build-id as it stands in an ELF note. */
struct livepatch_build_id {
    const void *p;
    unsigned int len;           /* Bytes; 0: none. */
};

struct livepatch_span {
    void *addr;
    size_t size;                /* Bytes. */
};

/* Where a payload lies.  Each span begins a page of its own. */
struct livepatch_image {
    void *base;                 /* The allocation. */
    unsigned int pages;         /* Its size. */
    struct livepatch_span text, rw, ro;
    void *pristine;             /* Copy of rw as it was before the first apply;
                                   NULL if rw is empty. */
};

/* One hook of each kind but load and unload, which are tables. */
struct livepatch_hooks {
    livepatch_loadcall_t *const *load;
    livepatch_unloadcall_t *const *unload;
    unsigned int nload, nunload;
    livepatch_precall_t *preapply, *prerevert;
    livepatch_actioncall_t *apply, *revert;
    livepatch_postcall_t *postapply, *postrevert;
};

/* Nanoseconds since boot, or lengths of time in nanoseconds; 0: not yet. */
struct livepatch_times {
    s_time_t uploaded;          /* When the upload ended. */
    s_time_t upload;            /* How long it took. */
    s_time_t finished;          /* When the last action ended. */
    s_time_t arrival;           /* From the call until every CPU had come. */
    s_time_t stopped;           /* From the last arrival to the release. */
    s_time_t patching;          /* Of that, the action itself. */
    s_time_t stall;             /* Longest that CPUs stood still for it. */
    unsigned int attempts;      /* To bring all CPUs together. */
};

struct livepatch_symbols;

struct payload {
    /* For hooks.  The names are an interface, the offsets are none. */
    char name[XEN_LIVEPATCH_NAME_SIZE];
    int32_t rc;                 /* Of the last action: 0 or -errno. */
    unsigned int nfuncs;
    const struct livepatch_func *funcs;
    struct livepatch_fstate *fstate;        /* One for each of funcs. */

    /* The engine's own. */
    uint32_t state;             /* LIVEPATCH_STATE_* */
    bool busy;                  /* Part of the action in flight. */
    bool reverted;              /* Was applied, and is not any more. */
    bool parked;                /* Replaces what CPUs run while offline, */
    bool entered;               /* and has been applied, so may be in use. */
    unsigned int users;         /* Payloads that are bound to this one. */
    unsigned int nproviders;    /* Those that this one is bound to: */
    struct payload **providers;
    struct list_head list;      /* In the list of the loaded ones. */
    struct rcu_head rcu;        /* Of one that was unloaded. */
    struct list_head stack;     /* In the stack of the applied ones. */
    struct livepatch_image image;
    uint64_t percpu;            /* Which units of the CPUs' areas: percpu.c. */
    struct livepatch_symbols *symbols;
    const struct livepatch_func **by_new_addr;  /* funcs, sorted. */
    struct virtual_region region;
    struct livepatch_build_id id, depends, xen_depends;
    uint32_t signature;         /* LIVEPATCH_REPORT_SIGNATURE_* */
    const char *signer;         /* Name of the key, NULL: none that is known. */
    struct livepatch_hooks hooks;
    struct livepatch_span modinfo;          /* "key=value\0"... */
    struct livepatch_times times;
    struct livepatch_reason why;
};

/*
 * Hooks.  The pointers go into sections whose names the loader looks up; weak,
 * so that objects that are linked into one payload may repeat them.
 *
 * load, unload     while every CPU is stopped: at apply before the first jump
 *                  is written, at revert after the last one is gone
 * pre*             before the rendezvous; anything but 0 forbids the action
 * apply, revert    while every CPU is stopped, in place of the engine's own
 *                  work; they set fstate[].applied of all functions or of none
 * post*            after every CPU was released; paired with pre*: it is
 *                  called whenever pre* returned 0, with the result in rc
 */
#define LIVEPATCH_HOOK_(type, kind, fn)                                 \
    type *__attribute__((__weak__, __used__)) const                     \
    livepatch_ ## kind ## _data_ ## fn                                  \
    __section(".livepatch.hooks." #kind) = fn;

#define LIVEPATCH_LOAD_HOOK(fn) \
    LIVEPATCH_HOOK_(livepatch_loadcall_t, load, fn)
#define LIVEPATCH_UNLOAD_HOOK(fn) \
    LIVEPATCH_HOOK_(livepatch_unloadcall_t, unload, fn)
#define LIVEPATCH_PREAPPLY_HOOK(fn) \
    LIVEPATCH_HOOK_(livepatch_precall_t, preapply, fn)
#define LIVEPATCH_APPLY_HOOK(fn) \
    LIVEPATCH_HOOK_(livepatch_actioncall_t, apply, fn)
#define LIVEPATCH_POSTAPPLY_HOOK(fn) \
    LIVEPATCH_HOOK_(livepatch_postcall_t, postapply, fn)
#define LIVEPATCH_PREREVERT_HOOK(fn) \
    LIVEPATCH_HOOK_(livepatch_precall_t, prerevert, fn)
#define LIVEPATCH_REVERT_HOOK(fn) \
    LIVEPATCH_HOOK_(livepatch_actioncall_t, revert, fn)
#define LIVEPATCH_POSTREVERT_HOOK(fn) \
    LIVEPATCH_HOOK_(livepatch_postcall_t, postrevert, fn)

#endif /* XEN_LIVEPATCH_PAYLOAD_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
