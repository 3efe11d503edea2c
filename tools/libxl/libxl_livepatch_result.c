/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Filling in a libxl_livepatch_result.
 */

#include "libxl_osdeps.h"

#include "libxl_livepatch_internal.h"

void libxl__livepatch_conclude(libxl__gc *gc,
                               libxl_livepatch_result *result,
                               libxl_livepatch_outcome outcome,
                               libxl_livepatch_reason reason,
                               const char *advice, const char *fmt, ...)
{
    char *message;
    va_list ap;

    if (result->outcome == LIBXL_LIVEPATCH_OUTCOME_STRANDED ||
        (result->outcome != LIBXL_LIVEPATCH_OUTCOME_UNDECIDED &&
         outcome != LIBXL_LIVEPATCH_OUTCOME_STRANDED))
        return;

    result->outcome = outcome;
    result->reason = reason;

    /* The old message may be one of the arguments. */
    va_start(ap, fmt);
    message = libxl__vsprintf(NOGC, fmt, ap);
    va_end(ap);
    free(result->message);
    result->message = message;

    free(result->advice);
    result->advice = advice ? libxl__strdup(NOGC, advice) : NULL;
}

char *libxl__livepatch_gc_text(libxl__gc *gc, const void *bytes, size_t len)
{
    char *text = libxl__livepatch_text(bytes, len);

    if (!text) libxl__alloc_failed(CTX, __func__, 0, 0);
    libxl__ptr_add(gc, text);
    return text;
}

void libxl__livepatch_append(libxl__gc *gc, libxl_string_list *list,
                             const char *text)
{
    int num = libxl_string_list_length(list);

    *list = libxl__realloc(NOGC, *list, (num + 2) * sizeof(**list));
    (*list)[num] = libxl__strdup(NOGC, text);
    (*list)[num + 1] = NULL;
}

void libxl__livepatch_warn(libxl__gc *gc, libxl_livepatch_result *result,
                           const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    libxl__livepatch_append(gc, &result->warnings,
                            libxl__vsprintf(gc, fmt, ap));
    va_end(ap);
}

int libxl__livepatch_outcome_rc(const libxl_livepatch_result *result)
{
    switch (result->outcome) {
    case LIBXL_LIVEPATCH_OUTCOME_DONE:
    case LIBXL_LIVEPATCH_OUTCOME_ALREADY:
    case LIBXL_LIVEPATCH_OUTCOME_PLANNED:
        return 0;
    case LIBXL_LIVEPATCH_OUTCOME_BUSY:
        return ERROR_NOT_READY;
    case LIBXL_LIVEPATCH_OUTCOME_STRANDED:
        return ERROR_BADFAIL;
    case LIBXL_LIVEPATCH_OUTCOME_FAILED:
    case LIBXL_LIVEPATCH_OUTCOME_UNDECIDED:
        break;
    }

    switch (result->reason) {
    case LIBXL_LIVEPATCH_REASON_ABORTED:
        return ERROR_ABORTED;
    case LIBXL_LIVEPATCH_REASON_USAGE:
    case LIBXL_LIVEPATCH_REASON_FILE:
    case LIBXL_LIVEPATCH_REASON_FORMAT:
    case LIBXL_LIVEPATCH_REASON_XEN_BUILD_ID:
    case LIBXL_LIVEPATCH_REASON_DEPENDENCY:
    case LIBXL_LIVEPATCH_REASON_SYMBOL:
    case LIBXL_LIVEPATCH_REASON_COLLISION:
        return ERROR_INVAL;
    default:
        return ERROR_FAIL;
    }
}

/* What the errno of a hypercall means when the engine gave no hint. */
static const struct {
    int errnoval;
    libxl_livepatch_reason reason;
    const char *message;
    const char *advice;
} hypercall_errors[] = {
    { ENOSYS, LIBXL_LIVEPATCH_REASON_NOT_SUPPORTED,
      "this Xen was built without live patching",
      "Boot a Xen with CONFIG_LIVEPATCH; Debian's has it." },
    { EPERM, LIBXL_LIVEPATCH_REASON_NOT_PERMITTED,
      "Xen does not let this domain do it",
      "Only the control domain may; an XSM policy has to allow "
      "livepatch_op." },
    { EACCES, LIBXL_LIVEPATCH_REASON_NOT_PERMITTED,
      "Xen does not let this domain do it, or its interface is of another "
      "version than these tools",
      "Use the tools of the Xen that is running; see xl info." },
    { ENOENT, LIBXL_LIVEPATCH_REASON_NO_SUCH_PAYLOAD,
      "Xen has no payload of that name",
      "xl livepatch list shows those that it has." },
    { EBUSY, LIBXL_LIVEPATCH_REASON_IN_FLIGHT,
      "Xen is busy with another action", "Try again." },
    { ENOMEM, LIBXL_LIVEPATCH_REASON_MEMORY, "out of memory",
      "Free memory in Xen (xl info, free_memory) and in domain 0." },
};

void libxl__livepatch_conclude_errno(libxl__gc *gc,
                                     libxl_livepatch_result *result,
                                     int r, const char *what)
{
    libxl_livepatch_outcome outcome;
    int i;

    for (i = 0; i < ARRAY_SIZE(hypercall_errors); i++) {
        if (hypercall_errors[i].errnoval != -r) continue;
        outcome = r == -EBUSY ? LIBXL_LIVEPATCH_OUTCOME_BUSY
                              : LIBXL_LIVEPATCH_OUTCOME_FAILED;
        libxl__livepatch_conclude(gc, result, outcome,
                                  hypercall_errors[i].reason,
                                  hypercall_errors[i].advice,
                                  "%s: %s", what,
                                  hypercall_errors[i].message);
        return;
    }
    libxl__livepatch_conclude(gc, result, LIBXL_LIVEPATCH_OUTCOME_FAILED,
                              LIBXL_LIVEPATCH_REASON_HYPERVISOR, NULL,
                              "%s: %s", what, strerror(-r));
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
