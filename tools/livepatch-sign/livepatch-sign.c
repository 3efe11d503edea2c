/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * livepatch-sign: sign payloads, here or elsewhere, and tell who has.
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "key.h"
#include "payload.h"
#include "say.h"

/* Exit codes. */
enum {
    DONE = 0,
    FAILED = 1,         /* usage, a missing file, a full disk */
    NOT_SIGNED = 2,     /* verify: by none of the keys */
};

#define MAX_KEYS 16

struct command {
    const char *verb;
    char *keys[MAX_KEYS + 1];
    size_t nkeys;
    const char *out, *digest, *signature;
    long bits;
};

void say(const char *format, ...)
{
    va_list arguments;

    fputs("livepatch-sign: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

/* -- The verbs; each is about one payload --------------------------------- */

static int sign(const struct command *command, struct signee *signee)
{
    struct key *key = key_open(command->keys[0]);
    uint8_t digest[32];
    bool done = key && signee_make_room(signee, key_size(key));

    if (done) {
        signee_digest(signee, digest);
        done = key_sign(key, digest, signee->bytes + signee->place.offset) &&
               signee_write(signee, command->out ? command->out
                                                 : signee->path);
    }
    key_free(key);
    return done ? DONE : FAILED;
}

static bool write_digest(const char *path, const uint8_t digest[32])
{
    FILE *file = fopen(path, "wbe");
    bool done = file && fwrite(digest, 32, 1, file) == 1;

    if (file && fclose(file)) {
        done = false;
    }
    if (!done) {
        say("%s: can't be written: %s", path, strerror(errno));
    }
    return done;
}

/* For a key that is elsewhere: the digest goes there, a signature comes. */
static int prepare(const struct command *command, struct signee *signee)
{
    uint8_t digest[32];

    if (!signee_make_room(signee, (size_t)command->bits / 8)) {
        return FAILED;
    }
    memset(signee->bytes + signee->place.offset, 0, signee->place.size);
    signee_digest(signee, digest);
    return signee_write(signee, command->out ? command->out : signee->path) &&
           write_digest(command->digest, digest) ? DONE : FAILED;
}

static int attach(const struct command *command, struct signee *signee)
{
    FILE *file = fopen(command->signature, "rbe");
    size_t size = 0;
    bool whole = false;

    if (!signee_find(signee)) {
        goto out;
    }
    if (file) {
        size = fread(signee->bytes + signee->place.offset, 1,
                     signee->place.size, file);
        whole = size == signee->place.size && fgetc(file) == EOF &&
                !ferror(file);
    }
    if (!file || ferror(file)) {
        say("%s: can't be read: %s", command->signature, strerror(errno));
    } else if (!whole) {
        say("%s: is not a signature of %zu bytes, for which there is room",
            command->signature, signee->place.size);
    }

 out:
    if (file) {
        fclose(file);
    }
    return whole && signee_write(signee, command->out ? command->out
                                                      : signee->path)
               ? DONE : FAILED;
}

static int verify(const struct command *command, struct signee *signee)
{
    const char *signer;
    char *why = NULL;
    int error = xenlivepatch_verify(signee->bytes, signee->size,
                                    command->keys, &signer, &why);

    if (!error) {
        printf("%s: signed with the key of %s\n", signee->path, signer);
    } else {
        say("%s: %s", signee->path, why ? why : strerror(error));
    }
    free(why);
    return !error ? DONE : error == EACCES ? NOT_SIGNED : FAILED;
}

/* -- The command line ----------------------------------------------------- */

static const struct verb {
    const char *name;
    int (*run)(const struct command *command, struct signee *signee);
    const char *options;        /* their letters, of which it needs those: */
    const char *needed;
} verbs[] = {
    { "sign", sign, "ko", "k" },
    { "prepare", prepare, "bdo", "bd" },
    { "attach", attach, "so", "s" },
    { "verify", verify, "k", "k" },
};

static const struct option options[] = {
    { "key", required_argument, NULL, 'k' },
    { "out", required_argument, NULL, 'o' },
    { "bits", required_argument, NULL, 'b' },
    { "digest", required_argument, NULL, 'd' },
    { "signature", required_argument, NULL, 's' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static const char usage[] =
    "Usage: livepatch-sign sign --key KEY [--out FILE] PAYLOAD\n"
    "       livepatch-sign prepare --bits N --digest FILE [--out FILE] PAYLOAD\n"
    "       livepatch-sign attach --signature FILE [--out FILE] PAYLOAD\n"
    "       livepatch-sign verify --key PUBLIC [--key PUBLIC]... PAYLOAD\n"
    "\n"
    "Sign payloads for the hypervisor, or tell who has signed one.\n"
    "\n"
    "  -k, --key KEY         sign: the private key, a file in PEM format or a\n"
    "                        URI such as pkcs11:...; verify: a file with a\n"
    "                        public key or a certificate in PEM format\n"
    "  -o, --out FILE        write there, not to PAYLOAD itself\n"
    "  -b, --bits N          length of the key that is elsewhere\n"
    "  -d, --digest FILE     where to write what is to be signed with it: 32\n"
    "                        bytes, the SHA-256 digest of the prepared payload\n"
    "  -s, --signature FILE  what came back: RSA with PKCS #1 v1.5 and SHA-256\n"
    "  -h, --help            this\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 verify: signed with none of the keys.\n"
    "See livepatch-sign(1).\n";

static int wrong_usage(void)
{
    fputs("Try 'livepatch-sign --help'.\n", stderr);
    return FAILED;
}

static bool take_bits(struct command *command, const char *text)
{
    char *end;

    command->bits = strtol(text, &end, 10);
    if (*end || command->bits < 2048 || command->bits > 4096 ||
        command->bits % 64) {
        say("--bits: '%s' is none of 2048 to 4096 in steps of 64", text);
        return false;
    }
    return true;
}

static bool take_option(struct command *command, int letter, char *text)
{
    switch (letter) {
    case 'k':
        if (command->nkeys == MAX_KEYS) {
            say("--key: more than %d keys", MAX_KEYS);
            return false;
        }
        command->keys[command->nkeys++] = text;
        return true;
    case 'o':
        command->out = text;
        return true;
    case 'b':
        return take_bits(command, text);
    case 'd':
        command->digest = text;
        return true;
    case 's':
        command->signature = text;
        return true;
    default:
        return false;
    }
}

/* given has the letters of all options. */
static bool check_options(const struct verb *verb, const char *given)
{
    for (const struct option *o = options; o->name; o++) {
        if (strchr(given, o->val) && !strchr(verb->options, o->val)) {
            say("%s has no option --%s", verb->name, o->name);
            return false;
        }
        if (strchr(verb->needed, o->val) && !strchr(given, o->val)) {
            say("%s needs the option --%s", verb->name, o->name);
            return false;
        }
    }
    return true;
}

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
        if (!strcmp(verbs[i].name, name)) {
            return &verbs[i];
        }
    }
    say("there is no verb '%s', only sign, prepare, attach and verify", name);
    return NULL;
}

int main(int argc, char **argv)
{
    struct command command = { 0 };
    const struct verb *verb;
    struct signee signee;
    char given[8] = "";
    int letter, status;

    while ((letter = getopt_long(argc, argv, "k:o:b:d:s:h", options,
                                 NULL)) != -1) {
        if (letter == 'h') {
            fputs(usage, stdout);
            return DONE;
        }
        if (!take_option(&command, letter, optarg)) {
            return wrong_usage();
        }
        if (!strchr(given, letter)) {
            given[strlen(given)] = (char)letter;
        }
    }
    if (argc - optind != 2) {
        say(optind == argc ? "which verb?" :
            "one verb and one payload are wanted");
        return wrong_usage();
    }
    verb = find_verb(argv[optind]);
    if (!verb || !check_options(verb, given)) {
        return wrong_usage();
    }
    if (verb->run == sign && command.nkeys > 1) {
        say("sign: a payload has one signature, of one key");
        return wrong_usage();
    }
    status = signee_read(&signee, argv[optind + 1])
        ? verb->run(&command, &signee) : FAILED;
    signee_free(&signee);
    return status;
}
