/* SPDX-License-Identifier: EUPL-1.2
 * What became of attempts at a service (gateway/trace.h): records of one attempt together, check by check. */
#include "gateway/trace.h"

#include "gateway/answer.h"
#include "gateway/errors.h"
#include "gateway/vendor/door.h"
#include "gateway/vendor/says.h"
#include "model/when.h"
#include "portal/texts.h"
#include "wire/form.h"
#include "wire/json.h"
#include "wire/saml_ask.h"

#include <string.h>

enum { SOUGHT_MAX = 20, RECORDS_SHOWN = 24, CHECKS_SHOWN = 160, TOLD_SHOWN = 80, WAY_PARTS = 5 };

struct seeing { /* c->state */
    const struct service *service;
    struct trace_got got;
};

struct attempt {
    const struct traced *at[RECORDS_SHOWN]; /* the first one first */
    size_t n;
};

static enum step ask(struct ctx *c, struct fail *f)
{
    struct seeing *x = c->state = arena_make(c->arena, struct seeing);

    (void)f;
    x->service = vendor_own_service(c, c->req->param);
    if (x->service == NULL)
        return vendor_refuse(c, FAIL_NOT_FOUND, "not_found");
    trace_ask(c, x->service, &x->got);
    return WAIT;
}

static struct str text(const struct ctx *c, enum vendor_text key)
{
    return vendor_text(key, c->lang);
}

/* The text with "{name}" replaced. */
static struct str text_with(struct ctx *c, enum vendor_text key, struct str name, struct str value)
{
    struct str all = text(c, key);
    size_t at = str_find(all, name);

    return at >= all.n ? all
                       : arena_printf(c->arena, "%.*s%.*s%.*s", (int)at, all.p, STR_ARG(value),
                                      STR_ARG(str_from(all, at + name.n)));
}

/* ── the step tables, as their checks stand in checks.def ───────────────── */

enum part {
    PART_NONE = 0,
    PROOF,
    OIDC_WHO,
    OIDC_ASK,
    OIDC_PUSH,
    SAML_ASK,
    LTI_ASK,
    PERSON,
    OIDC_ANSWER,
    SAML_ANSWER,
    LTI_ANSWER,
    GRANT,
    CODE,
    ISSUE,
    TOKEN,
    OIDC_LEAVE,
    SAML_LEAVE,
    LTI_TOKEN,
    LTI_DEEP
};

static const struct check_row {
    enum part part;
    const char *word, *rule;
    enum vendor_text says, mend;
} checks[CHECK_COUNT] = {
#define X(part, name, rule) [CHECK_##name] = { part, #name, rule, V_v_check_##name, V_v_mend_##name },
    CHECKS(X)
#undef X
};

/* Where on the service's own page the field is that cures it; checks that are not here are cured in the client. */
static const struct cure {
    enum check check;
    const char *at;
} cures[] = {
    { CHECK_redirect_uri, "redirect_uris" },
    { CHECK_address_now, "redirect_uris" },
    { CHECK_lti_redirect_uri, "redirect_uris" },
    { CHECK_leave_back, "post_logout_redirect_uris" },
    { CHECK_scope, "asks" },
    { CHECK_claims, "asks" },
    { CHECK_service, "client_id" },
    { CHECK_client, "sec" },
    { CHECK_issuer, "metadata_xml" },
    { CHECK_authentic, "metadata_xml" },
    { CHECK_acs, "metadata_xml" },
    { CHECK_acs_now, "metadata_xml" },
    { CHECK_leave_issuer, "metadata_xml" },
    { CHECK_leave_authentic, "metadata_xml" },
    { CHECK_lti_proof, "jwks_uri" },
    { CHECK_deep_proof, "jwks_uri" },
    { CHECK_policy, "audience" },
};

static struct str cure_of(enum check which)
{
    for (size_t i = 0; i < sizeof cures / sizeof *cures; i++)
        if (cures[i].check == which)
            return str_of(cures[i].at);
    return (struct str){ NULL, 0 };
}

/* By path; the rest is on the way between the city and the answer. */
static const struct way {
    const char *path;
    enum part parts[WAY_PARTS];
} ways[] = {
    { "/oidc/authorize", { OIDC_WHO, OIDC_ASK, PERSON, OIDC_ANSWER } },
    { "/oidc/par", { PROOF, OIDC_ASK, OIDC_PUSH } },
    { "/oidc/token", { PROOF, GRANT, CODE, ISSUE } },
    { "/oidc/userinfo", { TOKEN } },
    { "/oidc/end_session", { OIDC_LEAVE } },
    { "/oidc/introspect", { PROOF } },
    { "/oidc/revoke", { PROOF } },
    { "/oidc/device_authorization", { PROOF } },
    { "/saml/sso", { SAML_ASK, PERSON, SAML_ANSWER } },
    { "/saml/slo", { SAML_LEAVE } },
    { "/lti/authorize", { LTI_ASK, PERSON, LTI_ANSWER } },
    { "/lti/token", { LTI_TOKEN } },
    { "/lti/picked", { LTI_DEEP } },
};

static enum part answer_part(const struct service *s)
{
    return s->protocol == PROTO_OIDC ? OIDC_ANSWER : s->protocol == PROTO_SAML ? SAML_ANSWER : LTI_ANSWER;
}

static const struct trace_part *part_named(const struct traced *t, struct str name)
{
    for (size_t i = 0; i < t->part_count; i++)
        if (str_eq(t->parts[i].name, name))
            return &t->parts[i];
    return NULL;
}

static bool redeems_code(const struct traced *t)
{
    const struct trace_part *type = part_named(t, S("grant_type"));

    return type != NULL && str_eq(type->value, S("authorization_code"));
}

/* What the request has to go through, in order. */
static void way_of(const struct service *s, const struct traced *t, enum part parts[WAY_PARTS])
{
    parts[0] = PERSON;
    parts[1] = answer_part(s);
    parts[2] = PART_NONE;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (str_has_prefix(t->path, str_of(ways[i].path)))
            memcpy(parts, ways[i].parts, sizeof ways[i].parts);
    for (size_t i = 0; i < WAY_PARTS && parts[i] != PART_NONE; i++)
        if (parts[i] == CODE && !redeems_code(t))
            parts[i] = ISSUE; /* then once more: a check that was shown is not shown again */
}

static enum check check_named(struct str word)
{
    for (int i = 1; i < CHECK_COUNT; i++)
        if (str_eq(word, str_of(checks[i].word)))
            return (enum check)i;
    return CHECK_NONE;
}

static bool is_broken(const struct traced *t)
{
    return str_is_set(t->code);
}

static bool is_kind(const struct traced *t, enum fail_kind kind)
{
    return str_eq(t->kind, str_of(fail_kind_name(kind)));
}

/* As it should be: somebody may not, or nobody is signed in where no page may be shown. */
static bool is_rightly_so(const struct traced *t)
{
    return is_kind(t, FAIL_DENIED) || is_kind(t, FAIL_NO_SESSION);
}

static bool is_elsewhere(const struct traced *t)
{
    return is_kind(t, FAIL_OURS) || is_kind(t, FAIL_UPSTREAM) || is_kind(t, FAIL_BUSY);
}

/* Steps note what they have found kept: the first that is missing behind the last one that is there broke. */
static enum check broken_check(const struct service *s, const struct traced *t)
{
    enum part parts[WAY_PARTS] = { PART_NONE };
    enum check first = CHECK_NONE;

    if (!is_broken(t) || is_elsewhere(t))
        return CHECK_NONE;
    way_of(s, t, parts);
    for (size_t i = 0; i < WAY_PARTS && parts[i] != PART_NONE; i++)
        for (int k = 1; k < CHECK_COUNT; k++) {
            if (checks[k].part != parts[i])
                continue;
            if (str_has_word(t->checks, str_of(checks[k].word)))
                first = CHECK_NONE;
            else if (first == CHECK_NONE)
                first = (enum check)k;
        }
    return first;
}

/* ── attempts ───────────────────────────────────────────────────────────── */

static bool belongs(const struct attempt *a, const struct traced *t)
{
    return str_is_set(t->attempt) && str_eq(a->at[0]->attempt, t->attempt);
}

/* The one whose last record is the youngest first; its own records as they came. */
static size_t gather(struct ctx *c, const struct traced *all, size_t n, struct attempt **out)
{
    struct attempt *list = *out = arena_make_n(c->arena, n + 1, struct attempt);
    size_t count = 0;

    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < count && !belongs(&list[k], &all[i]))
            k++;
        if (list[k].n == RECORDS_SHOWN)
            continue;
        memmove(&list[k].at[1], &list[k].at[0], list[k].n * sizeof *list[k].at);
        list[k].at[0] = &all[i];
        list[k].n++;
        count += k == count;
    }
    return count;
}

static const struct traced *last(const struct attempt *a)
{
    return a->at[a->n - 1];
}

/* What broke counts, whatever went well before and after. */
static const struct traced *broken_of(const struct attempt *a)
{
    for (size_t i = a->n; i > 0; i--)
        if (is_broken(a->at[i - 1]))
            return a->at[i - 1];
    return NULL;
}

static bool has_check(const struct attempt *a, enum check which)
{
    for (size_t i = 0; i < a->n; i++)
        if (str_has_word(a->at[i]->checks, str_of(checks[which].word)))
            return true;
    return false;
}

static bool came_in(const struct attempt *a)
{
    return has_check(a, CHECK_code_given) || has_check(a, CHECK_assertion_given) || has_check(a, CHECK_launch_given);
}

static bool began(const struct attempt *a)
{
    return has_check(a, CHECK_redirect_uri) || has_check(a, CHECK_acs) || has_check(a, CHECK_lti_redirect_uri);
}

static struct str who(struct ctx *c, const struct attempt *a)
{
    for (size_t i = a->n; i > 0; i--) {
        const struct traced *t = a->at[i - 1];
        if (str_is_set(t->person))
            return t->test != 0 ? t->person : text_with(c, V_v_trace_someone, S("{code}"), t->person);
    }
    return text(c, V_v_trace_nobody);
}

static struct str broke_at(const struct ctx *c, const struct service *s, const struct traced *t)
{
    enum check which = broken_check(s, t);

    return which != CHECK_NONE ? text(c, checks[which].says) : is_elsewhere(t) ? text(c, V_v_trace_elsewhere) : t->code;
}

static struct str ended(struct ctx *c, const struct service *s, const struct attempt *a)
{
    const struct traced *bad = broken_of(a);

    if (bad != NULL && is_elsewhere(bad))
        return broke_at(c, s, bad);
    if (bad != NULL)
        return arena_printf(c->arena, "%.*s %.*s",
                            STR_ARG(text(c, is_rightly_so(bad) ? V_v_trace_policy : V_v_trace_broke)),
                            STR_ARG(broke_at(c, s, bad)));
    return text(c, came_in(a) ? V_v_trace_in : began(a) ? V_v_trace_waits : V_v_trace_well);
}

static struct str clock_of(struct ctx *c, int64_t at_s)
{
    return arena_printf(c->arena, "%.*s.%02d", STR_ARG(when_time(c->arena, at_s, c->lang)), (int)(at_s % 60));
}

static struct vendor_trace_row row_of(struct ctx *c, const struct service *s, const struct attempt *a)
{
    const struct traced *bad = broken_of(a);

    return (struct vendor_trace_row){ .id = a->at[0]->id,
                                      .when = when_full(c->arena, last(a)->at_s, c->lang),
                                      .who = who(c, a),
                                      .said = ended(c, s, a),
                                      .well = bad == NULL,
                                      .policy = bad != NULL && is_rightly_so(bad) };
}

/* ── two addresses ──────────────────────────────────────────────────────── */

static size_t equal_bytes(struct str a, struct str b)
{
    size_t i = 0;

    while (i < a.n && i < b.n && a.p[i] == b.p[i])
        i++;
    while (i > 0 &&
           ((i < a.n && ((unsigned char)a.p[i] & 0xc0) == 0x80) || (i < b.n && ((unsigned char)b.p[i] & 0xc0) == 0x80)))
        i--; /* no character is cut */
    return i;
}

static void differ(struct vendor_trace_check *v, struct str given, struct str held)
{
    size_t same = equal_bytes(given, held);

    v->differs = true;
    v->given_same = str_sub(given, 0, same);
    v->given_rest = str_from(given, same);
    v->held_same = str_sub(held, 0, same);
    v->held_rest = str_from(held, same);
}

/* The registered address that is most like the one that came. */
static void compare(struct vendor_trace_check *v, const struct strs *held, struct str given)
{
    struct str best = { NULL, 0 };

    if (!str_is_set(given) || strs_has(held, given))
        return;
    for (size_t i = 0; i < held->n; i++)
        if (best.p == NULL || equal_bytes(given, held->at[i]) > equal_bytes(given, best))
            best = held->at[i];
    if (best.p != NULL)
        differ(v, given, best);
}

static struct str value_of(const struct traced *t, const char *name)
{
    const struct trace_part *p = part_named(t, str_of(name));

    return p != NULL ? p->value : (struct str){ NULL, 0 };
}

static struct str asked_address(const struct attempt *a)
{
    for (size_t i = 0; i < a->n; i++)
        if ((str_has_prefix(a->at[i]->path, S("/oidc/authorize")) || str_eq(a->at[i]->path, S("/oidc/par"))) &&
            part_named(a->at[i], S("redirect_uri")) != NULL)
            return value_of(a->at[i], "redirect_uri");
    return (struct str){ NULL, 0 };
}

/* The key that the message names, where it names one, beside that of the service which is most like it. */
static void compare_keys(struct ctx *c, struct vendor_trace_check *v, const struct traced *t)
{
    struct str named = value_of(t, SAML_PART_KEY_NAMED), held[TRACE_PARTS_MAX];
    struct strs expected = { held, 0 };

    for (size_t i = 0; i < t->part_count && expected.n < TRACE_PARTS_MAX; i++)
        if (str_eq(t->parts[i].name, S(TRACE_KEY_EXPECTED)) && str_is_set(t->parts[i].value))
            held[expected.n++] = t->parts[i].value;
    if (!str_has_prefix(t->code, S("sig_")) || expected.n == 0)
        return;
    v->by_key = true;
    if (str_is_set(named))
        compare(v, &expected, named);
    else
        differ(v, text(c, V_v_trace_no_key), held[0]);
}

static void compare_addresses(struct vendor_trace_check *v, const struct service *s, const struct attempt *a,
                              const struct traced *t, enum check which)
{
    struct str uri = value_of(t, "redirect_uri"), before = asked_address(a);

    if (which == CHECK_redirect_uri || which == CHECK_lti_redirect_uri) {
        compare(v, &s->redirect_uris, uri);
    } else if (which == CHECK_leave_back) {
        compare(v, &s->post_logout_redirect_uris, value_of(t, "post_logout_redirect_uri"));
    } else if (which == CHECK_code_address && str_is_set(uri) && str_is_set(before)) {
        v->by_request = true;
        differ(v, uri, before);
    }
}

/* ── one of them ────────────────────────────────────────────────────────── */

static struct vendor_trace_check stop_of(struct ctx *c, const struct service *s, const struct attempt *a,
                                         const struct traced *t)
{
    enum check which = broken_check(s, t);
    struct vendor_trace_check v = { .text = which != CHECK_NONE ? text(c, checks[which].says) : broke_at(c, s, t),
                                    .stop = true,
                                    .rule = which != CHECK_NONE ? str_of(checks[which].rule) : S(""),
                                    .why = is_elsewhere(t) ? text(c, V_v_trace_elsewhere_why) : S(""),
                                    .told = t->said,
                                    .code = t->code,
                                    .status = arena_printf(c->arena, "%lld", (long long)t->status) };

    compare_addresses(&v, s, a, t, which);
    if (which == CHECK_authentic || which == CHECK_leave_authentic)
        compare_keys(c, &v, t);
    return v;
}

struct listing {
    struct vendor_trace_check *at;
    size_t n, fresh; /* fresh: the first of the record */
    struct ctx *c;
    const struct traced *of;
};

static void list_check(struct listing *l, struct vendor_trace_check v)
{
    if (l->n == CHECKS_SHOWN)
        return;
    if (l->n == l->fresh || v.stop)
        v.time = clock_of(l->c, l->of->at_s);
    l->at[l->n++] = v;
}

static void list_kept(struct listing *l)
{
    struct str rest = l->of->checks, word;

    while (str_split(&rest, ' ', &word)) {
        enum check which = check_named(word);
        if (which != CHECK_NONE)
            list_check(l, (struct vendor_trace_check){ .text = text(l->c, checks[which].says) });
    }
}

/* What comes behind the one that broke. */
static void list_after(struct listing *l, const struct service *s, enum check broke)
{
    enum part parts[WAY_PARTS] = { PART_NONE };
    bool behind = false, shown[CHECK_COUNT] = { false };

    way_of(s, l->of, parts);
    for (size_t i = 0; broke != CHECK_NONE && i < WAY_PARTS && parts[i] != PART_NONE; i++)
        for (int k = 1; k < CHECK_COUNT; k++) {
            if (checks[k].part != parts[i] || shown[k])
                continue;
            shown[k] = true;
            if (behind)
                list_check(l, (struct vendor_trace_check){ .text = arena_printf(l->c->arena, "%.*s: %.*s",
                                                                                STR_ARG(text(l->c, checks[k].says)),
                                                                                STR_ARG(text(l->c, V_v_trace_after))),
                                                           .after = true });
            behind = behind || k == (int)broke;
        }
}

static void put_checks(struct ctx *c, struct vendor_trace_view *v, const struct service *s, const struct attempt *a)
{
    struct listing l = { .at = arena_make_n(c->arena, CHECKS_SHOWN, struct vendor_trace_check), .c = c };

    for (size_t i = 0; i < a->n; i++) {
        l.of = a->at[i];
        l.fresh = l.n;
        list_kept(&l);
        if (!is_broken(l.of))
            continue;
        list_check(&l, stop_of(c, s, a, l.of));
        list_after(&l, s, broken_check(s, l.of));
    }
    v->checks.at = l.at;
    v->checks.n = l.n;
}

static void put_messages(struct ctx *c, struct vendor_trace_view *v, const struct attempt *a)
{
    struct vendor_trace_message *all = arena_make_n(c->arena, a->n, struct vendor_trace_message);

    for (size_t i = 0; i < a->n; i++) {
        const struct traced *t = a->at[i];
        struct vendor_trace_part *parts = arena_make_n(c->arena, t->part_count + 1, struct vendor_trace_part);
        for (size_t k = 0; k < t->part_count; k++)
            parts[k] = (struct vendor_trace_part){ t->parts[k].name, t->parts[k].value,
                                                   arena_printf(c->arena, "%lld", (long long)t->parts[k].length) };
        all[i].at = arena_printf(c->arena, "%.*s %.*s", STR_ARG(t->method), STR_ARG(t->path));
        all[i].time = clock_of(c, t->at_s);
        all[i].parts.at = parts;
        all[i].parts.n = t->part_count;
    }
    v->messages.at = all;
    v->messages.n = a->n;
}

/* ── what was told ──────────────────────────────────────────────────────── */

static struct str form_of(struct ctx *c, const struct trace_part *p)
{
    struct str n = arena_printf(c->arena, "%lld", (long long)p->length);

    switch (p->form) {
    case JSON_STR:
        return text_with(c, V_v_trace_chars, S("{n}"), n);
    case JSON_ARRAY:
        return text_with(c, V_v_trace_values, S("{n}"), n);
    case JSON_OBJECT:
        return text_with(c, V_v_trace_members, S("{n}"), n);
    case JSON_BOOL:
        return text(c, V_v_trace_yes_no);
    default:
        return text(c, V_v_trace_number);
    }
}

static void add_told(struct vendor_trace_told *all, size_t *n, struct vendor_trace_told one)
{
    for (size_t i = 0; i < *n; i++)
        if (str_eq(all[i].name, one.name))
            return;
    if (*n < TOLD_SHOWN)
        all[(*n)++] = one;
}

static void add_left(struct ctx *c, struct vendor_trace_told *all, size_t *n, struct str words, enum vendor_text why)
{
    struct str word;

    while (str_split(&words, ' ', &word))
        for (int i = 0; i < CLAIM_COUNT; i++)
            if (str_eq(word, str_of(claim_rows[i].word)))
                add_told(all, n,
                         (struct vendor_trace_told){ says_claim_name(c, (enum claim)i), text(c, V_v_trace_left_out),
                                                     text(c, why) });
}

static void put_told(struct ctx *c, struct vendor_trace_view *v, const struct attempt *a)
{
    struct vendor_trace_told *all = arena_make_n(c->arena, TOLD_SHOWN, struct vendor_trace_told);

    for (size_t i = 0; i < a->n; i++)
        for (size_t k = 0; k < a->at[i]->told_count; k++) {
            const struct trace_part *p = &a->at[i]->told[k];
            v->told_test = v->told_test || a->at[i]->test != 0;
            add_told(
                all, &v->told.n,
                (struct vendor_trace_told){ .name = p->name, .value = p->value.p != NULL ? p->value : form_of(c, p) });
        }
    for (size_t i = 0; i < a->n; i++) {
        add_left(c, all, &v->told.n, a->at[i]->unlet, V_v_trace_unlet);
        add_left(c, all, &v->told.n, a->at[i]->left_out, V_v_trace_empty);
    }
    v->told.at = all;
}

static void put_one(struct ctx *c, struct vendor_trace_view *v, const struct service *s, const struct attempt *a)
{
    const struct traced *bad = broken_of(a), *shown = bad != NULL ? bad : last(a);
    enum check which = bad != NULL ? broken_check(s, bad) : CHECK_NONE;

    v->one = row_of(c, s, a);
    v->heading = bad != NULL ? ended(c, s, a) : v->one.said;
    v->support_code = bad != NULL ? shown->support_code : (struct str){ NULL, 0 };
    put_checks(c, v, s, a);
    put_messages(c, v, a);
    put_told(c, v, a);
    if (bad == NULL)
        return;
    v->field = cure_of(which);
    v->mend = which != CHECK_NONE ? text(c, checks[which].mend) : (struct str){ NULL, 0 };
    struct str mend;
    if (error_words(bad->code, &v->means, &mend))
        v->page = error_uri(c, bad->code);
}

/* ── the page ───────────────────────────────────────────────────────────── */

/* "r4tm 8wxc", as people read it to each other. */
static struct str code_of(struct arena *a, struct str typed)
{
    struct buf b = buf_new(a, SOUGHT_MAX);

    for (size_t i = 0; i < typed.n; i++)
        if (typed.p[i] != ' ' && typed.p[i] != '-')
            buf_byte(&b, (char)(typed.p[i] >= 'a' && typed.p[i] <= 'z' ? typed.p[i] - 'a' + 'A' : typed.p[i]));
    return buf_str(&b);
}

static bool is_meant(const struct attempt *a, struct str sought, struct str id)
{
    for (size_t i = 0; i < a->n; i++)
        if (str_is_set(sought) ? str_eq(a->at[i]->support_code, sought) : str_eq(a->at[i]->id, id))
            return true;
    return false;
}

static enum step show(struct ctx *c, struct fail *f)
{
    struct seeing *x = c->state;
    struct vendor_trace_view v = { .sought = form_typed(c->query, S("code"), SOUGHT_MAX),
                                   .only_broken = str_eq(form_get(c->query, S("show")), S("broken")) };
    struct str id = form_get(c->query, S("attempt")), sought = code_of(c->arena, v.sought);
    struct traced *all;
    struct attempt *attempts;
    size_t n;

    if (!trace_read(c, &x->got, &all, &n, f))
        return REFUSE;
    n = gather(c, all, n, &attempts);
    struct vendor_trace_row *rows = arena_make_n(c->arena, n + 1, struct vendor_trace_row);
    for (size_t i = 0; i < n; i++) {
        bool meant = (str_is_set(sought) || str_is_set(id)) && is_meant(&attempts[i], sought, id);
        if (v.only_broken && !meant && broken_of(&attempts[i]) == NULL)
            continue;
        rows[v.rows.n] = row_of(c, x->service, &attempts[i]);
        if (meant && v.one.id.p == NULL) {
            put_one(c, &v, x->service, &attempts[i]);
            rows[v.rows.n].current = true;
        }
        v.rows.n++;
    }
    v.missed = (str_is_set(sought) || str_is_set(id)) && v.one.id.p == NULL;
    v.rows.at = rows;
    v.total = arena_printf(c->arena, "%zu", v.rows.n);
    v.id = x->service->id;
    v.title = names_in(&x->service->names, c->lang);
    vendor_page_for(c, VENDOR_PLACE_SERVICES, true, c->req->path, &v.con);
    v.con.tab = VENDOR_TAB_TRACE;
    return answer_page(c, 200, page_vendor_trace(c->arena, &v));
}

const struct step_row vendor_trace[] = { { vendor_door }, { ask }, { show }, { NULL } };
