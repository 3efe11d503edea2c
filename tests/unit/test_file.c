/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading files, and what only looks like one.
 */
#include "judged.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define SEVERITY XENLIVEPATCH_ERROR
#define REASON   XENLIVEPATCH_REASON_FILE

static char folder[] = "/tmp/test_file-XXXXXX";

static int make_folder(void **state)
{
    return mkdtemp(folder) && !chdir(folder) ? 0 : -1;
}

/* A test that failed has left its files there. */
static int remove_folder(void **state)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;

    while (dir && (entry = readdir(dir)))
        unlink(entry->d_name);
    if (dir) closedir(dir);
    return !chdir("/") && !rmdir(folder) ? 0 : -1;
}

static void make_file(const char *name, size_t size)
{
    int fd = open(name, O_CREAT | O_WRONLY | O_EXCL, 0644);

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, size), 0);
    close(fd);
}

static void assert_read(const char *name, size_t size)
{
    judged j;

    judged_init(&j);
    assert_int_equal(xenlivepatch_read(j.payload, name), 0);
    assert_int_equal(j.payload->size, size);
    assert_int_equal(j.payload->num_findings, 0);
    judged_dispose(&j);
}

/* message is what follows the name. */
static void assert_unreadable(const char *name, const char *message)
{
    judged j;
    char *whole;

    judged_init(&j);
    assert_int_equal(xenlivepatch_read(j.payload, name), EINVAL);
    assert_null(j.payload->data);
    assert_true(asprintf(&whole, "%s %s", name, message) > 0);
    assert_finding(&j, SEVERITY, REASON, name, whole);
    assert_errors(&j, 1);
    free(whole);
    judged_dispose(&j);
}

static void test_read(void **state)
{
    judged j;
    const char *path = write_file("some\0bytes", 10);

    judged_init(&j);
    assert_int_equal(xenlivepatch_read(j.payload, path), 0);
    assert_int_equal(j.payload->size, 10);
    assert_memory_equal(j.payload->data, "some\0bytes", 10);
    judged_dispose(&j);
    unlink(path);
}

static void test_sizes(void **state)
{
    make_file("empty", 0);
    assert_unreadable("empty", "is empty");
    unlink("empty");
    make_file("biggest", 2 << 20);
    assert_read("biggest", 2 << 20);
    unlink("biggest");
    make_file("too big", (2 << 20) + 1);
    assert_unreadable("too big", "has 2097153 bytes, more than the limit "
                      "of 2097152");
    unlink("too big");
    make_file("huge", 8UL << 40);
    assert_unreadable("huge", "has 8796093022208 bytes");
    unlink("huge");
}

static void test_missing(void **state)
{
    char name[NAME_MAX + 2];

    assert_unreadable("nothing", "does not exist");
    make_file("file", 1);
    assert_unreadable("file/payload", "does not exist");
    unlink("file");
    memset(name, 'x', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    assert_unreadable(name, "can't be opened: File name too long");
    assert_int_equal(symlink("loop", "loop"), 0);
    assert_unreadable("loop", "can't be opened: Too many levels");
    unlink("loop");
    assert_unreadable("", "does not exist");
}

/* Root may read anything, so this needs somebody else. */
static void test_permission(void **state)
{
    uid_t uid = geteuid();

    make_file("private", 1);
    assert_int_equal(chmod("private", 0), 0);
    assert_int_equal(chmod(".", 0755), 0);
    if (!uid) assert_int_equal(seteuid(65534), 0);
    assert_unreadable("private", "may not be read by you");
    if (!uid) assert_int_equal(seteuid(0), 0);
    unlink("private");
}

/* None of these may block, and none be opened. */
static void test_other_kinds(void **state)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX,
                                   .sun_path = "socket" };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    assert_unreadable(".", "is a directory");
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_unreadable("fifo", "is not a regular file");
    unlink("fifo");
    assert_unreadable("/dev/zero", "is not a regular file");
    assert_int_equal(bind(fd, (struct sockaddr *)&address,
                          sizeof(address)), 0);
    assert_unreadable("socket", "is not a regular file");
    unlink("socket");
    close(fd);
}

/* As if somebody else wrote to the file meanwhile. */
static enum { UNCHANGED, GROWS, SHRINKS, TOUCHED, FAILS, DIES } meanwhile;

ssize_t __real_read(int fd, void *buffer, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t size)
{
    static const struct timespec times[2] = { { 1, 2 }, { 3, 4 } };
    int now = meanwhile;

    meanwhile = UNCHANGED;
    switch (now) {
    case GROWS:
        assert_int_equal(truncate("file", 2000), 0);
        break;
    case SHRINKS:
        assert_int_equal(truncate("file", 500), 0);
        break;
    case TOUCHED:
        assert_int_equal(futimens(fd, times), 0);
        break;
    case FAILS:
        /* Once more, after which it works. */
        errno = EINTR;
        return -1;
    case DIES:
        errno = EIO;
        return -1;
    default:
        /* In small pieces, as a file system may. */
        size = size > 100 ? 100 : size;
    }
    return __real_read(fd, buffer, size);
}

static void test_meanwhile(void **state)
{
    int change;

    for (change = GROWS; change <= TOUCHED; change++) {
        make_file("file", 1000);
        meanwhile = change;
        assert_unreadable("file", "changed while it was read");
        unlink("file");
    }
    make_file("file", 1000);
    meanwhile = FAILS;
    assert_read("file", 1000);
    meanwhile = DIES;
    assert_unreadable("file", "can't be read: Input/output error");
    unlink("file");
}

/* Between looking at the name and opening it, it becomes another thing. */
static const char *replaced;

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    if (replaced) {
        unlink(path);
        assert_int_equal(replaced[0] ? mkfifo(path, 0600) : 0, 0);
        replaced = NULL;
    }
    return __real_open(path, flags);
}

static void test_replaced(void **state)
{
    make_file("file", 1000);
    replaced = "by a fifo";
    assert_unreadable("file", "is not a regular file");
    unlink("file");
    make_file("file", 1000);
    replaced = "";
    assert_unreadable("file", "does not exist");
}

static void test_default_name(void **state)
{
    static const struct { const char *path, *name; } cases[] = {
        { "xsa182.livepatch", "xsa182" },
        { "/some/where/xsa182.livepatch", "xsa182" },
        { "some.where/xsa182", "xsa182" },
        { "xsa182.v2.livepatch", "xsa182.v2" },
        { ".hidden", ".hidden" },
        { "folder/.hidden.livepatch", ".hidden" },
        { "trailing/", "trailing" },
        { "dot.", "dot" },
        { "caf\xe9.livepatch", "caf\\xe9" },
        { "back\\slash.livepatch", "back\\\\slash" },
        { "/", "" },
        { "", "" },
    };
    char *name;
    int i;

    for (i = 0; i < ARRAY_SIZE(cases); i++) {
        name = xenlivepatch_default_name(cases[i].path);
        assert_string_equal(name, cases[i].name);
        free(name);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_permission),
        cmocka_unit_test(test_other_kinds),
        cmocka_unit_test(test_meanwhile),
        cmocka_unit_test(test_replaced),
        cmocka_unit_test(test_default_name),
    };

    return cmocka_run_group_tests_name("file", tests, make_folder,
                                       remove_folder);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
