/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Making room for a signature in a payload that is done.
 *
 * Nothing of it moves.  Behind it come the note, the names of sections with
 * one more, and the section headers with one more; where the last two were
 * before nobody looks any more.
 */

#include "private.h"

/* Of all that is appended. */
#define ALIGNMENT 8

typedef struct {
    uint8_t *bytes;             /* enough for all of it */
    size_t size;
} output;

/* Returns where it begins. */
static size_t append(output *out, const void *bytes, size_t size)
{
    size_t start = (out->size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);

    memcpy(out->bytes + start, bytes, size);
    out->size = start + size;
    return start;
}

static size_t append_note(output *out, size_t size)
{
    const xlp_note_head head = {
        .header = {
            .n_namesz = sizeof(head.owner),
            .n_descsz = size,
            .n_type = XENLIVEPATCH_SIGNATURE_TYPE,
        },
        .owner = XENLIVEPATCH_SIGNATURE_OWNER,
    };
    size_t start = append(out, &head, sizeof(head));

    out->size += size;
    return start;
}

static void append_headers(output *out, const xlp_elf *elf, size_t note,
                           size_t note_size, size_t names,
                           size_t names_size)
{
    Elf64_Shdr added = {
        .sh_name = names_size,
        .sh_type = SHT_NOTE,
        .sh_offset = note,
        .sh_size = note_size,
        .sh_addralign = 4,
    };
    Elf64_Ehdr header;
    Elf64_Shdr moved;
    size_t start, place;

    memcpy(&header, out->bytes, sizeof(header));
    start = append(out, elf->image + header.e_shoff,
                   header.e_shnum * sizeof(Elf64_Shdr));
    memcpy(out->bytes + out->size, &added, sizeof(added));
    out->size += sizeof(added);

    place = start + header.e_shstrndx * sizeof(moved);
    memcpy(&moved, out->bytes + place, sizeof(moved));
    moved.sh_offset = names;
    moved.sh_size = names_size + sizeof(XENLIVEPATCH_SIGNATURE);
    memcpy(out->bytes + place, &moved, sizeof(moved));

    header.e_shoff = start;
    header.e_shnum++;
    memcpy(out->bytes, &header, sizeof(header));
}

static int make_room(const xlp_elf *elf, size_t size, void **data_r,
                     size_t *size_r)
{
    const xlp_section *names = &elf->sections[elf->header.e_shstrndx];
    const size_t headers = (elf->num_sections + 1) * sizeof(Elf64_Shdr);
    size_t note, at;
    output out = {
        .bytes = calloc(1, elf->size + sizeof(xlp_note_head) + size +
                        names->size + sizeof(XENLIVEPATCH_SIGNATURE) +
                        headers + 4 * ALIGNMENT),
        .size = elf->size,
    };

    if (!out.bytes) return ENOMEM;
    memcpy(out.bytes, elf->image, elf->size);
    note = append_note(&out, size);
    at = append(&out, names->data, names->size);
    memcpy(out.bytes + out.size, XENLIVEPATCH_SIGNATURE,
           sizeof(XENLIVEPATCH_SIGNATURE));
    out.size += sizeof(XENLIVEPATCH_SIGNATURE);
    append_headers(&out, elf, note, sizeof(xlp_note_head) + size, at,
                   names->size);
    *data_r = out.bytes;
    *size_r = out.size;
    return 0;
}

int xenlivepatch_add_signature(const void *data, size_t size,
                               size_t signature_size, void **data_r,
                               size_t *size_r, char **why_r)
{
    xenlivepatch_signature there;
    xlp_elf elf;
    int rc = xenlivepatch_find_signature(data, size, &there, why_r);

    if (!rc) return EEXIST;
    if (rc != ENOENT) return rc;
    free(*why_r);
    *why_r = NULL;

    rc = xlp_elf_open(&elf, data, size);
    if (!rc) rc = make_room(&elf, signature_size, data_r, size_r);
    xlp_elf_close(&elf);
    return rc;
}
