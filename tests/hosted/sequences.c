/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What fuzz_operations begins with.  The numbers are those of its table:
 * UPLOAD name template, APPLY/REVERT/REPLACE name how, UNLOAD name, RUN...
 */
#include <xen/lib.h>

#include "fuzzed.h"
#include "templates.h"

enum {
    UPLOAD, APPLY, REVERT, REPLACE, UNLOAD, RUN_ALL, RUN, HOOK, STICK, FREE,
    FAIL_ALLOCATION, FAIL_PROTECT, FAIL_COPY, FAIL_MAPS, WAIT, SHUFFLE, CPUS,
    NMI, LIST, REPORT, LOOK, ODD,
    REHEARSE,
};

#define SEQUENCE(name, bytes...) \
    { name, (const uint8_t[]){ bytes }, sizeof((const uint8_t[]){ bytes }) }

#define LOAD(n, kind)  UPLOAD, n, kind, APPLY, n, 0, RUN_ALL
#define AWAY(n)        REVERT, n, 0, RUN_ALL, UNLOAD, n

const struct sequence sequences[] = {
    SEQUENCE("life", LOAD(0, ONE), AWAY(0)),
    SEQUENCE("stack", LOAD(0, ONE), LOAD(1, STACKED), REVERT, 0, 0, RUN_ALL,
             AWAY(1), AWAY(0)),
    SEQUENCE("nodeps", LOAD(0, ONE), UPLOAD, 1, SEVERAL, APPLY, 1, 1, RUN_ALL,
             AWAY(1)),
    SEQUENCE("replace", LOAD(0, ONE), LOAD(1, STACKED), UPLOAD, 2, SEVERAL,
             REPLACE, 2, 0, RUN_ALL, APPLY, 0, 1, RUN_ALL),
    SEQUENCE("hooks", LOAD(0, HOOKED), AWAY(0), LOAD(1, GUARDED), AWAY(1)),
    SEQUENCE("refusing hooks", HOOK, HOOK_PREAPPLY, HOOK_REFUSES,
             LOAD(0, GUARDED), HOOK, HOOK_PREAPPLY, HOOK_DOES,
             HOOK, HOOK_PREREVERT, HOOK_REFUSES, APPLY, 0, 0, RUN_ALL,
             AWAY(0)),
    SEQUENCE("acting hooks", HOOK, HOOK_APPLY, HOOK_DOES_HALF, LOAD(0, ACTING),
             HOOK, HOOK_APPLY, HOOK_DOES, APPLY, 0, 0, RUN_ALL,
             HOOK, HOOK_REVERT, HOOK_DOES_AND_REFUSES, AWAY(0)),
    SEQUENCE("lost stack", LOAD(0, ONE), UPLOAD, 1, ACTING, APPLY, 1, 1,
             RUN_ALL, UPLOAD, 2, STACKED, APPLY, 2, 1, RUN_ALL,
             HOOK, HOOK_APPLY, HOOK_REFUSES, UPLOAD, 3, SEVERAL, HOOK,
             HOOK_REVERT, HOOK_DOES, REPLACE, 3, 0, RUN_ALL),
    SEQUENCE("refused replace", LOAD(0, SEVERAL), UPLOAD, 1, ACTING, HOOK,
             HOOK_APPLY, HOOK_REFUSES, REPLACE, 1, 0, RUN_ALL),
    SEQUENCE("nops", LOAD(0, NOPS), AWAY(0)),
    SEQUENCE("users", UPLOAD, 0, OFFERING, UPLOAD, 1, USING, UNLOAD, 0,
             APPLY, 1, 0, RUN_ALL, AWAY(1), UNLOAD, 0),
    SEQUENCE("expectations", LOAD(0, USING), UPLOAD, 1, EXPECTING, APPLY, 1, 1,
             RUN_ALL, REPLACE, 1, 0, RUN_ALL),
    SEQUENCE("rich", LOAD(0, RICH), LOOK, 16, REPORT, 0, AWAY(0)),
    SEQUENCE("broken", LOAD(0, BROKEN), REPORT, 8),
    SEQUENCE("stuck", UPLOAD, 0, ONE, STICK, 2, 1, APPLY, 0, 0, RUN_ALL,
             REPORT, 0, FREE, 2, RUN_ALL, APPLY, 0, 0, RUN_ALL),
    SEQUENCE("rehearsal", LOAD(0, ONE), REHEARSE, 0, REVERT, 0, 0, RUN_ALL,
             STICK, 2, 1, REHEARSE, 1, REHEARSE, 0, RUN_ALL, REPORT, 9,
             FREE, 2, RUN_ALL, APPLY, 0, 0, REHEARSE, 0, RUN_ALL),
    SEQUENCE("deaf", UPLOAD, 0, ONE, STICK, 1, 3, APPLY, 0, 2, RUN_ALL,
             NMI, 1, FREE, 1, RUN_ALL),
    SEQUENCE("in flight", UPLOAD, 0, ONE, UPLOAD, 1, SEVERAL, APPLY, 0, 0,
             RUN, 5, APPLY, 1, 1, UNLOAD, 0, REVERT, 0, 0, RUN, 9, NMI, 2,
             RUN_ALL),
    SEQUENCE("no memory", FAIL_ALLOCATION, 5, UPLOAD, 0, ONE, UPLOAD, 0, ONE,
             FAIL_ALLOCATION, 2, APPLY, 0, 0, FAIL_PROTECT, 1, UPLOAD, 1,
             SEVERAL),
    SEQUENCE("faults", FAIL_COPY, 0, UPLOAD, 0, ONE, UPLOAD, 0, ONE,
             FAIL_COPY, 1, LIST, 0, 4, FAIL_COPY, 0, REPORT, 0),
    SEQUENCE("maps", UPLOAD, 0, ONE, FAIL_MAPS, 0, 1, APPLY, 0, 0, RUN_ALL),
    SEQUENCE("waiting", UPLOAD, 0, ONE, WAIT, 0, 1, APPLY, 0, 0, RUN_ALL,
             WAIT, 0, 0, APPLY, 0, 0, RUN_ALL, WAIT, 1, 1, AWAY(0)),
    SEQUENCE("shuffled", SHUFFLE, 77, LOAD(0, ONE), SHUFFLE, 3, AWAY(0)),
    SEQUENCE("hotplug", CPUS, 0, LOAD(0, ONE), CPUS, 3, AWAY(0)),
    SEQUENCE("list", UPLOAD, 0, ONE, UPLOAD, 1, RICH, LIST, 0, 0, LIST, 0, 7,
             LIST, 1, 3),
    SEQUENCE("odd", ODD, 3, 40, 0, ODD, 2, 60, 1, 9, 9, 9, ODD, 7, 0, 0),
};
const unsigned int nsequences = ARRAY_SIZE(sequences);

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
