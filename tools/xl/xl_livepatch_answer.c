/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What came of a verb, whatever its type in libxl.
 */

#include <libxl.h>

#include "xl.h"
#include "xl_livepatch.h"

static livepatch_answer_kind kind_of(const livepatch_command *cmd)
{
    return cmd->verb ? cmd->verb->kind : LIVEPATCH_ONLY_HEAD;
}

char *livepatch_answer_to_json(livepatch_command *cmd)
{
    livepatch_answer *const a = &cmd->answer;

    switch (kind_of(cmd)) {
    case LIVEPATCH_RESULT:
        return libxl_livepatch_result_to_json(ctx, &a->result);
    case LIVEPATCH_LISTING:
        return libxl_livepatch_listing_to_json(ctx, &a->listing);
    case LIVEPATCH_DETAILS:
        return libxl_livepatch_details_to_json(ctx, &a->details);
    case LIVEPATCH_VERDICT:
        return libxl_livepatch_verdict_to_json(ctx, &a->verdict);
    case LIVEPATCH_CONDITION:
        return libxl_livepatch_condition_to_json(ctx, &a->condition);
    case LIVEPATCH_OBSTACLES:
        return libxl_livepatch_obstacles_to_json(ctx, &a->obstacles);
    case LIVEPATCH_ONLY_HEAD:
        break;
    }
    return libxl_livepatch_head_to_json(ctx, &a->head);
}

void livepatch_answer_dispose(livepatch_command *cmd)
{
    livepatch_answer *const a = &cmd->answer;

    switch (kind_of(cmd)) {
    case LIVEPATCH_RESULT:
        libxl_livepatch_result_dispose(&a->result);
        break;
    case LIVEPATCH_LISTING:
        libxl_livepatch_listing_dispose(&a->listing);
        break;
    case LIVEPATCH_DETAILS:
        libxl_livepatch_details_dispose(&a->details);
        break;
    case LIVEPATCH_VERDICT:
        libxl_livepatch_verdict_dispose(&a->verdict);
        break;
    case LIVEPATCH_CONDITION:
        libxl_livepatch_condition_dispose(&a->condition);
        break;
    case LIVEPATCH_OBSTACLES:
        libxl_livepatch_obstacles_dispose(&a->obstacles);
        break;
    case LIVEPATCH_ONLY_HEAD:
        libxl_livepatch_head_dispose(&a->head);
        break;
    }
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
