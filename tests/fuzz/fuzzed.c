/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzzed.h"

#include <fcntl.h>
#include <locale.h>
#include <sys/mman.h>
#include <unistd.h>

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

static void check_findings(const xenlivepatch_payload *judgement)
{
    const xenlivepatch_finding *finding;
    bool errors = false;
    int i;

    for (i = 0; i < judgement->num_findings; i++) {
        finding = &judgement->findings[i];
        if (!finding->message || !*finding->message) abort();
        errors |= finding->severity == XENLIVEPATCH_ERROR;
    }
    if (judgement->acceptable == errors) abort();
    if (judgement->acceptable && !(judgement->build_id &&
                                   judgement->depends &&
                                   judgement->xen_build_id))
        abort();
}

/* What is shown is UTF-8, which C.UTF-8's wide characters are. */
static void check_text(const char *text)
{
    static const char *locale;

    if (!locale) locale = setlocale(LC_ALL, "C.UTF-8");
    if (!locale || (text && mbstowcs(NULL, text, 0) == (size_t)-1)) abort();
}

static void check_texts(const xenlivepatch_payload *judgement)
{
    size_t i;

    for (i = 0; i < judgement->num_findings; i++) {
        check_text(judgement->findings[i].where);
        check_text(judgement->findings[i].message);
    }
    for (i = 0; i < judgement->num_functions; i++) {
        check_text(judgement->functions[i].name);
        check_text(judgement->functions[i].replacement);
    }
    for (i = 0; i < judgement->num_hooks; i++)
        check_text(judgement->hooks[i].function);
    for (i = 0; i < judgement->num_sections; i++)
        check_text(judgement->sections[i].name);
    for (i = 0; i < judgement->num_metadata; i++) {
        check_text(judgement->metadata[i].key);
        check_text(judgement->metadata[i].value);
    }
}

int fuzz_judge(const uint8_t *payload, size_t size,
               const xenlivepatch_criteria *criteria)
{
    const uint8_t *guarded = before_guard(payload, size);
    xenlivepatch_payload *judgement = xenlivepatch_new();
    int rc;

    if (!judgement) abort();
    rc = xenlivepatch_judge(judgement, guarded, size, "The payload",
                            criteria);
    /* The judge reads, and no more. */
    if (memcmp(guarded, payload, size)) abort();
    check_findings(judgement);
    check_texts(judgement);
    xenlivepatch_free(judgement);
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
