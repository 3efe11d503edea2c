/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Live patching of the hypervisor.
 *
 * Included by libxl.h; not to be included directly.
 *
 * Results
 *
 * All results begin with the fields of a libxl_livepatch_head, which are
 * filled in on success and on failure alike: how the call ended, and the
 * reason and a piece of advice in people's language.  The functions that
 * act also tell what was done, every attempt at it, the hypervisor's own
 * words and what was rolled back.  A result must have been initialised
 * with its _init function and belongs to the caller, who disposes of it.
 * In an asynchronous call it has to stay where it is until the operation
 * is complete.
 *
 * The libxl error code says no more than the result's outcome does:
 *   0                  DONE, ALREADY or PLANNED
 *   ERROR_INVAL        FAILED because of the payload or the parameters
 *   ERROR_NOT_READY    BUSY
 *   ERROR_ABORTED      FAILED, by libxl_ao_abort
 *   ERROR_BADFAIL      STRANDED
 *   ERROR_FAIL         FAILED for any other reason
 *
 * All or nothing
 *
 * A call that ends FAILED or BUSY has left the host as it was: what it
 * applied is reverted and what it uploaded is unloaded, newest first.
 * Where that itself fails the outcome is STRANDED and the message says
 * what is left.  libxl_ao_abort takes effect between two hypercalls, as
 * the hypervisor can't cancel an action; a revert or unload that is past
 * its point of no return then reports success.
 *
 * Calls that change something exclude each other across the whole host by
 * a lock in XEN_RUN_DIR, and wait for it up to params->lock_wait_us.
 *
 * Parameters (libxl_livepatch_params; what _init makes is the default)
 *
 * All times are in microseconds.
 *
 *   replace        apply: revert the whole stack and apply the first file
 *                  in its place, as one action; the others go on top of
 *                  it. What was displaced is unloaded afterwards.
 *                  restore: the same with what is installed, unless its
 *                  lowest is applied already.
 *                  install: the same with one file, which then takes the
 *                  place of all that is installed for its Xen, too.
 *   nodeps         apply: don't compare with the top of the stack.
 *   no_undo        replace: go on although a displaced payload could not
 *                  be put back if the new one failed.
 *   lose_fixes     replace: go on although a fix that is in force, by the
 *                  metadata of what is displaced, is in none of the files.
 *   force          apply: hand also those files to the hypervisor that are
 *                  judged unfit but that some engine takes.  What was
 *                  found stays in the judgements, and the payloads are
 *                  marked as forced.
 *   unload         revert: unload afterwards.
 *   dry_run        judge and plan, change nothing.
 *   boot_only      install: don't apply them now.
 *   retry          restore: also what was left out after a crash.
 *   until_settled  restore, at boot: what is applied stays on trial until
 *                  settled; otherwise it is while it is being applied.
 *   settled        restore: do nothing but remember that the host has run
 *                  well with what restore has applied in this boot.
 *   timeout_us     the hypervisor waits so long for its CPUs in the first
 *                  attempt; every further attempt doubles it, up to 250000
 *                  or to timeout_us if that is more.  All CPUs that did
 *                  arrive stand still for as long.  Default 30000; at most
 *                  4000000.
 *   retries        further attempts before guests are paused.  Default 2.
 *   deadline_us    no attempt begins later than so long after the call; up
 *                  to then all that can be in the way only for a time is
 *                  tried again, with longer and longer waits, and the lock
 *                  waited for.  0, the default: when the attempts that
 *                  retries and pause give have failed, the call has.
 *   pause          which guests may be paused when these attempts failed:
 *                  AUTO, those that the hypervisor names, or if it
 *                  doesn't the likely ones first, then more, then all;
 *                  NEVER; ALL at once; or those LISTED, of which the
 *                  named ones are enough.  Domain 0 and guests that are
 *                  paused already are never touched.
 *   listed         the domains for LISTED.
 *   excluded       domains never to be paused.
 *   max_pause_us   guests stay paused so long in one attempt at the most,
 *                  counted from when they stand still; at its end they are
 *                  resumed, whatever happened to the caller.  Default
 *                  1000000.  Less than timeout_us may become is an error.
 *   lock_wait_us   how long to wait for the host's lock; 0 doesn't wait.
 *                  Default 10000000.
 *
 * Attempts as they happen
 *
 * aop_attempts of a call that makes attempts gets an event of the type
 * LIVEPATCH_ATTEMPT as each of them ends; it may be NULL.  If the call is
 * going to wait before more attempts, as there is time until its deadline,
 * the same attempt is told again with its wait_us set.  The result has all
 * attempts in the end.
 *
 * Hypervisors that report
 *
 * A stock hypervisor gives an errno.  One with XEN_SYSCTL_LIVEPATCH_REPORT
 * tells why an action failed and which CPUs were late; that is found out
 * at run time, and all calls work with either.
 *
 * Names
 *
 * The hypervisor takes any bytes as a name.  In this interface names are
 * text: bytes that are not printable UTF-8 are written \xNN, a backslash
 * is written \\.  Where a name is taken, it may also be given as hex:
 * followed by the bytes in hexadecimal.
 */

#ifndef LIBXL_LIVEPATCH_H
#define LIBXL_LIVEPATCH_H

/*
 * LIBXL_HAVE_LIVEPATCH
 *
 * libxl has libxl_livepatch_* and the types that these use.
 */
#define LIBXL_HAVE_LIVEPATCH 1

/* Default and limit of params->timeout_us, in microseconds. */
#define LIBXL_LIVEPATCH_TIMEOUT_US_DEFAULT 30000
#define LIBXL_LIVEPATCH_TIMEOUT_US_MAX     4000000
/* No attempt goes beyond this many microseconds unless asked to. */
#define LIBXL_LIVEPATCH_TIMEOUT_US_CEILING 250000
#define LIBXL_LIVEPATCH_RETRIES_DEFAULT      2
#define LIBXL_LIVEPATCH_MAX_PAUSE_US_DEFAULT 1000000
#define LIBXL_LIVEPATCH_LOCK_WAIT_US_DEFAULT 10000000

/*
 * Whether two identifiers, as in a payload's fixes, are of the same fix:
 * XSA-182, xsa182 and XSA 182 are.
 */
bool libxl_livepatch_same_fix(const char *a, const char *b);

/*
 * List the payloads in the hypervisor, in the order of their upload.
 * Takes no lock and changes nothing.
 */
int libxl_livepatch_list(libxl_ctx *ctx,
                         libxl_livepatch_listing *listing_r)
                         LIBXL_EXTERNAL_CALLERS_ONLY;

/*
 * Tell the same of the one payload called name, and what the hypervisor
 * itself reports of it; details_r->reports stays empty with a stock one.
 */
int libxl_livepatch_info(libxl_ctx *ctx, const char *name,
                         libxl_livepatch_details *details_r)
                         LIBXL_EXTERNAL_CALLERS_ONLY;

/*
 * Tell what is not as the calls of libxl have left it, or wanted it to be:
 * whether one is at work now, whether one was killed, and which payloads
 * are in another state than they should be.  Takes no lock and changes
 * nothing.  Of params (NULL: none) the keys count, by which boot judges
 * what is installed.
 */
int libxl_livepatch_status(libxl_ctx *ctx,
                           const libxl_livepatch_params *params,
                           libxl_livepatch_condition *condition_r)
                           LIBXL_EXTERNAL_CALLERS_ONLY;

/*
 * Tell what would keep the host from coming to rest now, and change
 * nothing.  A hypervisor that can rehearse brings its CPUs together once,
 * for params->timeout_us at the most: BUSY if that failed.  For any other
 * one the guests that are likely to be in the way are guessed.
 */
int libxl_livepatch_blockers(libxl_ctx *ctx,
                             const libxl_livepatch_params *params,
                             libxl_livepatch_obstacles *obstacles_r,
                             const libxl_asyncop_how *ao_how)
                             LIBXL_EXTERNAL_CALLERS_ONLY;

/*
 * Judge payload files, each once; outcome DONE when all are acceptable.
 * Needs no hypervisor and no privilege, thus no context: the files are
 * compared with what criteria names, which may be NULL.  The build-id of
 * the running Xen is in libxl_get_version_info.
 */
int libxl_livepatch_check(const libxl_livepatch_file *files, int num_files,
                          const libxl_livepatch_criteria *criteria,
                          libxl_livepatch_verdict *verdict_r)
                          LIBXL_EXTERNAL_CALLERS_ONLY;

/*
 * Upload, check and apply payloads as one transaction, in the order in
 * which they depend on each other, or on what is applied already, by
 * build-id.  A payload that is applied already is left alone; when all
 * are, the outcome is ALREADY.  params may be NULL.
 */
int libxl_livepatch_apply(libxl_ctx *ctx,
                          const libxl_livepatch_file *files, int num_files,
                          const libxl_livepatch_params *params,
                          libxl_livepatch_result *result_r,
                          const libxl_asyncop_how *ao_how,
                          const libxl_asyncprogress_how *aop_attempts)
                          LIBXL_EXTERNAL_CALLERS_ONLY;

/* Upload and check one payload, and leave it loaded but not applied. */
int libxl_livepatch_upload(libxl_ctx *ctx,
                           const libxl_livepatch_file *file,
                           const libxl_livepatch_params *params,
                           libxl_livepatch_result *result_r,
                           const libxl_asyncop_how *ao_how)
                           LIBXL_EXTERNAL_CALLERS_ONLY;

/* Revert the payload on top of the stack; it stays loaded. */
int libxl_livepatch_revert(libxl_ctx *ctx, const char *name,
                           const libxl_livepatch_params *params,
                           libxl_livepatch_result *result_r,
                           const libxl_asyncop_how *ao_how,
                           const libxl_asyncprogress_how *aop_attempts)
                           LIBXL_EXTERNAL_CALLERS_ONLY;

/*
 * Apply payloads as libxl_livepatch_apply does, and have them applied
 * after every boot: their files are copied to where
 * libxl_livepatch_restore finds them.  If they aren't applied, nothing is
 * installed.  Those that are made for another Xen than the running one are
 * installed for that, as with params->boot_only; all files have to be for
 * the same Xen.
 */
int libxl_livepatch_install(libxl_ctx *ctx,
                            const libxl_livepatch_file *files,
                            int num_files,
                            const libxl_livepatch_params *params,
                            libxl_livepatch_result *result_r,
                            const libxl_asyncop_how *ao_how,
                            const libxl_asyncprogress_how *aop_attempts)
                            LIBXL_EXTERNAL_CALLERS_ONLY;

/*
 * Revert and unload a payload that is installed, if it is loaded, and
 * install it no longer; a vendor's file is hidden, not removed.  If it
 * can't be reverted it stays installed.  xen_build_id is hexadecimal; NULL
 * is that of the running Xen, and with another one nothing is reverted.
 */
int libxl_livepatch_uninstall(libxl_ctx *ctx, const char *name,
                              const char *xen_build_id,
                              const libxl_livepatch_params *params,
                              libxl_livepatch_result *result_r,
                              const libxl_asyncop_how *ao_how,
                              const libxl_asyncprogress_how *aop_attempts)
                              LIBXL_EXTERNAL_CALLERS_ONLY;

/*
 * Apply all that is installed for the running Xen, as one transaction; for
 * boot.  What can't be, a damaged file for example, is left out with what
 * builds on it, and the outcome is STRANDED: the warnings tell what and
 * why.  So is what restore was applying when the host went down, until
 * params->retry, or until it is installed anew.
 */
int libxl_livepatch_restore(libxl_ctx *ctx,
                            const libxl_livepatch_params *params,
                            libxl_livepatch_result *result_r,
                            const libxl_asyncop_how *ao_how,
                            const libxl_asyncprogress_how *aop_attempts)
                            LIBXL_EXTERNAL_CALLERS_ONLY;

/*
 * Remove what is installed for Xens that are gone: those that neither run
 * nor are among the files that this host boots from.  Vendors' payloads
 * are left to their packages.  Refused if the running Xen isn't among
 * these files, as others may then be elsewhere, too.
 */
int libxl_livepatch_prune(libxl_ctx *ctx,
                          const libxl_livepatch_params *params,
                          libxl_livepatch_result *result_r,
                          const libxl_asyncop_how *ao_how)
                          LIBXL_EXTERNAL_CALLERS_ONLY;

/* Remove a payload that is not applied from the hypervisor. */
int libxl_livepatch_unload(libxl_ctx *ctx, const char *name,
                           const libxl_livepatch_params *params,
                           libxl_livepatch_result *result_r,
                           const libxl_asyncop_how *ao_how)
                           LIBXL_EXTERNAL_CALLERS_ONLY;

#endif /* LIBXL_LIVEPATCH_H */

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
