#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The toolstack uses nothing that FreeBSD or NetBSD lacks.

libxl and xl are built on both.  No such system is at hand here, so what our
sources include, call and open is held against lists of what both have; whoever
uses something new looks it up and adds it, or finds another way.
"""

import re
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True

import xl_under_test as xl  # noqa: E402

FOLDERS = ("libxl", "libxc", "libxenlivepatch", "xl")
OBJECTS = ("libs/light/libxl_livepatch*", "libs/livepatch/*", "libs/ctrl/xc_livepatch*",
           "xl/xl_livepatch*")

# Headers of POSIX.1-2008, with those of C.
POSIX_HEADERS = set("""
    assert.h ctype.h dirent.h errno.h fcntl.h inttypes.h limits.h poll.h signal.h stdarg.h
    stdbool.h stddef.h stdint.h stdio.h stdlib.h string.h strings.h sys/mman.h sys/select.h
    pwd.h syslog.h sys/socket.h sys/stat.h sys/time.h sys/types.h sys/un.h sys/wait.h time.h unistd.h
    """.split())
# Not of POSIX, but of FreeBSD 12, NetBSD 9 and Linux alike.
COMMON_HEADERS = {"gelf.h", "libelf.h", "getopt.h", "sys/file.h",
                  "zlib.h"}
# From OpenSSL 1.1.1 on.
COMMON_HEADERS |= {f"openssl/{name}.h" for name in ("evp", "pem", "rsa", "x509")}
# What one system calls otherwise, each in an #if with its counterpart.
HEADER_PAIRS = {"sha256.h": "sha2.h", "sha2.h": "sha256.h"}
# Xen's own.
XEN_HEADERS = {"libxl.h", "libxl_utils.h", "xenctrl.h", "xenlivepatch.h", "xentoollog.h",
               "xen/errno.h", "xen/io/xs_wire.h", "xenstore_lib.h"}

# Functions of POSIX.1-2008, with those of C.
POSIX_CALLS = set("""
    execlp getpwuid getuid sendto setsockopt strncpy ttyname
    _exit abort access alarm atoi calloc chdir clock_gettime close closedir connect dirfd
    dup dup2 execv exit fclose fcntl fdatasync fdopen feof ferror fflush fgets fileno fopen
    fork fprintf fputc fputs fread free fstat fstatat fsync ftruncate fwrite getenv geteuid
    getpid gettimeofday isatty kill link localtime_r lseek lstat malloc memchr memcmp memcpy
    memmove memset mkdir mkstemp mlockall mmap mprotect munmap nanosleep open openat opendir
    perror pipe poll pread printf pselect pthread_mutex_lock pthread_mutex_unlock putchar
    puts pwrite qsort read readdir readlink realloc realpath recv rename rewind rmdir send setsid
    setenv shutdown sigaction sigaddset sigdelset sigemptyset sigfillset sigismember signal
    sigpending sigprocmask sigsuspend sleep snprintf socket socketpair sprintf sscanf stat
    stpcpy strcasecmp strchr strcmp strcpy strcspn strdup strerror strftime strlen
    strncasecmp strncmp strndup strnlen strrchr strspn strstr strtok_r strtol strtoll
    strtoul strtoull sysconf time unlink unlinkat unsetenv vfprintf vprintf vsnprintf waitpid write
    """.split())
# Not of POSIX.1-2008, but of FreeBSD 12, NetBSD 9 and Linux alike.
COMMON_CALLS = {
    "asprintf", "flock", "getopt_long", "memrchr", "pipe2", "strsep", "usleep",
    "vasprintf",
}
COMMON_CALLS |= {"gzopen", "gzread", "gzclose"}                 # zlib
COMMON_CALLS |= {"SHA256Init", "SHA256Update", "SHA256Final"}     # libmd
# What compilers make of others, and what a C library is asked beneath a macro.
BENEATH = {"__assert_fail", "__errno_location", "__ctype_b_loc", "__ctype_tolower_loc",
           "__ctype_toupper_loc",
           "__stack_chk_fail", "__tls_get_addr", "_GLOBAL_OFFSET_TABLE_"}
VARIABLES = {"optarg", "opterr", "optind", "optopt", "stderr", "stdin", "stdout", "environ"}
OF_XEN = re.compile(r"(_?libxl_|libxl__|xencall|xc_|xs_|xtl_|xentoolcore_|xenlivepatch_|xlp_|elf_|"
                    r"elf32_|elf64_|gelf_|EVP_|PEM_|X509_)")

# Path -> the sources that may name it, as they get along without.
LINUX_PATHS = {"/proc/xen": {"xl/xl_livepatch_host.c"},
               # Elsewhere restore just applies: no escape hatch, no crash recognised.
               "/proc/cmdline": {"libxl/libxl_livepatch_boot.c"},
               "/proc/sys/kernel/random/boot_id": {"libxl/libxl_livepatch_boot.c"}}


def sources():
    return [path for folder in FOLDERS
            for path in sorted((xl.REPOSITORY / "tools" / folder).glob("*.[ch]"))]


def symbols(options, files):
    output = subprocess.run(["nm", "-P", *options, *files], capture_output=True, text=True,
                            check=True).stdout
    return {line.split()[0] for line in output.splitlines() if not line.endswith(":")}


class Portable(unittest.TestCase):
    def test_headers(self):
        known = POSIX_HEADERS | COMMON_HEADERS | XEN_HEADERS
        for path in sources():
            names = set(re.findall(r"^\s*#\s*include <([^>]+)>", path.read_text(), re.M))
            with self.subTest(path.name):
                alone = {name for name in names if HEADER_PAIRS.get(name) not in names}
                self.assertEqual(alone - known, set())

    def test_calls(self):
        objects = [path for pattern in OBJECTS for path in xl.TREE.glob(pattern)
                   if path.suffix in (".o", ".opic")]
        self.assertGreater(len(objects), 30)
        # Those that xl and libxl have of their own are in their other objects.
        others = [path for folder in ("libs/light", "xl")
                  for path in (xl.TREE / folder).glob("*.o*") if path.suffix in (".o", ".opic")]
        defined = symbols(["--defined-only"], objects + others)
        used = set()
        for name in symbols(["-u"], objects) - defined:
            name = re.sub(r"^__(isoc\d+_)?(\w+?)(_chk)?$", r"\2", name) \
                if name not in BENEATH else name
            used.add(name)
        known = POSIX_CALLS | COMMON_CALLS | BENEATH | VARIABLES
        self.assertIn("getopt_long", used)
        self.assertEqual({name for name in used - known if not OF_XEN.match(name)}, set())

    def test_paths(self):
        for path in sources():
            name = f"{path.parent.name}/{path.name}"
            found = re.findall(r'"(/(?:proc|sys)\b[^"]*)"', path.read_text())
            with self.subTest(name):
                self.assertEqual([one for one in found if not any(
                    one.startswith(known) and name in where
                    for known, where in LINUX_PATHS.items())], [])


if __name__ == "__main__":
    unittest.main()
