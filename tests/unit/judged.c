/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judged.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

void judged_init(judged *j)
{
    libxl_livepatch_criteria_init(&j->criteria);
    libxl_livepatch_judgement_init(&j->judgement);
    j->rc = 0;
}

void judged_dispose(judged *j)
{
    libxl_livepatch_criteria_dispose(&j->criteria);
    libxl_livepatch_judgement_dispose(&j->judgement);
}

void judge_bytes(judged *j, const void *bytes, size_t size)
{
    /* Of exactly that size, so that reading beyond is noticed. */
    libxl__livepatch_image image = { malloc(size ? size : 1), size };

    assert_non_null(image.data);
    memcpy(image.data, bytes, size);
    j->rc = libxl__livepatch_judge(&image, &j->criteria, &j->judgement);
    free(image.data);
}

void judge_image(judged *j, payload_image *image)
{
    image_build(image);
    judge_bytes(j, image->bytes, image->size);
}

static void print_findings(const judged *j)
{
    const libxl_livepatch_finding *finding;
    int i;

    for (i = 0; i < j->judgement.num_findings; i++) {
        finding = &j->judgement.findings[i];
        print_error("%s %s [%s] %s\n",
                    libxl_livepatch_severity_to_string(finding->severity),
                    libxl_livepatch_reason_to_string(finding->reason),
                    finding->where ? finding->where : "-",
                    finding->message);
    }
}

static bool is_where(const libxl_livepatch_finding *finding,
                     const char *where)
{
    if (!finding->where || !where) return finding->where == where;
    return !strcmp(finding->where, where);
}

void assert_finding(const judged *j, libxl_livepatch_severity severity,
                    libxl_livepatch_reason reason, const char *where,
                    const char *message)
{
    const libxl_livepatch_finding *finding;
    int i;

    for (i = 0; i < j->judgement.num_findings; i++) {
        finding = &j->judgement.findings[i];
        if (finding->severity == severity && finding->reason == reason &&
            is_where(finding, where) && strstr(finding->message, message))
            return;
    }
    print_findings(j);
    fail_msg("no finding %s %s [%s] ...%s...",
             libxl_livepatch_severity_to_string(severity),
             libxl_livepatch_reason_to_string(reason),
             where ? where : "-", message);
}

static int count(const judged *j, libxl_livepatch_severity severity)
{
    int i, num = 0;

    for (i = 0; i < j->judgement.num_findings; i++)
        num += j->judgement.findings[i].severity == severity;
    return num;
}

static void assert_count(const judged *j,
                         libxl_livepatch_severity severity, int num)
{
    if (count(j, severity) == num) return;
    print_findings(j);
    fail_msg("%d findings of severity %s, not %d", count(j, severity),
             libxl_livepatch_severity_to_string(severity), num);
}

void assert_errors(const judged *j, int num)
{
    assert_count(j, LIBXL_LIVEPATCH_SEVERITY_ERROR, num);
    assert_int_equal(j->judgement.acceptable, !num);
}

void assert_warnings(const judged *j, int num)
{
    assert_count(j, LIBXL_LIVEPATCH_SEVERITY_WARNING, num);
}

void assert_good(const judged *j)
{
    assert_int_equal(j->rc, 0);
    assert_errors(j, 0);
    assert_warnings(j, 0);
    assert_int_equal(j->judgement.num_findings, 0);
}

const char *write_file(const void *bytes, size_t size)
{
    static char path[] = "/tmp/judged-XXXXXX";
    int fd;

    strcpy(strrchr(path, '-'), "-XXXXXX");
    fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    close(fd);
    return path;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
