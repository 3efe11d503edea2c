/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * script: does what scripts say by the hypercalls of live patching alone, and
 * prints what they answer and leave.  The same source runs on a host and above
 * the model of a stock engine: see script.h.
 *
 *   script DIR SCRIPT...           DIR holds NAME.livepatch, and the scripts
 *
 * One command a line; # begins a comment.  %XX in a NAME is that byte.
 *
 *   upload NAME [FILE]             of that name if there is no other
 *   get NAME
 *   act NAME ACTION                and waits until its result isn't -EAGAIN
 *   start NAME ACTION              and doesn't
 *   wait NAME
 *   list
 *   op NUMBER                      of no sub-operation, perhaps
 *   pause DOMID, unpause DOMID
 *   sleep MS
 *   model WORD...                  what only the model has to be told
 *
 * Any of them may have words like these behind it, which are arguments of the
 * hypercall that are otherwise as they should be:
 *
 *   size=N, pad=N                  of a name
 *   length=N                       of a file
 *   flags=N, timeout=MS, apad=N    of an action
 *   nr=N, idx=N, lpad=N, nowhere=1 of the list; nowhere to write names to
 *   oppad=N                        of the operation
 *
 * After each command comes the list of what is loaded, as NAME:STATE:RC, with
 * the number of its changes since the script began, and what the engine has
 * said meanwhile.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "script.h"

#define NAME_ROOM 256           /* more than an engine may read */
#define FILE_ROOM (3 << 20)
#define LIST_ROOM 64
#define BYTES_ROOM (64 << 10)
#define CONSOLE_ROOM (128 << 10)
#define MAX_WORDS 12
#define MAX_ROUNDS 10           /* of taking one payload out */
#define TIMEOUT_MS 1000
#define PATIENCE 1000           /* looks, of 1 ms, until an action is over */
#define SETTLE_US 20000         /* a stock engine still uses a payload then */

static xc_interface *xch;
DECLARE_HYPERCALL_BUFFER(char, name_room);
DECLARE_HYPERCALL_BUFFER(uint8_t, file_room);
DECLARE_HYPERCALL_BUFFER(struct xen_livepatch_status, statuses);
DECLARE_HYPERCALL_BUFFER(char, names);
DECLARE_HYPERCALL_BUFFER(uint32_t, lengths);
DECLARE_HYPERCALL_BUFFER(char, metadata);
DECLARE_HYPERCALL_BUFFER(uint32_t, metadata_lengths);

static const char *folder;
static char *no_options[] = { NULL };
static char **options = no_options;     /* of the command */
static uint32_t first_version;
static uint32_t console_at;

/*----- hypercalls -----*/

static uint32_t option(const char *key, uint32_t otherwise)
{
    const size_t len = strlen(key);
    char **word;

    for (word = options; *word; word++)
        if (!strncmp(*word, key, len) && (*word)[len] == '=')
            return strtoul(*word + len + 1, NULL, 0);
    return otherwise;
}

static int call(struct xen_sysctl *sysctl, uint32_t cmd)
{
    sysctl->cmd = XEN_SYSCTL_livepatch_op;
    sysctl->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    sysctl->u.livepatch.cmd = cmd;
    sysctl->u.livepatch.pad = option("oppad", 0);
    return xc_sysctl(xch, sysctl);
}

static void set_name(struct xen_livepatch_name *to, const char *from)
{
    char *at = name_room;
    unsigned int byte;

    memset(name_room, 0, NAME_ROOM);
    for (; *from; from++)
        if (*from == '%' && sscanf(from + 1, "%2x", &byte) == 1) {
            *at++ = byte;
            from += 2;
        } else {
            *at++ = *from;
        }
    set_xen_guest_handle(to->name, name_room);
    to->size = option("size", at - name_room + 1);
    to->pad[2] = option("pad", 0);
}

static int upload(const char *name, const char *file)
{
    struct xen_sysctl sysctl = { 0 };
    struct xen_sysctl_livepatch_upload *op = &sysctl.u.livepatch.u.upload;
    char path[256];
    FILE *stream;

    snprintf(path, sizeof(path), "%s/%s.livepatch", folder, file);
    stream = fopen(path, "rb");
    if (!stream) err(1, "%s", path);
    op->size = fread(file_room, 1, FILE_ROOM, stream);
    fclose(stream);
    op->size = option("length", op->size);
    set_name(&op->name, name);
    set_xen_guest_handle(op->payload, file_room);
    return call(&sysctl, XEN_SYSCTL_LIVEPATCH_UPLOAD);
}

static int get(const char *name, struct xen_livepatch_status *status)
{
    struct xen_sysctl sysctl = { 0 };
    int r;

    set_name(&sysctl.u.livepatch.u.get.name, name);
    r = call(&sysctl, XEN_SYSCTL_LIVEPATCH_GET);
    *status = sysctl.u.livepatch.u.get.status;
    return r;
}

static int start(const char *name, uint32_t action)
{
    struct xen_sysctl sysctl = { 0 };
    struct xen_sysctl_livepatch_action *op = &sysctl.u.livepatch.u.action;

    set_name(&op->name, name);
    op->cmd = action;
    op->timeout = option("timeout", TIMEOUT_MS) * 1000000;
    op->flags = option("flags", 0);
    op->pad = option("apad", 0);
    return call(&sysctl, XEN_SYSCTL_LIVEPATCH_ACTION);
}

static int list(struct xen_sysctl_livepatch_list *op)
{
    struct xen_sysctl sysctl = { 0 };
    int r;

    set_xen_guest_handle(op->status, statuses);
    if (option("nowhere", 0))
        set_xen_guest_handle_raw(op->name, NULL);
    else
        set_xen_guest_handle(op->name, names);
    set_xen_guest_handle(op->len, lengths);
    set_xen_guest_handle(op->metadata, metadata);
    set_xen_guest_handle(op->metadata_len, metadata_lengths);
    sysctl.u.livepatch.u.list = *op;
    r = call(&sysctl, XEN_SYSCTL_LIVEPATCH_LIST);
    *op = sysctl.u.livepatch.u.list;
    return r;
}

/* One call has room for all, and only if Xen has something else to do it
 * doesn't give them all. */
static int list_all(struct xen_sysctl_livepatch_list *op)
{
    char **saved = options;
    int num;

    options = no_options;
    do {
        *op = (struct xen_sysctl_livepatch_list){ .nr = LIST_ROOM };
        num = list(op);
        if (num < 0) err(1, "listing");
    } while (op->nr);
    options = saved;
    return num;
}

/*----- what is there -----*/

static const char *word(int result)
{
    return result < 0 ? strerrorname_np(errno) : "ok";
}

static void print_name(const char *name, uint32_t len)
{
    for (; len > 1; len--, name++)
        if (*name > ' ' && *name < 0x7f)
            putchar(*name);
        else
            printf("%%%02x", (uint8_t)*name);
}

static const char *word_of(const struct xen_livepatch_status *status)
{
    return status->state == LIVEPATCH_STATE_APPLIED ? "applied" :
           status->state == LIVEPATCH_STATE_CHECKED ? "checked" : "?";
}

static void print_records(int num)
{
    const char *name = names;
    int i;

    for (i = 0; i < num; i++) {
        putchar(' ');
        print_name(name, lengths[i]);
        printf(":%s:%d", word_of(&statuses[i]), statuses[i].rc);
        name += lengths[i];
    }
}

/* What the engine says; but for bytes of the hypervisor's. */
static void print_console(bool silent)
{
    static char text[CONSOLE_ROOM + 1];
    unsigned int size = CONSOLE_ROOM;
    char *line, *save = NULL;

    if (xc_readconsolering(xch, text, &size, 0, 1, &console_at))
        err(1, "reading the console");
    text[size] = '\0';
    for (line = strtok_r(text, "\n", &save); line && !silent;
         line = strtok_r(NULL, "\n", &save))
        if (strstr(line, "livepatch: ") &&
            !strstr(line, "expectation failed: expected"))
            printf("    %s\n", strstr(line, "livepatch: "));
}

static void print_state(void)
{
    struct xen_sysctl_livepatch_list op;
    int num = list_all(&op);

    printf("   ");
    print_records(num);
    printf(" | %u\n", op.version - first_version);
    print_console(false);
}

/*----- commands -----*/

static uint32_t action_of(const char *text)
{
    static const char *const verbs[] = {
        [LIVEPATCH_ACTION_UNLOAD] = "unload",
        [LIVEPATCH_ACTION_REVERT] = "revert",
        [LIVEPATCH_ACTION_APPLY] = "apply",
        [LIVEPATCH_ACTION_REPLACE] = "replace",
    };
    uint32_t i;

    for (i = 1; i < sizeof(verbs) / sizeof(*verbs); i++)
        if (!strcmp(text, verbs[i])) return i;
    return strtoul(text, NULL, 0);
}

static void wait_for(const char *name)
{
    struct xen_livepatch_status status;
    int looks;

    for (looks = 0; looks < PATIENCE; looks++) {
        if (get(name, &status) || status.rc != -EAGAIN) break;
        usleep(1000);
    }
    usleep(SETTLE_US);
}

static void do_list(void)
{
    struct xen_sysctl_livepatch_list op = {
        .nr = option("nr", LIST_ROOM), .idx = option("idx", 0),
        .pad = option("lpad", 0),
    };
    const int nr = op.nr;
    int num;

    /* Not all that there is room for, if Xen has something else to do. */
    do {
        op.nr = nr;
        num = list(&op);
    } while (num >= 0 && num < nr && op.nr);
    if (num < 0) {
        printf("%s\n", word(num));
        return;
    }
    printf("%d, %u left, %u of names, %u of metadata:", num, op.nr,
           op.name_total_size, op.metadata_total_size);
    print_records(num);
    putchar('\n');
}

static void do_get(const char *name)
{
    struct xen_livepatch_status status;
    int r = get(name, &status);

    if (r)
        printf("%s\n", word(r));
    else
        printf("%s %d\n", word_of(&status), status.rc);
}

/* One that is refused is not waited for: it may be -EAGAIN for ever. */
static void do_action(const char *name, const char *action, bool and_wait)
{
    int r = start(name, action_of(action));

    printf("%s\n", word(r));
    if (!r && and_wait) wait_for(name);
}

/* And an action that waited for that has begun. */
static void do_unpause(uint32_t domid)
{
    printf("%s\n", word(xc_domain_unpause(xch, domid)));
    usleep(SETTLE_US);
}

static void do_command(char **words)
{
    const char *verb = words[0], *name = words[1] ?: "";
    struct xen_sysctl sysctl = { 0 };

    if (!strcmp(verb, "upload"))
        printf("%s\n", word(upload(name, words[2] ?: name)));
    else if (!strcmp(verb, "get"))
        do_get(name);
    else if (!strcmp(verb, "act") || !strcmp(verb, "start"))
        do_action(name, words[2] ?: "", *verb == 'a');
    else if (!strcmp(verb, "wait"))
        wait_for(name), puts("ok");
    else if (!strcmp(verb, "list"))
        do_list();
    else if (!strcmp(verb, "op"))
        printf("%s\n", word(call(&sysctl, strtoul(name, NULL, 0))));
    else if (!strcmp(verb, "pause"))
        printf("%s\n", word(xc_domain_pause(xch, atoi(name))));
    else if (!strcmp(verb, "unpause"))
        do_unpause(atoi(name));
    else if (!strcmp(verb, "sleep"))
        usleep(atoi(name) * 1000), puts("ok");
    else
        errx(1, "what is %s?", verb);
}

/* The words, and apart from these the options; both end with NULL. */
static void split(char *line, char **words, char **opts)
{
    const bool all_words = !strncmp(line, "model ", 6);
    char *save = NULL, *w;

    for (w = strtok_r(line, " \n", &save); w && *w != '#';
         w = strtok_r(NULL, " \n", &save))
        *(strchr(w, '=') && !all_words ? opts++ : words++) = w;
    *words = *opts = NULL;
}

/*----- scripts -----*/

static const char *name_of(int number)
{
    const char *name = names;
    int i;

    for (i = 0; i < number; i++) name += lengths[i];
    return name;
}

/* Whatever is on top: an engine refuses to revert the others. */
static void take_one_out(int num)
{
    while (num--)
        if (statuses[num].state == LIVEPATCH_STATE_CHECKED) {
            if (!start(name_of(num), LIVEPATCH_ACTION_UNLOAD)) return;
        } else if (!start(name_of(num), LIVEPATCH_ACTION_REVERT)) {
            wait_for(name_of(num));
            return;
        }
}

static void clean_up(void)
{
    struct xen_sysctl_livepatch_list op;
    int rounds, num;

    options = no_options;
    for (rounds = 0; (num = list_all(&op)) && rounds < MAX_ROUNDS; rounds++)
        take_one_out(num);
    if (num) {
        printf("    these stay:");
        print_records(num);
        putchar('\n');
    }
    print_console(true);
}

static void print_command(const char *line)
{
    int len = strcspn(line, "#\n");

    while (len && line[len - 1] == ' ') len--;
    printf("%.*s: ", len, line);
}

static void run(const char *script)
{
    char path[256], line[256], *words[MAX_WORDS + 1], *opts[MAX_WORDS + 1];
    struct xen_sysctl_livepatch_list op;
    FILE *stream;

    printf("== %s\n", script);
    if (script_begin) {
        script_begin();
        console_at = 0;
    }
    options = no_options;
    list_all(&op);
    first_version = op.version;
    print_console(true);

    snprintf(path, sizeof(path), "%s/%s", folder, script);
    stream = fopen(path, "r");
    if (!stream) err(1, "%s", path);
    while (fgets(line, sizeof(line), stream)) {
        char *said = strdup(line);

        split(line, words, opts);
        options = opts;
        if (words[0] && strcmp(words[0], "model")) {
            print_command(said);
            do_command(words);
            print_state();
        } else if (words[0] && script_tell) {
            script_tell(words + 1);
        }
        free(said);
    }
    fclose(stream);
    clean_up();
    fflush(stdout);
}

#define GET_ROOM(for_what, size) \
    if (!(for_what = xc_hypercall_buffer_alloc(xch, for_what, size))) \
        err(1, "no room for hypercalls")

static void get_room(void)
{
    GET_ROOM(name_room, NAME_ROOM);
    GET_ROOM(file_room, FILE_ROOM);
    GET_ROOM(statuses, LIST_ROOM * sizeof(*statuses));
    GET_ROOM(names, BYTES_ROOM);
    GET_ROOM(lengths, LIST_ROOM * sizeof(*lengths));
    GET_ROOM(metadata, BYTES_ROOM);
    GET_ROOM(metadata_lengths, LIST_ROOM * sizeof(*metadata_lengths));
}

int main(int argc, char **argv)
{
    int i;

    if (argc < 3) errx(1, "usage: script DIR SCRIPT...");
    folder = argv[1];
    xch = xc_interface_open(NULL, NULL, 0);
    if (!xch) err(1, "opening Xen's interface");
    get_room();
    print_console(true);
    for (i = 2; i < argc; i++) run(argv[i]);
    return 0;
}
