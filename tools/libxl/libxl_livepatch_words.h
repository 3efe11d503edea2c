/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Advice for people in situations where that for the reason alone (see
 * libxl_livepatch_words.c) would not help.  All of it stands here.
 */

#ifndef LIBXL_LIVEPATCH_WORDS_H
#define LIBXL_LIVEPATCH_WORDS_H

/*----- before anything is changed -----*/

#define LIVEPATCH_ADVICE_NAME                                           \
    "What can't be printed is written \\xNN: see NAMES in "             \
    "xl-livepatch(1).  --name gives a file another name."

#define LIVEPATCH_ADVICE_TWICE                                          \
    "Give each file once, and files of the same name in calls of "      \
    "their own, with --name."

#define LIVEPATCH_ADVICE_NAME_TAKEN                                     \
    "Give another name with --name, or revert and unload the other "    \
    "payload."

#define LIVEPATCH_ADVICE_TIMEOUT                                        \
    "All CPUs of the host stand still for as long; the default is "     \
    "30 ms."

#define LIVEPATCH_ADVICE_PAUSE_TOO_SHORT                                \
    "Let guests be paused for longer, give a shorter timeout, or have " \
    "no guest paused."

#define LIVEPATCH_ADVICE_RUN_DIR                                        \
    "Run it as root, and see that " XEN_RUN_DIR " is a folder that "    \
    "can be written to and is not full."

/* What it builds on is Xen itself, but others are applied. */
#define LIVEPATCH_ADVICE_FOR_BARE_XEN                                   \
    "It is made for a host without live patches: xl livepatch replace " \
    "puts it in the place of all that are applied."

/* It has to be loaded anew, and another one may be bound to it. */
#define LIVEPATCH_ADVICE_TOGETHER                                       \
    "Unload that first, or apply both in one call."

#define LIVEPATCH_ADVICE_REVERT_ABOVE                                   \
    "Revert what is applied on top of it instead."

#define LIVEPATCH_ADVICE_REVERT_FIRST                                   \
    "Revert it first; xl livepatch revert --unload does both."

/* The hooks of what is to be displaced, or of the payload itself. */
#define LIVEPATCH_ADVICE_HOOKS_REPLACED                                 \
    "Revert and unload what is applied, then apply it."

#define LIVEPATCH_ADVICE_ONE_XEN                                        \
    "Install those for each Xen in a call of their own."

#define LIVEPATCH_ADVICE_FILE_NAME                                      \
    "A name that is installed has no / and begins with no dot: give "   \
    "another one with --name."

#define LIVEPATCH_ADVICE_INSTALL_ATOP                                   \
    "Install the cumulative payload with --replace, and then what "     \
    "builds on it without."

#define LIVEPATCH_ADVICE_INSTALL_BELOW                                  \
    "Boot would leave it out.  Install what it builds on, too, which "  \
    "may be applied already; one call takes both."

#define LIVEPATCH_ADVICE_PLACE_TAKEN                                    \
    "Boot would leave both out: only one of them can be installed.  "   \
    "Uninstall the other one first if it is; see xl livepatch status."

#define LIVEPATCH_ADVICE_UNINSTALL_ABOVE                                \
    "Boot would leave that out then.  Uninstall it first."

#define LIVEPATCH_ADVICE_NOT_INSTALLED                                  \
    "xl livepatch revert takes out what is applied without having "     \
    "been installed; --build-id names another Xen than the running one."

#define LIVEPATCH_ADVICE_BUILD_ID                                       \
    "xl info prints it as build_id, and xl livepatch check as that "    \
    "which a payload is made for."

#define LIVEPATCH_ADVICE_UNREAD                                         \
    "See why it can't be read.  Notes in " XEN_RUN_DIR " are written "  \
    "anew by the next call that changes something."

#define LIVEPATCH_ADVICE_TRIALS_UNREAD                                  \
    "See why it can't be read, or take the risk: xl livepatch restore " \
    "--retry."

#define LIVEPATCH_ADVICE_NO_BOOT                                        \
    "Mount what belongs there.  Where this host boots from elsewhere, " \
    "xl livepatch uninstall --build-id removes one payload after "      \
    "another; see xl livepatch status."

#define LIVEPATCH_ADVICE_NO_XEN                                         \
    "If it is no Xen, it should be called otherwise there."

/*----- an upload or an action -----*/

#define LIVEPATCH_ADVICE_FAULTY                                         \
    "The fault is the payload's: show these words to who made it."

#define LIVEPATCH_ADVICE_NONE_TO_PAUSE                                  \
    "No guest that may be paused was in the way.  Try again, with a "   \
    "longer timeout."

#define LIVEPATCH_ADVICE_NOT_PAUSED                                     \
    "Not every guest in the way could be paused: the warnings tell "    \
    "why.  Put that right, and try again."

/* printf: the payload whose hook it was. */
#define LIVEPATCH_ADVICE_HOOK_OF                                        \
    "The hook is that of %s: ask who made that."

#define LIVEPATCH_ADVICE_LOGLEVEL                                       \
    "Xen's log level (loglvl on its command line) hides the reason.  "  \
    "It may be that the code in memory isn't what the payload expects."

/*----- what is left -----*/

#define LIVEPATCH_ADVICE_STILL_LOADED                                   \
    "It patches nothing any more.  Try xl livepatch unload."

#define LIVEPATCH_ADVICE_STILL_PAUSED                                   \
    "See xl list for guests in state p, and xl unpause them; then "     \
    "remove " LIVEPATCH_PAUSE_JOURNAL "."

#define LIVEPATCH_ADVICE_NOT_TIDY                                       \
    "All that was applied is so again.  The next call that changes "    \
    "something tries again to unload it."

#define LIVEPATCH_ADVICE_NOT_PUT_BACK                                   \
    "The host may lack the fixes that it had: see xl livepatch "        \
    "status.  The next call that changes something tries again."

#endif /* LIBXL_LIVEPATCH_WORDS_H */

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
