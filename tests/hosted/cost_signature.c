/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cost_signature KEY BYTES: judge the signature of a payload with so many bytes
 * of data, for `make cost`, which counts the instructions of that.
 */
#include <err.h>
#include <stdlib.h>

#include "elf.h"
#include "hosted.h"
#include "signature.h"
#include "signing.h"

int main(int argc, char **argv)
{
    struct livepatch_reason why = {};
    struct payload payload = {};
    struct image *image;
    struct elf_view elf;

    if ( argc != 3 )
        errx(1, "usage: cost_signature KEY BYTES");
    hosted_boot();
    image = image_empty();
    image_add_section(image, ".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE,
                      NULL, atoi(argv[2]));
    image_signed(image, argv[1]);
    if ( elf_open(&elf, image->file, image->size, &why) ||
         signature_check(&elf, &payload) || !payload.signer )
        errx(1, "it is not signed: %s", why.text);
    elf_close(&elf);
    image_free(image);
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
