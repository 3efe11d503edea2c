/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live patching, as the rest of the hypervisor and the sources of payloads
 * see it.  What is private to the engine is in common/livepatch/.
 */
#ifndef XEN_LIVEPATCH_H
#define XEN_LIVEPATCH_H

#include <xen/compiler.h>
#include <xen/elfstructs.h>
#include <xen/errno.h>
#include <xen/init.h>
#include <xen/types.h>

#include <public/sysctl.h>

/*
 * Code and data that boots need once, and live patching at any time: the
 * alternatives' and exception tables' code, for example.  Newer releases have
 * these in xen/init.h.
 */
#ifndef init_or_livepatch
# ifdef CONFIG_LIVEPATCH
#  define init_or_livepatch
#  define init_or_livepatch_const
#  define init_or_livepatch_constrel
#  define init_or_livepatch_data
#  define init_or_livepatch_read_mostly __read_mostly
# else
#  define init_or_livepatch             __init
#  define init_or_livepatch_const       __initconst
#  define init_or_livepatch_constrel    __initconstrel
#  define init_or_livepatch_data        __initdata
#  define init_or_livepatch_read_mostly __initdata
# endif
#endif

#ifdef CONFIG_LIVEPATCH

#include <asm/livepatch.h>

/* For the console. */
#define LIVEPATCH "livepatch: "

/* Sections of payloads, for their sources. */
#define ELF_LIVEPATCH_FUNC            ".livepatch.funcs"
#define ELF_LIVEPATCH_DEPENDS         ".livepatch.depends"
#define ELF_LIVEPATCH_XEN_DEPENDS     ".livepatch.xen_depends"
#define ELF_BUILD_ID_NOTE             ".note.gnu.build-id"
#define ELF_LIVEPATCH_LOAD_HOOKS      ".livepatch.hooks.load"
#define ELF_LIVEPATCH_UNLOAD_HOOKS    ".livepatch.hooks.unload"
#define ELF_LIVEPATCH_PREAPPLY_HOOK   ".livepatch.hooks.preapply"
#define ELF_LIVEPATCH_APPLY_HOOK      ".livepatch.hooks.apply"
#define ELF_LIVEPATCH_POSTAPPLY_HOOK  ".livepatch.hooks.postapply"
#define ELF_LIVEPATCH_PREREVERT_HOOK  ".livepatch.hooks.prerevert"
#define ELF_LIVEPATCH_REVERT_HOOK     ".livepatch.hooks.revert"
#define ELF_LIVEPATCH_POSTREVERT_HOOK ".livepatch.hooks.postrevert"

/* The file of a payload, and each of its zero-initialised sections. */
#define LIVEPATCH_MAX_SIZE MB(2)

/*
 * What the engine knows of one function record.  A hook that acts in the
 * engine's place (apply, revert) sets `applied`; the rest is the engine's.
 */
struct livepatch_fstate {
    enum livepatch_func_state applied;
    uint8_t offset;             /* First byte written, counted from old_addr. */
    uint8_t length;             /* Bytes written; 0: none. */
    uint8_t patch[LIVEPATCH_OPAQUE_SIZE];    /* Jump or NOPs, since upload. */
    uint8_t original[LIVEPATCH_OPAQUE_SIZE]; /* What they replaced. */
};

/*
 * Functions that run while all CPUs are stopped, or that CPUs stand still in:
 * no payload can patch them.  Those that stand still would go on in the old
 * one, and after a revert in the payload's, which may be gone by then.
 */
#ifndef LIVEPATCH_TEXT
#define LIVEPATCH_TEXT ".text.livepatch"
#endif
#define __unpatchable __section(LIVEPATCH_TEXT)
extern const char _slivepatch[], _elivepatch[];

/* What CPUs run while they are offline.  Payloads may replace it; its memory
 * may have to stay, then. */
extern const char _sparked[], _eparked[];

/*
 * XEN_SYSCTL_livepatch_op.  Called with the sysctl lock held and the caller's
 * privilege checked; `op` is the hypervisor's copy, and goes back to the
 * caller also after most errors.
 */
int livepatch_op(struct xen_sysctl_livepatch_op *op);

/*
 * Called by idle vCPUs and on every switch of context, with an empty stack:
 * joins a rendezvous if this CPU was called to one.
 */
void check_for_livepatch_work(void);

/*
 * Whether an address is in the text or data of a loaded payload.  Lock-free:
 * for trap handlers.
 */
bool is_patch(const void *addr);

/* Writes the applied payloads to the console.  Lock-free: for crashes. */
void livepatch_print_applied(void);

/*
 * The engine's own revert, without rendezvous: for test payloads only, whose
 * revert hook refused, in the hook after that.  The first restores the bytes and
 * calls the unload hooks, and gives 0 or -errno; the second takes the payload off
 * the stack.  Nothing is done to one that isn't applied, or not with all of its
 * functions: -EINVAL, as in the hook after an apply that timed out.
 *
 * With unload hooks, text and read-only data are writable for their time, while
 * all CPUs run.  What of that another CPU has in its TLB by then it may keep until
 * it flushes that next, at the next action at the latest.
 */
struct payload;
int revert_payload(struct payload *payload);
void revert_payload_tail(struct payload *payload);

#else /* !CONFIG_LIVEPATCH */

#define __unpatchable

static inline int livepatch_op(struct xen_sysctl_livepatch_op *op)
{
    return -ENOSYS;
}

static inline void check_for_livepatch_work(void) {}

static inline bool is_patch(const void *addr)
{
    return false;
}

static inline void livepatch_print_applied(void) {}

#endif /* CONFIG_LIVEPATCH */

#endif /* XEN_LIVEPATCH_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
