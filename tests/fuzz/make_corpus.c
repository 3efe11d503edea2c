/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes what the fuzz targets begin with: payloads that use every
 * feature, and a xen-syms.  Arguments: the folders for fuzz_judge and
 * fuzz_symbols.
 */
#include <err.h>
#include <limits.h>
#include <stdio.h>

#include "payload_image.h"

static void write_image(const char *folder, const char *name,
                        payload_image *image)
{
    char path[PATH_MAX];
    FILE *file;

    image_build(image);
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "w");
    if (!file || fwrite(image->bytes, image->size, 1, file) != 1 ||
        fclose(file))
        err(1, "%s", path);
    image_free(image);
}

static payload_image *with_hooks(void)
{
    static const char *const kinds[] = {
        "preapply", "apply", "postapply", "prerevert", "revert",
        "postrevert",
    };
    payload_image *image = image_new();
    int i;

    image_add_hooks(image, "load", 2);
    image_add_hooks(image, "unload", 2);
    for (i = 0; i < ARRAY_SIZE(kinds); i++)
        image_add_hooks(image, kinds[i], 1);
    return image;
}

static payload_image *with_tables(void)
{
    payload_image *image = image_new();

    image_add_alternative(image);
    image_add_code_tables(image);
    image_add_section(image, ".bug_frames.2", SHT_PROGBITS, SHF_ALLOC,
                      NULL, 16);
    image_add_section(image, ".bss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE,
                      NULL, 64);
    return image;
}

static payload_image *with_functions(void)
{
    payload_image *image = image_new();
    uint8_t *record;

    image_add_function(image, "function_b");
    image_add_function(image, "init_function");
    image_add_reloc(image, image_section_index(image, ".livepatch.funcs"),
                    16, image_symbol_index(image, "xen_symbol"),
                    R_X86_64_64, 0);
    image_drop_reloc(image, ".livepatch.funcs", FUNC_SIZE + 8);
    record = image_data(image, ".livepatch.funcs") + FUNC_SIZE;
    record[24] = 3;
    record[72] = 1 | 4 << 1;
    return image;
}

int main(int argc, char **argv)
{
    if (argc != 3) errx(1, "usage: make_corpus PAYLOADS XEN_SYMS");
    write_image(argv[1], "plain", image_new());
    write_image(argv[1], "hooks", with_hooks());
    write_image(argv[1], "tables", with_tables());
    write_image(argv[1], "functions", with_functions());
    write_image(argv[2], "xen-syms", image_new_xen_syms());
    return 0;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
