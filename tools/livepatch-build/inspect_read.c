/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Taking a payload apart.
 *
 * Any builder's payload is taken, so nothing is said of how sections are made
 * up beyond what engines want.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "inspect.h"
#include "memory.h"
#include "payload_notes.h"
#include "printable.h"
#include "words.h"

#define RECORD_SIZE 104
#define RECORD_NAME 0
#define RECORD_NEW 8
#define RECORD_OLD 16
#define RECORD_NEW_SIZE 24
#define RECORD_OLD_SIZE 28

static const char hook_prefix[] = ".livepatch.hooks.";

static const struct section *find_section(const struct object *object,
                                          const char *name)
{
    for (size_t i = 1; i < object->nsections; i++) {
        if (object->sections[i].flags & SHF_ALLOC &&
            !strcmp(object->sections[i].name, name)) {
            return &object->sections[i];
        }
    }
    return NULL;
}

/* -- References of a section ---------------------------------------------- */

/* What a field is relocated to, or NULL. */
static const struct ref *find_ref(const struct section *section,
                                  uint64_t offset)
{
    const struct atom *atom = section_atom(section, offset);
    size_t low = 0, high = atom ? atom->nrefs : 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        uint64_t at = atom->offset + atom->refs[middle].offset;

        if (at == offset) {
            return &atom->refs[middle];
        }
        if (at < offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

static char *referred_string(const struct section *section, uint64_t offset)
{
    const struct ref *ref = find_ref(section, offset);
    const struct atom *target = ref ? ref->target : NULL;
    uint64_t at;

    if (!target || !target->section->bytes) {
        return must_copy("?");
    }
    at = target->offset + ref->place;
    if (at >= target->section->size) {
        return must_copy("?");
    }
    return printable_text(target->section->bytes + at,
                          target->section->size - at, false);
}

static char *referred_name(const struct section *section, uint64_t offset)
{
    const struct ref *ref = find_ref(section, offset);
    const char *name;

    if (!ref) {
        return NULL;
    }
    name = !ref->target ? ref->symbol->name
           : ref->target->symbol ? ref->target->symbol->name
           : atom_name(ref->target);
    return printable_text(name, strlen(name), false);
}

/* -- Parts of a payload --------------------------------------------------- */

static uint64_t read_number(const struct section *section, uint64_t offset,
                            size_t size)
{
    uint64_t number = 0;

    memcpy(&number, section->bytes + offset, size);
    return number;
}

static bool read_functions(struct inspected *inspected,
                           const struct object *object, char **why)
{
    const struct section *section = find_section(object, ".livepatch.funcs");

    if (!section || !section->size) {
        return true;
    }
    if (!section->bytes || section->size % RECORD_SIZE) {
        fail_with(why, "%s: .livepatch.funcs has %llu bytes, which is no "
                  "multiple of %d", object->path,
                  (unsigned long long)section->size, RECORD_SIZE);
        return false;
    }
    inspected->nfunctions = section->size / RECORD_SIZE;
    inspected->functions = must_alloc(inspected->nfunctions,
                                      sizeof(*inspected->functions));
    for (size_t i = 0; i < inspected->nfunctions; i++) {
        uint64_t at = i * RECORD_SIZE;

        inspected->functions[i] = (struct inspected_function) {
            .name = referred_string(section, at + RECORD_NAME),
            .replacement = referred_name(section, at + RECORD_NEW),
            .old_address = read_number(section, at + RECORD_OLD, 8),
            .new_size = read_number(section, at + RECORD_NEW_SIZE, 4),
            .old_size = read_number(section, at + RECORD_OLD_SIZE, 4),
        };
    }
    return true;
}

static void read_hooks(struct inspected *inspected,
                       const struct section *section)
{
    const char *kind = section->name + sizeof(hook_prefix) - 1;
    size_t count = section->size / sizeof(uint64_t);

    for (size_t i = 0; i < count; i++) {
        char *function = referred_name(section, i * sizeof(uint64_t));

        inspected->hooks = must_grow(inspected->hooks, &inspected->room_hooks,
                                     inspected->nhooks + 1,
                                     sizeof(*inspected->hooks));
        inspected->hooks[inspected->nhooks++] = (struct inspected_hook) {
            kind, function ? function : must_copy("?"),
        };
    }
}

static size_t entry_size(const struct section *section)
{
    switch (section->special) {
    case SPECIAL_BUG_FRAMES:
        return strcmp(section->name, ".bug_frames.3") ? 8 : 16;
    case SPECIAL_ALTERNATIVES:
        return 14;
    case SPECIAL_ALTERNATIVE_CALLS:
        return 4;
    case SPECIAL_EXCEPTIONS:
        return 8;
    default:
        return 0;
    }
}

static void read_section(struct inspected *inspected,
                         const struct section *section)
{
    struct inspected_section *seen = &inspected->sections[
                                         inspected->nsections++];
    size_t size = entry_size(section);

    seen->name = printable_text(section->name, strlen(section->name),
                                false);
    seen->size = section->size;
    strcpy(seen->permissions, "r--");
    if (section->flags & SHF_WRITE) {
        seen->permissions[1] = 'w';
    }
    if (section->flags & SHF_EXECINSTR) {
        seen->permissions[2] = 'x';
    }
    if (size) {
        inspected->tables[inspected->ntables++] = (struct inspected_table) {
            section->name, section->size / size,
        };
    }
    if (!strncmp(section->name, hook_prefix, sizeof(hook_prefix) - 1)) {
        read_hooks(inspected, section);
    }
    if (section->flags & SHF_WRITE &&
        strcmp(section->name, ".livepatch.funcs")) {
        inspected->reapplicable = false;
    }
}

static void read_sections(struct inspected *inspected,
                          const struct object *object)
{
    inspected->sections = must_alloc(object->nsections,
                                     sizeof(*inspected->sections));
    inspected->tables = must_alloc(object->nsections,
                                   sizeof(*inspected->tables));
    inspected->reapplicable = true;
    for (size_t i = 1; i < object->nsections; i++) {
        const struct section *section = &object->sections[i];

        if (section->flags & SHF_ALLOC && section->size) {
            read_section(inspected, section);
        }
        if (!strcmp(section->name, SIGNATURE_SECTION)) {
            inspected->signature = section->size;
        }
    }
}

static bool read_id(const struct object *object, const char *name,
                    struct build_id *id, char **why)
{
    const struct section *section = find_section(object, name);
    struct build_id_note note;

    if (!section || !section->bytes || section->size < sizeof(note)) {
        fail_with(why, "%s: no payload: it has no %s", object->path, name);
        return false;
    }
    memcpy(&note, section->bytes, sizeof(note));
    if (note.type != NT_GNU_BUILD_ID || note.name_size != sizeof(note.name) ||
        memcmp(note.name, "GNU", sizeof(note.name)) || !note.size ||
        note.size > sizeof(id->bytes) ||
        note.size > section->size - sizeof(note)) {
        fail_with(why, "%s: %s is no build-id's note", object->path, name);
        return false;
    }
    id->size = note.size;
    memcpy(id->bytes, section->bytes + sizeof(note), note.size);
    return true;
}

static void add_metadata(struct inspected *inspected, size_t *room,
                         const char *entry, size_t size)
{
    const char *value = memchr(entry, '=', size);
    size_t key = value ? (size_t)(value - entry) : size;

    inspected->metadata = must_grow(inspected->metadata, room,
                                    inspected->nmetadata + 1,
                                    sizeof(*inspected->metadata));
    inspected->metadata[inspected->nmetadata++] =
        (struct inspected_metadata) {
            .key = printable_text(entry, key, false),
            .value = value ? printable_text(value + 1, size - key - 1, false)
                           : NULL,
        };
}

static void read_metadata(struct inspected *inspected,
                          const struct object *object)
{
    const struct section *section = find_section(object, ".modinfo");
    size_t at = 0, room = 0;

    while (section && section->bytes && at < section->size) {
        const char *entry = (const char *)section->bytes + at;
        size_t size = strnlen(entry, section->size - at);

        if (size) {
            add_metadata(inspected, &room, entry, size);
        }
        at += size + 1;
    }
}

/* -- Symbols -------------------------------------------------------------- */

/* Engines keep all names, but for the compiler's of strings. */
static bool is_symbol_shown(const struct symbol *symbol)
{
    if (!symbol->name[0] || symbol->type == STT_SECTION ||
        symbol->type == STT_FILE) {
        return false;
    }
    if (symbol->section && symbol->section->flags & SHF_MERGE &&
        !strncmp(symbol->name, ".L", 2)) {
        return false;
    }
    return !symbol->section || symbol->section->flags & SHF_ALLOC;
}

static void add_symbol(struct inspected *inspected, size_t *room,
                       const struct symbol *symbol, char *const *replacements)
{
    struct inspected_symbol seen = {
        .name = printable_text(symbol->name, strlen(symbol->name), false),
        .kind = symbol->absolute ? SYMBOL_FIXED
                : symbol->section ? SYMBOL_NEW : SYMBOL_NEEDED,
        .address = symbol->value,
    };

    if (seen.kind == SYMBOL_NEW && inspected->nfunctions &&
        bsearch(&seen.name, replacements, inspected->nfunctions,
                sizeof(*replacements), compare_texts)) {
        seen.kind = SYMBOL_OVERRIDE;
    }
    inspected->symbols = must_grow(inspected->symbols, room,
                                   inspected->nsymbols + 1,
                                   sizeof(*inspected->symbols));
    inspected->symbols[inspected->nsymbols++] = seen;
}

static void read_symbols(struct inspected *inspected,
                         const struct object *object)
{
    char **replacements = must_alloc(inspected->nfunctions + 1,
                                     sizeof(*replacements));
    static char none[] = "";
    size_t room = 0;

    for (size_t i = 0; i < inspected->nfunctions; i++) {
        char *name = inspected->functions[i].replacement;

        replacements[i] = name ? name : none;
    }
    qsort(replacements, inspected->nfunctions, sizeof(*replacements),
          compare_texts);
    for (size_t i = 1; i < object->nsymbols; i++) {
        if (is_symbol_shown(&object->symbols[i])) {
            add_symbol(inspected, &room, &object->symbols[i], replacements);
        }
    }
    free(replacements);
}

bool inspect_read(struct inspected *inspected, const struct object *object,
                  char **why)
{
    if (!read_id(object, ".note.gnu.build-id", &inspected->build_id, why) ||
        !read_id(object, ".livepatch.depends", &inspected->depends, why)) {
        return false;
    }
    /* A stock engine refuses one without, but there are such. */
    if (find_section(object, ".livepatch.xen_depends") &&
        !read_id(object, ".livepatch.xen_depends", &inspected->xen_depends,
                 why)) {
        return false;
    }
    if (!read_functions(inspected, object, why)) {
        return false;
    }
    read_sections(inspected, object);
    read_metadata(inspected, object);
    read_symbols(inspected, object);
    return true;
}

void inspect_free(struct inspected *inspected)
{
    for (size_t i = 0; i < inspected->nfunctions; i++) {
        free(inspected->functions[i].name);
        free(inspected->functions[i].replacement);
    }
    for (size_t i = 0; i < inspected->nhooks; i++) {
        free(inspected->hooks[i].function);
    }
    for (size_t i = 0; i < inspected->nmetadata; i++) {
        free(inspected->metadata[i].key);
        free(inspected->metadata[i].value);
    }
    for (size_t i = 0; i < inspected->nsections; i++) {
        free(inspected->sections[i].name);
    }
    for (size_t i = 0; i < inspected->nsymbols; i++) {
        free(inspected->symbols[i].name);
    }
    free(inspected->functions);
    free(inspected->hooks);
    free(inspected->tables);
    free(inspected->metadata);
    free(inspected->sections);
    free(inspected->symbols);
}

const char *inspect_value(const struct inspected *inspected, const char *key)
{
    for (size_t i = 0; i < inspected->nmetadata; i++) {
        if (!strcmp(inspected->metadata[i].key, key)) {
            return inspected->metadata[i].value;
        }
    }
    return NULL;
}
