/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What libxl and the program libxl-livepatch-pauser agree on.
 */

#ifndef LIBXL_LIVEPATCH_PAUSER_H
#define LIBXL_LIVEPATCH_PAUSER_H

/*
 *   libxl-livepatch-pauser LOCK_FD MAX_PAUSE_MS JOURNAL [DOMID:UUID ...]
 *
 *   LOCK_FD       an open descriptor, kept until the pauser exits; with it
 *                 goes the host's lock
 *   MAX_PAUSE_MS  milliseconds after which guests are resumed in any case,
 *                 from when the first of them stands still
 *   JOURNAL       path of the journal, LIVEPATCH_PAUSE_JOURNAL
 *   DOMID:UUID    a guest to be paused, its UUID as 32 hexadecimal digits.
 *                 Without any, only what a journal tells is done.
 *
 * It resumes what a killed pauser had left paused, pauses the guests, says
 * "standing", and waits for the end of its stdin, its time or SIGTERM.  It
 * resumes the guests before it says any more, and exits.  Lines on stdout:
 *
 *   recovered N     so many guests of a killed pauser were resumed
 *   warning TEXT    for people
 *   standing        all guests that can be paused are
 *   left I WHY      the I-th guest, from 0, was not paused
 *   paused I US     it was, for so many microseconds
 *   expired         its time had come before the end of stdin
 *   done            nothing was left undone
 */
#define LIVEPATCH_PAUSER_LINE 512

/*
 * What became of guests, for the next pauser if this one is killed.  It is
 * written under the host's lock, by the pauser alone, a line each:
 *
 *   pausing DOMID:UUID 0        before the pause
 *   paused DOMID:UUID NS        after it; how long the domain had run
 *   resumed DOMID:UUID NS       after its end
 *
 * and removed when no guest is left paused.  XEN_RUN_DIR does not outlive
 * the hypervisor, and nor does a pause.
 */
#define LIVEPATCH_PAUSE_JOURNAL XEN_RUN_DIR "/livepatch-paused"

#endif /* LIBXL_LIVEPATCH_PAUSER_H */

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
