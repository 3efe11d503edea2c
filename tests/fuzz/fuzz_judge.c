/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a payload.
 */
#include "fuzzed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char xen_build_id[] = IMAGE_XEN_BUILD_ID;
    static struct fuzz_file file = { .fd = -1 };
    xenlivepatch_criteria criteria = {
        .xen_build_id = xen_build_id,
        .xen_syms = file.path,
    };
    payload_image *xen_syms;

    if (file.fd < 0) {
        fuzz_file_open(&file);
        xen_syms = image_new_xen_syms();
        image_build(xen_syms);
        fuzz_file_write(&file, xen_syms->bytes, xen_syms->size);
        image_free(xen_syms);
    }
    if (fuzz_judge(data, size, &criteria)) abort();
    return 0;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
