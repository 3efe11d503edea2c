/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handing images to the judge, and looking at what it says.
 */
#ifndef JUDGED_H
#define JUDGED_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xenlivepatch.h>

#include "payload_image.h"

typedef struct {
    xenlivepatch_criteria criteria;     /* to be set before judging */
    const char *label;
    xenlivepatch_payload *payload;
    int rc;
} judged;

void judged_init(judged *j);
void judged_dispose(judged *j);

/* Judge the image's bytes, or any others, as they are. */
void judge_image(judged *j, payload_image *image);
void judge_bytes(judged *j, const void *bytes, size_t size);

/*
 * Fail the test unless there is a finding of that kind: where is its exact
 * place (NULL: none), message a part of its message.
 */
void assert_finding(const judged *j, xenlivepatch_severity severity,
                    xenlivepatch_reason reason, const char *where,
                    const char *message);

/* Fail the test unless there are so many errors, or warnings. */
void assert_errors(const judged *j, int num);
void assert_warnings(const judged *j, int num);
/* No finding at all, and acceptable. */
void assert_good(const judged *j);

/* Write to a new file, and return its name: overwritten by each call. */
const char *write_file(const void *bytes, size_t size);

#endif
