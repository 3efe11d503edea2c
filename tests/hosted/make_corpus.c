/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * make_corpus FOLDER: what the fuzzers begin with, in a folder for each.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzzed.h"
#include "hosted.h"
#include "samples.h"
#include "templates.h"

static const char *folder;

static void save(const char *fuzzer, const char *name, const void *data,
                 size_t size)
{
    char path[4096];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s/%s", folder, fuzzer, name);
    file = fopen(path, "w");
    if ( !file || fwrite(data, 1, size, file) != size || fclose(file) )
        err(1, "%s", path);
}

static void save_samples(void)
{
    unsigned int i;

    for ( i = 0; i < nsamples; i++ )
    {
        struct image *image = samples[i].make();
        size_t size;
        void *file = image_build(image, &size);

        save("fuzz_upload", samples[i].name, file, size);
        image_free(image);
    }
}

/* Good ones by each key, and with a change that is signed, or isn't. */
static void save_changes(void)
{
    static const char *const names[] = { "as-it-is", "signed", "changed" };
    uint8_t input[5] = { 0, 0, 0x40, 0, 0xff };
    unsigned int i;
    char name[32];

    for ( i = 0; i < 48; i++ )
    {
        size_t size = i % 3 ? sizeof(input) : 2;

        /* The sum says what is signed: see the fuzzer. */
        input[0] = i / 3;
        input[1] = (i % 3 == 1 ? 1 : 2) - i / 3 - (size > 2 ? 0x3f : 0);
        snprintf(name, sizeof(name), "%s-%u", names[i % 3], i / 3);
        save("fuzz_signature", name, input, size);
    }
}

static void save_templates(void)
{
    unsigned int i;

    templates_make();
    for ( i = 0; i < TEMPLATES; i++ )
    {
        char name[16];

        snprintf(name, sizeof(name), "template-%u", i);
        save("fuzz_upload", name, templates[i].file, templates[i].size);
    }
}

int main(int argc, char **argv)
{
    unsigned int i;

    if ( argc != 2 )
        errx(1, "usage: make_corpus FOLDER");
    folder = argv[1];
    hosted_boot();
    hosted_reset();
    save_samples();
    save_changes();
    save_templates();
    for ( i = 0; i < nsequences; i++ )
        save("fuzz_operations", sequences[i].name, sequences[i].bytes,
             sequences[i].size);
    return 0;
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
