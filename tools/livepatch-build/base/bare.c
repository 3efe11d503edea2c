/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An object of the base once more, compiled without debug information.  clang's
 * code isn't always the same with it: where a block of code lies can differ.
 */
#include <stdlib.h>
#include <string.h>

#include "base_private.h"
#include "support/files.h"
#include "support/memory.h"
#include "support/run.h"

/* Of x.init.o, which objcopy makes of it, x.o. */
static char *compiled_object(const char *object)
{
    static const char ending[] = ".init.o";

    return ends_with(object, ending) ?
           must_print("%.*s.o",
                      (int)(strlen(object) - strlen(ending)), object) :
           must_copy(object);
}

/* The compiler's command, as the build's record has it, without what may follow
 * it; NULL if a shell would not take it as it stands. */
static char *command_of(const struct base *base, const char *object)
{
    const char *slash = strrchr(object, '/');
    const char *name = slash ? slash + 1 : object;
    char *path = must_print("%s/%.*s.%s.cmd", base->pristine_xen,
                            (int)(name - object), object, name);
    char *why = NULL, *command = NULL;
    size_t size;
    char *text = files_read(path, &size, &why);
    char *start = text ? strstr(text, ":= ") : NULL;

    if (start) {
        start += strlen(":= ");
        start[strcspn(start, "\n;&|")] = '\0';
        command = strchr(start, '$') ? NULL : must_copy(start);
    }
    free(text);
    free(path);
    free(why);
    return command;
}

/* What comes last in a command counts.  clang calls a file by its last name,
 * and Xen's build puts that right. */
static bool compile(const struct base *base, const char *command,
                    const char *source, const char *output)
{
    char *script = must_print("cd \"$0\" && %s -g0 -MF /dev/null -o \"$1\" && "
                              "objcopy --redefine-sym \"${2##*/}=$2\" "
                              "\"$1\"", command);
    const char *argv[] = {
        "sh", "-c", script, base->pristine_xen, output, source, NULL,
    };
    char *words = NULL;
    int status = run_program(argv, NULL, NULL, &words);

    free(words);
    free(script);
    return !status;
}

char *base_compile_bare(struct base *base, const char *object,
                        const char *source)
{
    char *compiled = compiled_object(object);
    char *command = command_of(base, compiled), *output = NULL, *why = NULL;

    if (command && (base->build || base_make_folder(base, &why))) {
        output = must_print("%s/bare.o", base->build);
        if (!compile(base, command, source, output)) {
            free(output);
            output = NULL;
        }
    }
    free(compiled);
    free(command);
    free(why);
    return output;
}
