/*
 * As libxl__ev_time_register_rel, but an abort of the ao doesn't touch it:
 * for what has to wait while it undoes the aborted operation.
 */
int libxl__ev_time_register_rel_unabortable(libxl__gc *gc,
                                            libxl__ev_time *ev,
                                            libxl__ev_time_callback *func,
                                            int milliseconds)
{
    struct timeval absolute;
    int rc;

    CTX_LOCK;

    libxl__ao_abortable_init(&ev->abrt);
    rc = time_rel_to_abs(gc, milliseconds, &absolute);
    if (rc) goto out;

    rc = time_register_finite(gc, ev, absolute);
    if (rc) goto out;

    ev->func = func;
    rc = 0;

 out:
    time_done_debug(gc, __func__, ev, rc);
    CTX_UNLOCK;
    return rc;
}

