/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replay FOLDER...: a fuzzer's inputs again, to measure what they reach. */
#include <dirent.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzzed.h"

static void run_file(const char *path)
{
    static uint8_t buf[1 << 20];
    FILE *file = fopen(path, "r");

    if ( !file )
        err(1, "%s", path);
    LLVMFuzzerTestOneInput(buf, fread(buf, 1, sizeof(buf), file));
    fclose(file);
}

int main(int argc, char **argv)
{
    const struct dirent *entry;
    char path[4096];
    DIR *folder;
    int i;

    for ( i = 1; i < argc; i++ )
    {
        folder = opendir(argv[i]);
        if ( !folder )
            err(1, "%s", argv[i]);
        while ( (entry = readdir(folder)) )
        {
            if ( entry->d_name[0] == '.' )
                continue;
            snprintf(path, sizeof(path), "%s/%s", argv[i], entry->d_name);
            run_file(path);
        }
        closedir(folder);
    }
    return 0;
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
