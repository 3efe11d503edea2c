/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_BUG_H
#define HOSTED_XEN_BUG_H

#include <xen/types.h>

#define BUG_DISP_WIDTH    24
#define BUG_LINE_LO_WIDTH (31 - BUG_DISP_WIDTH)
#define BUG_LINE_HI_WIDTH (31 - BUG_DISP_WIDTH)

#define BUGFRAME_run_fn 0
#define BUGFRAME_warn   1
#define BUGFRAME_bug    2
#define BUGFRAME_assert 3
#define BUGFRAME_NR     4

struct bug_frame {
    signed int loc_disp : BUG_DISP_WIDTH;
    unsigned int line_hi : BUG_LINE_HI_WIDTH;
    signed int ptr_disp : BUG_DISP_WIDTH;
    unsigned int line_lo : BUG_LINE_LO_WIDTH;
    signed int msg_disp[];
};

#define bug_loc(b) ((const void *)(b) + (b)->loc_disp)
#define bug_ptr(b) ((const void *)(b) + (b)->ptr_disp)
#define bug_msg(b) \
    ((const char *)((unsigned long)(b) + (b)->msg_disp[1]))

void __attribute__((__noreturn__)) hosted_bug(const char *what,
                                              const char *file, int line);

#define BUG() hosted_bug("BUG", __FILE__, __LINE__)
#define BUG_ON(x) \
    do { if ( x ) hosted_bug("BUG_ON(" #x ")", __FILE__, __LINE__); \
    } while ( 0 )
#define WARN() hosted_bug("WARN", __FILE__, __LINE__)
#define WARN_ON(x) \
    do { if ( x ) hosted_bug("WARN_ON(" #x ")", __FILE__, __LINE__); \
    } while ( 0 )
#ifdef HOSTED_NO_ASSERT
# define ASSERT(x) ((void)sizeof(!(x)))
#else
# define ASSERT(x) \
    do { if ( !(x) ) hosted_bug("ASSERT(" #x ")", __FILE__, __LINE__); \
    } while ( 0 )
#endif
#define ASSERT_UNREACHABLE() \
    hosted_bug("ASSERT_UNREACHABLE", __FILE__, __LINE__)
#define BUILD_BUG_ON(x) _Static_assert(!(x), "!(" #x ")")

#endif /* HOSTED_XEN_BUG_H */
