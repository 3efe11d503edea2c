/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON documents, written with yajl.
 */
#ifndef LIVEPATCH_BUILD_JSON_H
#define LIVEPATCH_BUILD_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <yajl/yajl_gen.h>

/* A document for people to read as well; NULL: no memory. */
yajl_gen json_begin(void);
/* Write the document, and free it.  False: it couldn't be written. */
bool json_end(yajl_gen json, FILE *out);

/* NULL is null.  Text is printable UTF-8: printable.h. */
void json_string(yajl_gen json, const char *text);

/* Members of an object. */
void json_text(yajl_gen json, const char *key, const char *text);
void json_number(yajl_gen json, const char *key, uint64_t number);
void json_bool(yajl_gen json, const char *key, bool value);
/* As text, "0x...", as numbers of JSON lose bits of it; 0 is null. */
void json_address(yajl_gen json, const char *key, uint64_t address);

#endif
