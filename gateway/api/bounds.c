/* SPDX-License-Identifier: EUPL-1.2
 * What a screen would not do with rows of some kinds, a program does not either. */
#include "gateway/api/api.h"

#include "frame/roles.h"
#include "policy/receipts.h"
#include "policy/taking.h"
#include "registry/vendors.h"

enum { WITHDRAWN_AGO_MAX_S = 86400, CLOCKS_DIFFER_S = 60 };

struct judged { /* one row of the change */
    const struct api_call *x;
    const struct registry *after;
    char sign;
    struct str id;
    const struct json_value *was, *is; /* what differs; NULL: there is no such row */
    struct fail *fail;
};

static bool refuse(const struct judged *j, const char *kind, const char *says)
{
    return fail(j->fail, FAIL_CALLER, "invalid_row", "%s %.*s: %s", kind, STR_ARG(j->id), says);
}

/* ── a municipality's decision about a service: made, and withdrawn; nothing else ── */

static const struct {
    enum taking_fault fault;
    const char *says;
} faults[] = {
    { TAKING_UNDECIDED, "is asked for: expected it in gives or in keeps" },
    { TAKING_NOT_ASKED, "is not asked for by the service: gives names what it asks for" },
    { TAKING_FORBIDDEN, "is given, and the nation forbids it" },
    { TAKING_NO_ROLES, "roles: expected one or more of learner, teacher, substitute, principal, secretary, staff and "
                       "guardian" },
    { TAKING_NO_PURPOSE, "purpose: expected what it is used for" },
    { TAKING_NO_AGREEMENT, "agreement: expected the reference of the agreement in your records" },
    { TAKING_NO_DECIDER, "decided_by: expected the name and office of who decided" },
    { TAKING_OVER, "until: it has passed" },
};

static bool say_fault(const struct judged *j, const struct taking_wrong *w)
{
    const char *says = "it does not hold";

    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (faults[i].fault == w->fault)
            says = faults[i].says;
    return w->fault <= TAKING_FORBIDDEN ? fail(j->fail, FAIL_CALLER, "invalid_row", "permission %.*s: %s %s",
                                               STR_ARG(j->id), claim_key(w->claim), says)
                                        : refuse(j, "permission", says);
}

/* The policy that it opens by is made with it: to withdraw it takes that one away, and none that stood before. */
static bool makes_policy(const struct judged *j, struct str policy)
{
    const struct change_rows_shown *rows = &j->x->result.rows;

    for (size_t i = 0; i < rows->n; i++)
        if (rows->at[i].sign == '+' && str_has_prefix(rows->at[i].row, S("policy ")) &&
            str_eq(str_from(rows->at[i].row, 7), policy))
            return true;
    return false;
}

static bool decide(const struct judged *j, const struct permission *p)
{
    struct taking_wrong wrongs[TAKING_WRONGS_MAX];
    const struct service *s = registry_service(j->after, p->service);

    if (!taking_may(s))
        return refuse(j, "permission", "service: there is no such service, or it is in test or switched off");
    if (p->withdrawn_s != 0)
        return refuse(j, "permission", "withdrawn: a new decision is not withdrawn");
    if (str_is_set(p->policy) && !makes_policy(j, p->policy))
        return refuse(j, "permission", "policy: expected one that the same change makes (POST " API_ROOT "changes)");
    struct arena *a = arena_new();
    size_t n = taking_judge(p, s, taking_never(a, j->after, s, j->x->by.at_s), j->x->by.at_s, wrongs);
    arena_free(a);
    return n == 0 || say_fault(j, &wrongs[0]);
}

static bool only_withdraws(const struct json_value *differs)
{
    for (const struct json_value *m = differs->first; m != NULL; m = m->next)
        if (!str_eq(m->name, S("withdrawn")) && !str_eq(m->name, S("withdrawn_why")))
            return false;
    return true;
}

/* Nothing that was decided meanwhile comes to be told by it (policy/receipts.h). */
static bool decided_since(const struct judged *j, const struct permission *p)
{
    const struct service *s = registry_service(j->after, p->service);
    const struct receipts all = s != NULL ? receipts_of(j->after, p->provider, s) : (struct receipts){ NULL, 0 };

    for (size_t i = 0; i < all.n; i++)
        if (all.at[i] != p && all.at[i]->from_s >= p->withdrawn_s)
            return true;
    return false;
}

static bool withdraw(const struct judged *j, const struct permission *p)
{
    int64_t now_s = j->x->by.at_s;
    const struct json_value *before = json_get(j->was, S("withdrawn"));

    if (!only_withdraws(j->is) || before == NULL || before->integer != 0 || p->withdrawn_s == 0)
        return refuse(j, "permission",
                      "it stands as it was decided: withdraw it (withdrawn, withdrawn_why), and decide anew");
    if (p->withdrawn_s > now_s + CLOCKS_DIFFER_S || p->withdrawn_s < now_s - WITHDRAWN_AGO_MAX_S || decided_since(j, p))
        return refuse(j, "permission",
                      "withdrawn: expected the present moment, within a day, and after any other decision "
                      "about the service");
    return true;
}

static bool judge_permission(const struct judged *j)
{
    const struct permission *p = registry_permission(j->after, j->id);

    if (p == NULL)
        return refuse(j, "permission", "a decision is not removed: withdraw it (withdrawn, withdrawn_why)");
    return j->sign == '+' ? decide(j, p) : withdraw(j, p);
}

/* ── what else a kind keeps for others ─────────────────────────────────────── */

/* A vendor says its own word; whoever administers for the country speaks as the operator. */
static bool judge_incident(const struct judged *j)
{
    const struct registry_parts *parts = registry_parts(j->after);
    const struct json_value *before = json_get(j->was, S("by_operator"));
    const struct incident *now = NULL;

    for (size_t i = 0; i < parts->incident_count; i++)
        if (str_eq(parts->incidents[i].id, j->id))
            now = &parts->incidents[i];
    bool was_theirs = j->sign == '-' ? before == NULL || before->integer == 0 : before != NULL && before->integer == 0;
    return ((now == NULL || now->by_operator) && !was_theirs) ||
           refuse(j, "incident", "by_operator: expected true; what a vendor has said is the vendor's to alter");
}

/* A path of the gateway's machine is the word of whoever works on it. */
static bool judge_source(const struct judged *j)
{
    return json_get(j->is, S("file")) == NULL ||
           refuse(j, "metadata_source", "file: a file of the gateway's machine is named by `digione import` alone");
}

static const struct {
    const char *kind;
    bool (*judge)(const struct judged *j);
} bounds[] = { { "permission", judge_permission },
               { "incident", judge_incident },
               { "metadata_source", judge_source } };

static bool judge_row(struct arena *a, struct judged *j, const struct change_row_shown *row)
{
    struct str rest = row->row, kind;
    struct fail none = { 0 };

    (void)str_split(&rest, ' ', &kind);
    j->sign = row->sign;
    j->id = rest;
    j->was = row->before.p != NULL ? json_parse(a, row->before, &none) : NULL;
    j->is = row->after.p != NULL ? json_parse(a, row->after, &none) : NULL;
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
        if (str_eq(kind, str_of(bounds[i].kind)) && !bounds[i].judge(j))
            return false;
    return true;
}

/* ── an organisation that had an owner keeps one ───────────────────────────── */

static bool touches_staff(const struct api_call *x)
{
    for (size_t i = 0; i < x->write_count; i++)
        if (str_eq(x->writes[i].row.kind, S("staff")))
            return true;
    return false;
}

static bool owners_stay(const struct api_call *x, const struct registry *after, struct fail *f)
{
    const struct registry_parts *parts = registry_parts(after);

    for (size_t i = 0; i < parts->organisation_count; i++)
        if (vendor_is_owned(x->registry, parts->organisations[i].id) &&
            !vendor_is_owned(after, parts->organisations[i].id))
            return fail(f, FAIL_CALLER, "last_owner", "organisation %.*s would have no owner",
                        STR_ARG(parts->organisations[i].id));
    return true;
}

bool api_bounds(void *call, const struct registry *after, struct fail *f)
{
    const struct api_call *x = call;
    struct arena *a = arena_new();
    struct judged j = { .x = x, .after = after, .fail = f };
    bool good = !touches_staff(x) || owners_stay(x, after, f);

    for (size_t i = 0; good && i < x->result.rows.n; i++)
        good = judge_row(a, &j, &x->result.rows.at[i]);
    arena_free(a);
    return good;
}
