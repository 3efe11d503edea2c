/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as the xen-syms that a good payload is compared with.
 */
#include "fuzzed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fuzz_file file = { .fd = -1 };
    static payload_image *payload;
    xenlivepatch_criteria criteria = { .xen_syms = file.path };
    int rc;

    if (file.fd < 0) {
        fuzz_file_open(&file);
        payload = image_new();
        image_add_symbol(payload, "common/some.c#static_function",
                         SHN_UNDEF, 0, 0);
        image_add_symbol(payload, "init_function", SHN_UNDEF, 0, 0);
        image_add_symbol(payload, "new_data", 2, 0, 0);
        image_build(payload);
    }
    fuzz_file_write(&file, data, size);
    rc = fuzz_judge(payload->bytes, payload->size, &criteria);
    if (rc && rc != EINVAL) abort();
    return 0;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
