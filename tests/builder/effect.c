/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * effect: shows dom0 what a payload of the corpus does.
 *
 *   effect call NUMBER ARGUMENT...     any hypercall
 *   effect domctl COMMAND DOMAIN [DATA]
 *   effect sysctl COMMAND [DATA]
 *   effect in PORT                     an I/O port, read as the kernel does
 *
 * An argument is a number, :N (a buffer of N zero bytes), or =DATA (one of
 * these bytes).  DATA is hexadecimal, in the order of memory; dots are for the
 * eye.  Prints what was returned, or the errno's name, and the first bytes of
 * the last buffer as they are then.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>

#include <xencall.h>
#include <xenctrl.h>
#include <xen/domctl.h>
#include <xen/sysctl.h>

#define SHOWN 64
#define MAX_ARGUMENTS 5
#define PAGE 4096

static xencall_handle *calls;
static const unsigned char *last_buffer;
static size_t last_size;

static uint64_t number(const char *text)
{
    char *end;
    uint64_t value = strtoull(text, &end, 0);

    if (!*text || *end)
        errx(2, "not a number: %s", text);
    return value;
}

static void *shared(size_t size)
{
    void *buffer = size <= PAGE ? xencall_alloc_buffer(calls, PAGE) : NULL;

    if (!buffer)
        err(1, "no buffer of %zu bytes", size);
    memset(buffer, 0, PAGE);
    last_buffer = buffer;
    last_size = size;
    return buffer;
}

static unsigned int digit(char c)
{
    const char *digits = "0123456789abcdef", *at = strchr(digits, c);

    if (!c || !at)
        errx(2, "not hexadecimal: %c", c);
    return at - digits;
}

/* Decodes DATA; returns the number of bytes. */
static size_t decode(const char *text, unsigned char *bytes, size_t room)
{
    size_t size = 0;

    for (; *text; text++) {
        if (*text == '.')
            continue;
        if (size == room)
            errx(2, "more data than %zu bytes", room);
        bytes[size++] = digit(text[0]) << 4 | digit(text[1]);
        text++;
    }
    return size;
}

static uint64_t argument(const char *text)
{
    unsigned char bytes[PAGE], *buffer;
    size_t size;

    if (*text == ':')
        return (uintptr_t)shared(number(text + 1));
    if (*text != '=')
        return number(text);
    size = decode(text + 1, bytes, sizeof(bytes));
    buffer = shared(size);
    memcpy(buffer, bytes, size);
    return (uintptr_t)buffer;
}

static void call(unsigned int hypercall, uint64_t *arguments)
{
    int result = xencall5(calls, hypercall, arguments[0], arguments[1],
                          arguments[2], arguments[3], arguments[4]);

    if (result < 0)
        printf("%s", strerrorname_np(errno));
    else
        printf("%d", result);
    for (size_t i = 0; i < last_size && i < SHOWN; i++)
        printf("%s%02x", i ? "" : " ", last_buffer[i]);
    printf("\n");
}

static void do_call(int count, char **words)
{
    uint64_t arguments[MAX_ARGUMENTS] = { 0 };

    if (count < 1 || count > 1 + MAX_ARGUMENTS)
        errx(2, "too few or too many arguments");
    for (int i = 1; i < count; i++)
        arguments[i - 1] = argument(words[i]);
    call(number(words[0]), arguments);
}

static void do_domctl(int count, char **words)
{
    struct xen_domctl *op = shared(sizeof(*op));
    uint64_t arguments[MAX_ARGUMENTS] = { (uintptr_t)op };

    if (count < 2)
        errx(2, "domctl: COMMAND DOMAIN [DATA]");
    op->cmd = number(words[0]);
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = number(words[1]);
    if (count > 2)
        decode(words[2], (void *)&op->u, sizeof(op->u));
    call(__HYPERVISOR_domctl, arguments);
}

static void do_sysctl(int count, char **words)
{
    struct xen_sysctl *op = shared(sizeof(*op));
    uint64_t arguments[MAX_ARGUMENTS] = { (uintptr_t)op };

    if (count < 1)
        errx(2, "sysctl: COMMAND [DATA]");
    op->cmd = number(words[0]);
    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    if (count > 1)
        decode(words[1], (void *)&op->u, sizeof(op->u));
    call(__HYPERVISOR_sysctl, arguments);
}

static void do_in(int count, char **words)
{
    if (count != 1)
        errx(2, "in: PORT");
    if (iopl(3))
        err(1, "iopl");
    printf("0x%x\n", inb(number(words[0])));
}

int main(int count, char **words)
{
    static const struct {
        const char *name;
        void (*run)(int count, char **words);
    } verbs[] = {
        { "call", do_call }, { "domctl", do_domctl }, { "sysctl", do_sysctl },
        { "in", do_in },
    };

    calls = xencall_open(NULL, 0);
    if (!calls)
        err(1, "xencall_open");
    for (size_t i = 0; count > 1 && i < sizeof(verbs) / sizeof(*verbs); i++)
        if (!strcmp(words[1], verbs[i].name)) {
            verbs[i].run(count - 2, words + 2);
            return 0;
        }
    errx(2, "no such verb");
}
