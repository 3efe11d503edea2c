/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypercall's sub-operations, as a toolstack would call them. */
#ifndef HOSTED_OPERATIONS_H
#define HOSTED_OPERATIONS_H

#include <xen/livepatch_payload.h>

#include "payload.h"

/* Each returns what livepatch_op() did. */
int op_upload_file(const char *name, const void *file, size_t size);
int op_upload(const char *name, struct image *image);
int op_get(const char *name, uint32_t *state, int32_t *rc);
/* Begins it; hosted_run() does it.  timeout 0: the default. */
int op_action(const char *name, uint32_t action, uint32_t flags,
              uint32_t timeout);
/* about is LIVEPATCH_REPORT_ABOUT_*.  Bytes are allocated: free() them. */
int op_report(const char *name, uint32_t about, uint8_t **items,
              uint32_t *size);

/* Lists from idx on, at most nr at once, and checks what it is told. */
void op_list_all(unsigned int idx, unsigned int nr);

/* Begins it, lets the CPUs run, and returns its result: the hypercall's
 * error, or what rc then is.  Unload has no result but the first. */
int op_apply(const char *name);
int op_revert(const char *name);
int op_replace(const char *name);
int op_unload(const char *name);

/* The state; 0 if there is no such payload. */
uint32_t op_state(const char *name);
/* Whether the engine's last words for a payload, or for the last failed
 * upload with NULL, have this in them. */
bool op_said(const char *name, const char *words);

/* Uploads it and frees the image. */
int op_upload_once(const char *name, struct image *image);
/* Reverts and unloads everything, top first. */
void op_unload_all(void);

#endif /* HOSTED_OPERATIONS_H */
