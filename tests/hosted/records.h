/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loading one payload without the hypercall, to look at what became of it. */
#ifndef HOSTED_RECORDS_H
#define HOSTED_RECORDS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/livepatch_payload.h>

#include "hosted.h"
#include "load.h"
#include "operations.h"
#include "payload.h"
#include "payloads.h"

static struct payload payload;
static bool is_loaded;

static inline void unload(void)
{
    if ( is_loaded )
        unload_payload(&payload);
    is_loaded = false;
}

/* Frees the image. */
static inline int load(struct image *image)
{
    size_t size;
    void *file = image_build(image, &size);
    int rc;

    unload();
    memset(&payload, 0, sizeof(payload));
    strlcpy(payload.name, "p", sizeof(payload.name));
    payload.why.about = payload.name;
    spin_lock(&payloads_lock);
    rc = load_payload(&payload, file, size, false);
    spin_unlock(&payloads_lock);
    image_free(image);
    is_loaded = !rc;
    return rc;
}

#define assert_loads(image)                                                 \
    do {                                                                    \
        int rc_ = load(image);                                              \
        if ( rc_ )                                                          \
            fail_msg("error %d: %s", rc_, payload.why.text);                \
    } while ( 0 )

#define assert_words(text, part)                                            \
    do {                                                                    \
        const char *text_ = (text);                                         \
        if ( !strstr(text_, part) )                                         \
            fail_msg("\"%s\" is not in \"%s\"", part, text_);               \
    } while ( 0 )

#define assert_refuses(image, error, words)                                 \
    do {                                                                    \
        int rc_ = load(image);                                              \
        if ( rc_ != (error) )                                               \
            fail_msg("error %d, not %d: %s", rc_, error, payload.why.text); \
        assert_words(payload.why.text, words);                              \
    } while ( 0 )

/* The n-th allocation of loading it fails, for every n. */
#define assert_survives_shortage(make_image)                                \
    do {                                                                    \
        unsigned long n_ = 0;                                               \
        int rc_;                                                            \
        do {                                                                \
            unload();                                                       \
            hosted_fail_allocation(++n_);                                   \
            rc_ = load(make_image);                                         \
            if ( hosted_allocation_failed() )                               \
                assert_int_equal(rc_, -ENOMEM);                             \
        } while ( hosted_allocation_failed() );                             \
        hosted_fail_allocation(0);                                          \
        assert_int_equal(rc_, 0);                                           \
        assert_true(n_ > 3);                                                \
    } while ( 0 )

static inline int records_setup(void **state)
{
    hosted_boot();
    hosted_reset();
    return 0;
}

static inline int records_teardown(void **state)
{
    unload();
    op_unload_all();
    hosted_check_clean();
    return 0;
}

#define records_test(name) \
    cmocka_unit_test_setup_teardown(name, records_setup, records_teardown)

#endif /* HOSTED_RECORDS_H */
