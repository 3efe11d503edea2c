/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fuzz targets share.
 */
#ifndef FUZZED_H
#define FUZZED_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xenlivepatch.h>

#include "payload_image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Judge a payload with the given criteria, and abort where the judge
 * breaks its promises.  Returns what it returned.
 */
int fuzz_judge(const uint8_t *payload, size_t size,
               const xenlivepatch_criteria *criteria);

/* A file in memory, and the path by which it is opened. */
struct fuzz_file {
    int fd;
    char path[32];
};

void fuzz_file_open(struct fuzz_file *file);
void fuzz_file_write(const struct fuzz_file *file, const void *data,
                     size_t size);

#endif
