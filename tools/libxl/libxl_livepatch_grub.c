/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Which Xen GRUB starts unless somebody chooses another: what
 * grub-mkconfig writes is read as far as that takes, and what isn't
 * understood is not guessed.
 *
 * The default is an entry's place, title or id, or the same of a submenu,
 * ">", and again of an entry in it.  It stands in the file itself, or the
 * file says that it is in GRUB's environment: next_entry, which counts for
 * one boot, or saved_entry (GRUB manual, "Booting the default entry").
 */

#include "libxl_osdeps.h"

#include "libxl_livepatch_installed.h"

static const char *const folders[] = {
    LIVEPATCH_BOOT "/grub", LIVEPATCH_BOOT "/grub2",
};

/* NULL if it can't be read. */
static char *read_text(libxl__gc *gc, const char *folder, const char *name)
{
    void *data = NULL;
    char *text;
    int len = 0;

    if (libxl_read_file_contents(CTX, GCSPRINTF("%s/%s", folder, name),
                                 &data, &len))
        return NULL;
    text = libxl__strndup(gc, data ?: "", len);
    free(data);
    return text;
}

/*
 * The next word of a line as a shell would read it, quotes taken off, or
 * NULL; *line goes on behind it.  Variables are left as they are.
 */
static char *next_word(libxl__gc *gc, const char **line)
{
    const char *s = *line + strspn(*line, " \t");
    char *word, *end, quote = 0;

    if (!*s) return NULL;
    word = end = libxl__zalloc(gc, strlen(s) + 1);
    for (; *s && (quote || !strchr(" \t", *s)); s++) {
        if (quote ? *s == quote : *s == '\'' || *s == '"')
            quote = quote ? 0 : *s;
        else if (*s == '\\' && s[1] && quote != '\'')
            *end++ = *++s;
        else
            *end++ = *s;
    }
    *line = s;
    return word;
}

/*----- the default -----*/

/* Of GRUB's environment block; "" if it isn't set. */
static const char *variable(libxl__gc *gc, const char *env,
                            const char *name)
{
    const size_t len = strlen(name);

    for (; env; env = strchr(env, '\n')) {
        env += *env == '\n';
        if (!strncmp(env, name, len) && env[len] == '=')
            return libxl__strndup(gc, env + len + 1,
                                  strcspn(env + len + 1, "\n"));
    }
    return "";
}

/* NULL if it can't be told. */
static const char *find_default(libxl__gc *gc, char *config,
                                const char *env)
{
    const char *next = variable(gc, env, "next_entry");
    const char *found = NULL, *line, *word;
    char *save;

    for (line = strtok_r(config, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        word = next_word(gc, &line);
        if (!word || strcmp(word, "set")) continue;
        word = next_word(gc, &line);
        if (!word || strncmp(word, "default=", 8)) continue;
        word += 8;
        if (!strcmp(word, "${next_entry}")) {
            if (*next) return next;
        } else {
            found = word;
        }
    }
    if (!found) return NULL;
    if (!strcmp(found, "${saved_entry}"))
        found = variable(gc, env, "saved_entry");
    /* Nothing is the first one. */
    return strchr(found, '$') ? NULL : *found ? found : "0";
}

/*----- the menu -----*/

typedef struct {
    libxl__gc *gc;
    const char *wanted;         /* what is left of the default */
    unsigned int depth;         /* of braces */
    unsigned int level;         /* the depth at which to compare entries */
    unsigned int index;         /* of the next one there */
    bool in_entry, complete;
    const char *image;
} menu;

/* Whether it is what the default names here. */
static bool is_meant(const menu *m, const char *title, const char *id)
{
    const size_t len = strcspn(m->wanted, ">");
    const char *part = libxl__strndup(m->gc, m->wanted, len);

    return !strcmp(part, title) || (id && !strcmp(part, id)) ||
           !strcmp(part, libxl__sprintf(m->gc, "%u", m->index));
}

/* A menuentry or submenu at the level where the default's is sought. */
static void take_entry(menu *m, bool submenu, const char *rest)
{
    const char *title = next_word(m->gc, &rest), *word, *id = NULL;
    const bool last = !strchr(m->wanted, '>');

    while ((word = next_word(m->gc, &rest)))
        if (!strcmp(word, "$menuentry_id_option") || !strcmp(word, "--id"))
            id = next_word(m->gc, &rest);
    if (!title || !is_meant(m, title, id) || submenu == last) {
        m->index++;
        return;
    }
    if (submenu) {
        m->wanted = strchr(m->wanted, '>') + 1;
        m->level = m->depth + 1;
        m->index = 0;
    } else {
        m->in_entry = true;
    }
}

static bool is_any(const char *word, const char *const *words)
{
    while (*words && strcmp(word, *words)) words++;
    return *words;
}

static void take_line(menu *m, const char *line)
{
    static const char *const starters[] = { "multiboot", "multiboot2",
                                            "xen_hypervisor", NULL };
    static const char *const entries[] = { "menuentry", "submenu", NULL };
    const char *const brace = strrchr(line, '{');
    const char *word = next_word(m->gc, &line);

    if (!word) return;
    if (!strcmp(word, "}")) {
        if (m->depth) m->depth--;
        /* What was to be in there has been seen, or wasn't. */
        m->complete = m->depth < m->level ||
                      (m->in_entry && m->depth == m->level);
    } else if (brace && !brace[1 + strspn(brace + 1, " \t")]) {
        if (m->depth == m->level && is_any(word, entries))
            take_entry(m, *word == 's', line);
        m->depth++;
    } else if (m->in_entry && !m->image && is_any(word, starters)) {
        m->image = next_word(m->gc, &line);
    }
}

bool libxl__livepatch_grub_default(libxl__gc *gc, const char **image_r)
{
    menu m = { .gc = gc };
    char *config = NULL, *save, *line;
    const char *env = NULL;
    size_t i;

    *image_r = NULL;
    for (i = 0; i < ARRAY_SIZE(folders) && !config; i++) {
        config = read_text(gc, folders[i], "grub.cfg");
        env = read_text(gc, folders[i], "grubenv");
    }
    if (!config) return false;
    m.wanted = find_default(gc, libxl__strdup(gc, config), env);
    if (!m.wanted) return false;

    for (line = strtok_r(config, "\n", &save); line && !m.complete;
         line = strtok_r(NULL, "\n", &save))
        take_line(&m, line);
    if (!m.in_entry) return false;
    if (m.image)
        *image_r = strrchr(m.image, '/') ? strrchr(m.image, '/') + 1
                                         : m.image;
    return true;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
