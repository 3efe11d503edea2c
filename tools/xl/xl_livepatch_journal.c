/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Who has changed the hypervisor is written down: from where, with what,
 * and what came of it.
 *
 * The entry goes to systemd's journal, with fields of its own, as told in
 * https://systemd.io/JOURNAL_NATIVE_PROTOCOL/; the journal adds some that
 * nobody can forge, such as _AUDIT_LOGINUID and _CMDLINE.  Where there is
 * none the message alone goes to syslog, as in RFC 3164.  A change is not
 * held up by either: what isn't taken in a second is lost, with a word.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <libxl.h>

#include "xl.h"
#include "xl_livepatch.h"
#include "xl_utils.h"

#define IDENTIFIER "xl-livepatch"

static const char journal[] = "/run/systemd/journal/socket";
static const char device[] = "/dev/log";

typedef struct {
    char *data;
    size_t size;
} entry;

static void add_bytes(entry *e, const void *bytes, size_t size)
{
    e->data = xrealloc(e->data, e->size + size);
    memcpy(e->data + e->size, bytes, size);
    e->size += size;
}

/* In the form that takes any value, also one of several lines. */
static void add_field(entry *e, const char *key, const char *value)
{
    const uint64_t size = strlen(value);
    unsigned char bytes[sizeof(size)];
    size_t i;

    for (i = 0; i < sizeof(bytes); i++)
        bytes[i] = size >> 8 * i;
    add_bytes(e, key, strlen(key));
    add_bytes(e, "\n", 1);
    add_bytes(e, bytes, sizeof(bytes));
    add_bytes(e, value, strlen(value));
    add_bytes(e, "\n", 1);
}

static void add_number(entry *e, const char *key, uint64_t number)
{
    char text[24];

    snprintf(text, sizeof(text), "%"PRIu64, number);
    add_field(e, key, text);
}

/* 0 or an errno. */
static int hand_over(const char *path, const entry *e)
{
    const struct timeval patience = { .tv_sec = 1 };
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), errnoval;

    if (fd < 0) return errno;
    strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    errnoval = sendto(fd, e->data, e->size, MSG_NOSIGNAL,
                      (struct sockaddr *)&address, sizeof(address)) < 0
        ? errno : 0;
    close(fd);
    return errnoval;
}

/* Who has logged in, whatever he is now. */
static char *who(void)
{
    unsigned long uid = getuid();
    const char *sudo = getenv("SUDO_UID");
    const char *from = getenv("SSH_CONNECTION");
    const char *name = "root";
    struct passwd *pw;
    char *text;

    if (sudo && *sudo) uid = strtoul(sudo, NULL, 10);
    /* Looking somebody up takes as long as a small payload's upload. */
    if (uid) {
        pw = getpwuid(uid);
        name = pw ? pw->pw_name : "nobody known";
    }
    if (!from || !*from) from = ttyname(STDIN_FILENO);
    xasprintf(&text, "%s (uid %lu), from %.*s",
              name, uid,
              from ? (int)strcspn(from, " ") : 11, from ?: "no terminal");
    return text;
}

static int priority_of(const livepatch_command *cmd)
{
    switch (cmd->answer.head.outcome) {
    case LIBXL_LIVEPATCH_OUTCOME_DONE:
    case LIBXL_LIVEPATCH_OUTCOME_ALREADY: return LOG_NOTICE;
    case LIBXL_LIVEPATCH_OUTCOME_STRANDED: return LOG_ERR;
    default: return LOG_WARNING;
    }
}

static void add_result(entry *e, livepatch_command *cmd)
{
    const libxl_livepatch_result *const result = &cmd->answer.result;
    int i;

    add_field(e, "XEN_LIVEPATCH_OPERATION",
              libxl_livepatch_operation_to_string(result->operation));
    add_field(e, "XEN_LIVEPATCH_OUTCOME",
              libxl_livepatch_outcome_to_string(result->outcome));
    if (result->reason)
        add_field(e, "XEN_LIVEPATCH_REASON",
                  libxl_livepatch_reason_to_string(result->reason));
    if (result->xen_build_id)
        add_field(e, "XEN_LIVEPATCH_XEN", result->xen_build_id);
    for (i = 0; i < result->num_payloads; i++) {
        const libxl_livepatch_payload *const p = &result->payloads[i];

        add_field(e, "XEN_LIVEPATCH_PAYLOAD", p->name);
        if (p->file) add_field(e, "XEN_LIVEPATCH_FILE", p->file);
        if (p->sha256) add_field(e, "XEN_LIVEPATCH_SHA256", p->sha256);
    }
    add_number(e, "XEN_LIVEPATCH_ATTEMPTS", result->num_attempts);
    add_number(e, "XEN_LIVEPATCH_STALLED_US", result->stalled_us);
    add_number(e, "XEN_LIVEPATCH_PAUSED_US", result->paused_us);
}

static char *describe(const livepatch_command *cmd, const char *by)
{
    const libxl_livepatch_result *const result = &cmd->answer.result;
    char *text, *names = NULL;
    int i;

    for (i = 0; i < result->num_payloads; i++) {
        string_realloc_append(&names, " ");
        string_realloc_append(&names, result->payloads[i].name);
    }
    xasprintf(&text, "%s%s, by %s: %s%s%s", cmd->verb->name, names ?: "",
              by, libxl_livepatch_outcome_to_string(result->outcome),
              result->message ? ": " : "", result->message ?: "");
    free(names);
    return text;
}

/* Where that is not to be had, nobody has asked for it. */
static int to_syslog(int priority, const char *message)
{
    entry e = {};
    char *line;
    int errnoval;

    xasprintf(&line, "<%d>" IDENTIFIER "[%ld]: %s", LOG_DAEMON | priority,
              (long)getpid(), message);
    add_bytes(&e, line, strlen(line));
    errnoval = hand_over(device, &e);
    free(e.data);
    free(line);
    return errnoval == ENOENT ? 0 : errnoval;
}

/* 0 or an errno.  Without a journal nothing is gathered for it. */
static int to_journal(livepatch_command *cmd, const char *by,
                      const char *message)
{
    size_t without_document;
    char *document;
    entry e = {};
    int errnoval;

    if (access(journal, F_OK)) return errno;
    add_field(&e, "MESSAGE", message);
    add_number(&e, "PRIORITY", priority_of(cmd));
    add_field(&e, "SYSLOG_IDENTIFIER", IDENTIFIER);
    add_field(&e, "XEN_LIVEPATCH_BY", by);
    add_result(&e, cmd);
    without_document = e.size;
    document = livepatch_answer_to_json(cmd);
    if (document) add_field(&e, "XEN_LIVEPATCH_RESULT", document);

    errnoval = hand_over(journal, &e);
    if (errnoval == EMSGSIZE) {
        e.size = without_document;
        errnoval = hand_over(journal, &e);
    }
    free(document);
    free(e.data);
    return errnoval;
}

void livepatch_write_journal(livepatch_command *cmd)
{
    char *by, *message;
    int errnoval;

    if (!(cmd->verb->id & LIVEPATCH_ACTIONS) || cmd->params.dry_run)
        return;

    by = who();
    message = describe(cmd, by);
    errnoval = to_journal(cmd, by, message);
    if (errnoval == ENOENT || errnoval == ECONNREFUSED)
        errnoval = to_syslog(priority_of(cmd), message);
    if (errnoval)
        fprintf(stderr, "xl livepatch %s: warning: not written to the "
                "journal: %s.\n", cmd->verb->name, strerror(errnoval));
    free(message);
    free(by);
}

void livepatch_show_journal(livepatch_command *cmd)
{
    execlp("journalctl", "journalctl", "--identifier=" IDENTIFIER,
           cmd->json ? "--output=json" : "--output=short", (char *)NULL);
    livepatch_refuse(cmd, LIBXL_LIVEPATCH_REASON_INTERNAL,
                     "Without systemd's journal, look for " IDENTIFIER
                     " in what syslog writes.",
                     "cannot run journalctl: %s", strerror(errno));
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
