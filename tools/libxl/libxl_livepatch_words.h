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

#endif /* LIBXL_LIVEPATCH_WORDS_H */

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
