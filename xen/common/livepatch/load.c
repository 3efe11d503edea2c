/* SPDX-License-Identifier: GPL-2.0-only */
/* The life of a payload before its first action, in the order it happens. */
#include <xen/errno.h>
#include <xen/string.h>

#include "arch.h"
#include "build_id.h"
#include "functions.h"
#include "hooks.h"
#include "layout.h"
#include "load.h"
#include "payloads.h"
#include "percpu.h"
#include "reason.h"
#include "relocate.h"
#include "signature.h"
#include "symbols.h"
#include "tables.h"

static int check_purpose(const struct payload *payload,
                         struct livepatch_reason *why)
{
    const struct livepatch_hooks *hooks = &payload->hooks;

    if ( payload->nfuncs || hooks->nload || hooks->nunload ||
         hooks->preapply || hooks->apply || hooks->postapply ||
         hooks->prerevert || hooks->revert || hooks->postrevert )
        return 0;

    return refuse(why, -EINVAL,
                  "nothing to patch: neither functions nor hooks");
}

/* All that needs the file. */
static int load_file(struct elf_view *elf, struct payload *payload, bool force)
{
    int rc;

    if ( (rc = signature_check(elf, payload)) ||
         (rc = arch_elf_check(&elf->header, elf->why)) ||
         (rc = build_id_read(elf, payload)) ||
         (rc = livepatch_percpu_load(elf, payload)) ||
         (rc = layout_load(elf, payload)) ||
         (rc = symbols_resolve(elf, payload, force)) ||
         (rc = relocate_sections(elf)) ||
         (rc = functions_load(elf, payload)) ||
         (rc = hooks_load(elf, payload)) ||
         (rc = check_purpose(payload, elf->why)) ||
         (rc = build_id_load(elf, payload)) ||
         (rc = bug_frames_load(elf, payload)) ||
         (rc = exceptions_load(elf, payload)) ||
         (rc = alternatives_load(elf, payload)) ||
         (rc = alternative_calls_load(elf, payload)) ||
         (rc = modinfo_load(elf, payload)) ||
         (rc = symbols_publish(elf, payload)) )
        return rc;

    return layout_seal(payload);
}

/* Also of one that was loaded in part. */
void unload_payload(struct payload *payload)
{
    payload_unbind_all(payload);
    functions_free(payload);
    symbols_free(payload);
    layout_free(payload);
    percpu_free(payload);
}

/* As before load_payload(), but for the reason. */
static void forget(struct payload *payload)
{
    struct livepatch_reason why = payload->why;
    char name[XEN_LIVEPATCH_NAME_SIZE];

    unload_payload(payload);

    memcpy(name, payload->name, sizeof(name));
    memset(payload, 0, sizeof(*payload));
    memcpy(payload->name, name, sizeof(name));
    payload->why = why;
}

int load_payload(struct payload *payload, const void *file, size_t size,
                 bool force)
{
    struct elf_view elf;
    int rc = elf_open(&elf, file, size, &payload->why);

    if ( rc )
        return rc;

    rc = load_file(&elf, payload, force);
    elf_close(&elf);

    if ( rc )
        forget(payload);
    else
        payload->state = LIVEPATCH_STATE_CHECKED;

    return rc;
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
