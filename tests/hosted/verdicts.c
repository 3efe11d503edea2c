/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verdicts DIFFERENCES FOLDER...: every file goes to libxenlivepatch and to the
 * engine, and their verdicts are compared, both ways.  DIFFERENCES lists those
 * that are as they should be, each with its reason; one that isn't listed is a
 * fault of either, one that is listed and doesn't come is no longer true.
 *
 *   engine: WORDS     the engine refuses with them what the library accepts
 *   library: WORDS    the library does, unless forced, and the engine accepts
 *   never: WORDS      the library does, forced or not, and the engine accepts
 *       REASON
 */
#include <dirent.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/lib.h>
#include <xenlivepatch.h>

#include "hosted.h"
#include "operations.h"

#define MAX_ENTRIES 64
#define MAX_FILE    (4u << 20)

struct entry {
    char side[16], words[200];
    bool reasoned;
    unsigned int used;
};

static struct entry entries[MAX_ENTRIES];
static unsigned int nentries, files, accepted, unlisted;

static void read_differences(const char *path)
{
    FILE *file = fopen(path, "r");
    char line[256];

    if ( !file )
        err(1, "%s", path);
    while ( fgets(line, sizeof(line), file) )
    {
        struct entry *entry = &entries[nentries];

        if ( line[0] == '#' || line[0] == '\n' )
            continue;
        if ( line[0] == ' ' && nentries )
            entries[nentries - 1].reasoned = true;
        else if ( nentries < MAX_ENTRIES &&
                  sscanf(line, "%15[a-z]: %199[^\n]", entry->side,
                         entry->words) == 2 )
            nentries++;
        else
            errx(1, "%s: not understood: %s", path, line);
    }
    fclose(file);
}

/* Whether that is listed; told if it isn't. */
static void expect(const char *path, const char *side, const char *words)
{
    unsigned int i;

    for ( i = 0; i < nentries; i++ )
        if ( !strcmp(entries[i].side, side) &&
             strstr(words, entries[i].words) )
        {
            entries[i].used++;
            return;
        }
    unlisted++;
    printf("%s: %s: %s\n", path, side, words);
}

static xenlivepatch_payload *judge(const void *file, size_t size, bool force)
{
    const xenlivepatch_criteria criteria = { .force = force };
    xenlivepatch_payload *payload = xenlivepatch_new();

    if ( !payload ||
         xenlivepatch_judge(payload, file, size, "it", &criteria) )
        errx(1, "out of memory");
    return payload;
}

static void expect_errors(const char *path, const char *side,
                          const xenlivepatch_payload *payload)
{
    size_t i;

    for ( i = 0; i < payload->num_findings; i++ )
        if ( payload->findings[i].severity == XENLIVEPATCH_ERROR )
            expect(path, side, payload->findings[i].message);
}

/* The hypervisor is the one that it was made for. */
static int upload(const xenlivepatch_payload *payload, const void *file,
                  size_t size)
{
    char text[200];
    void *id = NULL;
    size_t len;
    int rc;

    hosted_reset();
    image_provide_hooks();
    hosted_console_clear();
    if ( payload->xen_build_id )
    {
        snprintf(text, sizeof(text), "hex:%s", payload->xen_build_id);
        id = xenlivepatch_bytes(text, &len);
        if ( id )
        {
            hosted_build_id = id;
            hosted_build_id_len = len;
        }
    }
    rc = op_upload_file("compared", file, size);
    if ( !rc && op_unload("compared") )
        errx(1, "loaded, and not unloaded");
    hosted_grace_period();
    free(id);
    return rc;
}

static void compare(const char *path, const void *file, size_t size)
{
    xenlivepatch_payload *plain = judge(file, size, false);
    xenlivepatch_payload *forced = judge(file, size, true);
    int rc = upload(forced, file, size);

    files++;
    accepted += !rc;
    if ( rc && plain->acceptable )
        expect(path, "engine", hosted_console());
    else if ( !rc && !forced->acceptable )
        expect_errors(path, "never", forced);
    else if ( !rc && !plain->acceptable )
        expect_errors(path, "library", plain);
    xenlivepatch_free(plain);
    xenlivepatch_free(forced);
}

static void compare_folder(const char *folder)
{
    static char file[MAX_FILE];
    const struct dirent *entry;
    DIR *dir = opendir(folder);
    char path[4096];
    FILE *opened;
    size_t size;

    if ( !dir )
        err(1, "%s", folder);
    while ( (entry = readdir(dir)) )
    {
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        opened = entry->d_type == DT_REG ? fopen(path, "r") : NULL;
        if ( !opened )
            continue;
        size = fread(file, 1, sizeof(file), opened);
        fclose(opened);
        if ( size )
            compare(path, file, size);
    }
    closedir(dir);
}

int main(int argc, char **argv)
{
    unsigned int i, bad = 0;

    if ( argc < 3 )
        errx(1, "usage: verdicts DIFFERENCES FOLDER...");
    read_differences(argv[1]);
    hosted_boot();
    for ( i = 2; i < argc; i++ )
        compare_folder(argv[i]);
    for ( i = 0; i < nentries; i++ )
    {
        if ( entries[i].used && entries[i].reasoned )
            continue;
        bad++;
        printf("%s: %s: %s\n", entries[i].side, entries[i].words,
               entries[i].used ? "no reason is given" : "does not come");
    }
    printf("%u files, %u of them accepted; %u differences that are not "
           "listed\n", files, accepted, unlisted);
    bad += unlisted || !accepted || accepted == files;
    printf("[  %s  ] 1 test(s).\n", bad ? "FAILED" : "PASSED");
    return bad ? 1 : 0;
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
