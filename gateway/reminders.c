/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/reminders.h"

#include "alarms/alarms.h"
#include "base/crypt.h"
#include "base/log.h"
#include "idp-adapters/certificates_too.h"
#include "idp-adapters/endings.h"
#include "idp-adapters/upstream_service.h"
#include "model/mail.h"
#include "model/when.h"
#include "registry/contacts.h"
#include "registry/service_ends.h"

enum { TO_MAX = 5, RAISED_MAX = 500, TO_HEX = 16, PRINT_SHOWN = 16 };

struct dues { /* being filled */
    struct arena *arena;
    int64_t now_s;
    struct reminder *at;
    size_t n, max;
};

/* ── of a service ───────────────────────────────────────────────────────── */

/* about: which thing of whom, "service:tuisku-a:email". */
static struct reminder *add(struct dues *l, enum letter letter, const struct names *what, struct str about,
                            int64_t end_s)
{
    int within = end_warning(end_s, l->now_s);

    if (within == 0 || l->n == l->max)
        return NULL;
    l->at[l->n] =
        (struct reminder){ .letter = letter,
                           .what = *what,
                           .key = arena_printf(l->arena, "ends:%.*s:%lld:%d", STR_ARG(about), (long long)end_s, within),
                           .end_s = end_s,
                           .days = end_days_left(end_s, l->now_s) };
    return &l->at[l->n++];
}

static void add_of_service(struct dues *l, const struct service *s, enum letter letter, const struct names *part,
                           struct str thing, int64_t end_s)
{
    struct str about = arena_printf(l->arena, "service:%.*s:%.*s", STR_ARG(s->id), STR_ARG(thing));
    struct reminder *x = add(l, letter, &s->names, about, end_s);

    if (x == NULL)
        return;
    x->part = *part;
    x->path = arena_join(l->arena, letter == LETTER_need_ends ? S("/vendor/use/") : S("/vendor/service/"), s->id);
}

/* Which of several: "the certificate 0123456789ABCDEF…". */
static struct names named_by(struct arena *a, enum letter_part part, struct str print)
{
    struct names out = letter_parts[part];

    for (int i = 0; str_is_set(print) && i < LANG_COUNT; i++)
        out.in[i] = arena_printf(a, "%.*s %.*s…", STR_ARG(out.in[i]), STR_ARG(str_sub(print, 0, PRINT_SHOWN)));
    return out;
}

static void add_certificate(struct dues *l, const struct service *s, struct str print, int64_t end_s)
{
    const struct names part = named_by(l->arena, LETTER_PART_certificate, print);

    add_of_service(l, s, LETTER_service_ends, &part, print, end_s);
}

static void add_row(struct dues *l, const struct service *s, const struct service_end *e)
{
    if (e->kind == SERVICE_END_SECRET)
        add_of_service(l, s, LETTER_secret_retires, &(struct names){ 0 }, S("secret"), e->end_s);
    else if (e->kind == SERVICE_END_METADATA)
        add_of_service(l, s, LETTER_service_ends, &letter_parts[LETTER_PART_metadata], S("metadata"), e->end_s);
    else
        add_certificate(l, s, e->print, e->end_s);
}

/* Metadata from an address are renewed by whoever publishes them; their certificates by the vendor. */
static void add_kept(struct dues *l, struct upstream_store *kept, const struct service *s)
{
    struct upstream_got got = { .value = NULL };

    if (s->protocol != PROTO_SAML || !upstream_service_fetched(s) || kept == NULL)
        return;
    upstream_service_look(kept, l->arena, s, &got);
    const struct saml_service_metadata *m = certificates_fit(l->arena, s, got.value);
    for (size_t i = 0; m != NULL && i < m->certificate_count; i++)
        add_certificate(l, s, m->certificates[i].is.print, m->certificates[i].is.to_s);
}

static void add_needs(struct dues *l, const struct service *s)
{
    for (size_t i = 0; i < s->purpose_count; i++) {
        struct str claim = str_of(claim_rows[s->purposes[i].claim].word);
        if (s->purposes[i].claim != CLAIM_SUB)
            add_of_service(l, s, LETTER_need_ends, &(struct names){ { claim, claim, claim } }, claim,
                           s->purposes[i].until_s);
    }
}

size_t reminders_of_service(struct arena *a, struct upstream_store *kept, const struct service *s, int64_t now_s,
                            struct reminder *out, size_t max)
{
    struct service_end ends[SERVICE_ENDS_MAX];
    struct dues l = { a, now_s, out, 0, max };

    if (!s->enabled)
        return 0;
    size_t n = service_ends(a, s, now_s, ends, SERVICE_ENDS_MAX);
    for (size_t i = 0; i < n; i++)
        add_row(&l, s, &ends[i]);
    add_kept(&l, kept, s);
    add_needs(&l, s);
    return l.n;
}

/* ── of an identity provider ────────────────────────────────────────────── */

/* Certificates of web servers are renewed by programs, a month before: who is warned of each listens no more. */
static bool is_told(const struct ending *e, int within)
{
    return within > 0 && (e->what != ENDING_TLS || within <= ENDING_LAST_D);
}

size_t reminders_of_idp(struct arena *a, struct upstream_store *kept, const struct registry *r, const struct idp *idp,
                        int64_t now_s, struct reminder *out, size_t max)
{
    static const enum letter_part parts[ENDING_COUNT] = { [ENDING_METADATA] = LETTER_PART_metadata,
                                                          [ENDING_SIGNING] = LETTER_PART_signing,
                                                          [ENDING_ENCRYPTION] = LETTER_PART_encryption,
                                                          [ENDING_TLS] = LETTER_PART_tls,
                                                          [ENDING_SECRET] = LETTER_PART_client_secret };
    struct dues l = { a, now_s, out, 0, max };
    struct endings e;

    if (!idp->enabled || kept == NULL)
        return 0;
    endings_of(kept, a, r, idp, &e);
    for (size_t i = 0; i < e.n; i++) {
        const struct ending *one = &e.at[i];
        struct str thing = str_is_set(one->print) ? one->print : str_of(ending_name(one->what));
        struct str about = arena_printf(a, "idp:%.*s:%.*s", STR_ARG(idp->id), STR_ARG(thing));
        struct reminder *x =
            is_told(one, ending_within(one, now_s)) ? add(&l, LETTER_idp_ends, &idp->names, about, one->at_s) : NULL;
        if (x == NULL)
            continue;
        x->part = named_by(a, parts[one->what], one->print);
        x->path = arena_join(a, one->what == ENDING_SECRET ? S("/admin/join/") : S("/admin/idps/"), idp->id);
    }
    return l.n;
}

static bool is_in_force(const struct admin *right, int64_t now_s)
{
    return right->from_s <= now_s && (right->to_s == 0 || right->to_s > now_s);
}

size_t reminders_to_provider(const struct registry *r, const struct provider *p, int64_t now_s, struct str *out,
                             size_t max)
{
    const struct registry_parts *parts = registry_parts(r);
    size_t n = 0;

    for (size_t i = 0; p != NULL && i < parts->admin_count && n < max; i++) {
        const struct admin *right = &parts->admins[i];
        const struct account *who =
            right->provider == p && right->school == NULL && right->role == ROLE_ADMIN && is_in_force(right, now_s)
                ? registry_account_id(r, right->subject)
                : NULL;
        if (who != NULL && who->enabled && str_eq(who->idp, right->idp) && who->person != NULL &&
            str_is_set(who->person->email) && mail_address(who->person->email))
            out[n++] = who->person->email;
    }
    if (n == 0 && p != NULL && max > 0 && mail_address(p->support))
        out[n++] = p->support;
    return n;
}

/* ── the walk ───────────────────────────────────────────────────────────── */

struct raised {
    struct str service, detail;
};

struct reminders {
    struct arena *arena;
    struct mail_door door;
    struct alarms *alarms;
    struct vendors *vendors;
    int64_t walk_ms, raise_ms; /* monotonic: when the next is due */
    int64_t version;           /* of the registry that was walked */
    size_t at;                 /* the next of services, then of identity providers */
    struct arena *old, *new;   /* of these */
    struct raised *stand, *found;
    size_t stand_n, found_n;
    bool taken_over; /* contacts of before an upgrade: contacts_take_over() */
    bool bad;        /* a letter could not be left: logged once a walk */
};

static void walk_begin(struct reminders *x)
{
    x->at = 0;
    x->found_n = 0;
    x->bad = false;
    x->found = arena_make_n(x->new, RAISED_MAX, struct raised);
}

struct reminders *reminders_new(const struct mail_door *door, struct alarms *alarms, struct vendors *vendors)
{
    struct arena *a = arena_new();
    struct reminders *x = arena_make(a, struct reminders);

    *x = (struct reminders){
        .arena = a, .door = *door, .alarms = alarms, .vendors = vendors, .old = arena_new(), .new = arena_new()
    };
    x->walk_ms = world_mono_ms(door->world) + REMINDERS_FIRST_MS;
    walk_begin(x);
    return x;
}

void reminders_free(struct reminders *x)
{
    if (x == NULL)
        return;
    arena_free(x->old);
    arena_free(x->new);
    arena_free(x->arena);
}

static void send(struct reminders *x, struct arena *a, const struct reminder *due, struct str owner, struct str to,
                 struct str key)
{
    const struct mail_letter letter = { .letter = due->letter,
                                        .key = key,
                                        .owner = owner,
                                        .to = to,
                                        .a_day = MAILS_WARNED_A_DAY_MAX,
                                        .what = due->what,
                                        .part = due->part,
                                        .when_s = due->end_s,
                                        .days = due->days,
                                        .path = due->path };
    struct fail f = { 0 };
    bool fresh;

    if (!mail_is_set(x->door.set) || mail_put(&x->door, a, &letter, world_now_s(x->door.world), &fresh, &f))
        return;
    if (!x->bad)
        log_event(LOG_WARN, "mail.not_left", LOG_S("owner", owner), LOG_C("code", f.code), LOG_C("why", f.detail));
    x->bad = true;
}

static void note(struct reminders *x, const struct service *s, const struct reminder *due)
{
    if (due->letter == LETTER_secret_retires || x->found_n == RAISED_MAX)
        return;
    x->found[x->found_n++] = (struct raised){ arena_str(x->new, s->id), when_date(x->new, due->end_s) };
}

struct looking { /* for the contacts of an organisation */
    struct str organisation;
    struct contacts contacts;
};

static bool look_up(void *with, struct db *d, struct arena *a, struct fail *f)
{
    struct looking *l = with;

    return contacts_of(d, a, l->organisation, &l->contacts, f);
}

/* The address that somebody has verified; absent: nobody has, or it cannot be asked now: the next walk asks again. */
static struct str verified(struct reminders *x, struct arena *a, const struct organisation *o)
{
    struct looking l = { .organisation = o->id };
    struct fail f = { 0 };

    return x->vendors != NULL && mail_is_set(x->door.set) && vendors_now(x->vendors, a, look_up, &l, &f)
               ? l.contacts.verified[CONTACT_technology]
               : (struct str){ NULL, 0 };
}

static void look_at_service(struct reminders *x, struct arena *a, const struct registry *r, struct upstream_store *kept,
                            const struct service *s)
{
    struct reminder due[REMINDERS_OF_ONE_MAX];
    size_t n = reminders_of_service(a, kept, s, world_now_s(x->door.world), due, REMINDERS_OF_ONE_MAX);
    const struct organisation *o = n > 0 ? registry_organisation(r, s->vendor) : NULL;
    struct str to = o != NULL && o->enabled ? verified(x, a, o) : (struct str){ NULL, 0 };
    const struct reminder *first = NULL;

    for (size_t i = 0; i < n; i++) {
        if (due[i].letter != LETTER_secret_retires && (first == NULL || due[i].end_s < first->end_s))
            first = &due[i];
        if (str_is_set(to))
            send(x, a, &due[i], o->id, to, due[i].key);
    }
    if (first != NULL)
        note(x, s, first);
}

static void look_at_idp(struct reminders *x, struct arena *a, const struct registry *r, struct upstream_store *kept,
                        const struct idp *idp)
{
    struct reminder due[REMINDERS_OF_ONE_MAX];
    struct str to[TO_MAX];
    int64_t now_s = world_now_s(x->door.world);
    size_t n = reminders_of_idp(a, kept, r, idp, now_s, due, REMINDERS_OF_ONE_MAX);
    size_t who = n > 0 ? reminders_to_provider(r, idp->provider, now_s, to, TO_MAX) : 0;

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < who; k++)
            send(x, a, &due[i], idp->provider->id, to[k],
                 arena_printf(a, "%.*s:%.*s", STR_ARG(due[i].key), STR_ARG(str_sub(sha256_hex(a, to[k]), 0, TO_HEX))));
}

static void walk_end(struct reminders *x)
{
    struct arena *spare = x->old;

    x->old = x->new;
    x->stand = x->found;
    x->stand_n = x->found_n;
    arena_reset(spare);
    x->new = spare;
    x->walk_ms = world_mono_ms(x->door.world) + REMINDERS_EVERY_MS;
    x->raise_ms = 0;
    walk_begin(x);
}

static void walk(struct reminders *x, const struct registry *r, struct upstream_store *kept)
{
    const struct registry_parts *p = registry_parts(r);
    struct arena *a = arena_new();

    if (x->at == 0)
        x->version = p->version;
    for (size_t i = 0; i < REMINDERS_AT_ONCE && x->at < p->service_count + p->idp_count; i++, x->at++)
        if (x->at < p->service_count)
            look_at_service(x, a, r, kept, &p->services[x->at]);
        else
            look_at_idp(x, a, r, kept, &p->idps[x->at - p->service_count]);
    arena_free(a);
    if (x->at >= p->service_count + p->idp_count)
        walk_end(x);
}

static void raise_all(struct reminders *x)
{
    for (size_t i = 0; i < x->stand_n; i++)
        alarm_raise(x->alarms, ALARM_service_ends, &area_nation, x->stand[i].service, x->stand[i].detail,
                    world_now_s(x->door.world));
}

struct taking {
    const struct registry_parts *parts;
    int64_t now_s;
};

static bool take_over(void *with, struct db *d, struct arena *a, struct fail *f)
{
    const struct taking *t = with;

    return contacts_take_over(d, a, t->parts->organisations, t->parts->organisation_count, t->now_s, f);
}

/* Before anybody changes an address; one that cannot be done now is done a moment later. */
static void take_over_contacts(struct reminders *x, const struct registry *r)
{
    struct taking t = { registry_parts(r), world_now_s(x->door.world) };
    struct arena *a = arena_new();
    struct fail f = { 0 };

    x->taken_over = x->vendors == NULL || vendors_now(x->vendors, a, take_over, &t, &f);
    if (!x->taken_over && !x->bad)
        log_event(LOG_WARN, "contacts.not_taken_over", LOG_C("code", f.code), LOG_S("why", str_of(f.detail)));
    x->bad = x->bad || !x->taken_over;
    arena_free(a);
}

void reminders_look(struct reminders *x, const struct registry *r, struct upstream_store *kept)
{
    int64_t now_ms = world_mono_ms(x->door.world);

    if (r == NULL)
        return;
    if (!x->taken_over)
        take_over_contacts(x, r);
    if (x->at == 0 && registry_parts(r)->version != x->version && x->walk_ms > now_ms + REMINDERS_FIRST_MS)
        x->walk_ms = now_ms + REMINDERS_FIRST_MS; /* what was renewed stands no longer */
    if (now_ms >= x->walk_ms)
        walk(x, r, kept);
    if (now_ms < x->raise_ms)
        return;
    x->raise_ms = now_ms + REMINDERS_RAISE_MS;
    raise_all(x);
}
