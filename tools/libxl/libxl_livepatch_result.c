/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Filling in what all results begin with.
 */

#include "libxl_osdeps.h"

#include "libxl_livepatch_internal.h"

int libxl__livepatch_conclude(libxl__gc *gc, libxl__livepatch_any result,
                              libxl_livepatch_outcome outcome,
                              libxl_livepatch_reason reason,
                              const char *advice, const char *fmt, ...)
{
    libxl_livepatch_head *const head = result.head;
    char *message;
    va_list ap;

    if (head->outcome == LIBXL_LIVEPATCH_OUTCOME_STRANDED ||
        (head->outcome != LIBXL_LIVEPATCH_OUTCOME_UNDECIDED &&
         outcome != LIBXL_LIVEPATCH_OUTCOME_STRANDED))
        goto out;

    head->outcome = outcome;
    head->reason = reason;

    /* The old message may be one of the arguments. */
    va_start(ap, fmt);
    message = libxl__vsprintf(NOGC, fmt, ap);
    va_end(ap);
    free(head->message);
    head->message = message;

    if (!advice)
        advice = libxl__livepatch_words_for(reason)->advice;
    free(head->advice);
    head->advice = advice ? libxl__strdup(NOGC, advice) : NULL;

 out:
    return ERROR_INVAL;
}

void libxl__livepatch_complete_message(libxl__gc *gc,
                                       libxl__livepatch_any result,
                                       libxl_livepatch_outcome outcome,
                                       const char *text)
{
    libxl_livepatch_head *const head = result.head;
    char *message = libxl__sprintf(NOGC, "%s%s%s", head->message ?: "",
                                   head->message ? ", " : "", text);

    head->outcome = outcome;
    free(head->message);
    head->message = message;
}

void *libxl__livepatch_owned(libxl__gc *gc, void *ptr)
{
    if (!ptr) libxl__alloc_failed(CTX, __func__, 0, 0);
    libxl__ptr_add(gc, ptr);
    return ptr;
}

char *libxl__livepatch_text(libxl__gc *gc, const char *string)
{
    return libxl__livepatch_owned(gc, xenlivepatch_text(string,
                                                        strlen(string)));
}

void libxl__livepatch_append(libxl__gc *gc, libxl_string_list *list,
                             const char *text)
{
    int num = libxl_string_list_length(list);

    *list = libxl__realloc(NOGC, *list, (num + 2) * sizeof(**list));
    (*list)[num] = libxl__strdup(NOGC, text);
    (*list)[num + 1] = NULL;
}

void libxl__livepatch_warn(libxl__gc *gc, libxl__livepatch_any result,
                           const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    libxl__livepatch_append(gc, &result.head->warnings,
                            libxl__vsprintf(gc, fmt, ap));
    va_end(ap);
}

int libxl__livepatch_outcome_rc(libxl__livepatch_any result)
{
    switch (result.head->outcome) {
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

    switch (result.head->reason) {
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
static libxl_livepatch_reason errno_reason(int errnoval)
{
    switch (errnoval) {
    case ENOSYS: return LIBXL_LIVEPATCH_REASON_NOT_SUPPORTED;
    case EPERM:
    case EACCES: return LIBXL_LIVEPATCH_REASON_NOT_PERMITTED;
    case ENOENT: return LIBXL_LIVEPATCH_REASON_NO_SUCH_PAYLOAD;
    case EBUSY:  return LIBXL_LIVEPATCH_REASON_IN_FLIGHT;
    case ENOMEM: return LIBXL_LIVEPATCH_REASON_MEMORY;
    default:     return LIBXL_LIVEPATCH_REASON_HYPERVISOR;
    }
}

void libxl__livepatch_conclude_errno(libxl__gc *gc,
                                     libxl__livepatch_any result,
                                     int r, const char *what)
{
    libxl_livepatch_reason reason = errno_reason(-r);
    const char *message = libxl__livepatch_words_for(reason)->message;

    libxl__livepatch_conclude(gc, result,
                              r == -EBUSY ? LIBXL_LIVEPATCH_OUTCOME_BUSY
                                          : LIBXL_LIVEPATCH_OUTCOME_FAILED,
                              reason, NULL, "%s: %s", what,
                              message ?: strerror(-r));
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
