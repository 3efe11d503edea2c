/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "skeleton.h"

#include <stdlib.h>
#include <string.h>

#include "layout/layout_explain.h"
#include "select/select.h"
#include "skeleton_private.h"
#include "support/cleanup.h"
#include "support/files.h"
#include "support/memory.h"

void writing_begin(struct writing *writing)
{
    writing->out = must_have(open_memstream(&writing->text, &writing->size));
}

char *writing_end(struct writing *writing)
{
    must_have(fclose(writing->out) ? NULL : writing->text);
    return writing->text;
}

const struct source *skeleton_source(const struct skeleton *skeleton,
                                     const struct atom *atom)
{
    const struct object *object = atom->section->object;

    return sources_find(skeleton->input->sources,
                        object->source[0] ? object->source : object->path);
}

char *skeleton_declare(const struct skeleton *skeleton,
                       const struct shape *shape, const char *name)
{
    size_t length = strlen(shape->words) - strlen(shape->dimensions);
    const char *blank = shape->words[length - 1] == '*' ? "" : " ";

    return !layouts_had(skeleton->input->layouts, shape) ||
           strchr(shape->words, '{') ? NULL :
           must_print("%.*s%s%s%s", (int)length, shape->words, blank, name,
                      shape->dimensions);
}

static bool add_atom(struct skeleton *skeleton, const struct atom *atom)
{
    switch ((enum gap)atom->gap) {
    case GAP_NONE:
        return false;
    case GAP_PER_CPU:
        return skeleton_array(skeleton, atom);
    default:
        return skeleton_hooks(skeleton, atom);
    }
}

static void add_parts(struct skeleton *skeleton)
{
    const struct skeleton_input *input = skeleton->input;
    const struct changes *changes = layouts_changes(input->layouts);

    for (size_t i = 0; i < changes->count; i++) {
        skeleton->parts += change_has_shadow(changes->all[i]) &&
                           skeleton_shadow(skeleton, changes->all[i]);
    }
    for (size_t i = 0; i < input->npairs; i++) {
        const struct object *new = input->pairs[i].new;

        for (size_t j = 0; j < new->natoms; j++) {
            skeleton->parts += add_atom(skeleton, new->atoms[j]);
        }
    }
}

static char *write_all(const struct skeleton *skeleton, const char *words,
                       const char *files)
{
    struct writing writing;

    writing_begin(&writing);
    fprintf(writing.out, "A skeleton for the live patch of %s, made by "
            "livepatch-build --skeleton:\n\n%s\n"
            "It goes beside the fix:\n\n    livepatch-build FIX.patch "
            "SKELETON.patch\n\n"
            "Do what is marked LIVEPATCH_TODO, and take the marks away; there "
            "is no payload\nwhile one is left.\n\n%s",
            skeleton->input->name, words, files);
    insertions_write(&skeleton->insertions, writing.out);
    return writing_end(&writing);
}

bool skeleton_write(const struct skeleton_input *input, const char *path,
                    size_t *parts, char **why)
{
    struct skeleton skeleton = { .input = input };
    char *words, *files, *text;
    bool written = true;

    writing_begin(&skeleton.words);
    writing_begin(&skeleton.files);
    add_parts(&skeleton);
    words = writing_end(&skeleton.words);
    files = writing_end(&skeleton.files);
    *parts = skeleton.parts;
    if (skeleton.parts) {
        text = write_all(&skeleton, words, files);
        cleanup_add(path);
        written = files_write(path, text, strlen(text), why);
        if (written) {
            cleanup_forget(path);
        }
        free(text);
    }
    insertions_free(&skeleton.insertions);
    free(words);
    free(files);
    return written;
}
