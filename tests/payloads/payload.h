/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all regression payloads share.  A stock engine exports every symbol
 * of a payload, static ones too, and refuses a second payload that defines
 * the same name: so each name here begins with the payload's own.
 */
#ifndef TESTS_PAYLOAD_H
#define TESTS_PAYLOAD_H

#include <xen/types.h>
#include <xen/lib.h>
#include <xen/livepatch.h>
#include <xen/livepatch_payload.h>

/* Sizes and first bytes of Xen's functions, taken from xen-syms. */
#include "xen_functions.h"

/*
 * One function record.  The address is found by name when the payload is
 * uploaded; the new size is filled in when the payload is linked.  The
 * extra arguments are further initialisers.  Left alone, the compiler would
 * put a gap between two records.
 */
#define REPLACE_FUNCTION(payload, function, by, ...)                    \
    static const struct livepatch_func payload ## _ ## function         \
        __used __section(".livepatch.funcs") __aligned(8) = {           \
        .name = #function,                                              \
        .new_addr = by,                                                 \
        .old_size = SIZE_ ## function,                                  \
        .version = LIVEPATCH_PAYLOAD_VERSION,                           \
        __VA_ARGS__                                                     \
    }

/*
 * The usual payload: xen_extra_version gives TEXT.  Replacing functions are
 * global, so that the record's relocation names them and not their section.
 */
#define EXTRA_VERSION(payload, text, ...)                               \
    const char *payload ## _extra_version(void)                  \
    {                                                                   \
        return text;                                                    \
    }                                                                   \
    REPLACE_FUNCTION(payload, xen_extra_version,                        \
                     payload ## _extra_version, __VA_ARGS__)

/* Strings of the form key=value, NUL-terminated each, the last one too. */
#define MODINFO(payload, strings)                                       \
    static const char payload ## _modinfo[]                             \
        __used __section(".modinfo") = strings

#endif
