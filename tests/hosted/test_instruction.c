/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lengths of instructions: one by one, and against a disassembler. */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../xen/arch/x86/livepatch/instruction.h"

#define MAX 32

static unsigned int parse(const char *hex, uint8_t *bytes)
{
    unsigned int n = 0, byte;
    int used;

    while ( n < MAX && sscanf(hex, " %2x%n", &byte, &used) == 1 )
    {
        bytes[n++] = byte;
        hex += used;
    }
    return n;
}

/* All of the bytes are one instruction, and none of its beginnings is. */
static void assert_whole(const char *hex)
{
    uint8_t bytes[MAX];
    unsigned int i, n = parse(hex, bytes);

    if ( instruction_length(bytes, n) != n )
        fail_msg("%s: length %u", hex, instruction_length(bytes, n));
    memset(bytes + n, 0, MAX - n);
    if ( instruction_length(bytes, MAX) != n )
        fail_msg("%s with more behind it: length %u", hex,
                 instruction_length(bytes, MAX));
    for ( i = 0; i < n; i++ )
    {
        /* Exactly as much as is said may be read: its own allocation. */
        uint8_t *part = malloc(i ? i : 1);
        unsigned int length;

        memcpy(part, bytes, i);
        length = instruction_length(part, i);
        free(part);
        if ( length )
            fail_msg("%s: %u bytes of it have length %u", hex, i, length);
    }
}

static void assert_none(const char *hex)
{
    uint8_t bytes[MAX] = {};

    parse(hex, bytes);
    if ( instruction_length(bytes, MAX) )
        fail_msg("%s: length %u", hex, instruction_length(bytes, MAX));
}

static void test_plain(void **state)
{
    static const char *const cases[] = {
        "90", "c3", "cc", "f4", "50", "99", "9b", "d6", "c9", "f1",
        "0f 05", "0f 0b", "0f 30", "0f 31", "0f 77", "0f a2", "0f c8",
        "0f a0", "0f aa", "0f 06", "0f 08", "0f 37",
        "cd 80", "70 00", "eb fe", "e0 00", "e4 60", "e6 60", "6a 00",
        "a8 01", "04 01", "b0 01", "c2 08 00", "ca 08 00", "c8 10 00 01",
        "68 00 00 00 00", "05 00 00 00 00", "a9 00 00 00 00",
        "e8 00 00 00 00", "e9 00 00 00 00", "0f 84 00 00 00 00",
        "b8 00 00 00 00", "48 b8 00 00 00 00 00 00 00 00",
        "a1 00 00 00 00 00 00 00 00", "67 a1 00 00 00 00",
        "48 a3 00 00 00 00 00 00 00 00",
    };
    unsigned int i;

    for ( i = 0; i < sizeof(cases) / sizeof(*cases); i++ )
        assert_whole(cases[i]);
}

static void test_modrm(void **state)
{
    static const char *const cases[] = {
        "89 c0",                        /* Register. */
        "89 00",                        /* (%rax) */
        "89 05 00 00 00 00",            /* (%rip) */
        "89 40 00", "89 80 00 00 00 00",
        "89 45 00", "89 85 00 00 00 00",
        "89 04 24", "89 44 24 08", "89 84 24 00 00 00 00",
        "89 04 25 00 00 00 00",         /* No base. */
        "89 44 25 00",                  /* A base, as there is a mod. */
        "41 89 04 24", "4d 89 6d 00",
        "83 c0 01", "81 c0 00 00 00 00", "80 38 00", "6b c0 02",
        "69 c0 00 00 00 00", "c7 00 00 00 00 00", "c6 00 00", "c1 e0 02",
        "48 c7 c0 00 00 00 00", "8f 00", "8f c0", "ff 15 00 00 00 00",
        "f6 00 01", "f6 c8 01", "f6 d0", "f6 18", "f6 f8",
        "f7 00 01 00 00 00", "f7 c8 01 00 00 00", "f7 d0", "f7 f8", "f7 38",
        "d9 05 00 00 00 00", "dd d8",
        "0f 1f 00", "0f 1f 44 00 00", "0f af c0", "0f b6 00", "0f 01 d0",
        "0f a4 c0 01", "0f ba e0 01", "0f 70 c0 00", "0f c2 c0 00",
        "0f 0f c0 b4", "0f 78 c0", "0f 79 c0", "0f ae f0", "0f c7 08",
        "0f 38 00 c0", "0f 3a 0f c0 00", "66 0f 3a 0f 04 24 00",
        "66 0f 38 82 00", "0f b9 c0", "0f ff c0",
        "0f 20 00", "0f 22 45", "0f 21 84", "0f 23 c0",
    };
    unsigned int i;

    for ( i = 0; i < sizeof(cases) / sizeof(*cases); i++ )
        assert_whole(cases[i]);
}

static void test_prefixes(void **state)
{
    static const char *const cases[] = {
        "66 90", "66 66 66 90", "f3 90", "f0 48 0f c1 00", "2e e8 00 00 00 00",
        "f3 0f 1e fa", "66 0f 1f 01", "66 2e 0f 1f 84 00 00 00 00 00",
        "65 48 8b 04 25 00 00 00 00", "64 8b 00", "26 8b 00", "36 8b 00",
        "3e ff e0", "f2 0f 10 00", "67 8b 00",
        "66 b8 00 00", "66 81 c0 00 00", "66 c7 00 00 00", "66 68 00 00",
        "66 f7 00 01 00", "66 69 c0 00 00",
        /* REX.W takes the size from 66, ... */
        "66 48 81 c0 00 00 00 00", "66 48 e8 00 00 00 00",
        /* ... but not if a prefix follows it. */
        "48 66 81 c0 00 00", "48 66 b8 00 00", "48 f3 b8 00 00 00 00",
        "40 41 b8 00 00 00 00",
        "66 66 66 66 66 66 66 66 66 66 66 66 66 66 90",
    };
    unsigned int i;

    for ( i = 0; i < sizeof(cases) / sizeof(*cases); i++ )
        assert_whole(cases[i]);
}

static void test_vector(void **state)
{
    static const char *const cases[] = {
        "c5 f8 77", "c5 f9 6f 00", "c5 f9 70 c0 00", "c5 f8 c2 c0 00",
        "c4 e1 f9 6e c0", "c4 e2 79 00 c0", "c4 e3 79 0f c0 00",
        "c4 e3 79 0f 44 24 08 00", "c4 e1 78 77", "65 c5 f9 6f 00",
        "c4 e2 f8 f2 c0", "c5 f8 90 c0",
        "62 f1 7c 48 10 00", "62 f1 7c 48 10 40 01",
        "62 f1 7c 48 10 80 00 00 00 00", "62 f2 7d 48 00 c0",
        "62 f3 7d 48 0f c0 00", "62 f5 7c 48 58 c0", "62 f6 7d 48 98 c0",
        "62 f1 7d 48 70 c0 00",
    };
    static const char *const invalid[] = {
        /* Prefixes that are part of it. */
        "66 c5 f9 6f 00", "f3 c5 f9 6f 00", "48 c5 f9 6f 00",
        "66 62 f1 7c 48 10 00", "f2 c4 e2 79 00 c0", "40 c4 e2 79 00 c0",
        /* Maps that there aren't. */
        "c4 e0 79 00 c0", "c4 e4 79 00 c0", "c4 e7 7b f8 c0 00 00 00 00",
        "62 f0 7c 48 10 00", "62 f4 7c 48 10 00", "62 f7 7c 48 10 00",
        /* Bits that must be set or clear. */
        "62 f9 7c 48 10 00", "62 f1 78 48 10 00",
        /* Without ModRM only VZEROUPPER. */
        "c5 f8 05", "c5 f8 84 00 00 00 00", "c5 f8 a2",
    };
    unsigned int i;

    for ( i = 0; i < sizeof(cases) / sizeof(*cases); i++ )
        assert_whole(cases[i]);
    for ( i = 0; i < sizeof(invalid) / sizeof(*invalid); i++ )
        assert_none(invalid[i]);
}

static void test_invalid(void **state)
{
    static const char *const cases[] = {
        "06", "07", "0e", "16", "17", "1e", "1f", "27", "2f", "37", "3f",
        "60", "61", "82 c0 00", "9a", "ce", "d4", "d5", "ea",
        "0f 04", "0f 0a", "0f 0c", "0f 24 c0", "0f 36", "0f 39", "0f 7a c0",
        "0f a6 c0",
        "8f c8", "8f e8 78 c2 c0 0c",           /* XOP */
        "66 0f 78 c0 01 02", "f2 0f 78 c0 01 02",
        /* Processors disagree. */
        "66 e8 00 00 00 00", "66 e9 00 00 00 00", "66 0f 84 00 00 00 00",
        "48 66 e8 00 00 00 00",
        /* 16 bytes. */
        "66 66 66 66 66 66 66 66 66 66 66 66 66 66 66 90",
        "2e 2e 2e 2e 2e 2e 2e 2e 2e 2e 81 c0 00 00 00 00",
        "2e 2e 2e 2e 2e 2e 2e 2e 2e 2e 2e 05 00 00 00 00",
        "2e 2e 2e 2e 2e 2e 2e 2e 2e 2e 2e 2e 2e 2e 0f 05",
    };
    unsigned int i;

    for ( i = 0; i < sizeof(cases) / sizeof(*cases); i++ )
        assert_none(cases[i]);
}

static void test_padding(void **state)
{
    static const char *const padding[] = {
        "90", "cc", "66 90", "66 66 90", "66 66 66 90", "0f 1f 00",
        "0f 1f 40 00", "0f 1f 44 00 00", "66 0f 1f 44 00 00",
        "0f 1f 80 00 00 00 00", "0f 1f 84 00 00 00 00 00",
        "66 0f 1f 84 00 00 00 00 00", "66 2e 0f 1f 84 00 00 00 00 00",
        "66 66 2e 0f 1f 84 00 00 00 00 00",
    };
    static const char *const other[] = {
        "c3", "f3 90", "66 cc", "0f 1f 08", "0f 0b", "0f 1e fa", "31 c0",
        "66 c3", "f4", "66 0f", "66 66", "00 00", "0f 1f",
    };
    uint8_t bytes[MAX];
    unsigned int i;

    for ( i = 0; i < sizeof(padding) / sizeof(*padding); i++ )
        if ( !instruction_is_padding(bytes, parse(padding[i], bytes)) )
            fail_msg("%s isn't seen as padding", padding[i]);
    for ( i = 0; i < sizeof(other) / sizeof(*other); i++ )
        if ( instruction_is_padding(bytes, parse(other[i], bytes)) )
            fail_msg("%s is seen as padding", other[i]);
}

/* Lines whose mnemonic is a prefix alone, which is a way of saying (bad). */
static int is_lone_prefix(const char *mnemonic)
{
    static const char *const prefixes[] = {
        "rex", "data16", "addr32", "lock", "repz", "repnz", "cs", "ds", "es",
        "fs", "gs", "ss",
    };
    char word[16] = "";
    unsigned int i;

    if ( sscanf(mnemonic, "%15s %*s", word) != 1 ||
         strcspn(mnemonic, " \n") + strspn(mnemonic + strcspn(mnemonic, " \n"),
                                          " \n") != strlen(mnemonic) )
        return 0;
    for ( i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++ )
        if ( !strncmp(word, prefixes[i], strlen(prefixes[i])) &&
             (word[strlen(prefixes[i])] == '\0' ||
              word[strlen(prefixes[i])] == '.') )
            return 1;
    return 0;
}

static unsigned long compare(const char *file)
{
    char command[512], line[512];
    unsigned long n = 0;
    FILE *out;

    snprintf(command, sizeof(command),
             "objdump -d -w --insn-width=16 '%s'", file);
    out = popen(command, "r");
    assert_non_null(out);
    while ( fgets(line, sizeof(line), out) )
    {
        char *bytes = strchr(line, '\t'), *mnemonic;
        uint8_t code[MAX];
        unsigned int size;

        /* ADDRESS:\tBYTES\tMNEMONIC */
        if ( !bytes || !(mnemonic = strchr(bytes + 1, '\t')) ||
             strstr(mnemonic, "(bad)") || is_lone_prefix(mnemonic + 1) )
            continue;
        *mnemonic++ = '\0';
        size = parse(bytes + 1, code);
        if ( !size )
            continue;
        n++;
        if ( instruction_length(code, size) != size )
            fail_msg("%s: length %u: %s: %s", file,
                     instruction_length(code, size), bytes + 1, mnemonic);
    }
    assert_int_equal(pclose(out), 0);
    return n;
}

/* Of this program, and of the C library, with all of its vector code. */
static void test_disassembler(void **state)
{
    void *library = dlopen("libc.so.6", RTLD_NOW);
    Dl_info info;
    unsigned long n;

    n = compare("/proc/self/exe");
    assert_true(n > 10000);
    assert_non_null(library);
    assert_int_not_equal(dladdr(dlsym(library, "qsort"), &info), 0);
    n = compare(info.dli_fname);
    assert_true(n > 100000);
    dlclose(library);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_modrm),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_vector),
        cmocka_unit_test(test_invalid),
        cmocka_unit_test(test_padding),
        cmocka_unit_test(test_disassembler),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
