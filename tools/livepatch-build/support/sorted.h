/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one binary search for a place in what is sorted; bsearch() only finds
 * what is there.
 */
#ifndef LIVEPATCH_BUILD_SORTED_H
#define LIVEPATCH_BUILD_SORTED_H

#include <stddef.h>

/*
 * Make the variable at the first index below count for which the condition,
 * which is about that index, isn't true any more, or count.  It must be true
 * for none, or for all before the first for which it isn't.
 */
#define FIND_SORTED(at, count, condition)                               \
    do {                                                                \
        size_t low_ = 0, high_ = (count);                               \
                                                                        \
        while (low_ < high_) {                                          \
            (at) = low_ + (high_ - low_) / 2;                           \
            if (condition) {                                            \
                low_ = (at) + 1;                                        \
            } else {                                                    \
                high_ = (at);                                           \
            }                                                           \
        }                                                               \
        (at) = low_;                                                    \
    } while (0)

#endif
