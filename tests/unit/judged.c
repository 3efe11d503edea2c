/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judged.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

void judged_init(judged *j)
{
    memset(j, 0, sizeof(*j));
    j->label = "The payload";
    j->payload = xenlivepatch_new();
    assert_non_null(j->payload);
}

void judged_dispose(judged *j)
{
    free((char *)j->criteria.xen_build_id);
    free((char *)j->criteria.xen_syms);
    xenlivepatch_free(j->payload);
}

void judge_bytes(judged *j, const void *bytes, size_t size)
{
    /* Of exactly that size, so that reading beyond is noticed. */
    void *copy = malloc(size ? size : 1);

    assert_non_null(copy);
    memcpy(copy, bytes, size);
    j->rc = xenlivepatch_judge(j->payload, copy, size, j->label,
                               &j->criteria);
    free(copy);
}

void judge_image(judged *j, payload_image *image)
{
    image_build(image);
    judge_bytes(j, image->bytes, image->size);
}

static void print_findings(const judged *j)
{
    const xenlivepatch_finding *finding;
    int i;

    for (i = 0; i < j->payload->num_findings; i++) {
        finding = &j->payload->findings[i];
        print_error("severity %u, reason %u [%s] %s\n", finding->severity,
                    finding->reason,
                    finding->where ? finding->where : "-",
                    finding->message);
    }
}

static bool is_where(const xenlivepatch_finding *finding,
                     const char *where)
{
    if (!finding->where || !where) return finding->where == where;
    return !strcmp(finding->where, where);
}

void assert_finding(const judged *j, xenlivepatch_severity severity,
                    xenlivepatch_reason reason, const char *where,
                    const char *message)
{
    const xenlivepatch_finding *finding;
    int i;

    for (i = 0; i < j->payload->num_findings; i++) {
        finding = &j->payload->findings[i];
        if (finding->severity == severity && finding->reason == reason &&
            is_where(finding, where) && strstr(finding->message, message))
            return;
    }
    print_findings(j);
    fail_msg("no finding of severity %u, reason %u [%s] ...%s...",
             severity, reason,
             where ? where : "-", message);
}

static int count(const judged *j, xenlivepatch_severity severity)
{
    int i, num = 0;

    for (i = 0; i < j->payload->num_findings; i++)
        num += j->payload->findings[i].severity == severity;
    return num;
}

static void assert_count(const judged *j,
                         xenlivepatch_severity severity, int num)
{
    if (count(j, severity) == num) return;
    print_findings(j);
    fail_msg("%d findings of severity %u, not %d", count(j, severity),
             severity, num);
}

void assert_errors(const judged *j, int num)
{
    assert_count(j, XENLIVEPATCH_ERROR, num);
    assert_int_equal(j->payload->acceptable, !num);
}

void assert_warnings(const judged *j, int num)
{
    assert_count(j, XENLIVEPATCH_WARNING, num);
}

void assert_good(const judged *j)
{
    assert_int_equal(j->rc, 0);
    assert_errors(j, 0);
    assert_warnings(j, 0);
    assert_int_equal(j->payload->num_findings, 0);
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
