/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who signed a payload, and whether it is taken.
 *
 * A signature is the only note of the only section .note.Xen.signature, which
 * isn't loaded; its owner is "Xen", its type says how it was made, and its
 * descriptor is the signature of the whole file with the descriptor's bytes
 * taken as zeroes.  It is what the series "LivePatch signing support" (v3, of
 * 2 June 2025) proposes for Xen; here there may be several keys, and a policy.
 */
#ifndef LIVEPATCH_SIGNATURE_H
#define LIVEPATCH_SIGNATURE_H

#include "elf.h"

/* What becomes of a payload that none of the keys has signed. */
enum signature_policy {
    SIGNATURE_OPTIONAL,         /* It is loaded, */
    SIGNATURE_WARN,             /* with a warning on the console, */
    SIGNATURE_ENFORCE,          /* or refused. */
};

/* CONFIG_LIVEPATCH_SIG_*, or what is stricter on the command line. */
extern enum signature_policy signature_policy;

/*
 * The first judgement of a file: all that was read so far is its structure.
 * Sets payload->signature and payload->signer.  Refuses with -EACCES what the
 * policy forbids; no flag of the hypercall changes that.
 */
int signature_check(const struct elf_view *elf, struct payload *payload);

#endif /* LIVEPATCH_SIGNATURE_H */
