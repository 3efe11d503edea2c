/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gzip.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "memory.h"

#define GZIP_ONLY (16 + MAX_WBITS)      /* zlib.h, inflateInit2() */

bool gzip_is(const void *data, size_t size)
{
    return size >= 2 && !memcmp(data, "\x1f\x8b", 2);
}

char *gzip_read(const void *data, size_t size, size_t most, size_t *length)
{
    char *bytes = must_alloc(most + 1, 1);
    z_stream stream = {
        .next_in = (Bytef *)data, .avail_in = size,
        .next_out = (Bytef *)bytes, .avail_out = most,
    };
    bool good = size <= most && inflateInit2(&stream, GZIP_ONLY) == Z_OK;

    if (good) {
        good = inflate(&stream, Z_FINISH) == Z_STREAM_END;
        *length = stream.total_out;
        inflateEnd(&stream);
    }
    if (!good) {
        free(bytes);
        return NULL;
    }
    return bytes;
}
