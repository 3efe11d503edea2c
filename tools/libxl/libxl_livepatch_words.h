/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Advice for people in situations where that for the reason alone (see
 * libxl_livepatch_words.c) would not help.  All of it stands here.
 */

#ifndef LIBXL_LIVEPATCH_WORDS_H
#define LIBXL_LIVEPATCH_WORDS_H

/* How the name of a payload may not be. */
#define LIVEPATCH_ADVICE_NAME                                           \
    "A name has 1 to 127 bytes, none of them zero; what can't be "      \
    "printed is written \\xNN: see NAMES in xl-livepatch(1)."

#define LIVEPATCH_ADVICE_LIST "See xl livepatch list."

#define LIVEPATCH_ADVICE_NONE_TO_PAUSE                                  \
    "No guest that may be paused was in the way.  Try again, with a "   \
    "longer timeout."

#define LIVEPATCH_ADVICE_NOT_PAUSED                                     \
    "Not every guest in the way could be paused: the warnings tell "    \
    "why.  Put that right, and try again."

/* printf: the payload whose hook it was. */
#define LIVEPATCH_ADVICE_HOOK_OF                                        \
    "The hook is that of %s: ask who made that."

/* The hooks of what is to be displaced, or of the payload itself. */
#define LIVEPATCH_ADVICE_HOOKS_REPLACED                                 \
    "Revert and unload what is applied, then apply it."

#define LIVEPATCH_ADVICE_LOGLEVEL                                       \
    "Xen's log level (loglvl on its command line) hides the reason.  "  \
    "It may be that the code in memory isn't what the payload expects."

#endif /* LIBXL_LIVEPATCH_WORDS_H */

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
