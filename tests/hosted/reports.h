/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the hypervisor's report, for tests on what it says. */
#ifndef HOSTED_REPORTS_H
#define HOSTED_REPORTS_H

#include "handmade.h"

static union {
    uint8_t bytes[4096];
    uint64_t aligned;
} buffer;
static struct xen_sysctl_livepatch_op op;

static inline int ask(const char *name, uint32_t about, uint32_t size)
{
    memset(&buffer, 0xee, sizeof(buffer));
    memset(&op, 0, sizeof(op));
    op.cmd = XEN_SYSCTL_LIVEPATCH_REPORT;
    if ( name )
        op.u.report.name = a_name(name);
    op.u.report.about = about;
    op.u.report.size = size;
    set_xen_guest_handle(op.u.report.buffer, buffer.bytes);
    return livepatch_op(&op);
}

static inline int report_into(const char *name, uint32_t size)
{
    return ask(name, 0, size);
}

static inline void report_about(const char *name, uint32_t about)
{
    assert_int_equal(ask(name, about, sizeof(buffer)), 0);
    assert_int_equal(op.u.report.size % 8, 0);
    /* Nothing is behind the end. */
    assert_int_equal(buffer.bytes[op.u.report.size], 0xee);
}

static inline void report_on(const char *name)
{
    report_about(name, 0);
}

/* The n-th item of that type, or NULL. */
static inline const void *item(uint16_t type, unsigned int n)
{
    const struct xen_livepatch_report_item *i;
    uint32_t at, end = op.u.report.size;

    for ( at = 0; at < end; at += ROUNDUP(i->size, 8) )
    {
        i = (const void *)&buffer.bytes[at];
        assert_true(i->size >= sizeof(*i) && i->size <= end - at);
        assert_int_equal(i->pad, 0);
        if ( i->type == type && !n-- )
            return i;
    }
    assert_int_equal(at, end);
    return NULL;
}

static inline const char *text_of(const void *p, size_t header)
{
    const struct xen_livepatch_report_item *i = p;
    static char text[512];

    assert_non_null(i);
    memset(text, 0, sizeof(text));
    memcpy(text, (const char *)p + header, i->size - header);
    assert_int_equal(strlen(text), i->size - header);
    /* Filled up with zeros. */
    for ( header = i->size; header % 8; header++ )
        assert_int_equal(((const uint8_t *)p)[header], 0);
    return text;
}

static inline const char *text(uint16_t type)
{
    return text_of(item(type, 0), sizeof(struct xen_livepatch_report_item));
}

static inline const struct xen_livepatch_report_status *status(void)
{
    const struct xen_livepatch_report_status *s =
        item(LIVEPATCH_REPORT_STATUS, 0);

    assert_non_null(s);
    assert_int_equal(s->pad, 0);
    return s;
}

#endif /* HOSTED_REPORTS_H */
