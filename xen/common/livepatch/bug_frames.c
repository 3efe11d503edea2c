/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * .bug_frames.*: what BUG(), WARN(), ASSERT() and the like leave beside the
 * code, for the trap handler that meets them.
 */

#include <xen/errno.h>
#include <xen/lib.h>

#include "addresses.h"
#include "compat.h"
#include "layout.h"
#include "reason.h"
#include "tables.h"

/* A frame with its message, of which only assertions have one. */
#define ASSERT_FRAMES 2

struct frames {
    const struct elf_view *elf;
    const struct payload *payload;
    const char *section;
    unsigned int kind;          /* BUGFRAME_* */
};

static int check_text(const struct frames *f, size_t i, const char *s,
                      const char *what)
{
    /* The hypervisor's own strings are sound. */
    if ( is_image_string(&f->payload->image, s) || is_hypervisor(s, 1) )
        return 0;

    return refuse(f->elf->why, -EINVAL,
                  "section %s, entry %zu: at %p is no string for the %s",
                  f->section, i, s, what);
}

static int check_frame(const struct frames *f, const struct bug_frame *frame,
                       size_t i)
{
    const void *at = (const void *)(unsigned long)bug_loc(frame);
    int rc;

    if ( !span_holds(&f->payload->image.text, at, 1) )
        return refuse(f->elf->why, -EINVAL,
                      "section %s, entry %zu: its place, %p, is not in the "
                      "payload's code",
                      f->section, i, at);

    if ( f->kind == BUGFRAME_run_fn )
    {
        if ( is_code(f->payload, bug_ptr(frame)) )
            return 0;

        return refuse(f->elf->why, -EINVAL,
                      "section %s, entry %zu: there is no code to be run at %p",
                      f->section, i, bug_ptr(frame));
    }

    rc = check_text(f, i, bug_ptr(frame), "name of the file");

    if ( !rc && f->kind == BUGFRAME_assert )
        rc = check_text(f, i, bug_msg(frame), "message");

    return rc;
}

static int load_kind(const struct elf_view *elf, struct payload *payload,
                     unsigned int kind)
{
    static const char sections[BUGFRAME_NR][sizeof(".bug_frames.0")] = {
        ".bug_frames.0", ".bug_frames.1", ".bug_frames.2", ".bug_frames.3",
    };
    const struct frames f = {
        .elf = elf,
        .payload = payload,
        .section = sections[kind],
        .kind = kind,
    };
    size_t i, n, step = kind == BUGFRAME_assert ? ASSERT_FRAMES : 1;
    const struct bug_frame *frames;
    void *records;
    int rc = records_find(elf, f.section, step * sizeof(*frames), &records, &n);

    frames = records;

    for ( i = 0; !rc && i < n; i++ )
        rc = check_frame(&f, &frames[i * step], i);

    if ( !rc && n )
        compat_set_bug_frames(&payload->region, kind, frames, n * step);

    return rc;
}

int bug_frames_load(struct elf_view *elf, struct payload *payload)
{
    unsigned int kind;
    int rc = 0;

    BUILD_BUG_ON(BUGFRAME_NR != 4);

    for ( kind = 0; !rc && kind < BUGFRAME_NR; kind++ )
        rc = load_kind(elf, payload, kind);

    return rc;
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
