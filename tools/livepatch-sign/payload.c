/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "payload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"

static bool say_findings(const xenlivepatch_payload *payload)
{
    for (size_t i = 0; i < payload->num_findings; i++) {
        if (payload->findings[i].severity == XENLIVEPATCH_ERROR) {
            say("%s", payload->findings[i].message);
        }
    }
    return false;
}

static bool judge(xenlivepatch_payload *payload, const char *path)
{
    int error = xenlivepatch_read(payload, path);

    if (!error) {
        error = xenlivepatch_judge(payload, payload->data, payload->size,
                                   path, NULL);
    }
    if (!error && payload->acceptable) {
        return true;
    }
    if (error == ENOMEM) {
        say("%s: out of memory", path);
    }
    return say_findings(payload);
}

bool signee_read(struct signee *signee, const char *path)
{
    xenlivepatch_payload *payload = xenlivepatch_new();
    bool good;

    memset(signee, 0, sizeof(*signee));
    signee->path = path;
    if (!payload) {
        say("%s: out of memory", path);
        return false;
    }
    good = judge(payload, path);
    if (good) {
        signee->bytes = payload->data;
        signee->size = payload->size;
        payload->data = NULL;
    }
    xenlivepatch_free(payload);
    return good;
}

void signee_free(struct signee *signee)
{
    free(signee->bytes);
    memset(signee, 0, sizeof(*signee));
}

static bool say_why(const struct signee *signee, int error, char *why)
{
    if (error) {
        say("%s: %s", signee->path, why ? why : strerror(error));
    }
    free(why);
    return !error;
}

bool signee_find(struct signee *signee)
{
    char *why = NULL;
    int error = xenlivepatch_find_signature(signee->bytes, signee->size,
                                            &signee->place, &why);

    return say_why(signee, error, why);
}

bool signee_make_room(struct signee *signee, size_t size)
{
    void *bytes;
    char *why = NULL;
    int error = xenlivepatch_add_signature(signee->bytes, signee->size, size,
                                           &bytes, &signee->size, &why);

    if (!error) {
        free(signee->bytes);
        signee->bytes = bytes;
    } else if (error != EEXIST) {
        return say_why(signee, error, why);
    }
    if (!signee_find(signee)) {
        return false;
    }
    if (signee->size > XENLIVEPATCH_MAX_SIZE) {
        say("%s: with a signature it has %zu bytes, more than the %lu that "
            "the hypervisor takes", signee->path, signee->size,
            XENLIVEPATCH_MAX_SIZE);
        return false;
    }
    if (signee->place.size != size) {
        say("%s: it has a signature of %zu bytes, and one of this key has "
            "%zu: sign the file as it was before", signee->path,
            signee->place.size, size);
        return false;
    }
    return true;
}

void signee_digest(const struct signee *signee, uint8_t digest[32])
{
    xenlivepatch_digest(signee->bytes, signee->size, &signee->place, digest);
}

static bool write_all(int fd, const uint8_t *bytes, size_t size)
{
    while (size) {
        ssize_t wrote = write(fd, bytes, size);

        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote < 0) {
            return false;
        }
        bytes += wrote;
        size -= (size_t)wrote;
    }
    return true;
}

/* As the umask has it, where it is a new file. */
static mode_t mode_for(const char *path)
{
    struct stat st;
    mode_t mask;

    if (!stat(path, &st)) {
        return st.st_mode & 0777;
    }
    mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

bool signee_write(const struct signee *signee, const char *path)
{
    char *name;
    bool done = false;
    int fd = -1;

    if (asprintf(&name, "%s.XXXXXX", path) < 0) {
        say("%s: out of memory", path);
        return false;
    }
    fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0) {
        done = write_all(fd, signee->bytes, signee->size) &&
               !fchmod(fd, mode_for(path)) && !fsync(fd) &&
               !rename(name, path);
        if (!done) {
            int error = errno;

            unlink(name);
            errno = error;
        }
    }
    if (!done) {
        say("%s: can't be written: %s", path, strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    free(name);
    return done;
}
