/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include <asm/alternative.h>
#include <asm/cpufeature.h>
#include <xen/bug.h>
#include <xen/lib.h>

#include "samples.h"

struct image *sample_rich(uint8_t id, uint8_t depends)
{
    static const uint8_t code[64] = {
        [0] = 0xb8, [5] = 0xc3,                     /* mov; ret */
        [16] = 0x0f, [17] = 0x0b,                   /* ud2 */
        [32] = 0x0f, [33] = 0x1f, [34] = 0x00,      /* nopl (%rax) */
        [35] = 0xc3,
        [40] = 0x0f, [41] = 0x0b, [63] = 0xc3,
    };
    struct image *image = image_make(id, depends, "xen_one", 101);
    unsigned int symbol = image_add_code(image, "rich", code, sizeof(code));

    image_add_function(image, "xen_nop", 0, 5);
    image_old_by_name(image,
                      image_add_function(image, "xen_endbr", symbol, 0));
    image_expect(image, 1, "\xb8\x06", 2);
    image_add_hook_call(image, "load", 0);
    image_add_hook_call(image, "unload", 1);
    image_add_modinfo(image, "a=b", 4);
    image_add_bug_frame(image, BUGFRAME_bug, symbol, 16, "rich.c");
    image_add_bug_frame(image, BUGFRAME_assert, symbol, 40, "rich.c");
    image_add_exception(image, symbol, 48, 52);
    image_add_exception(image, symbol, 44, 52);
    image_add_alternative(image, symbol, 32, 3, 0, X86_FEATURE_ALWAYS,
                          "\x66\x66\x90", 3);
    image_add_section(image, ".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE,
                      "data", 5);
    image_add_section(image, ".bss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE, NULL,
                      5000);
    image_add_return(image, "rich_for_others", 7);
    return image;
}

static struct image *rich(void)
{
    return sample_rich(IMAGE_ID, HOSTED_XEN_ID);
}

/* Without functions. */
static struct image *hooks_alone(void)
{
    static const char *const kinds[] = {
        "load", "load", "unload", "preapply", "apply", "postapply",
        "prerevert", "revert", "postrevert",
    };
    struct image *image = image_empty();
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(kinds); i++ )
    {
        char name[] = "hook_0";

        name[5] += i;
        image_add_hook(image, kinds[i], image_add_hook_code(image, name, i));
    }
    image_add_build_id(image, ".note.gnu.build-id", IMAGE_ID);
    image_add_build_id(image, ".livepatch.depends", HOSTED_XEN_ID);
    image_add_build_id(image, ".livepatch.xen_depends", HOSTED_XEN_ID);
    return image;
}

static struct image *many_symbols(void)
{
    struct image *image = image_new();
    unsigned int i, symbol = image_undefined(image, "xen_variable");
    unsigned int data = image_add_section(image, ".data.many", SHT_PROGBITS,
                                          SHF_ALLOC | SHF_WRITE, NULL, 512);

    for ( i = 0; i < 64; i++ )
    {
        char name[] = "many_0_0";

        name[5] += i / 8;
        name[7] += i % 8;
        image_add_symbol(image, name, data, i * 8, 8, i & 1 ? 0x11 : 0x01);
        image_add_reloc(image, data, i * 8, symbol, i & 3 ? 1 : 2, i);
    }
    return image;
}

static struct image *long_nops(void)
{
    struct image *image = image_new();

    image_add_function(image, "xen_long", 0, 31);
    image_add_function(image, "xen_crossing", 0, 5);
    return image;
}

/* Each of a kind that is refused. */
static struct image *undefined(void)
{
    struct image *image = image_new();

    image_undefined(image, "nowhere");
    return image;
}

static struct image *init_symbol(void)
{
    struct image *image = image_new();

    image_undefined(image, "xen_init_function");
    return image;
}

static struct image *for_another_xen(void)
{
    struct image *image = image_new();

    memset(image_data(image, ".livepatch.xen_depends") + 16, 0x23, 20);
    return image;
}

static struct image *writable_text(void)
{
    struct image *image = image_new();

    image_section(image, ".text.payload")->header.sh_flags |= SHF_WRITE;
    return image;
}

/* Every type that there may be. */
static struct image *relocations(void)
{
    struct image *image = image_new();
    unsigned int symbol = image_undefined(image, "xen_constant"), type;
    unsigned int data = image_add_section(image, ".data.relocated",
                                          SHT_PROGBITS, SHF_ALLOC | SHF_WRITE,
                                          NULL, 512);

    for ( type = 0; type < 43; type++ )
        image_add_reloc(image, data, type * 8, symbol, type, 0);
    return image;
}

const struct sample samples[] = {
    { "good", image_new },
    { "rich", rich },
    { "hooks", hooks_alone },
    { "symbols", many_symbols },
    { "nops", long_nops },
    { "undefined", undefined },
    { "init", init_symbol },
    { "other-xen", for_another_xen },
    { "writable-text", writable_text },
    { "relocations", relocations },
    { "empty", image_empty },
};
const unsigned int nsamples = ARRAY_SIZE(samples);

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
