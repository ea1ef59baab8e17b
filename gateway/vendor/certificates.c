/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/vendor/certificates.h"

#include "gateway/tally.h"
#include "idp-adapters/approval.h"
#include "idp-adapters/certificates_too.h"
#include "idp-adapters/upstream_service.h"
#include "model/when.h"
#include "portal/texts.h"
#include "registry/service_ends.h"
#include "wire/form.h"

enum { CERTIFICATE_TYPED_MAX = 20000 };

struct sides { /* all of a service */
    struct certificate_listed at[CERTIFICATES_LISTED_MAX];
    size_t n;
};

static struct sides *sides_of(struct ctx *c, const struct service *s)
{
    const struct saml_service_metadata *m = approval_fit(c->arena, s, upstream_service_kept(c->upstreams, c->arena, s));
    struct sides *all = arena_make(c->arena, struct sides);

    all->n = certificates_list(c->arena, s, m, all->at, CERTIFICATES_LISTED_MAX);
    return all;
}

static size_t count(const struct sides *all, bool encrypts)
{
    size_t n = 0;

    for (size_t i = 0; i < all->n; i++)
        n += !all->at[i].retired && (encrypts ? all->at[i].encrypts : all->at[i].signs);
    return n;
}

static bool has_newer(const struct sides *all, size_t one, bool encrypts)
{
    for (size_t i = 0; i < all->n; i++) {
        const struct certificate_listed *x = &all->at[i], *mine = &all->at[one];
        if (i != one && !x->retired && (encrypts ? x->encrypts && mine->encrypts : x->signs && mine->signs) &&
            (x->is.from_s > mine->is.from_s || (x->is.from_s == mine->is.from_s && i > one)))
            return true;
    }
    return false;
}

/* The last of a use stays. */
static bool may_retire(const struct sides *all, const struct certificate_listed *x)
{
    return !x->retired && (!x->signs || count(all, false) > 1) && (!x->encrypts || count(all, true) > 1);
}

static struct str older_used(struct ctx *c, const struct service *s)
{
    const struct tally_rows tally = tally_read(c->service_tally, c->arena, s->id, c->now_s);

    for (size_t i = 0; i < tally.n; i++)
        if (str_eq(tally.at[i].code, S(TALLY_OLDER_CERTIFICATE)))
            return when_full(c->arena, tally.at[i].last_s, c->lang);
    return (struct str){ NULL, 0 };
}

void certificates_show(struct ctx *c, const struct service *s, struct vendor_service_view *v)
{
    const struct sides *all = sides_of(c, s);
    struct vendor_certificate *rows = arena_make_n(c->arena, all->n + 1, struct vendor_certificate);

    for (size_t i = 0; i < all->n; i++) {
        const struct certificate_listed *x = &all->at[i];
        rows[i] = (struct vendor_certificate){
            .print = x->is.print,
            .when = x->is.to_s != 0 ? when_date(c->arena, x->is.to_s) : (struct str){ NULL, 0 },
            .days = arena_printf(c->arena, "%lld", (long long)end_days_left(x->is.to_s, c->now_s)),
            .signs = x->signs,
            .encrypts = x->encrypts,
            .retired = x->retired,
            .older = !x->retired && (has_newer(all, i, false) || has_newer(all, i, true)),
            .may_retire = may_retire(all, x)
        };
    }
    v->certificates.at = rows;
    v->certificates.n = all->n;
    v->two_sign = count(all, false) > 1;
    v->two_encrypt = count(all, true) > 1;
    v->older_used = v->two_sign ? older_used(c, s) : (struct str){ NULL, 0 };
}

/* ── acts ───────────────────────────────────────────────────────────────── */

static const struct certificate_listed *find(const struct sides *all, struct str print)
{
    for (size_t i = 0; i < all->n; i++)
        if (str_eq(all->at[i].is.print, print))
            return &all->at[i];
    return NULL;
}

/* The row's own, without those that were retired: whoever adds the next has done with them. */
static struct str kept_pem(struct ctx *c, struct str pem, const struct service *s, const struct certificate *more)
{
    struct certificate all[METADATA_CERTIFICATES_MAX];
    size_t n = str_is_set(pem) ? certificates_read(c->arena, pem, all, METADATA_CERTIFICATES_MAX) : 0;
    struct buf b = buf_new(c->arena, (METADATA_CERTIFICATES_MAX + 1) * CERTIFICATE_TYPED_MAX);

    for (size_t i = 0; i < n; i++)
        if (!strs_has(&s->saml.retired, all[i].print))
            buf_add(&b, certificate_pem(c->arena, all[i].der));
    if (more != NULL)
        buf_add(&b, certificate_pem(c->arena, more->der));
    return buf_str(&b);
}

/* Those that still stand somewhere; without: one of them. */
static struct str kept_retired(struct ctx *c, const struct sides *all, const struct service *s, struct str without,
                               bool own_too)
{
    struct buf b = buf_new(c->arena, CERTIFICATE_TYPED_MAX);

    for (size_t i = 0; i < s->saml.retired.n; i++) {
        struct str print = s->saml.retired.at[i];
        const struct certificate_listed *x = find(all, print);
        if (x != NULL && (own_too || !x->added) && !str_eq(print, without))
            buf_printf(&b, "%s%.*s", b.n > 0 ? "\n" : "", STR_ARG(print));
    }
    return buf_str(&b);
}

static void put(struct certificates_altered *out, const char *key, struct str value)
{
    out->fields[out->n++] = (struct edit_field){ str_of(key), value };
}

static void refuse(const struct ctx *c, struct certificates_altered *out, enum vendor_text says)
{
    out->wrong = vendor_text(says, c->lang);
}

/* A key that opens the test is known to whoever tests: it must not open production. */
bool certificates_hold(struct arena *a, const struct service *s, int64_t now_s, struct str der)
{
    const struct saml_metadata_rules rules = { .now_s = now_s };
    struct saml_service_metadata *m = arena_make(a, struct saml_service_metadata);
    struct certificate_listed all[CERTIFICATES_LISTED_MAX];
    struct keyring *one = keyring_new(a);
    struct fail why = { 0 };
    bool read = str_is_set(s->saml.metadata_xml) && saml_service_read(a, s->saml.metadata_xml, &rules, m, &why);
    size_t n = certificates_list(a, s, read ? m : NULL, all, CERTIFICATES_LISTED_MAX);

    if (!keyring_add_certificate(one, der, &why))
        return false;
    for (size_t i = 0; i < n; i++)
        if (keyring_has(one, all[i].is.der))
            return true;
    return false;
}

static bool is_of_test(struct ctx *c, const struct service *s, struct str der)
{
    const struct service *test = s->test ? NULL : registry_service(c->registry, s->tested_as);

    return test != NULL && certificates_hold(c->arena, test, c->now_s, der);
}

/* "same": for what the service has certificates for now; what was never encrypted does not begin to be by that. */
static void uses(struct ctx *c, const struct sides *all, bool *signs, bool *encrypts)
{
    struct str use = form_get(c->body, S("use"));

    *encrypts = str_eq(use, S("encryption")) || (!str_eq(use, S("signing")) && count(all, true) > 0);
    *signs = str_eq(use, S("signing")) || (!str_eq(use, S("encryption")) && (count(all, false) > 0 || !*encrypts));
}

static void add(struct ctx *c, const struct service *s, const struct sides *all, struct certificates_altered *out)
{
    struct str typed = form_typed(c->body, S("certificate"), CERTIFICATE_TYPED_MAX), trouble;
    struct certificate is[2];
    bool signs, encrypts;

    out->done = "certificate_added";
    out->secret = str_find(typed, S("PRIVATE KEY")) < typed.n;
    if (out->secret) {
        refuse(c, out, V_v_cert_key);
        return;
    }
    if (certificates_read(c->arena, typed, is, 2) != 1) {
        refuse(c, out, V_v_cert_none);
        return;
    }
    uses(c, all, &signs, &encrypts);
    const struct certificate_listed *have = find(all, is->print);
    trouble = certificates_trouble(c->arena, typed, encrypts);
    if (trouble.p != NULL)
        out->wrong = trouble;
    else if (is->to_s != 0 && is->to_s <= c->now_s)
        refuse(c, out, V_v_cert_over);
    else if (is_of_test(c, s, is->der))
        refuse(c, out, V_v_cert_of_test);
    else if (have != NULL && (!have->added || !have->retired))
        refuse(c, out, V_v_cert_known);
    if (out->wrong.p != NULL)
        return;
    put(out, "signing_too", kept_pem(c, s->saml.signing_too, s, signs ? is : NULL));
    put(out, "encryption_too", kept_pem(c, s->saml.encryption_too, s, encrypts ? is : NULL));
    put(out, "certificates_retired", kept_retired(c, all, s, is->print, false));
}

static void retire(struct ctx *c, const struct service *s, const struct sides *all, struct certificates_altered *out)
{
    struct str print = form_get(c->body, S("print"));
    const struct certificate_listed *x = find(all, print);

    out->done = "certificate_gone";
    if (x == NULL || !may_retire(all, x)) {
        refuse(c, out, V_v_cert_last);
        return;
    }
    struct str before = kept_retired(c, all, s, (struct str){ NULL, 0 }, true);
    put(out, "certificates_retired",
        arena_printf(c->arena, "%.*s%s%.*s", STR_ARG(before), before.n > 0 ? "\n" : "", STR_ARG(print)));
}

bool certificates_alter(struct ctx *c, const struct service *s, struct str act, struct certificates_altered *out)
{
    const struct sides *all = sides_of(c, s);

    *out = (struct certificates_altered){ .n = 0 };
    if (str_eq(act, S("certificate_add"))) {
        add(c, s, all, out);
    } else if (str_eq(act, S("certificate_retire"))) {
        retire(c, s, all, out);
    } else if (str_eq(act, S("certificate_again"))) {
        out->done = "certificate_back";
        put(out, "certificates_retired", kept_retired(c, all, s, form_get(c->body, S("print")), true));
    } else {
        return false;
    }
    return true;
}
