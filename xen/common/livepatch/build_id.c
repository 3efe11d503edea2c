/* SPDX-License-Identifier: GPL-2.0-only */
/* Build-ids: notes that say what a payload is, and what it was built for. */
#include <xen/errno.h>
#include <xen/inttypes.h>
#include <xen/lib.h>
#include <xen/string.h>

#include "build_id.h"
#include "compat.h"
#include "payloads.h"
#include "reason.h"

static const char own[] = ".note.gnu.build-id";
static const char depends[] = ".livepatch.depends";
static const char xen_depends[] = ".livepatch.xen_depends";

/* The first note of a section, which begins with its three words. */
static int parse_note(const struct elf_view *elf,
                      const struct elf_section *section,
                      struct livepatch_build_id *id)
{
    uint64_t room = section->header.sh_size;
    const void *name = section->data + sizeof(Elf_Note);
    uint64_t description;
    Elf_Note note;

    if ( room < sizeof(note) )
        return refuse(elf->why, -EINVAL,
                      "section %s: %"PRIu64" bytes are too few for a note",
                      section->name, room);

    memcpy(&note, section->data, sizeof(note));
    room -= sizeof(note);
    description = ROUNDUP((uint64_t)note.namesz, 4);

    if ( !note.descsz || description > room ||
         note.descsz > room - description )
        return refuse(elf->why, -EINVAL,
                      "section %s: a note with a name of %u and a build-id of "
                      "%u bytes does not fit the %"PRIu64" bytes that follow",
                      section->name, note.namesz, note.descsz, room);

    if ( note.type != NT_GNU_BUILD_ID || note.namesz != sizeof("GNU") ||
         memcmp(name, "GNU", sizeof("GNU")) )
        return refuse(elf->why, -EINVAL,
                      "section %s: its first note, of type %u, is not a GNU "
                      "build-id (%u)",
                      section->name, note.type, NT_GNU_BUILD_ID);

    id->p = name + description;
    id->len = note.descsz;

    return 0;
}

static int read_note(const struct elf_view *elf, const char *name,
                     struct livepatch_build_id *id)
{
    const struct elf_section *section = elf_find(elf, name);

    if ( !section )
        return refuse(elf->why, -EINVAL, "section %s is missing", name);

    if ( !elf_is_alloc(section) || !section->data )
        return refuse(elf->why, -EINVAL,
                      "section %s has nothing to load: it needs the ALLOC flag "
                      "and contents", name);

    return parse_note(elf, section, id);
}

static int compare_with_xen(const struct payload *payload,
                            struct livepatch_reason *why)
{
    struct livepatch_build_id xen = build_id_of_xen();
    char needed[PRINTABLE_ID_SIZE], running[PRINTABLE_ID_SIZE];

    if ( !xen.len )
        return refuse_as(LIVEPATCH_REASON_XEN_BUILD_ID, why, -ENODATA,
                         "the hypervisor has no build-id");

    if ( !build_id_equal(&payload->xen_depends, &xen) )
        return refuse_as(LIVEPATCH_REASON_XEN_BUILD_ID, why, -EINVAL,
                         "%s: built for the hypervisor with build-id %s, not "
                         "for the running one, %s", xen_depends,
                         printable_id(needed, &payload->xen_depends),
                         printable_id(running, &xen));

    return 0;
}

int build_id_read(struct elf_view *elf, struct payload *payload)
{
    int rc = read_note(elf, xen_depends, &payload->xen_depends);

    if ( !rc )
        rc = compare_with_xen(payload, elf->why);
    if ( !rc )
        rc = read_note(elf, own, &payload->id);
    if ( !rc )
        rc = read_note(elf, depends, &payload->depends);

    return rc;
}

static void move_to_image(const struct elf_view *elf, const char *name,
                          struct livepatch_build_id *id)
{
    const struct elf_section *section = elf_find(elf, name);

    id->p = section->loaded + (id->p - section->data);
}

int build_id_load(struct elf_view *elf, struct payload *payload)
{
    const struct payload *other;

    list_for_each_entry ( other, &payloads_loaded, list )
        if ( build_id_equal(&other->id, &payload->id) )
        {
            char id[PRINTABLE_ID_SIZE];

            return refuse_as(LIVEPATCH_REASON_COLLISION, elf->why, -EEXIST,
                             "%s: build-id %s is that of payload %s, which is "
                             "loaded", own, printable_id(id, &payload->id),
                             other->name);
        }

    move_to_image(elf, own, &payload->id);
    move_to_image(elf, depends, &payload->depends);
    move_to_image(elf, xen_depends, &payload->xen_depends);

    return 0;
}

bool build_id_equal(const struct livepatch_build_id *a,
                    const struct livepatch_build_id *b)
{
    return a->len && a->len == b->len && !memcmp(a->p, b->p, a->len);
}

bool build_id_on_xen(const struct payload *payload)
{
    struct livepatch_build_id xen = build_id_of_xen();

    return build_id_equal(&payload->depends, &xen);
}

struct livepatch_build_id build_id_of_xen(void)
{
    struct livepatch_build_id id = {};

    return compat_build_id(&id.p, &id.len) ? id
                                           : (struct livepatch_build_id){};
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
