/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE

#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sched.h>
#include <unistd.h>

#include "support/files.h"
#include "support/memory.h"

#define LONGEST_NAME 127
#define MOST_JOBS 4096

enum {
    OPTION_TREE = 256, OPTION_CONFIG, OPTION_XEN_SYMS, OPTION_ON,
    OPTION_FIXES, OPTION_DESCRIPTION, OPTION_SIGN, OPTION_DEB, OPTION_RPM,
    OPTION_CACHE, OPTION_JOBS,
    OPTION_COMPILER, OPTION_COMPILE_ALL, OPTION_EXPLAIN, OPTION_SKELETON,
    OPTION_VERSION,
};

static const struct option known[] = {
    { "tree", required_argument, NULL, OPTION_TREE },
    { "config", required_argument, NULL, OPTION_CONFIG },
    { "xen-syms", required_argument, NULL, OPTION_XEN_SYMS },
    { "on", required_argument, NULL, OPTION_ON },
    { "name", required_argument, NULL, 'n' },
    { "fixes", required_argument, NULL, OPTION_FIXES },
    { "description", required_argument, NULL, OPTION_DESCRIPTION },
    { "sign", required_argument, NULL, OPTION_SIGN },
    { "deb", required_argument, NULL, OPTION_DEB },
    { "rpm", required_argument, NULL, OPTION_RPM },
    { "output", required_argument, NULL, 'o' },
    { "cache", required_argument, NULL, OPTION_CACHE },
    { "jobs", required_argument, NULL, OPTION_JOBS },
    { "compiler", required_argument, NULL, OPTION_COMPILER },
    { "compile-all", no_argument, NULL, OPTION_COMPILE_ALL },
    { "explain", required_argument, NULL, OPTION_EXPLAIN },
    { "skeleton", required_argument, NULL, OPTION_SKELETON },
    { "json", no_argument, NULL, 'j' },
    { "verbose", no_argument, NULL, 'v' },
    { "quiet", no_argument, NULL, 'q' },
    { "help", no_argument, NULL, 'h' },
    { "version", no_argument, NULL, OPTION_VERSION },
    { NULL, 0, NULL, 0 },
};

static bool parse_jobs(struct options *options, const char *text, char **why)
{
    char *end;
    unsigned long jobs;

    errno = 0;
    jobs = strtoul(text, &end, 10);
    if (!isdigit((unsigned char)*text) || *end || errno || !jobs ||
        jobs > MOST_JOBS) {
        return fail_with(why, "--jobs takes a number from 1 to %d, not '%s'",
                         MOST_JOBS, text);
    }
    options->jobs = (unsigned int)jobs;
    return true;
}

static void replace(char **text, const char *by)
{
    free(*text);
    *text = must_copy(by);
}

static bool take_option(struct options *options, int option, char **why)
{
    switch (option) {
    case OPTION_TREE:        options->tree = optarg; break;
    case OPTION_CONFIG:      options->config = optarg; break;
    case OPTION_XEN_SYMS:    options->xen_syms = optarg; break;
    case OPTION_ON:          options->below[options->nbelow++] = optarg; break;
    case OPTION_FIXES:       options->fixes = optarg; break;
    case OPTION_DESCRIPTION: options->description = optarg; break;
    case OPTION_SIGN:        options->sign = optarg; break;
    case OPTION_DEB:         options->deb = optarg; break;
    case OPTION_RPM:         options->rpm = optarg; break;
    case OPTION_CACHE:       replace(&options->cache, optarg); break;
    case OPTION_COMPILER:    options->compiler = optarg; break;
    case OPTION_COMPILE_ALL: options->compile_all = true; break;
    case OPTION_EXPLAIN:     options->explain = optarg; break;
    case OPTION_SKELETON:    options->skeleton = optarg; break;
    case OPTION_JOBS:        return parse_jobs(options, optarg, why);
    case OPTION_VERSION:     options->version = true; break;
    case 'n':                replace(&options->name, optarg); break;
    case 'o':                replace(&options->output, optarg); break;
    case 'j':                options->json = true; break;
    case 'v':                options->verbose = true; break;
    case 'q':                options->quiet = true; break;
    case 'h':                options->help = true; break;
    }
    return true;
}

static bool wrong_option(int option, char **argv, char **why)
{
    const char *word = argv[optind - 1];

    if (option == ':') {
        return fail_with(why, "%s needs an argument", word);
    }
    if (optopt && optopt < 256 && strncmp(word, "--", 2)) {
        return fail_with(why, "there is no option -%c; see --help", optopt);
    }
    return fail_with(why, "there is no option %s, or it takes no argument; see "
                     "--help", word);
}

static size_t without_tail(const char *name, size_t length, const char *tail)
{
    size_t end = strlen(tail);

    return length > end && !memcmp(name + length - end, tail, end)
           ? length - end : length;
}

/* Of what fits into a file name and a symbol: "xsa182-4.17.patch" is the
 * payload xsa182-4.17.  It doesn't begin like an option or a hidden file. */
static char *default_name(const char *patch)
{
    const char *slash = strrchr(patch, '/');
    char *name = must_copy(slash ? slash + 1 : patch), *made;
    size_t whole = without_tail(name, strlen(name), ".gz");
    size_t length = without_tail(name, whole, ".patch");

    if (length == whole) {
        length = without_tail(name, whole, ".diff");
    }
    name[length < LONGEST_NAME ? length : LONGEST_NAME] = '\0';
    for (char *at = name; *at; at++) {
        if (!isalnum((unsigned char)*at) && !strchr("._-+", *at)) {
            *at = '-';
        }
    }
    made = must_copy(name + strspn(name, "-."));
    free(name);
    return made;
}

static char *default_cache(char **why)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

    if (cache && *cache == '/') {
        return must_print("%s/livepatch-build", cache);
    }
    if (home && *home == '/') {
        return must_print("%s/.cache/livepatch-build", home);
    }
    return fail_with(why, "there is no home folder for the base build; name "
                     "a folder with --cache");
}

static bool check_name(const char *name, char **why)
{
    if (!*name || strlen(name) > LONGEST_NAME) {
        return fail_with(why, "a name has 1 to %d letters, '%s' has %zu",
                         LONGEST_NAME, name, strlen(name));
    }
    for (const char *at = name; *at; at++) {
        if ((unsigned char)*at <= ' ' || *at == 0x7f || strchr("/#", *at)) {
            return fail_with(why, "a name has no blanks, control characters, "
                             "/ or #; '%s' has", name);
        }
    }
    return true;
}

static bool check_fixes(const char *fixes, char **why)
{
    if (fixes && (!*fixes || strpbrk(fixes, " \t\n"))) {
        return fail_with(why, "--fixes takes identifiers with commas between, "
                         "such as XSA-182,CVE-2016-6258, not '%s'", fixes);
    }
    return true;
}

/* livepatch-package looks at the rest, but only when all is built. */
static bool check_package(const struct options *options, char **why)
{
    const char *xen = options->deb ? options->deb : options->rpm;
    const char *equals = xen ? strchr(xen, '=') : NULL;

    if (options->deb && options->rpm) {
        return fail_with(why, "--deb and --rpm exclude each other; "
                         "livepatch-package makes the other one");
    }
    if (xen && options->base_only) {
        return fail_with(why, "base makes no payload that --deb or --rpm could "
                         "wrap");
    }
    return !xen || (equals && equals != xen && equals[1]) ||
           fail_with(why, "--deb and --rpm take the package of Xen and its "
                     "version, such as xen-hypervisor-4.17-amd64=4.17.5+23-1, "
                     "not '%s'", xen);
}

static unsigned int count_cpus(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof(set), &set) ? 1 : CPU_COUNT(&set);

    return count > 0 ? (unsigned int)count : 1;
}

static bool complete(struct options *options, char **why)
{
    if (!options->npatches && !options->base_only) {
        return fail_with(why, "name a patch; see --help");
    }
    if (options->npatches && options->base_only) {
        return fail_with(why, "base takes no patch: '%s'", options->patches[0]);
    }
    if (options->explain && options->base_only) {
        return fail_with(why, "base makes no payload whose functions --explain "
                         "could tell of");
    }
    if (options->skeleton && options->base_only) {
        return fail_with(why, "base has no patch that --skeleton could be for");
    }
    if (!check_package(options, why)) {
        return false;
    }
    if (options->quiet && options->verbose) {
        return fail_with(why, "--quiet and --verbose exclude each other");
    }
    if (!options->name && options->npatches) {
        options->name = default_name(options->patches[0]);
    }
    if (options->name && !check_name(options->name, why)) {
        return false;
    }
    if (!options->output && options->name) {
        options->output = must_print("%s.livepatch", options->name);
    }
    if (!options->cache) {
        options->cache = default_cache(why);
    }
    if (!options->jobs) {
        options->jobs = count_cpus();
    }
    if (!options->tree) {
        options->tree = ".";
    }
    return options->cache && check_fixes(options->fixes, why);
}

static bool asks_for_json(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--"); i++) {
        if (!strcmp(argv[i], "-j") || !strcmp(argv[i], "--json")) {
            return true;
        }
    }
    return false;
}

bool options_parse(struct options *options, int argc, char **argv, char **why)
{
    int option;

    memset(options, 0, sizeof(*options));
    options->base_only = !strcmp(argv[0], "base");
    options->json = asks_for_json(argc, argv);
    options->below = must_alloc((size_t)argc, sizeof(char *));
    opterr = 0;
    optind = 0;
    while ((option = getopt_long(argc, argv, ":n:o:jvqh", known, NULL)) != -1) {
        if (option == '?' || option == ':') {
            return wrong_option(option, argv, why);
        }
        if (!take_option(options, option, why)) {
            return false;
        }
    }
    options->patches = (const char **)argv + optind;
    options->npatches = (size_t)(argc - optind);
    return options->help || options->version || complete(options, why);
}

void options_free(struct options *options)
{
    free(options->below);
    free(options->name);
    free(options->output);
    free(options->cache);
}
