/* SPDX-License-Identifier: EUPL-1.2
 * What is known of the person who is signed in, who was told what of it, and who looked; on a page, and as a file.
 *
 * Of a look the person learns at once that it was, when, from which office, and for what kind of reason; never the
 * words of the reason, which may speak of others, nor who in the office it was. */
#include "audit/proof.h"
#include "base/crypt.h"
#include "base/settings.h"
#include "base/work.h"
#include "frame/contact.h"
#include "frame/roles.h"
#include "frame/words.h"
#include "gateway/answer.h"
#include "gateway/consent.h"
#include "gateway/explain.h"
#include "gateway/flow.h"
#include "gateway/pages/favourites.h"
#include "gateway/pages/habits.h"
#include "gateway/pages/me_parts.h"
#include "gateway/pages/own_log.h"
#include "gateway/protocol.h"
#include "gateway/session/device.h"
#include "gateway/session/limits.h"
#include "gateway/session/session.h"
#include "launcher/pages.h"
#include "launcher/texts.h"
#include "model/when.h"
#include "registry/ends.h"
#include "wire/form.h"
#include "wire/http.h"
#include "wire/json.h"

enum {
    EXPORT_READ = 10000,
    EXPORT_B = 64 << 20,
    SAID_S = 60,
    EXPORT_MAX_B = 64 << 20,
    PROOF_MAX_B = 2 * AUDIT_LINE_MAX_B
};

static const struct str said_cookie = S("me_said");

struct me { /* c->state; what a worker thread touches is in here alone */
    struct arena *arena;
    const char *audit_dir;
    struct str person;
    struct pleas *pleas;
    int64_t now_s;
    int64_t from_s;     /* of the page; 0: all of it, for the file */
    bool proves;        /* of a file: each of its lines, by the last head; none where none is signed yet */
    struct str head;    /* JSON */
    struct str *proofs; /* of each event: JSON; absent: no head is over it yet */
    struct own_log log;
    bool ok;
    struct fail why, why_pleas;
    struct pleas_found own;
    struct consents *consents;
    struct consents_found leaves; /* what they have let be told, and what they were shown */
    struct held_found held;       /* what services were left with, and the records of it */
    struct kv_got *records;
    struct kv_got counted;
    bool kept;
    struct consent taken; /* back, by the person: its service */
    bool was;
    struct consents_got take;
};

static enum step load_favourites(struct ctx *c, struct fail *f)
{
    (void)f;
    return step_into(c, favourites_load);
}

static void release_arena(void *a)
{
    arena_free(a);
}

static bool read_pleas(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct me *x = with;

    return pleas_of(d, a, x->person, S(""), x->now_s, &x->own, f);
}

static bool read_consents(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct me *x = with;

    return consents_of(d, a, x->person, &x->leaves, f) && held_of(d, a, x->person, &x->held, f);
}

/* Hashes of others, and nothing else of them. */
static void prove(struct me *x)
{
    struct fail none = { 0 };
    const struct audit_prover *p = audit_prover_new(x->audit_dir, x->arena, &none);
    struct json_out head = json_out(x->arena, PROOF_MAX_B);

    x->proofs = arena_make_n(x->arena, x->log.events.n + 1, struct str);
    if (p == NULL)
        return;
    json_begin_object(&head);
    audit_prover_head(p, &head);
    json_end_object(&head);
    x->head = json_done(&head);
    for (size_t i = 0; i < x->log.events.n; i++) {
        struct json_out one = json_out(x->arena, PROOF_MAX_B);
        json_begin_object(&one);
        bool proven = audit_prover_put(p, x->arena, &one, (uint64_t)x->log.events.at[i].n, x->log.events.at[i].line);
        json_end_object(&one);
        if (proven)
            x->proofs[i] = json_done(&one);
    }
}

static void run(void *arg)
{
    struct me *x = arg;
    struct fail why = { 0 };

    x->ok = x->from_s != 0 ? own_log_newest(x->audit_dir, x->arena, x->person, x->from_s, &x->log, &x->why)
                           : own_log_read(x->audit_dir, x->arena, x->person, EXPORT_READ, EXPORT_B, &x->log, &x->why);
    if (x->ok && x->proves)
        prove(x);
    if (x->pleas != NULL && !pleas_now(x->pleas, x->arena, read_pleas, x, &x->why_pleas))
        x->own = (struct pleas_found){ 0 };
    if (x->consents == NULL || consents_now(x->consents, x->arena, read_consents, x, &why))
        return;
    x->leaves = (struct consents_found){ NULL, 0 };
    x->held = (struct held_found){ NULL, 0 };
}

/* Reading the log costs more than a page does. */
static enum step count(struct ctx *c, struct fail *f)
{
    struct me *x = arena_make(c->arena, struct me);

    (void)f;
    c->state = x;
    limit_ask(c, LIMIT_own_data, c->session->person->id, ME_BUDGET_S, &x->counted);
    return WAIT;
}

static enum step read_with(struct ctx *c, int64_t from_s, bool proves, struct fail *f)
{
    struct me *x = c->state;

    if (!limit_keep(LIMIT_own_data, &x->counted, "own data", f))
        return REFUSE;
    *x = (struct me){ .arena = arena_new(),
                      .audit_dir = arena_cstr(c->arena, arena_join(c->arena, c->set->state_dir, S("/audit"))),
                      .person = c->session->person->id,
                      .pleas = c->pleas,
                      .consents = c->consents,
                      .now_s = c->now_s,
                      .from_s = from_s,
                      .proves = proves };
    arena_adopt(c->arena, x->arena, release_arena);
    if (!work_ask(c->work, &c->batch, run, x))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

static enum step read_page(struct ctx *c, struct fail *f)
{
    return read_with(c, c->now_s - c->set->session_max_s, false, f);
}

/* ── names ──────────────────────────────────────────────────────────────── */

struct str me_idp_name(const struct ctx *c, struct str id)
{
    const struct idp *idp = registry_idp(c->registry, id);

    return idp != NULL ? names_in(&idp->names, c->lang) : id;
}

struct str me_service_name(const struct ctx *c, struct str id)
{
    const struct service *s = registry_service(c->registry, id);

    return s != NULL ? names_in(&s->names, c->lang) : id;
}

bool me_is(const struct audit_found *x, const char *event)
{
    return str_eq(x->event, str_of(event));
}

void me_add_name(struct buf *b, struct str name)
{
    buf_add(b, b->n > 0 ? S(", ") : S(""));
    buf_add(b, name);
}

/* "Pääkäyttäjä, Oulu"; of a school's area "Rehtori, Testi-Kielonmäen koulu". */
static struct str office_of(struct ctx *c, const struct audit_found *x)
{
    struct str rest = x->area, id, role = role_word(role_of_name(x->acting_as), c->lang), place;
    const struct provider *p = str_split(&rest, '/', &id) ? registry_provider(c->registry, id) : NULL;
    const struct school *s = p != NULL && str_is_set(rest) ? provider_school(p, rest) : NULL;

    place = s != NULL ? names_in(&s->names, c->lang) : p != NULL ? names_in(&p->names, c->lang) : x->area;
    if (str_eq(x->area, S("nation")))
        place = text(T_chain_nation, c->lang);
    return str_is_set(role) ? arena_printf(c->arena, "%.*s, %.*s", STR_ARG(role), STR_ARG(place)) : place;
}

/* ── what the city said ─────────────────────────────────────────────────── */

static struct str place_name(const struct ctx *c, const struct affiliation *a)
{
    const struct provider *p = registry_provider_oid(c->registry, a->provider_oid);
    const struct school *s =
        p != NULL ? provider_school(p, str_is_set(a->school_oid) ? a->school_oid : a->school_code) : NULL;

    return s != NULL ? names_in(&s->names, c->lang) : p != NULL ? names_in(&p->names, c->lang) : a->provider_oid;
}

/* As it came, where that is not what is shown: numbers of places. */
static struct str came_as(struct ctx *c, const struct affiliation *a)
{
    struct buf b = buf_new(c->arena, ME_LIST_MAX_B);

    me_add_name(&b, a->provider_oid);
    if (str_is_set(a->school_oid))
        me_add_name(&b, a->school_oid);
    if (str_is_set(a->school_code))
        me_add_name(&b, a->school_code);
    if (str_is_set(a->office_oid))
        me_add_name(&b, a->office_oid);
    return buf_str(&b);
}

static void put_places(struct ctx *c, struct me_view *v)
{
    const struct person *p = c->session->person;
    struct me_place *at = arena_make_n(c->arena, p->affiliation_count + 1, struct me_place);
    const struct str none = { NULL, 0 };

    for (size_t i = 0; i < p->affiliation_count; i++) {
        const struct affiliation *a = &p->affiliations[i];
        at[i] = (struct me_place){ .where = place_name(c, a),
                                   .role = a->role != ROLE_NONE ? role_word(a->role, c->lang) : none,
                                   .group = a->group,
                                   .level = a->class_level > 0 ? arena_printf(c->arena, "%d", a->class_level) : none,
                                   .from = a->from_s != 0 ? when_date(c->arena, a->from_s) : none,
                                   .to = a->to_s != 0 ? when_date(c->arena, a->to_s - 1) : none,
                                   .came = came_as(c, a) };
    }
    v->places.at = at;
    v->places.n = p->affiliation_count;
}

static void put_person(struct ctx *c, struct me_view *v)
{
    static const enum text ages[] = {
        [AGE_UNDER13] = T_age_under13, [AGE_13TO17] = T_age_13to17, [AGE_ADULT] = T_age_adult
    };
    const struct person *p = c->session->person;
    const struct idp *idp = registry_idp(c->registry, p->idp);
    bool at_local = idp == NULL || idp->provider == NULL;

    v->name = person_display_name(c->arena, p);
    v->email = p->email;
    v->learner_id = p->learner_id;
    if (p->age != AGE_UNKNOWN)
        v->age = text(ages[p->age], c->lang);
    v->hidden = p->non_disclosure;
    v->city = me_idp_name(c, p->idp);
    v->came = when_full(c->arena, c->session->began_s, c->lang);
    put_places(c, v);
    if (at_local)
        return;
    v->ask = names_in(&idp->provider->names, c->lang);
    contact_split(idp->provider->support, &v->ask_url, &v->ask_email);
}

/* ── who was told what ──────────────────────────────────────────────────── */

struct telling_of { /* one service */
    struct str service;
    uint32_t claims;
    size_t count;
    int64_t last_s, times[ME_TIMES_MAX];
};

uint32_t me_claims_of(struct str words)
{
    uint32_t bits = 0;
    struct str word;
    enum claim claim;

    while (str_split(&words, ' ', &word))
        if (claim_of_word(word, &claim))
            bits |= 1u << claim;
    return bits;
}

struct str me_claims_in_words(struct ctx *c, uint32_t bits)
{
    struct buf b = buf_new(c->arena, ME_LIST_MAX_B);

    for (int claim = 0; claim < CLAIM_COUNT; claim++)
        if ((bits >> claim & 1u) != 0)
            me_add_name(&b, claim_in_words((enum claim)claim, c->lang));
    return buf_str(&b);
}

static void note_told(struct telling_of *all, size_t *n, const struct audit_found *x, bool *cut)
{
    size_t i = 0;

    while (i < *n && !str_eq(all[i].service, x->service))
        i++;
    if (i == ME_SERVICES_MAX) {
        *cut = true;
        return;
    }
    struct telling_of *t = &all[i];
    if (i == *n) {
        *t = (struct telling_of){ .service = x->service, .last_s = x->at_s };
        (*n)++;
    }
    t->claims |= me_claims_of(x->claims);
    if (t->count < ME_TIMES_MAX)
        t->times[t->count] = x->at_s;
    t->count++;
}

/* As the service's vendor says it now. */
size_t me_whys(struct ctx *c, struct str service, uint32_t bits, const struct told_why **out)
{
    const struct service *s = registry_service(c->registry, service);
    struct told_why *at = arena_make_n(c->arena, CLAIM_COUNT, struct told_why);
    size_t n = 0;

    for (size_t i = 0; s != NULL && i < s->purpose_count; i++)
        if ((bits >> s->purposes[i].claim & 1u) != 0)
            at[n++] = (struct told_why){ claim_in_words(s->purposes[i].claim, c->lang),
                                         names_in(&s->purposes[i].why, c->lang) };
    *out = at;
    return n;
}

static void put_told(struct ctx *c, const struct me *x, struct me_view *v)
{
    struct telling_of all[ME_SERVICES_MAX];
    struct me_told *at = arena_make_n(c->arena, ME_SERVICES_MAX, struct me_told);
    size_t n = 0;

    for (size_t i = 0; i < x->log.events.n; i++)
        if (me_is(&x->log.events.at[i], "release") && str_is_set(x->log.events.at[i].service))
            note_told(all, &n, &x->log.events.at[i], &v->told_cut);
    for (size_t i = 0; i < n; i++) {
        const struct telling_of *t = &all[i];
        size_t shown = t->count < ME_TIMES_MAX ? t->count : ME_TIMES_MAX;
        struct me_time *times = arena_make_n(c->arena, ME_TIMES_MAX, struct me_time);
        for (size_t k = 0; k < shown; k++)
            times[k].when = when_full(c->arena, t->times[k], c->lang);
        at[i] = (struct me_told){ .service = me_service_name(c, t->service),
                                  .count = words_count(c->arena, t->count, c->lang),
                                  .last = when_full(c->arena, t->last_s, c->lang),
                                  .claims = me_claims_in_words(c, t->claims) };
        at[i].whys.n = me_whys(c, t->service, t->claims, &at[i].whys.at);
        at[i].times.at = times;
        at[i].times.n = shown > 1 ? shown : 0;
    }
    v->told.at = at;
    v->told.n = n;
    v->told_cut = v->told_cut || x->log.events.next != 0;
}

/* ── who looked ─────────────────────────────────────────────────────────── */

static enum me_looked looked_of(const struct audit_found *x)
{
    return str_eq(x->reason, S("end_sessions"))         ? LOOKED_ENDED
           : str_eq(x->reason, S("export_disclosures")) ? LOOKED_EXPORTED
           : str_eq(x->reason, S("why"))                ? LOOKED_CODE
           : str_has_prefix(x->row, S("?"))             ? LOOKED_LOG
                                                        : LOOKED_PERSON;
}

/* "support: …", as the console writes it: the kind, and nothing after it. */
static enum me_reason reason_of(const struct audit_found *x)
{
    static const struct {
        const char *word;
        enum me_reason reason;
    } rows[] = { { "support: ", REASON_SUPPORT }, { "incident: ", REASON_INCIDENT }, { "request: ", REASON_REQUEST } };

    if (str_eq(x->reason, S("why")))
        return REASON_SUPPORT;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (str_has_prefix(x->why, str_of(rows[i].word)))
            return rows[i].reason;
    return REASON_NONE;
}

static void put_looks(struct ctx *c, const struct me *x, struct me_view *v)
{
    struct me_look *at = arena_make_n(c->arena, ME_LOOKS_MAX, struct me_look);

    for (size_t i = 0; i < x->log.looks.n && v->looks.n < ME_LOOKS_MAX; i++) {
        const struct audit_found *e = &x->log.looks.at[i];
        at[v->looks.n++] =
            (struct me_look){ when_full(c->arena, e->at_s, c->lang), office_of(c, e), looked_of(e), reason_of(e) };
    }
    v->looks.at = at;
    v->looks_cut = x->log.looks.n > ME_LOOKS_MAX || x->log.looks.next != 0;
}

/* ── the page ───────────────────────────────────────────────────────────── */

static bool is_met(struct ctx *c, const struct plea *p)
{
    const struct service *s = registry_service(c->registry, p->key.service);
    const struct circumstances now = flow_circumstances(c);

    return s != NULL && policy_decide(c->registry, c->session->person, s, &now).effect == EFFECT_ALLOW;
}

static void put_pleas(struct ctx *c, const struct me *x, struct me_view *v)
{
    struct plea_line *lines = arena_make_n(c->arena, x->own.n + 1, struct plea_line);

    for (size_t i = 0; i < x->own.n; i++)
        lines[i] = explain_line(c, &x->own.at[i], is_met(c, &x->own.at[i]));
    v->plea.own.at = lines;
    v->plea.own.n = x->own.n;
}

/* What they were shown is in the file alone: there is nothing to do about it. */
static void put_consents(struct ctx *c, const struct me *x, struct me_view *v)
{
    struct me_consent *at = arena_make_n(c->arena, x->leaves.n + 1, struct me_consent);

    for (size_t i = 0; i < x->leaves.n && v->consents.n < ME_CONSENTS_MAX; i++) {
        const struct consent *l = &x->leaves.at[i];
        if (l->kind == CONSENT_GIVEN)
            at[v->consents.n++] = (struct me_consent){ .service = me_service_name(c, l->service),
                                                       .service_id = l->service,
                                                       .when = when_full(c->arena, l->at_s, c->lang),
                                                       .claims = me_claims_in_words(c, l->claims.bits) };
    }
    v->consents.at = at;
}

/* ── what services hold ─────────────────────────────────────────────────── */

static const struct protocol *held_by(const struct ctx *c, const struct held *h)
{
    const struct service *s = registry_service(c->registry, h->service);
    const struct protocol *p = s != NULL ? protocol_of(c, s->protocol) : NULL;

    return p != NULL && p->ask_held != NULL ? p : NULL;
}

static enum step ask_records(struct ctx *c, struct fail *f)
{
    struct me *x = c->state;

    (void)f;
    x->records = arena_make_n(c->arena, x->held.n + 1, struct kv_got);
    for (size_t i = 0; i < x->held.n; i++)
        if (str_is_set(x->held.at[i].key) && held_by(c, &x->held.at[i]) != NULL)
            held_by(c, &x->held.at[i])->ask_held(c, &x->held.at[i], &x->records[i]);
    return WAIT;
}

static bool is_held(struct ctx *c, const struct me *x, size_t i, int64_t *seen_s)
{
    const struct held *h = &x->held.at[i];
    const struct protocol *p = held_by(c, h);

    *seen_s = h->at_s;
    if (p == NULL)
        return false;
    return str_is_set(h->key) ? p->held_lives(c, h, &x->records[i], seen_s)
                              : !ends_taken_back(c->ends, x->person, h->service, h->at_s, (struct str){ NULL, 0 });
}

struct holding { /* all that one service holds */
    struct str service;
    int64_t since_s, seen_s;
};

static size_t all_held(struct ctx *c, const struct me *x, struct holding *all)
{
    size_t n = 0;

    for (size_t i = 0; i < x->held.n; i++) {
        size_t k = 0;
        int64_t seen_s;
        if (!is_held(c, x, i, &seen_s))
            continue;
        while (k < n && !str_eq(all[k].service, x->held.at[i].service))
            k++;
        if (k == n)
            all[n++] = (struct holding){ x->held.at[i].service, x->held.at[i].at_s, seen_s };
        if (x->held.at[i].at_s < all[k].since_s)
            all[k].since_s = x->held.at[i].at_s;
        if (seen_s > all[k].seen_s)
            all[k].seen_s = seen_s;
    }
    return n;
}

static void put_held(struct ctx *c, const struct me *x, struct me_view *v)
{
    struct holding *all = arena_make_n(c->arena, x->held.n + 1, struct holding);
    struct me_held *at = arena_make_n(c->arena, x->held.n + 1, struct me_held);
    size_t n = all_held(c, x, all);

    for (; v->held.n < n && v->held.n < ME_HELD_MAX; v->held.n++) {
        const struct holding *h = &all[v->held.n];
        at[v->held.n] = (struct me_held){ .service = me_service_name(c, h->service),
                                          .service_id = h->service,
                                          .since = when_full(c->arena, h->since_s, c->lang),
                                          .seen = when_full(c->arena, h->seen_s, c->lang) };
    }
    v->held.at = at;
}

static enum me_said said_of(struct str word)
{
    return str_eq(word, S("others"))    ? ME_SAID_OTHERS
           : str_eq(word, S("session")) ? ME_SAID_SESSION
           : str_eq(word, S("forget"))  ? ME_SAID_FORGOTTEN
           : str_eq(word, S("consent")) ? ME_SAID_TAKEN_BACK
           : str_eq(word, S("end"))     ? ME_SAID_LET_GO
                                        : ME_SAID_NOTHING;
}

static enum step show(struct ctx *c, struct fail *f)
{
    const struct me *x = c->state;
    struct me_view v = { .page = page_for(c, S("/me")),
                         .said = said_of(http_cookie(c->req, said_cookie)),
                         .away = !x->ok };
    struct str remembered = device_remembered(c);

    if (v.said != ME_SAID_NOTHING)
        http_set_cookie(c->res, said_cookie, S(""), 0, SAME_SITE_LAX);
    (void)f;
    put_person(c, &v);
    v.shared = c->session->shared;
    v.began = when_full(c->arena, c->session->began_s, c->lang);
    v.ends = when_full(c->arena, c->session->ends_s, c->lang);
    me_put_sessions(c, &x->log.day, &v);
    put_told(c, x, &v);
    put_looks(c, x, &v);
    put_pleas(c, x, &v);
    put_consents(c, x, &v);
    put_held(c, x, &v);
    if (str_is_set(remembered))
        v.remembered = me_idp_name(c, remembered);
    flow_leave_idle(c);
    return answer_page(c, 200, page_me(c->arena, &v));
}

const struct step_row me_show[] = { { session_find }, { flow_need_person }, { count },
                                    { read_page },    { ask_records },      { show },
                                    { NULL } };

/* ── leaving elsewhere, and what the browser remembers ──────────────────── */

enum step me_go_said(struct ctx *c, const char *what)
{
    http_set_cookie(c->res, said_cookie, str_of(what), SAID_S, SAME_SITE_LAX);
    return answer_go(c, S("/me"));
}

/* ── what they had let be told, taken back ──────────────────────────────── */

static bool take_back(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct me *x = with;

    return consent_take(d, a, x->person, x->taken.service, &x->was, f);
}

static enum step back_ask(struct ctx *c, struct fail *f)
{
    struct me *x = arena_make(c->arena, struct me);

    c->state = x;
    x->person = c->session->person->id;
    x->taken.service = form_get(c->body, S("service"));
    if (c->consents == NULL || !consents_ask(c->consents, c->work, &c->batch, c->arena, take_back, x, &x->take))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

/* Whatever the service was given until now is dead.  A name that nobody registered never had any. */
static enum step end_given(struct ctx *c, const char *event, struct fail *f)
{
    struct me *x = c->state;

    if (!x->take.ok)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "consents: %s %s", x->take.why.code, x->take.why.detail);
    if (!x->was)
        return answer_go(c, S("/me"));
    const struct mark m = mark_consent(c->arena, x->person, x->taken.service, c->now_s, c->now_s + CONSENT_ENDS_S);
    c->person = c->session->person;
    c->service = registry_service(c->registry, x->taken.service);
    flow_audit(c, event, (struct str){ NULL, 0 }, (struct str){ NULL, 0 },
               c->service != NULL ? (struct str){ NULL, 0 } : x->taken.service);
    if (c->ends != NULL && !ends_mark(c->ends, c->work, &c->batch, c->arena, &m, &x->kept))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

static bool end_kept(struct ctx *c, struct fail *f)
{
    const struct me *x = c->state;

    return flow_audited(c, f) && (c->ends == NULL || x->kept ||
                                  fail(f, FAIL_OURS, "temporarily_unavailable", "the end of a consent was not kept"));
}

static enum step back_end(struct ctx *c, struct fail *f)
{
    return end_given(c, "consent_taken_back", f);
}

static enum step back_say(struct ctx *c, struct fail *f)
{
    return end_kept(c, f) ? me_go_said(c, "consent") : REFUSE;
}

static const struct step_row take_consent_back[] = { { back_ask }, { back_end }, { back_say }, { NULL } };

/* ── what a service holds, ended ────────────────────────────────────────── */

static bool find_held(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct me *x = with;

    if (!held_of(d, a, x->person, &x->held, f))
        return false;
    for (size_t i = 0; i < x->held.n; i++)
        x->was = x->was || str_eq(x->held.at[i].service, x->taken.service);
    return true;
}

static bool drop_held(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct me *x = with;

    (void)a;
    return held_drop(d, x->person, x->taken.service, f);
}

static enum step end_ask(struct ctx *c, struct fail *f)
{
    struct me *x = arena_make(c->arena, struct me);

    c->state = x;
    x->person = c->session->person->id;
    x->taken.service = form_get(c->body, S("service"));
    if (c->consents == NULL || !consents_ask(c->consents, c->work, &c->batch, c->arena, find_held, x, &x->take))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

static enum step end_mark(struct ctx *c, struct fail *f)
{
    return end_given(c, "offline_ended", f);
}

/* Dead by the mark already: what stays in the list is shown no more. */
static enum step end_drop(struct ctx *c, struct fail *f)
{
    struct me *x = c->state;

    if (!end_kept(c, f))
        return REFUSE;
    return consents_ask(c->consents, c->work, &c->batch, c->arena, drop_held, x, &x->take) ? WAIT : NEXT;
}

static enum step end_say(struct ctx *c, struct fail *f)
{
    (void)f;
    return me_go_said(c, "end");
}

static const struct step_row end_of_held[] = { { end_ask }, { end_mark }, { end_drop }, { end_say }, { NULL } };

static enum step act(struct ctx *c, struct fail *f)
{
    struct str what = form_get(c->body, S("act"));

    (void)f;
    if (!crypt_eq(c->session->csrf, form_get(c->body, S("csrf"))))
        return answer_go(c, S("/me"));
    if (str_eq(what, S("forget"))) {
        device_forget(c);
        habits_forget_recent(c);
        habits_forget_seen(c);
        return me_go_said(c, "forget");
    }
    if (str_eq(what, S("consent")))
        return step_into(c, take_consent_back);
    if (str_eq(what, S("end")))
        return step_into(c, end_of_held);
    if (str_eq(what, S("session")))
        return step_into(c, me_end_session);
    if (!str_eq(what, S("others")) || c->ends == NULL)
        return answer_go(c, S("/me"));
    flow_audit(c, "end_others", (struct str){ NULL, 0 }, (struct str){ NULL, 0 }, (struct str){ NULL, 0 });
    return WAIT;
}

static enum step end_others(struct ctx *c, struct fail *f)
{
    struct me *x = arena_make(c->arena, struct me);
    const struct mark m = { .kind = MARK_PERSON,
                            .what = c->session->person->id,
                            .spare = c->session->sid,
                            .at_s = c->now_s,
                            .until_s = c->now_s + session_longest_s(c->set) };

    c->state = x;
    if (!flow_audited(c, f))
        return REFUSE;
    if (!ends_mark(c->ends, c->work, &c->batch, c->arena, &m, &x->kept))
        return fail(f, FAIL_BUSY, "busy", "too many jobs wait");
    return WAIT;
}

static enum step say_ended(struct ctx *c, struct fail *f)
{
    const struct me *x = c->state;

    if (!x->kept)
        return fail(f, FAIL_OURS, "temporarily_unavailable", "the end of sessions was not kept");
    return me_go_said(c, "others");
}

const struct step_row me_act[] = { { session_find }, { flow_need_person }, { act },
                                   { end_others },   { say_ended },        { NULL } };

/* ── as a file ──────────────────────────────────────────────────────────── */

static enum step read_all(struct ctx *c, struct fail *f)
{
    return read_with(c, 0, true, f);
}

static void put_time(struct ctx *c, struct json_out *o, const char *name, int64_t at_s)
{
    if (at_s != 0)
        json_put_str(o, str_of(name), when_rfc3339(c->arena, at_s));
}

static void write_person(struct ctx *c, struct json_out *o)
{
    static const char *const ages[] = { [AGE_UNDER13] = "under13", [AGE_13TO17] = "13to17", [AGE_ADULT] = "adult" };
    const struct person *p = c->session->person;

    json_key(o, S("person"));
    json_begin_object(o);
    json_put_str(o, S("identity_provider"), p->idp);
    json_put_str(o, S("subject"), p->subject);
    json_put_str(o, S("given_names"), p->given_names);
    json_put_str(o, S("calling_name"), p->calling_name);
    json_put_str(o, S("family_name"), p->family_name);
    json_put_str(o, S("email"), p->email);
    json_put_str(o, S("learner_id"), p->learner_id);
    json_put_str(o, S("authentication_context"), p->acr);
    if (p->age != AGE_UNKNOWN)
        json_put_str(o, S("age"), str_of(ages[p->age]));
    json_put_bool(o, S("non_disclosure"), p->non_disclosure);
    json_key(o, S("affiliations"));
    json_begin_array(o);
    for (size_t i = 0; i < p->affiliation_count; i++) {
        const struct affiliation *a = &p->affiliations[i];
        json_begin_object(o);
        json_put_str(o, S("provider"), a->provider_oid);
        json_put_str(o, S("school"), a->school_oid);
        json_put_str(o, S("school_code"), a->school_code);
        json_put_str(o, S("office"), a->office_oid);
        json_put_str(o, S("understood_as"),
                     a->role != ROLE_NONE ? str_of(role_name(a->role)) : (struct str){ NULL, 0 });
        json_put_str(o, S("group"), a->group);
        if (a->class_level > 0)
            json_put_int(o, S("class_level"), a->class_level);
        put_time(c, o, "from", a->from_s);
        put_time(c, o, "to", a->to_s);
        json_end_object(o);
    }
    json_end_array(o);
    json_end_object(o);
}

/* As the service's vendor says it now; of what has none nothing is said. */
static void write_purposes(struct ctx *c, struct json_out *o, const struct audit_found *e)
{
    const struct service *s = registry_service(c->registry, e->service);
    uint32_t bits = me_claims_of(e->claims);

    if (s == NULL || s->purpose_count == 0)
        return;
    json_key(o, S("purposes"));
    json_begin_object(o);
    for (size_t i = 0; i < s->purpose_count; i++)
        if ((bits >> s->purposes[i].claim & 1u) != 0)
            json_put_str(o, str_of(claim_rows[s->purposes[i].claim].word), names_in(&s->purposes[i].why, c->lang));
    json_end_object(o);
}

static void write_events(struct ctx *c, struct json_out *o, const struct me *x)
{
    json_key(o, S("events"));
    json_begin_array(o);
    for (size_t i = 0; i < x->log.events.n; i++) {
        const struct audit_found *e = &x->log.events.at[i];
        if (!own_log_is_theirs(e))
            continue;
        json_begin_object(o);
        json_put_int(o, S("record"), e->n);
        put_time(c, o, "at", e->at_s);
        json_put_str(o, S("event"), e->event);
        json_put_str(o, S("service"), e->service);
        json_put_str(o, S("identity_provider"), e->idp);
        json_put_str(o, S("told"), e->claims);
        if (me_is(e, "release"))
            write_purposes(c, o, e);
        json_put_str(o, S("policy"), e->rule);
        json_put_str(o, S("support_code"), e->support_code);
        if (x->proofs != NULL && str_is_set(x->proofs[i])) {
            json_key(o, S("proof"));
            json_raw(o, x->proofs[i]);
        }
        json_end_object(o);
    }
    json_end_array(o);
    if (str_is_set(x->head)) {
        json_key(o, S("proof_head"));
        json_raw(o, x->head);
    }
    json_put_bool(o, S("events_complete"), x->ok && x->log.events.next == 0);
}

static void write_looks(struct ctx *c, struct json_out *o, const struct me *x)
{
    static const char *const looked[] = { [LOOKED_PERSON] = "person",
                                          [LOOKED_ENDED] = "sessions_ended",
                                          [LOOKED_EXPORTED] = "disclosures_exported",
                                          [LOOKED_CODE] = "support_code",
                                          [LOOKED_LOG] = "log" },
                             *const reasons[] = { NULL, "support", "incident", "request" };

    json_key(o, S("looks"));
    json_begin_array(o);
    for (size_t i = 0; i < x->log.looks.n; i++) {
        const struct audit_found *e = &x->log.looks.at[i];
        enum me_reason reason = reason_of(e);
        json_begin_object(o);
        json_put_int(o, S("record"), e->n);
        put_time(c, o, "at", e->at_s);
        json_put_str(o, S("what"), str_of(looked[looked_of(e)]));
        json_put_str(o, S("area"), e->area);
        json_put_str(o, S("acting_as"), e->acting_as);
        if (reason != REASON_NONE)
            json_put_str(o, S("reason"), str_of(reasons[reason]));
        json_end_object(o);
    }
    json_end_array(o);
    json_put_bool(o, S("looks_complete"), x->ok && x->log.looks.next == 0);
}

static void write_pleas(struct ctx *c, struct json_out *o, const struct me *x)
{
    json_key(o, S("requests"));
    json_begin_array(o);
    for (size_t i = 0; i < x->own.n; i++) {
        const struct plea *p = &x->own.at[i];
        json_begin_object(o);
        json_put_str(o, S("service"), p->key.service);
        json_put_str(o, S("provider"), p->key.provider);
        json_put_str(o, S("school"), p->key.school);
        json_put_str(o, S("role"), str_of(role_name(p->key.role)));
        put_time(c, o, "at", p->asked_s);
        json_put_str(o, S("words"), p->words);
        json_put_str(o, S("name"), p->name);
        if (!p->waits) {
            put_time(c, o, "declined_at", p->declined_s);
            json_put_str(o, S("answer"), p->answer);
        }
        json_end_object(o);
    }
    json_end_array(o);
}

static void write_consents(struct ctx *c, struct json_out *o, const struct me *x)
{
    json_key(o, S("consents"));
    json_begin_array(o);
    for (size_t i = 0; i < x->leaves.n; i++) {
        const struct consent *l = &x->leaves.at[i];
        json_begin_object(o);
        json_put_str(o, S("what"), l->kind == CONSENT_GIVEN ? S("consent") : S("informed"));
        json_put_str(o, S("service"), l->service);
        json_put_str(o, S("told"), consent_words(c->arena, l->claims));
        put_time(c, o, "at", l->at_s);
        json_end_object(o);
    }
    json_end_array(o);
}

static void write_held(struct ctx *c, struct json_out *o, const struct me *x)
{
    struct holding *all = arena_make_n(c->arena, x->held.n + 1, struct holding);
    size_t n = all_held(c, x, all);

    json_key(o, S("services_signed_in"));
    json_begin_array(o);
    for (size_t i = 0; i < n; i++) {
        json_begin_object(o);
        json_put_str(o, S("service"), all[i].service);
        put_time(c, o, "since", all[i].since_s);
        put_time(c, o, "used", all[i].seen_s);
        json_end_object(o);
    }
    json_end_array(o);
}

static void write_session(struct ctx *c, struct json_out *o)
{
    const struct session *s = c->session;

    json_key(o, S("session"));
    json_begin_object(o);
    put_time(c, o, "began", s->began_s);
    put_time(c, o, "ends", s->ends_s);
    json_put_bool(o, S("shared_device"), s->shared);
    json_end_object(o);
    json_key(o, S("favourites"));
    json_begin_array(o);
    for (size_t i = 0; i < s->favourites.n; i++)
        json_str(o, s->favourites.at[i]);
    json_end_array(o);
}

static enum step send(struct ctx *c, struct fail *f)
{
    const struct me *x = c->state;
    struct json_out o = json_out(c->arena, EXPORT_MAX_B);

    if (!x->ok) {
        *f = x->why;
        return REFUSE;
    }
    json_begin_object(&o);
    put_time(c, &o, "made_at", c->now_s);
    write_person(c, &o);
    write_session(c, &o);
    write_events(c, &o, x);
    write_looks(c, &o, x);
    write_pleas(c, &o, x);
    write_consents(c, &o, x);
    write_held(c, &o, x);
    json_end_object(&o);
    struct str json = json_done(&o);
    if (!str_is_set(json))
        return fail(f, FAIL_OURS, "page_too_large", "a person's data is over %d bytes", EXPORT_MAX_B);
    http_header_set(c->res, S("Content-Disposition"), S("attachment; filename=\"digione.json\""));
    http_header_set(c->res, S("Cache-Control"), S("no-store"));
    http_body(c->res, 200, S("application/json"), json);
    return DONE;
}

const struct step_row me_data[] = {
    { session_find }, { flow_need_person }, { load_favourites }, { count }, { read_all }, { ask_records }, { send },
    { NULL }
};
