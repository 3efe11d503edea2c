/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Payloads in the hypervisor and payload files, described for people.
 */

#define _GNU_SOURCE

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <libxl.h>
#include <libxl_utils.h>

#include "xl.h"
#include "xl_livepatch.h"
#include "xl_utils.h"

/* As many digits of a build-id as a table shows. */
#define SHORT_ID 12

/* What a CPU ran that ran no domain, in a libxl_livepatch_straggler. */
#define DOMID_OF_IDLE 0x7fff

/*----- parts of a description -----*/

static void print_field(FILE *f, const char *label, const char *value)
{
    if (value && *value)
        fprintf(f, "    %s %s\n", label, value);
}

void livepatch_print_strings(FILE *f, const libxl_string_list list)
{
    int i;

    for (i = 0; list && list[i]; i++)
        fprintf(f, "%s%s", i ? ", " : "", list[i]);
}

static void print_list_field(FILE *f, const char *label,
                             const libxl_string_list list)
{
    if (!libxl_string_list_length(&list)) return;

    fprintf(f, "    %s ", label);
    livepatch_print_strings(f, list);
    fprintf(f, "\n");
}

static void print_functions(FILE *f,
                            const libxl_livepatch_function *functions,
                            int num)
{
    const libxl_livepatch_function *fn;
    int i;

    for (i = 0; i < num; i++) {
        fn = &functions[i];
        fprintf(f, "    function %s", fn->name ? fn->name : "?");
        if (fn->old_addr)
            fprintf(f, " at %s", fn->old_addr);
        if (fn->nop)
            fprintf(f, ": %"PRIu32" of %"PRIu32" bytes become "
                    "no-operations\n", fn->new_size, fn->old_size);
        else
            fprintf(f, ": %"PRIu32" bytes replaced by %"PRIu32"%s%s\n",
                    fn->old_size, fn->new_size,
                    fn->new_addr ? " at " : "",
                    fn->new_addr ? fn->new_addr : "");
    }
}

static void print_metadata(FILE *f, const libxl_livepatch_metadata *md,
                           int num)
{
    int i;

    for (i = 0; i < num; i++)
        fprintf(f, "    metadata %s%s%s\n", md[i].key,
                md[i].value ? "=" : "", md[i].value ? md[i].value : "");
}

/*----- payload files -----*/

static void print_findings(FILE *f, const libxl_livepatch_judgement *j)
{
    const libxl_livepatch_finding *finding;
    const char *where;
    int i;

    for (i = 0; i < j->num_findings; i++) {
        finding = &j->findings[i];
        where = finding->where;
        /* Many a message begins with its subject anyhow. */
        if (where && !strncmp(finding->message, where, strlen(where)))
            where = NULL;
        fprintf(f, "    %s: %s%s%s\n",
                libxl_livepatch_severity_to_string(finding->severity),
                where ? where : "", where ? ": " : "", finding->message);
    }
}

void livepatch_print_judgement(FILE *f, const libxl_livepatch_judgement *j)
{
    fprintf(f, "%s: %s\n", j->file,
            j->acceptable ? "acceptable" : "not acceptable");
    print_field(f, "name", j->name);
    print_field(f, "build-id", j->build_id);
    print_field(f, "depends on", j->depends);
    print_field(f, "made for Xen", j->xen_build_id);
    print_field(f, "signed by", j->signer);
    print_list_field(f, "fixes", j->fixes);
    print_functions(f, j->functions, j->num_functions);
    print_list_field(f, "hooks", j->hooks);
    if (j->acceptable && !j->reapplicable)
        fprintf(f, "    cannot be applied again after a revert\n");
    if (j->acceptable && !j->replaceable)
        fprintf(f, "    has hooks that forbid replace\n");
    print_findings(f, j);
}

/*----- payloads in the hypervisor -----*/

#define COLUMNS 6

/* A row of the list, of malloc'd cells. */
typedef struct {
    char *cells[COLUMNS];
} list_row;

/* What the payload is built upon, by name where that is known. */
static char *dependency_text(const libxl_livepatch_listing *listing,
                             const libxl_livepatch_payload *p)
{
    const libxl_livepatch_payload *other;
    char *text;
    int i;

    if (!p->depends || !*p->depends)
        return xstrdup("-");
    if (listing->xen_build_id &&
        !strcmp(p->depends, listing->xen_build_id))
        return xstrdup("Xen");
    for (i = 0; i < listing->num_payloads; i++) {
        other = &listing->payloads[i];
        if (other->build_id && !strcmp(p->depends, other->build_id))
            return xstrdup(other->name);
    }
    xasprintf(&text, "%.*s", SHORT_ID, p->depends);
    return text;
}

/* Where in the stack it lies, from below, and whether that is its top. */
static char *position_text(const libxl_livepatch_listing *listing,
                           const libxl_livepatch_payload *p)
{
    bool top = true;
    char *text;
    int i;

    if (!p->position)
        return xstrdup("-");
    for (i = 0; i < listing->num_payloads; i++)
        top &= listing->payloads[i].position <= p->position;
    xasprintf(&text, "%"PRIu32"%s", p->position, top ? " (top)" : "");
    return text;
}

static char *state_text(const libxl_livepatch_payload *p)
{
    char *text;

    if (p->rc)
        xasprintf(&text, "%s (rc %d)",
                  libxl_livepatch_state_to_string(p->state), p->rc);
    else
        text = xstrdup(libxl_livepatch_state_to_string(p->state));
    return text;
}

static char *fixes_text(const libxl_string_list fixes)
{
    char *text = NULL;
    int i;

    for (i = 0; fixes && fixes[i]; i++) {
        if (i)
            string_realloc_append(&text, ",");
        string_realloc_append(&text, fixes[i]);
    }
    return text ? text : xstrdup("-");
}

static void make_row(const libxl_livepatch_listing *listing,
                     const libxl_livepatch_payload *p, list_row *row)
{
    row->cells[0] = xstrdup(p->name && *p->name ? p->name : "(no name)");
    row->cells[1] = state_text(p);
    row->cells[2] = position_text(listing, p);
    if (p->build_id && *p->build_id)
        xasprintf(&row->cells[3], "%.*s", SHORT_ID, p->build_id);
    else
        row->cells[3] = xstrdup("-");
    row->cells[4] = dependency_text(listing, p);
    row->cells[5] = fixes_text(p->fixes);
}

/* How many columns of a terminal UTF-8 takes, roughly. */
static int text_width(const char *text)
{
    int width = 0;

    for (; *text; text++)
        width += (*text & 0xc0) != 0x80;
    return width;
}

static void print_padded(FILE *f, const char *text, int width)
{
    fprintf(f, "%s%*s", text, width - text_width(text), "");
}

static void print_rows(FILE *f, const list_row *rows, int num)
{
    int widths[COLUMNS] = { 0 };
    int i, c, width;

    for (i = 0; i < num; i++) {
        for (c = 0; c < COLUMNS; c++) {
            width = text_width(rows[i].cells[c]) + 2;
            if (widths[c] < width)
                widths[c] = width;
        }
    }
    for (i = 0; i < num; i++) {
        for (c = 0; c < COLUMNS - 1; c++)
            print_padded(f, rows[i].cells[c], widths[c]);
        fprintf(f, "%s\n", rows[i].cells[c]);
    }
}

void livepatch_print_list(FILE *f, const libxl_livepatch_listing *listing)
{
    static const char *const headings[COLUMNS] = {
        "NAME", "STATE", "STACK", "BUILD-ID", "BASED-ON", "FIXES",
    };
    list_row *rows;
    int i, c;

    if (!listing->num_payloads) {
        fprintf(f, "No live patches.\n");
        return;
    }
    rows = xcalloc(listing->num_payloads + 1, sizeof(*rows));
    for (c = 0; c < COLUMNS; c++)
        rows[0].cells[c] = xstrdup(headings[c]);
    for (i = 0; i < listing->num_payloads; i++)
        make_row(listing, &listing->payloads[i], &rows[i + 1]);

    print_rows(f, rows, listing->num_payloads + 1);

    for (i = 0; i <= listing->num_payloads; i++)
        for (c = 0; c < COLUMNS; c++)
            free(rows[i].cells[c]);
    free(rows);
}

static void print_time(FILE *f, const char *label, uint64_t us)
{
    time_t t = us / 1000000;
    char text[64];
    struct tm tm;

    if (!us || !localtime_r(&t, &tm)) return;

    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %z", &tm);
    print_field(f, label, text);
}

void livepatch_print_payload(FILE *f, const libxl_livepatch_payload *p)
{
    fprintf(f, "%s: %s\n", p->name && *p->name ? p->name : "(no name)",
            libxl_livepatch_state_to_string(p->state));
    print_field(f, "name in hexadecimal", p->name_hex);
    if (p->rc)
        fprintf(f, "    its last action failed: %s (rc %d)\n",
                strerror(abs(p->rc)), p->rc);
    print_list_field(f, "fixes", p->fixes);
    print_metadata(f, p->metadata, p->num_metadata);
    if (!p->recorded && !p->build_id) {
        fprintf(f, "    no more is known, as another tool loaded it\n");
        return;
    }
    print_field(f, "build-id", p->build_id);
    print_field(f, "depends on", p->depends);
    print_field(f, "file", p->file);
    print_field(f, "sha256", p->sha256);
    print_field(f, "signed by", p->signer);
    print_time(f, "uploaded", p->uploaded_us);
    print_time(f, "applied", p->applied_us);
    if (p->position)
        fprintf(f, "    number %"PRIu32" of the stack, from below\n",
                p->position);
    if (p->forced)
        fprintf(f, "    was loaded by force, although judged unfit\n");
    fprintf(f, "    %s be applied again after a revert\n",
            p->reapplicable ? "can" : "cannot");
    print_functions(f, p->functions, p->num_functions);
    print_list_field(f, "hooks", p->hooks);
}

/*----- the hypervisor's report -----*/

void livepatch_print_domain(FILE *f, const char *before,
                            libxl_domid domid, const char *name)
{
    fprintf(f, "%sdomain %"PRIu32"%s%s%s", before, (uint32_t)domid,
            name ? " (" : "", name ? name : "", name ? ")" : "");
}

static void print_vcpu(FILE *f, const char *before, libxl_domid domid,
                       const char *name, uint32_t vcpu)
{
    livepatch_print_domain(f, before, domid, name);
    fprintf(f, ", vCPU %"PRIu32, vcpu);
}

static void print_straggler(FILE *f, const libxl_livepatch_straggler *late)
{
    fprintf(f, "    CPU %"PRIu32" was late: ", late->cpu);
    if (late->domid == DOMID_OF_IDLE)
        fprintf(f, "no domain");
    else
        print_vcpu(f, "", late->domid, late->name, late->vcpu);
    switch (late->where) {
    case LIBXL_LIVEPATCH_WHERE_GUEST:
        fprintf(f, ", in the guest's own code\n");
        break;
    case LIBXL_LIVEPATCH_WHERE_HYPERVISOR:
        if (late->symbol)
            fprintf(f, ", in %s+%#"PRIx32"\n", late->symbol, late->offset);
        else
            fprintf(f, ", in the hypervisor at %s\n", late->ip);
        break;
    default:
        fprintf(f, "; it did not answer\n");
        break;
    }
}

void livepatch_print_obstacles(FILE *f,
                               const libxl_livepatch_straggler *late,
                               int num_late,
                               const libxl_livepatch_waiting *waiting,
                               int num_waiting)
{
    int i;

    for (i = 0; i < num_late; i++)
        print_straggler(f, &late[i]);
    for (i = 0; i < num_waiting; i++) {
        print_vcpu(f, "    ", waiting[i].domid, waiting[i].name,
                   waiting[i].vcpu);
        fprintf(f, ", sleeps inside the hypervisor\n");
    }
}

static void print_times(FILE *f, const libxl_livepatch_report *r)
{
    if (r->upload_us)
        livepatch_print_duration(f, "    its upload took ", r->upload_us,
                                 "\n");
    if (!r->arrival_us) return;

    livepatch_print_duration(f,
                             "    in its last action CPUs arrived within ",
                             r->arrival_us, "");
    if (r->stopped_us)
        livepatch_print_duration(f, ", then stood still for ",
                                 r->stopped_us, "");
    if (r->patching_us)
        livepatch_print_duration(f, ", of that for patching ",
                                 r->patching_us, "");
    fprintf(f, "\n");
}

static void print_signature(FILE *f, const libxl_livepatch_report *r)
{
    switch (r->signature) {
    case LIBXL_LIVEPATCH_SIGNATURE_ABSENT:
        fprintf(f, "    is not signed\n");
        break;
    case LIBXL_LIVEPATCH_SIGNATURE_KNOWN:
        print_field(f, "signed with Xen's key", r->signer);
        break;
    case LIBXL_LIVEPATCH_SIGNATURE_FOREIGN:
        fprintf(f, "    its signature is of none of Xen's keys\n");
        break;
    default:
        break;
    }
}

void livepatch_print_report(FILE *f, const libxl_livepatch_report *r)
{
    print_field(f, "made for Xen", r->xen_build_id);
    print_signature(f, r);
    if (r->users)
        fprintf(f, "    %"PRIu32" other payload%s symbols of it\n",
                r->users, r->users == 1 ? " uses" : "s use");
    print_times(f, r);
    print_field(f, "its last failure:", r->failure);
    livepatch_print_obstacles(f, r->stragglers, r->num_stragglers,
                              r->waiting, r->num_waiting);
}

/*----- --fixes -----*/

static bool declares_fix(const libxl_livepatch_payload *p, const char *id)
{
    int i;

    for (i = 0; p->fixes && p->fixes[i]; i++)
        if (libxl_livepatch_same_fix(p->fixes[i], id))
            return true;
    return false;
}

const libxl_livepatch_payload *
livepatch_find_fix(const livepatch_command *cmd, const char *id)
{
    const libxl_livepatch_payload *found = NULL, *p;
    int i;

    for (i = 0; i < cmd->answer.listing.num_payloads; i++) {
        p = &cmd->answer.listing.payloads[i];
        if (!declares_fix(p, id)) continue;
        if (p->state == LIBXL_LIVEPATCH_STATE_APPLIED) return p;
        found = p;
    }
    return found;
}

void livepatch_print_fixes(FILE *f, const livepatch_command *cmd)
{
    const libxl_livepatch_payload *p;
    char **id;

    for (id = cmd->fixes; *id; id++) {
        p = livepatch_find_fix(cmd, *id);
        if (!p)
            fprintf(f, "No payload declares that it fixes %s.\n", *id);
        else if (p->state == LIBXL_LIVEPATCH_STATE_APPLIED)
            fprintf(f, "%s fixes %s and is applied.\n", p->name, *id);
        else
            fprintf(f, "%s fixes %s, but is not applied.\n", p->name,
                    *id);
    }
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
