/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The modelled host below a script.  MODEL_XEN names a file with a build-id
 * and, one a line, the symbols of that hypervisor.
 *
 *   model code NAME ACTION ERRNO [TIMES]     code in NAME, or what it expects,
 *                                            ends the action with that
 *   model refuse NAME ACTION ERRNO [TIMES]   the same of the hypercall
 *   model says WORD...             on the console, when the last one happens
 *   model unschedulable N          so many actions
 *   model waits DOMID N            a guest in a waitqueue, for so many looks
 *   model stubborn DOMID           a guest that keeps its CPU, or 0
 *   model looks N                  an action takes; -1: it doesn't end, but
 *   model land                     at this
 */
#include "libxl_osdeps.h"

#undef NDEBUG
#include <assert.h>
#include <err.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libelf.h>
#include <xen/errno.h>
#include <xen-tools/libs.h>

#include "script.h"

#include "engine.h"
#include "faults.h"
#include "world.h"

static struct world the_world;
static char *build_id;
static void *symbols;           /* a tree of names */

/*----- what the model asks for -----*/

uint64_t faults_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000ULL + now.tv_nsec / 1000;
}

int faults_step(const char *what)
{
    return 0;
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static bool has(const char *symbol)
{
    return tfind(symbol, &symbols, compare);
}

/*----- the host -----*/

static void __attribute__((constructor)) read_xen(void)
{
    const char *path = getenv("MODEL_XEN");
    FILE *stream = path ? fopen(path, "r") : NULL;
    char line[256];

    if (!stream) err(1, "MODEL_XEN");
    elf_version(EV_CURRENT);
    while (fgets(line, sizeof(line), stream)) {
        line[strcspn(line, "\n")] = '\0';
        if (!build_id)
            build_id = strdup(line);
        else if (!has(line))
            tsearch(strdup(line), &symbols, compare);
    }
    fclose(stream);
}

static void forget_refusals(void)
{
    int i;

    for (i = 0; i < ARRAY_SIZE(engine.refusals); i++) {
        free((char *)engine.refusals[i].name);
        free((char *)engine.refusals[i].words);
    }
}

/* The guests of the system tests' host. */
void script_begin(void)
{
    forget_refusals();
    world = &the_world;
    world_clear();
    world_add(0, XEN_DOMINF_running);
    world_add(1, XEN_DOMINF_running);
    world_add(2, XEN_DOMINF_running);
    engine_reset();
    engine.has = has;
    snprintf(engine.build_id, sizeof(engine.build_id), "%s", build_id);
}

/*----- what it is told -----*/

static int errno_of(const char *word)
{
    static const struct { const char *word; int errnoval; } all[] = {
        { "EPERM", XEN_EPERM }, { "EIO", XEN_EIO }, { "EINVAL", XEN_EINVAL },
    };
    int i;

    for (i = 0; i < ARRAY_SIZE(all); i++)
        if (!strcmp(all[i].word, word)) return all[i].errnoval;
    errx(1, "what is %s?", word);
}

static uint32_t action_of(const char *word)
{
    return !strcmp(word, "apply")  ? LIVEPATCH_ACTION_APPLY :
           !strcmp(word, "revert") ? LIVEPATCH_ACTION_REVERT :
                                     LIVEPATCH_ACTION_REPLACE;
}

static struct engine_refusal *last_refusal(void)
{
    struct engine_refusal *r = engine.refusals;

    while (r < engine.refusals + ARRAY_SIZE(engine.refusals) && r->name) r++;
    return r;
}

static void refuse(char **words, bool at_once)
{
    struct engine_refusal *r = last_refusal();

    assert(r < engine.refusals + ARRAY_SIZE(engine.refusals));
    *r = (struct engine_refusal){
        .name = strdup(words[1]), .cmd = action_of(words[2]),
        .rc = -errno_of(words[3]), .times = words[4] ? atoi(words[4]) : 1,
        .at_once = at_once,
    };
}

static void says(char **words)
{
    size_t size;
    char *text;
    FILE *stream = open_memstream(&text, &size);

    while (*++words) fprintf(stream, "%s%s", *words, words[1] ? " " : "");
    fclose(stream);
    (last_refusal() - 1)->words = text;
}

void script_tell(char **words)
{
    const char *what = words[0];

    if (!strcmp(what, "code"))
        refuse(words, false);
    else if (!strcmp(what, "refuse"))
        refuse(words, true);
    else if (!strcmp(what, "says"))
        says(words);
    else if (!strcmp(what, "unschedulable"))
        engine.unschedulable = atoi(words[1]);
    else if (!strcmp(what, "stubborn"))
        engine.stubborn = atoi(words[1]);
    else if (!strcmp(what, "looks"))
        engine.looks = atoi(words[1]);
    else if (!strcmp(what, "land"))
        engine_land();
    else if (!strcmp(what, "waits"))
        engine.waiter = atoi(words[1]), engine.waits = atoi(words[2]);
    else
        errx(1, "what is model %s?", what);
}
