/* SPDX-License-Identifier: EUPL-1.2 */
#include "model/ctx.h"

#include <assert.h>

static void catch_refusal(struct ctx *c)
{
    c->caught = c->fail;
    c->fail = (struct fail){ 0 };
    c->at[0] = c->rescue;
    c->depth = 1;
    c->rescue = NULL;
}

/* Runs rows until one waits or the request is over.  The batch is held by one
 * while a step runs: answers that come at once must not start the next row
 * below the step that asked for them. */
static void go_on(struct ctx *c)
{
    for (;;) {
        const struct step_row *row = c->at[c->depth - 1];
        if (row->run == NULL) { /* the end of this table */
            if (--c->depth > 0)
                continue;
            (void)fail(&c->fail, FAIL_OURS, "server_error", "the steps ended without an answer");
            break;
        }
        c->at[c->depth - 1] = row + 1;
        batch_ask(&c->batch);
        enum step said = row->run(c, &c->fail);
        unsigned waiting = --c->batch.pending;
        if (said == WAIT && waiting > 0)
            return;
        /* Whoever asked must wait: an answer would come into a finished request. */
        assert(waiting == 0);
        if (said == INTO) {
            assert(c->depth < STEP_DEPTH_MAX);
            c->at[c->depth++] = c->into;
        } else if (said == REFUSE || said == DONE) {
            if (said == REFUSE && c->fail.kind == FAIL_NONE)
                (void)fail(&c->fail, FAIL_OURS, "server_error", "a step refused without a reason");
            if (said == REFUSE && c->rescue != NULL) {
                catch_refusal(c);
                continue;
            }
            break;
        }
    }
    c->done(c);
}

static void answered(struct batch *b)
{
    struct ctx *c = (struct ctx *)b;

    c->now_s = world_now_s(c->world);
    go_on(c);
}

void steps_run(struct ctx *c, const struct step_row *table, void (*done)(struct ctx *c))
{
    c->batch = (struct batch){ 0, answered };
    c->at[0] = table;
    c->depth = 1;
    c->done = done;
    go_on(c);
}
