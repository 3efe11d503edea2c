/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console, its keys, and the ends that Xen can come to. */
#include <stdio.h>
#include <stdlib.h>

#include <xen/keyhandler.h>
#include <xen/lib.h>

#include "hosted.h"
#include "services.h"

#define CONSOLE_SIZE (256u << 10)

bool hosted_console_echo, hosted_console_off;
void (*hosted_panic_hook)(const char *words);

static char console[CONSOLE_SIZE];
static size_t used;
static keyhandler_fn_t *keys[256];

const char *hosted_console(void)
{
    return console;
}

void hosted_console_clear(void)
{
    used = 0;
    console[0] = '\0';
}

/* The oldest half is given up when it is full. */
static void make_room(void)
{
    if ( used < CONSOLE_SIZE / 2 )
        return;
    memmove(console, console + used / 2, used - used / 2 + 1);
    used -= used / 2;
}

void vprintk(const char *fmt, va_list args)
{
    int n;

    /* "<2>": a level, which isn't printed. */
    if ( fmt[0] == '<' && fmt[1] && fmt[2] == '>' )
        fmt += 3;
    hosted_assert_may_sleep("something was printed");
    if ( hosted_console_off )
    {
        /* Its arguments are still looked at. */
        char line[256];

        vsnprintf(line, sizeof(line), fmt, args);
        return;
    }
    make_room();
    n = vscnprintf(console + used, CONSOLE_SIZE - used, fmt, args);
    if ( hosted_console_echo )
        fputs(console + used, stderr);
    used += n;
}

void printk(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vprintk(fmt, args);
    va_end(args);
}

int vscnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
    int n = vsnprintf(buf, size, fmt, args);

    if ( n < 0 || !size )
        return 0;
    return (size_t)n < size ? n : (int)size - 1;
}

int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
    va_list args;
    int n;

    va_start(args, fmt);
    n = vscnprintf(buf, size, fmt, args);
    va_end(args);
    return n;
}

static void __attribute__((__noreturn__)) give_up(const char *fmt,
                                                  va_list args)
{
    char words[512];

    vsnprintf(words, sizeof(words), fmt, args);
    if ( hosted_panic_hook )
        hosted_panic_hook(words);
    fprintf(stderr, "hosted hypervisor: %s\n", words);
    abort();
}

void panic(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    give_up(fmt, args);
}

void hosted_bug(const char *what, const char *file, int line)
{
    panic("%s at %s:%d", what, file, line);
}

void hosted_fail(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    give_up(fmt, args);
}

void register_keyhandler(unsigned char key, keyhandler_fn_t *fn,
                         const char *desc, bool diagnostic)
{
    if ( keys[key] || !desc )
        hosted_fail("key %c registered twice", key);
    keys[key] = fn;
}

void hosted_key(unsigned char key)
{
    if ( !keys[key] )
        hosted_fail("nobody listens to key %c", key);
    keys[key](key);
}

void hosted_reset_console(void)
{
    hosted_console_clear();
    hosted_panic_hook = NULL;
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
