/* SPDX-License-Identifier: GPL-2.0-only */
/* What the engine asks of the architecture. */
#ifndef LIVEPATCH_ARCH_H
#define LIVEPATCH_ARCH_H

#include "elf.h"
#include "patching.h"
#include "quiesce.h"

/* -- Loading ------------------------------------------------------------- */

/* Whether the file is for this architecture. */
int arch_elf_check(const Elf_Ehdr *header, struct livepatch_reason *why);

/*
 * Writes one relocation of a type at place, of which room bytes are left in
 * the section and which will run at that address.  value is symbol + addend.
 * -EOPNOTSUPP: unknown type.  -EINVAL: doesn't fit the section.  -EOVERFLOW:
 * the result doesn't fit the field.  The caller has the words.
 */
int arch_relocate(unsigned int type, void *place, size_t room, uint64_t value);

/* Permissions of whole pages. */
enum arch_permission { ARCH_RX, ARCH_RW, ARCH_RO };
int arch_protect(const void *va, unsigned int pages, enum arch_permission p);

/*
 * Whether the function can be patched: sizes, reach, and for NOPs that they
 * end where an instruction ends.  Of the text from old_addr on, room bytes
 * belong to no other symbol; old_size is not more.  Works out state->offset,
 * length and patch.
 */
int arch_function_check(const struct livepatch_func *func, size_t room,
                        struct livepatch_fstate *state,
                        struct livepatch_reason *why);

/* Whether an indirect call may go to fn, behind which are room bytes. */
bool arch_callable(const void *fn, size_t room);

/* -- Patching ------------------------------------------------------------ */

/* A writable view of the bytes that a function's patch covers. */
struct arch_site {
    void *text;                 /* Where the bytes run. */
    void *alias;                /* The same bytes, writable. */
    void *mapping;              /* For arch_site_unmap(); NULL: it is
                                   another site's. */
    unsigned int size;          /* Bytes; 0: nothing to write. */
};

/* other is a site that is mapped already, or NULL: if it has all the pages, its
 * mapping will do, and has to stay for as long as both are used. */
int arch_site_map(struct arch_site *site, void *text, unsigned int size,
                  const struct arch_site *other);
void arch_site_unmap(struct arch_site *site);

/*
 * Replaces the site's bytes.  A site within one 16-byte block changes in one
 * piece, so that an NMI in the middle sees the old or the new.
 */
void arch_site_write(const struct arch_site *site, const void *bytes);

/* For the time of hooks: text and read-only data writable, and back. */
void arch_relax(void);
void arch_tighten(void);

/* vCPUs that sleep with a stack inside the hypervisor.  Returns how many, and
 * describes the first max. */
unsigned int arch_waiting(struct patching_waiting *waiting, unsigned int max);

/* -- Rendezvous ---------------------------------------------------------- */

/*
 * From now on NMIs are noted instead of handled, on every CPU; until, when
 * every CPU has been through arch_serialise(), those that were noted are sent
 * again to the CPUs that they came to.
 */
void arch_nmi_hold(void);
void arch_nmi_release(void);

/* On each CPU, after the change: nothing stale is executed, and no text is
 * writable by what the TLB remembers. */
void arch_serialise(void);

/*
 * Asks CPUs by NMI where they are, and waits for the answers for at most
 * timeout.  Fills where and ip of each.
 */
void arch_locate(struct quiesce_straggler *stragglers, unsigned int n,
                 s_time_t timeout);

/* On a CPU that comes, or goes on: if it answered too late to be heard, the
 * NMI of another's that it may have taken for ours is made up for here. */
void arch_settle(void);

/* At boot. */
void arch_livepatch_init(void);

#endif /* LIVEPATCH_ARCH_H */
