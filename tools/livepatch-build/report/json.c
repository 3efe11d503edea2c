/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json.h"

#include <inttypes.h>
#include <string.h>

yajl_gen json_begin(void)
{
    yajl_gen json = yajl_gen_alloc(NULL);

    if (json) {
        yajl_gen_config(json, yajl_gen_beautify, 1);
    }
    return json;
}

bool json_end(yajl_gen json, FILE *out)
{
    const unsigned char *text;
    size_t size;
    bool written = yajl_gen_get_buf(json, &text, &size) ==
                       yajl_gen_status_ok &&
                   fwrite(text, 1, size, out) == size && !fflush(out);

    yajl_gen_free(json);
    return written;
}

void json_string(yajl_gen json, const char *text)
{
    if (text) {
        yajl_gen_string(json, (const unsigned char *)text, strlen(text));
    } else {
        yajl_gen_null(json);
    }
}

void json_text(yajl_gen json, const char *key, const char *text)
{
    json_string(json, key);
    json_string(json, text);
}

void json_number(yajl_gen json, const char *key, uint64_t number)
{
    json_string(json, key);
    yajl_gen_integer(json, (long long)number);
}

void json_bool(yajl_gen json, const char *key, bool value)
{
    json_string(json, key);
    yajl_gen_bool(json, value);
}

void json_address(yajl_gen json, const char *key, uint64_t address)
{
    char text[sizeof("0x") + 16];

    snprintf(text, sizeof(text), "%#" PRIx64, address);
    json_text(json, key, address ? text : NULL);
}
