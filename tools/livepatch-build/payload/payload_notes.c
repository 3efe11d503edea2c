/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notes and metadata of a payload.
 *
 * The name of a section is reserved for a signature to come: the note
 * .note.Xen.signature, with the owner "Xen".  It is to be signed with the
 * bytes of the signature zeroed, so it can be added to a payload that is done.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <xenlivepatch.h>

#include "support/memory.h"
#include "payload_image.h"
#include "payload_notes.h"

static bool add_note(struct image *image, enum out out, const uint8_t *id,
                     size_t size)
{
    struct build_id_note note = {
        .name_size = sizeof(note.name), .size = size,
        .type = NT_GNU_BUILD_ID, .name = "GNU",
    };

    return image_add(image, out, &note, sizeof(note), 4) != UINT64_MAX &&
           image_add(image, out, id, (size + 3) & ~(size_t)3, 4) !=
               UINT64_MAX;
}

static void add_id(struct image *image, enum out out,
                   const struct build_id *id)
{
    struct build_id padded = { .size = 0 };

    memcpy(padded.bytes, id->bytes, id->size);
    add_note(image, out, padded.bytes, id->size);
}

static void add_entry(struct image *image, const char *key, const char *value)
{
    char *entry = must_print("%s%s%s", key, *key ? "=" : "", value);

    if (image_add(image, OUT_MODINFO, entry, strlen(entry) + 1, 1) ==
        UINT64_MAX) {
        report_refuse(image->report, REFUSAL_LIMIT, "", XENLIVEPATCH_METADATA,
                      NULL,
                      "the metadata are too large");
    }
    free(entry);
}

void image_notes(struct image *image)
{
    static const uint8_t zeroes[PAYLOAD_ID_SIZE];
    const struct running *running = resolver_running(image->resolver);
    const struct payload_metadata *metadata = image->metadata;

    add_id(image, OUT_DEPENDS, running_top_id(running));
    add_id(image, OUT_XEN_DEPENDS, running_xen_id(running));
    add_note(image, OUT_BUILD_ID, zeroes, sizeof(zeroes));
    add_entry(image, "name", metadata->name);
    for (size_t i = 0; i < metadata->nentries; i++) {
        add_entry(image, "", metadata->entries[i]);
    }
    add_entry(image, "builder", "livepatch-build");
}
