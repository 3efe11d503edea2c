/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzzed.h"

#include <sys/mman.h>

#define ROOM (4UL << 20)

/*
 * The bytes, with nothing mapped behind them: neither we nor libelf, which
 * no sanitizer looks into, can read on unnoticed.
 */
static uint8_t *before_guard(const uint8_t *data, size_t size)
{
    static uint8_t *room;

    if (!room) {
        room = mmap(NULL, ROOM + 4096, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (room == MAP_FAILED || mprotect(room + ROOM, 4096, PROT_NONE))
            abort();
    }
    if (size > ROOM) abort();
    memcpy(room + ROOM - size, data, size);
    return room + ROOM - size;
}

static void check_findings(const libxl_livepatch_judgement *judgement)
{
    const libxl_livepatch_finding *finding;
    bool errors = false;
    int i;

    for (i = 0; i < judgement->num_findings; i++) {
        finding = &judgement->findings[i];
        if (!finding->message || !*finding->message) abort();
        errors |= finding->severity == LIBXL_LIVEPATCH_SEVERITY_ERROR;
    }
    if (judgement->acceptable == errors) abort();
    if (judgement->acceptable && !(judgement->build_id &&
                                   judgement->depends &&
                                   judgement->xen_build_id))
        abort();
}

int fuzz_judge(const uint8_t *payload, size_t size,
               const libxl_livepatch_criteria *criteria)
{
    libxl__livepatch_image image = { before_guard(payload, size), size };
    libxl_livepatch_judgement judgement;
    char *json;
    int rc;

    libxl_livepatch_judgement_init(&judgement);
    rc = libxl__livepatch_judge(&image, criteria, &judgement);
    /* The judge reads, and no more. */
    if (memcmp(image.data, payload, size)) abort();
    check_findings(&judgement);
    /* This fails for what is not UTF-8. */
    json = libxl_livepatch_judgement_to_json(NULL, &judgement);
    if (!json) abort();
    free(json);
    libxl_livepatch_judgement_dispose(&judgement);
    return rc;
}

void fuzz_file_open(struct fuzz_file *file)
{
    file->fd = memfd_create("fuzzed", MFD_CLOEXEC);
    if (file->fd < 0) abort();
    snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d", file->fd);
}

void fuzz_file_write(const struct fuzz_file *file, const void *data,
                     size_t size)
{
    if (ftruncate(file->fd, 0)) abort();
    if (pwrite(file->fd, data, size, 0) != (ssize_t)size) abort();
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
