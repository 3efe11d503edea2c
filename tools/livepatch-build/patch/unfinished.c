/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE

#include "unfinished.h"

#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

static void judge_line(const struct source *source, size_t number,
                       struct report *report)
{
    static const char mark[] = UNFINISHED_MARK;
    const struct text_line *line = &source->lines[number].line;
    const char *at = memmem(line->text, line->length, mark, sizeof(mark) - 1);
    char *where, *words;

    if (!at) {
        return;
    }
    where = must_print("%s:%zu", source->path, number + 1);
    words = must_print("%.*s", (int)(line->text + line->length - at), at);
    if (ends_with(words, " */")) {
        words[strlen(words) - strlen(" */")] = '\0';
    }
    report_refuse(report, REFUSAL_UNFINISHED, where, NULL,
                  "do what it says, and take the mark away", "%s", words);
    free(words);
    free(where);
}

void unfinished_judge(const struct sources *sources, struct report *report)
{
    for (size_t i = 0; i < sources_count(sources); i++) {
        const struct source *source = sources_get(sources, i);

        for (size_t j = 0; j < source->nlines; j++) {
            if (!source->lines[j].origin) {
                judge_line(source, j, report);
            }
        }
    }
}
