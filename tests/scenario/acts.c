/* SPDX-License-Identifier: EUPL-1.2
 *
 * One function per verb; the tables at the end are the language. */
#include "tests/scenario/play.h"

#include "audit/audit.h"
#include "base/codec.h"
#include "base/crypt.h"
#include "certs/signer.h"
#include "gateway/node/node.h"
#include "gateway/node/readiness.h"
#include "gateway/session/session.h"
#include "model/pairwise.h"
#include "registry/ends.h"
#include "registry/links.h"
#include "registry/registry.h"
#include "registry/wards.h"
#include "tests/scenario/authority.h"
#include "tests/scenario/disk.h"
#include "tests/tokens.h"
#include "wire/db.h"
#include "wire/form.h"
#include "wire/jose.h"
#include "wire/json.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { URL_B = 8192, LOOKS_MAX = 1000 };

/* ── browsers ───────────────────────────────────────────────────────────── */

static struct str token(struct play *p, size_t n)
{
    return crypt_token(p->arena, &p->stage->world, n);
}

/* Words are apart by spaces, so a value has '+' for its own. */
static struct str spaces_for_plus(struct play *p, struct str s)
{
    char *copy = arena_cstr(p->arena, s);

    for (char *c = copy; *c != '\0'; c++)
        *c = *c == '+' ? ' ' : *c;
    return str_n(copy, s.n);
}

/* The line's own "name=value" for a parameter, or what it usually is; "name=-" leaves it out. */
static struct str wish(struct play *p, const struct line *l, const char *name, struct str usual)
{
    for (size_t i = 0; i < l->word_count; i++) {
        size_t at = str_find_byte(l->word[i], '=', 0);
        if (!str_eq(str_sub(l->word[i], 0, at), str_of(name)) || at == l->word[i].n)
            continue;
        struct str value = str_from(l->word[i], at + 1);
        return str_eq(value, S("-")) ? (struct str){ NULL, 0 } : spaces_for_plus(p, value);
    }
    return usual;
}

/* at=espoo: the city is named by the service [MPASSid]. */
static struct str named_city(struct play *p, const struct line *l)
{
    struct str at = wish(p, l, "at", (struct str){ NULL, 0 });

    return at.p != NULL ? arena_join(p->arena, S("urn:mpass.id:authnsource:"), at) : at;
}

/* "hinting berta": with the ID token that berta's last code gave; a fault may have cost it. */
static void add_hint(struct play *p, const struct line *l, struct buf *url)
{
    struct str whose = line_after(l, "hinting");
    struct str token = whose.p != NULL ? play_tab(p, whose)->tokens.id_token : S("");

    if (whose.p != NULL)
        url_query(url, S("id_token_hint"), str_is_set(token) ? token : S("none"));
}

/* What a service asks, and what is remembered of it. */
static struct str wishes(struct play *p, struct tab *t, const struct service_actor *s, const struct line *l)
{
    static const char *const more[] = { "prompt",        "max_age", "acr_values", "id_token_hint", "login_hint",
                                        "ui_locales",    "claims",  "resource",   "dpop_jkt",      "request_uri",
                                        "response_mode", "request", "child",      "sub",           "on_behalf_of" };
    struct buf b = buf_new(p->arena, URL_B);

    t->grant = (struct grant){
        .service = s, .state = token(p, line_has(l, "large") ? 768 : 8), .nonce = token(p, 8), .verifier = token(p, 32)
    };
    form_add(&b, S("client_id"), wish(p, l, "client_id", str_of(s->name)));
    form_add(&b, S("redirect_uri"), wish(p, l, "redirect_uri", str_of(s->redirect_uri)));
    form_add(&b, S("response_type"), wish(p, l, "response_type", S("code")));
    form_add(&b, S("scope"), wish(p, l, "scope", S("openid")));
    form_add(&b, S("state"), t->grant.state);
    form_add(&b, S("nonce"), t->grant.nonce);
    form_add(&b, S("code_challenge"),
             wish(p, l, "code_challenge", b64url_encode(p->arena, sha256(p->arena, t->grant.verifier))));
    form_add(&b, S("code_challenge_method"), wish(p, l, "code_challenge_method", S("S256")));
    form_add(&b, S("acr_values"), named_city(p, l));
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        form_add(&b, str_of(more[i]), wish(p, l, more[i], (struct str){ NULL, 0 }));
    return buf_str(&b);
}

/* What the service pushed for this browser, and nothing else. */
static struct str pushed_wishes(struct play *p, const struct tab *t, const struct service_actor *s,
                                const struct line *l)
{
    struct buf b = buf_new(p->arena, URL_B);
    struct str uri = t->grant.pushed;

    form_add(&b, S("client_id"), wish(p, l, "client_id", str_of(s->name)));
    form_add(&b, S("request_uri"), str_is_set(uri) ? uri : S("urn:ietf:params:oauth:request_uri:none"));
    form_add(&b, S("state"), wish(p, l, "state", (struct str){ NULL, 0 }));
    return buf_str(&b);
}

/* anna OPENS matikka prompt=none …: she follows a link of the service that begins a sign-in.  "large": with a state
 * that no cookie can keep; "hinting": see above; "pushed": with what the service PUSHES for her. */
static void opens(struct play *p, struct tab *t, const struct line *l)
{
    const struct service_actor *s = play_service(l->word[0]);
    struct buf url = buf_new(p->arena, URL_B);

    if (s == NULL) {
        play_complain(p, "which service?");
        return;
    }
    buf_add(&url, S("/oidc/authorize?"));
    buf_add(&url, line_has(l, "pushed") ? pushed_wishes(p, t, s, l) : wishes(p, t, s, l));
    add_hint(p, l, &url);
    struct str host = wish(p, l, "host", (struct str){ NULL, 0 });
    play_browse(p, t, &(struct request){ .path = buf_str(&url), .host = host });
}

static void gets(struct play *p, struct tab *t, const struct line *l)
{
    struct buf url = buf_new(p->arena, URL_B);

    buf_add(&url, l->word[0]);
    add_hint(p, l, &url);
    struct str host = wish(p, l, "host", (struct str){ NULL, 0 });
    play_browse(p, t, &(struct request){ .path = buf_str(&url), .host = host });
}

/* anna FOLLOWS, or mallory FOLLOWS anna: where the last answer led, if that is here. */
static void follows(struct play *p, struct tab *t, const struct line *l)
{
    struct str to = (l->word_count > 0 ? play_tab(p, l->word[0]) : t)->location;

    if (str_has_prefix(to, S(STAGE_URL)))
        to = str_from(to, sizeof STAGE_URL - 1);
    if (!str_has_prefix(to, S("/")))
        play_complain(p, "\"%.*s\" leads away from here", STR_ARG(to));
    else
        play_browse(p, t, &(struct request){ .path = to });
}

/* anna LAUNCHES tyokalu [of berta] [name=value …]: the tool asks for the message of the launch that her browser (or
 * berta's) was led to it for. */
static void launches(struct play *p, struct tab *t, const struct line *l)
{
    static const char *const names[] = { "client_id",     "redirect_uri", "scope", "response_type",
                                         "response_mode", "prompt",       "nonce", "state" };
    struct str tool = l->word[0],
               values[] = { tool,           arena_printf(p->arena, "https://%.*s.example/launch", STR_ARG(tool)),
                            S("openid"),    S("id_token"),
                            S("form_post"), S("none"),
                            S("nonce"),     S("state") };
    struct str from = (line_after(l, "of").p != NULL ? play_tab(p, line_after(l, "of")) : t)->location;
    struct buf url = buf_new(p->arena, URL_B);

    buf_add(&url, S("/lti/authorize"));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        url_query(&url, str_of(names[i]), wish(p, l, names[i], values[i]));
    url_query(&url, S("login_hint"), play_query(p, from, "login_hint"));
    url_query(&url, S("lti_message_hint"), play_query(p, from, "lti_message_hint"));
    play_browse(p, t, &(struct request){ .path = buf_str(&url) });
}

/* The value of that hidden field of a page; absent: it has none. */
static struct str field_of(struct play *p, struct str page, const char *name)
{
    struct str mark = arena_printf(p->arena, "name=\"%s\" value=\"", name);
    size_t at = str_find(page, mark);
    struct str value = str_from(page, at + mark.n);

    return at < page.n ? str_sub(value, 0, str_find_byte(value, '"', 0)) : (struct str){ NULL, 0 };
}

/* The persistent NameID of a SAML answer, without what stands behind its @. */
static struct str name_id_of(struct str xml)
{
    struct str from = str_from(xml, str_find(xml, S("NameID ")));

    from = str_from(from, str_find_byte(from, '>', 0) + 1);
    from = str_sub(from, 0, str_find_byte(from, '<', 0));
    return str_sub(from, 0, str_find_byte(from, '@', 0));
}

static struct str sub_of(struct play *p, struct str token)
{
    struct str part, json = S("");
    struct fail f = { 0 };

    (void)str_split(&token, '.', &part);
    return str_split(&token, '.', &part) && b64url_decode(p->arena, part, &json)
               ? json_get_str(json_parse(p->arena, json, &f), S("sub"))
               : (struct str){ NULL, 0 };
}

/* anna BEARS anna-at-luku: what she brings a service of SAML, or a tool of LTI, names her so. */
static void bears(struct play *p, struct tab *t, const struct line *l)
{
    struct str saml = field_of(p, t->page, "SAMLResponse"), xml = S("");
    struct str name = saml.p != NULL && b64_decode(p->arena, saml, &xml) ? name_id_of(xml)
                                                                         : sub_of(p, field_of(p, t->page, "id_token"));

    if (!str_is_set(name))
        play_complain(p, "the page names nobody to a service");
    else if (!play_alias(p->subs, l->word[0], name))
        play_complain(p, "the person has another name there, or somebody else's");
}

/* anna CLICKS /sign-in/again: the link of the page that she sees which begins so, whole. */
static void clicks(struct play *p, struct tab *t, const struct line *l)
{
    struct str mark = arena_printf(p->arena, "href=\"%.*s", STR_ARG(l->word[0]));
    size_t at = str_find(t->page, mark);
    struct str rest = str_from(t->page, at + sizeof "href=\"" - 1);
    struct buf path = buf_new(p->arena, URL_B);

    if (at == t->page.n) {
        play_complain(p, "no link leads to %.*s", STR_ARG(l->word[0]));
        return;
    }
    rest = str_sub(rest, 0, str_find_byte(rest, '"', 0));
    for (size_t i = 0; i < rest.n; i++) { /* "&amp;" */
        buf_byte(&path, rest.p[i]);
        i += rest.p[i] == '&' ? 4 : 0;
    }
    play_browse(p, t, &(struct request){ .path = buf_str(&path) });
}

/* anna CHOOSES oulu: at the sign-in page, where she is.  "on a shared device": says so. */
static void chooses(struct play *p, struct tab *t, const struct line *l)
{
    struct buf body = buf_new(p->arena, URL_B);

    form_add(&body, S("login"), play_query(p, t->location, "login"));
    form_add(&body, S("idp"), l->word[0]);
    if (!line_has(l, "without"))
        form_add(&body, line_has(l, "shared") ? S("shared") : S("remember"), S("1"));
    play_browse(p, t, &(struct request){ .post = true, .path = S("/sign-in/idp"), .body = buf_str(&body) });
}

/* anna TYPES siiri salasana: at the page of our own accounts, where she is. */
static void types(struct play *p, struct tab *t, const struct line *l)
{
    struct buf body = buf_new(p->arena, URL_B);

    form_add(&body, S("login"), play_query(p, t->location, "login"));
    form_add(&body, S("username"), l->word[0]);
    form_add(&body, S("password"), l->word_count > 1 ? l->word[1] : S(""));
    play_browse(p, t, &(struct request){ .post = true, .path = S("/sign-in/local"), .body = buf_str(&body) });
}

/* anna REPEATS /upstream/saml/go: her last request of that path, by reload or back button. */
static void repeats(struct play *p, struct tab *t, const struct line *l)
{
    for (size_t i = t->past_count; i-- > 0;)
        if (str_has_prefix(t->past[i].path, l->word[0])) {
            const struct request again = t->past[i];
            play_browse(p, t, &again);
            return;
        }
    play_complain(p, "%.*s has not been there", STR_ARG(t->name));
}

static void deliver(struct play *p, struct tab *t, const struct city_answer *a)
{
    play_browse(p, t, &(struct request){ .post = a->post, .path = a->path, .body = a->body });
}

/* mallory BRINGS the answer to anna: whoever's it is, she brings it in her own browser. */
static void brings(struct play *p, struct tab *t, const struct line *l)
{
    const struct tab *whose = line_after(l, "to").p != NULL ? play_tab(p, line_after(l, "to")) : t;

    if (whose->carries)
        deliver(p, t, &whose->carried);
    else
        play_complain(p, "no city has written to %.*s", STR_ARG(whose->name));
}

/* anna SIGNS OUT: the form, with the token that the page has in it; "with csrf=…": with another. */
static void signs(struct play *p, struct tab *t, const struct line *l)
{
    const struct request page = { .path = S("/sign-out"), .from = S("192.0.2.7") };
    bool before = play_fault_hit(p);
    struct answer form = browser_ask(p->stage, p->arena, t->jar, &page);
    if (!before && play_fault_hit(p))
        form = browser_ask(p->stage, p->arena, t->jar, &page);
    struct str rest = str_from(form.body, str_find(form.body, S("name=\"csrf\" value=\"")));
    struct buf body = buf_new(p->arena, URL_B);

    rest = str_from(rest, sizeof "name=\"csrf\" value=\"" - 1);
    form_add(&body, S("csrf"), wish(p, l, "csrf", str_sub(rest, 0, str_find_byte(rest, '"', 0))));
    play_browse(p, t, &(struct request){ .post = true, .path = S("/sign-out"), .body = buf_str(&body) });
}

/* "here": the value that the page has in a hidden field of that name, or its address in its query; "main": the first in
 * the page's main part, behind what all pages have above it. */
/* The last of that name: of several buttons. */
static struct str value_last(struct str page, struct str mark)
{
    struct str last = { NULL, 0 };

    for (size_t at; (at = str_find(page, mark)) < page.n; page = str_from(page, at + mark.n))
        last = str_from(page, at + mark.n);
    return str_sub(last, 0, str_find_byte(last, '"', 0));
}

static struct str value_here(struct play *p, const struct tab *t, struct str page, struct str name)
{
    struct str mark = arena_printf(p->arena, "name=\"%.*s\" value=\"", STR_ARG(name));
    size_t at = str_find(page, mark);
    struct str rest = str_from(page, at + mark.n);

    return at < page.n ? str_sub(rest, 0, str_find_byte(rest, '"', 0))
                       : play_query(p, t->location, arena_cstr(p->arena, name));
}

/* anna POSTS /favourites csrf=here add=matikka: a form of the page that she sees; "by https://evil.example": a form
 * that a page there has in it, and that her browser sends with all cookies (whatever SameSite would keep back). */
static void posts(struct play *p, struct tab *t, const struct line *l)
{
    struct request r = { .post = true, .path = l->word[0], .origin = line_after(l, "by") };
    struct buf body = buf_new(p->arena, URL_B);

    for (size_t i = 1; i < l->word_count; i++) {
        size_t at = str_find_byte(l->word[i], '=', 0);
        struct str name = str_sub(l->word[i], 0, at), value = str_from(l->word[i], at + 1);
        if (at < l->word[i].n)
            form_add(&body, name,
                     str_eq(value, S("here")) ? value_here(p, t, t->page, name)
                     : str_has_prefix(value, S("of:"))
                         ? value_here(p, play_tab(p, str_from(value, 3)), play_tab(p, str_from(value, 3))->page, name)
                     : str_eq(value, S("last"))
                         ? value_last(t->page, arena_printf(p->arena, "name=\"%.*s\" value=\"", STR_ARG(name)))
                     : str_eq(value, S("main"))
                         ? value_here(p, t, str_from(t->page, str_find(t->page, S("<main"))), name)
                         : spaces_for_plus(p, value));
    }
    r.body = buf_str(&body);
    if (r.origin.p != NULL && p->posted_count < POSTED_MAX)
        p->posted[p->posted_count++] = r.path;
    play_browse(p, t, &r);
}

/* anna RETURNS: the city that she was sent to has signed her out, and sends her back. */
static void returns(struct play *p, struct tab *t, const struct line *l)
{
    struct str back = play_query(p, t->location, "post_logout_redirect_uri");
    struct buf path = buf_new(p->arena, URL_B);

    (void)l;
    if (!str_has_prefix(back, S(STAGE_URL))) {
        play_complain(p, "%.*s was not sent to a city to sign out there", STR_ARG(t->name));
        return;
    }
    buf_add(&path, str_from(back, sizeof STAGE_URL - 1));
    url_query(&path, S("state"), play_query(p, t->location, "state"));
    play_browse(p, t, &(struct request){ .path = buf_str(&path) });
}

/* mallory TAKES the cookies of anna, as they are now. */
static void takes(struct play *p, struct tab *t, const struct line *l)
{
    *t->jar = *play_tab(p, line_after(l, "of"))->jar;
}

/* ── cities ─────────────────────────────────────────────────────────────── */

static bool write_answer(struct play *p, struct city *c, const struct line *l)
{
    struct tab *t = play_tab(p, line_after(l, "to").p != NULL ? line_after(l, "to") : l->word[0]);
    struct str role = line_after(l, "as"), since = line_after(l, "since"), person = line_after(l, "naming");
    struct city_answer_how how = { .person = person.p != NULL ? person : t->person,
                                   .role = role.p != NULL ? role : S("teacher"),
                                   .asked = t->at_city,
                                   .refuses = line_has(l, "no"),
                                   .silent = line_has(l, "silent"),
                                   .error = line_after(l, "saying") };

    struct str until = line_after(l, "for");

    how.number = line_after(l, "number");
    if (since.p != NULL && !str_int(since, &how.since_s))
        play_complain(p, "since how many seconds?");
    if (until.p != NULL && !str_int(until, &how.for_s))
        play_complain(p, "for how many seconds?");
    t->carries = city_write(c, &how, &t->carried);
    if (!t->carries)
        play_complain(p, "%.*s was not sent to a city, but to \"%.*s\"", STR_ARG(t->name), STR_ARG(t->location));
    return t->carries;
}

/* oulu ANSWERS anna as learner since 60: and she brings it. */
static void answers(struct play *p, struct city *c, const struct line *l)
{
    struct tab *t = play_tab(p, l->word[0]);

    if (write_answer(p, c, l))
        deliver(p, t, &t->carried);
}

/* oulu WRITES to anna: and nobody has brought it yet. */
static void writes(struct play *p, struct city *c, const struct line *l)
{
    (void)write_answer(p, c, l);
}

/* oulu CLOCK +170 s */
static void clock_of(struct play *p, struct city *c, const struct line *l)
{
    int64_t wrong_by_s;

    if (line_seconds(l, 0, &wrong_by_s))
        city_clock(c, wrong_by_s);
    else
        play_complain(p, "by how much?");
}

static void away(struct play *p, struct city *c, const struct line *l)
{
    (void)p;
    (void)l;
    city_leaves(c, true);
}

static void back(struct play *p, struct city *c, const struct line *l)
{
    (void)p;
    (void)l;
    city_leaves(c, false);
}

/* vantaa SENDS a logout token of anna [sub=- sid=- aud=x iss=x jti=x nonce=x typ=JWT events=x old=600 foreign]: from
 * its server [OIDC Back-Channel Logout 2.5]. */
static void sends(struct play *p, struct city *c, const struct line *l)
{
    struct str who = line_after(l, "of");
    struct city_logout said = {
        .iss = wish(p, l, "iss", (struct str){ NULL, 0 }),
        .aud = wish(p, l, "aud", S("digione")),
        .sub = wish(p, l, "sub", arena_join(p->arena, S("uid-"), who)),
        .sid = wish(p, l, "sid", arena_join(p->arena, S("sid-"), who)),
        .jti = wish(p, l, "jti", token(p, 12)),
        .nonce = wish(p, l, "nonce", (struct str){ NULL, 0 }),
        .typ = wish(p, l, "typ", S("logout+jwt")),
        .events = wish(p, l, "events", S("{\"http://schemas.openid.net/event/backchannel-logout\":{}}")),
        .foreign = line_has(l, "foreign"),
    };
    struct buf body = buf_new(p->arena, URL_B);

    (void)str_int(wish(p, l, "old", S("0")), &said.old_s);
    form_add(&body, S("logout_token"), city_logout_token(c, &said));
    const struct request r = { .post = true,
                               .path = arena_join(p->arena, S("/upstream/logout/"), city_name(c)),
                               .body = buf_str(&body),
                               .from = S("198.51.100.20") };
    (void)play_ask(p, NULL, &r);
}

/* ── services ───────────────────────────────────────────────────────────── */

/* kuulo HEARS of anna: once, with the sid of the ID token that it has of her; kuulo HEARS nothing. */
static void hears(struct play *p, const struct service_actor *s, const struct line *l)
{
    size_t n, want = line_has(l, "nothing") ? 0 : 1;
    struct str form = cities_heard(p->cities, &n), who = line_after(l, "of");
    struct form *read = NULL;
    struct fail f = { 0 };

    (void)s;
    if (play_fault_hit(p))
        return;
    if (n != want) {
        play_complain(p, "it heard %zu times", n);
        return;
    }
    if (n == 0)
        return;
    const struct json_value *heard =
        form_read(p->arena, form, &read, &f) ? jose_unproven(p->arena, form_get(read, S("logout_token"))) : NULL;
    const struct json_value *known = jose_unproven(p->arena, play_tab(p, who)->tokens.id_token);
    if (heard == NULL || known == NULL || !str_eq(json_get_str(heard, S("sid")), json_get_str(known, S("sid"))) ||
        !str_eq(json_get_str(heard, S("sub")), json_get_str(known, S("sub"))))
        play_complain(p, "it heard of somebody else");
}

static void deaf(struct play *p, const struct service_actor *s, const struct line *l)
{
    (void)s;
    cities_deaf(p->cities, str_eq(l->verb, S("LEAVES")));
}

static struct str proof(struct play *p, const struct service_actor *s, struct str secret)
{
    struct str pair = arena_printf(p->arena, "%s:%.*s", s->name, STR_ARG(secret));

    return arena_printf(p->arena, "Basic %.*s", STR_ARG(b64_encode(p->arena, pair)));
}

/* One code, one answer with tokens, whatever fails on the way. */
static void note_redeemed(struct play *p, struct str code)
{
    for (size_t i = 0; i < p->redeemed_count; i++)
        if (str_eq(p->redeemed[i], code))
            play_violation(p, "a code was redeemed twice");
    if (p->redeemed_count < REDEEMED_MAX)
        p->redeemed[p->redeemed_count++] = code;
}

static void keep_answer(struct play *p, struct tab *t, const struct json_value *v)
{
    struct str next = json_get_str(v, S("refresh_token"));
    struct tokens *k = &t->tokens;

    p->releases += !play_of_nobody(p);
    k->access_token = json_get_str(v, S("access_token"));
    k->id_token = json_get_str(v, S("id_token"));
    if (!str_is_set(next) || (k->refresh_count > 0 && str_eq(k->refresh[k->refresh_count - 1], next)))
        return;
    if (k->refresh_count == REFRESH_TOKENS_MAX)
        play_complain(p, "too many refresh tokens");
    else
        k->refresh[k->refresh_count++] = next;
}

static void keep_tokens(struct play *p, struct tab *t, const struct answer *got)
{
    struct fail f = { 0 };
    const struct json_value *v = got->status == 200 ? json_parse(p->arena, got->body, &f) : NULL;

    if (v == NULL)
        return;
    note_redeemed(p, t->grant.code);
    t->tokens = (struct tokens){ .nonce = t->grant.nonce };
    keep_answer(p, t, v);
}

/* An assertion that lives a minute, named by the script [RFC 7523 3]. */
static struct str assertion(struct play *p, const struct service_actor *s, struct str jti, int64_t old_s)
{
    long long made_s = (long long)(stage_now_s(p->stage) - old_s);

    return test_token(p->arena, TEST_EC_OTHER, S("{\"alg\":\"ES256\",\"kid\":\"avain\"}"),
                      arena_printf(p->arena,
                                   "{\"iss\":\"%s\",\"sub\":\"%s\",\"aud\":\"" STAGE_URL
                                   "/oidc/token\",\"jti\":\"%.*s\","
                                   "\"iat\":%lld,\"exp\":%lld}",
                                   s->name, s->name, STR_ARG(jti), made_s, made_s + 60));
}

/* The service's own way, for its endpoints. */
static void prove(struct play *p, const struct service_actor *s, const struct line *l, struct buf *body,
                  struct request *r)
{
    struct str secret = s->secret != NULL ? wish(p, l, "secret", str_of(s->secret)) : S("");
    int64_t old_s = 0;

    (void)str_int(wish(p, l, "old", S("0")), &old_s);
    if (s->is_public) {
        form_add(body, S("client_id"), str_of(s->name));
    } else if (s->secret == NULL) {
        form_add(body, S("client_assertion_type"), S("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
        form_add(body, S("client_assertion"), assertion(p, s, wish(p, l, "jti", token(p, 8)), old_s));
    } else if (s->post_auth) {
        form_add(body, S("client_id"), str_of(s->name));
        form_add(body, S("client_secret"), secret);
    } else {
        r->authorization = proof(p, s, secret);
    }
}

/* matikka REDEEMS the code of anna verifier=wrong … */
static void redeems(struct play *p, const struct service_actor *s, const struct line *l)
{
    struct tab *t = play_tab(p, line_after(l, "of"));
    const struct grant *g = &t->grant;
    struct buf body = buf_new(p->arena, URL_B);
    struct request r = { .post = true, .path = S("/oidc/token"), .from = S("198.51.100.9") };

    if (!str_is_set(g->code))
        play_complain(p, "there is no code");
    form_add(&body, S("grant_type"), S("authorization_code"));
    form_add(&body, S("code"), wish(p, l, "code", str_is_set(g->code) ? g->code : S("none")));
    form_add(&body, S("redirect_uri"), wish(p, l, "redirect_uri", str_of(s->redirect_uri)));
    struct str verifier = wish(p, l, "verifier", g->verifier);
    if (verifier.p != NULL)
        form_add(&body, S("code_verifier"), verifier);
    prove(p, s, l, &body, &r);
    r.body = buf_str(&body);
    struct answer got = play_ask(p, NULL, &r);
    keep_tokens(p, t, &got);
}

/* matikka PUSHES for anna prompt=none …: what she will open, "OPENS matikka pushed" [RFC 9126]. */
static void pushes(struct play *p, const struct service_actor *s, const struct line *l)
{
    struct tab *t = play_tab(p, line_after(l, "for"));
    struct request r = { .post = true, .path = S("/oidc/par"), .from = S("198.51.100.9") };
    struct buf body = buf_new(p->arena, URL_B);
    struct fail f = { 0 };

    buf_add(&body, wishes(p, t, s, l));
    if (!s->post_auth) /* its client_id is there already */
        prove(p, s, l, &body, &r);
    else
        form_add(&body, S("client_secret"), wish(p, l, "secret", str_of(s->secret)));
    r.body = buf_str(&body);
    struct answer got = play_ask(p, NULL, &r);
    if (got.status == 201)
        t->grant.pushed = json_get_str(json_parse(p->arena, got.body, &f), S("request_uri"));
}

/* Which of the refresh tokens that came since the code: the last, or which=1, which=2 … */
static struct str which_refresh(struct play *p, const struct tokens *k, const struct line *l)
{
    int64_t n = (int64_t)k->refresh_count;

    (void)str_int(wish(p, l, "which", S("")), &n);
    if (n >= 1 && n <= (int64_t)k->refresh_count)
        return k->refresh[n - 1];
    play_complain(p, "there is no such refresh token");
    return S("none");
}

/* levy REFRESHES for anna which=1 */
static void refreshes(struct play *p, const struct service_actor *s, const struct line *l)
{
    struct tab *t = play_tab(p, line_after(l, "for"));
    struct buf body = buf_new(p->arena, URL_B);
    struct request r = { .post = true, .path = S("/oidc/token"), .from = S("198.51.100.9") };
    struct fail f = { 0 };

    form_add(&body, S("grant_type"), S("refresh_token"));
    form_add(&body, S("refresh_token"), which_refresh(p, &t->tokens, l));
    prove(p, s, l, &body, &r);
    r.body = buf_str(&body);
    struct answer got = play_ask(p, NULL, &r);
    const struct json_value *v = got.status == 200 ? json_parse(p->arena, got.body, &f) : NULL;
    if (v != NULL)
        keep_answer(p, t, v);
}

/* levy REVOKES for anna which=1 */
static void revokes(struct play *p, const struct service_actor *s, const struct line *l)
{
    struct tab *t = play_tab(p, line_after(l, "for"));
    struct buf body = buf_new(p->arena, URL_B);
    struct request r = { .post = true, .path = S("/oidc/revoke"), .from = S("198.51.100.9") };

    form_add(&body, S("token"), which_refresh(p, &t->tokens, l));
    prove(p, s, l, &body, &r);
    r.body = buf_str(&body);
    (void)play_ask(p, NULL, &r);
}

/* matikka ASKS about anna: userinfo, with the access token that it has. */
static void asks(struct play *p, const struct service_actor *s, const struct line *l)
{
    const struct tokens *g = &play_tab(p, line_after(l, "about"))->tokens;
    const struct request r = { .path = S("/oidc/userinfo"),
                               .authorization = arena_printf(p->arena, "Bearer %.*s", STR_ARG(g->access_token)),
                               .from = S("198.51.100.9") };

    (void)s;
    if (!str_is_set(g->access_token))
        play_complain(p, "there is no access token");
    p->releases += play_ask(p, NULL, &r).status == 200 && !play_of_nobody(p);
}

static struct buf by_itself(struct play *p, const struct service_actor *s)
{
    struct buf body = buf_new(p->arena, URL_B);

    form_add(&body, S("client_id"), str_of(s->name));
    if (s->secret != NULL)
        form_add(&body, S("client_secret"), str_of(s->secret));
    return body;
}

/* kerho SHOWS a code [scope=openid+profile]: one of its screens asks for it. */
static void shows(struct play *p, const struct service_actor *s, const struct line *l)
{
    struct buf body = by_itself(p, s);
    struct request r = { .post = true, .path = S("/oidc/device"), .from = S("198.51.100.9") };
    struct fail f = { 0 };

    form_add(&body, S("scope"), wish(p, l, "scope", S("openid")));
    r.body = buf_str(&body);
    struct answer got = play_ask(p, NULL, &r);
    const struct json_value *v = got.status == 200 ? json_parse(p->arena, got.body, &f) : NULL;
    if (v == NULL)
        return;
    p->device_code = json_get_str(v, S("device_code"));
    p->user_code = json_get_str(v, S("user_code"));
}

/* kerho POLLS for anna: with the device code that was shown last; tokens are kept as anna's. */
static void polls(struct play *p, const struct service_actor *s, const struct line *l)
{
    struct tab *t = play_tab(p, line_after(l, "for"));
    struct buf body = by_itself(p, s);
    struct request r = { .post = true, .path = S("/oidc/token"), .from = S("198.51.100.9") };

    form_add(&body, S("grant_type"), S("urn:ietf:params:oauth:grant-type:device_code"));
    form_add(&body, S("device_code"),
             wish(p, l, "device_code", str_is_set(p->device_code) ? p->device_code : S("none")));
    r.body = buf_str(&body);
    struct answer got = play_ask(p, NULL, &r);
    t->grant = (struct grant){ .service = s, .code = p->device_code };
    keep_tokens(p, t, &got);
}

/* anna ENTERS the code of kerho: the one that was shown last. */
static void enters(struct play *p, struct tab *t, const struct line *l)
{
    (void)l;
    play_browse(p, t,
                &(struct request){ .path = arena_printf(p->arena, "/device?user_code=%.*s", STR_ARG(p->user_code)) });
}

/* matikka FETCHES keys: and says how many. */
static void fetches(struct play *p, const struct service_actor *s, const struct line *l)
{
    const struct request r = { .path = S("/oidc/jwks"), .from = S("198.51.100.9") };
    struct answer got = play_ask(p, NULL, &r);
    int64_t want, n = 0;

    (void)s;
    p->last_keys = got.body;
    for (struct str rest = got.body; str_find(rest, S("\"kid\":")) < rest.n; n++)
        rest = str_from(rest, str_find(rest, S("\"kid\":")) + 1);
    if (l->word_count > 0 && (!str_int(l->word[0], &want) || want != n))
        play_complain(p, "%lld keys are published", (long long)n);
}

static void check_claims(struct play *p, const struct line *l, const struct jose_claims *claims)
{
    struct str ago = line_after(l, "authenticated");
    int64_t want;

    if (ago.p != NULL && (!str_int(ago, &want) || claims->auth_time_s != stage_now_s(p->stage) - want))
        play_complain(p, "auth_time was %lld s ago", (long long)(stage_now_s(p->stage) - claims->auth_time_s));
}

static struct str key_of(struct play *p, struct str id_token)
{
    struct str header, json;
    struct fail f = { 0 };

    return str_split(&id_token, '.', &header) && b64url_decode(p->arena, header, &json)
               ? json_get_str(json_parse(p->arena, json, &f), S("kid"))
               : (struct str){ NULL, 0 };
}

/* matikka VERIFIES the token of anna [authenticated 60] [by old]: with the keys that it fetched last, whatever the
 * hour; `by`: names the key; `as`: what the script calls the person's name in it. */
static void verifies(struct play *p, const struct service_actor *s, const struct line *l)
{
    const struct tokens *t = &play_tab(p, line_after(l, "of"))->tokens;
    struct str by = line_after(l, "by"), as = line_after(l, "as");
    struct fail f = { 0 };
    const struct jwks *keys = jwks_read(p->arena, p->last_keys, &f);
    const struct jose_rules rules = { .blame = FAIL_UPSTREAM,
                                      .algs = JOSE_EVERY,
                                      .iss = S(STAGE_URL),
                                      .aud = str_of(s->name),
                                      .nonce = t->nonce,
                                      .access_token = t->access_token,
                                      .expired_too = true,
                                      .now_s = stage_now_s(p->stage) };
    struct jose_claims claims = { 0 };

    if (keys == NULL || !jose_verify(p->arena, t->id_token, keys, &rules, &claims, &f))
        play_complain(p, "the ID token does not hold: %s %s", f.code, f.detail);
    else
        check_claims(p, l, &claims);
    if (as.p != NULL && !play_alias(p->subs, as, claims.sub))
        play_complain(p, "the person has another name there, or somebody else's");
    if (by.p != NULL && !play_alias(p->keys, by, key_of(p, t->id_token)))
        play_complain(p, "it was signed by another key");
}

/* ── the world ──────────────────────────────────────────────────────────── */

static void nothing(struct play *p, const struct line *l)
{
    (void)p;
    (void)l;
}

/* PASSES 61 s */
static void passes(struct play *p, const struct line *l)
{
    int64_t seconds;
    struct line whole = *l;

    whole.word[0] = l->verb;
    whole.word[1] = l->word[0];
    whole.word_count = 2;
    if (line_seconds(&whole, 0, &seconds) && seconds > 0)
        stage_move(p->stage, seconds * 1000, seconds * 1000);
    else
        play_complain(p, "how long?");
}

/* WALL CLOCK +181 s: somebody sets it; the monotonic one goes on as before. */
static void wall_clock(struct play *p, const struct line *l)
{
    int64_t seconds;

    if (line_seconds(l, 0, &seconds))
        stage_move(p->stage, seconds * 1000, 0);
    else
        play_complain(p, "by how much?");
}

static bool fails_at(struct redis_double *d, const struct line *l)
{
    static const char *const words[REDIS_FAULT_COUNT] = {
#define X(fault, word) [REDIS_##fault] = word,
        REDIS_FAULTS(X)
#undef X
    };
    int64_t n;

    for (int i = 1; i < REDIS_FAULT_COUNT; i++)
        if (line_has(l, words[i]) && str_int(line_after(l, "at"), &n) && n > 0) {
            struct str family = line_after(l, "of");
            if (str_is_set(family))
                redis_double_fail_at_family(d, family, (unsigned)n, (enum redis_fault)i);
            return str_is_set(family);
        }
    return false;
}

/* SQL holds 1 ended: so many sessions whose ends are kept. */
static void sql(struct play *p, const struct line *l)
{
    static const struct db_statement count = { "ended.count", "SELECT COUNT(*) FROM ended" };
    struct fail f = { 0 };
    struct db *d =
        db_open(arena_cstr(p->arena, arena_join(p->arena, p->stage->set.state_dir, S("/registry/sessions.sqlite"))),
                DB_READ_ONLY, &f);
    struct db_rows rows;
    int64_t want = -1;

    if (d == NULL || !db_query(d, &count, NULL, 0, p->arena, &rows, &f) || rows.n != 1 || !str_int(l->word[0], &want))
        play_complain(p, "SQL holds how many ended? %s", f.detail);
    else if (rows.at[0].number != want)
        play_complain(p, "SQL holds %lld ended", (long long)rows.at[0].number);
    if (d != NULL)
        db_close(d);
}

/* REDIS counts of n1:saml:1 to 2999: the counters whose keys begin so stand there. */
static void counts(struct play *p, const struct line *l)
{
    struct str number = line_after(l, "to"), of = line_after(l, "of");

    if (number.p == NULL || of.p == NULL || redis_double_change(p->stage->redis, of, number) == 0)
        play_complain(p, "Redis counts nothing of %.*s", STR_ARG(of));
}

/* REDIS holds 2 a1: so many keys of that family, as wire/kv.h names it. */
static void holds(struct play *p, const struct line *l)
{
    struct str family = l->word_count > 1 ? l->word[1] : S("");
    int64_t want;

    if (play_fault_hit(p))
        return;
    if (l->word_count != 2 || !str_int(l->word[0], &want))
        play_complain(p, "how many of what?");
    else if ((int64_t)redis_double_holds(p->stage->redis, arena_join(p->arena, family, S(":"))) != want)
        play_complain(p, "Redis holds %zu of %.*s",
                      redis_double_holds(p->stage->redis, arena_join(p->arena, family, S(":"))), STR_ARG(family));
}

/* REDIS refuses memory: every write, until it accepts. */
static void refuses(struct play *p, const struct line *l)
{
    static const char *const errors[][2] = {
        { "memory", "OOM command not allowed when used memory > 'maxmemory'." },
        { "disk", "MISCONF Errors writing to the AOF file: No space left on device" },
        { "replica", "READONLY You can't write against a read only replica." },
        { "permission", "NOPERM this user has no permissions to run the 'eval' command" },
    };

    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (line_has(l, errors[i][0])) {
            redis_double_refuse(p->stage->redis, errors[i][1]);
            return;
        }
    play_complain(p, "because of what?");
}

/* REDIS leaves | returns | restarts | forgets | saves | restores | refuses disk | accepts | fails at 2 of r1
 * refused: the second command from now that names a key of that family. */
static void redis(struct play *p, const struct line *l)
{
    struct redis_double *d = p->stage->redis;

    if (str_eq(l->verb, S("holds"))) {
        holds(p, l);
        return;
    }
    if (str_eq(l->verb, S("counts"))) {
        counts(p, l);
        return;
    }

    if (str_eq(l->verb, S("fails")) && fails_at(d, l))
        return;
    if (str_eq(l->verb, S("leaves")))
        redis_double_leave(d);
    else if (str_eq(l->verb, S("returns")))
        redis_double_come_back(d);
    else if (str_eq(l->verb, S("restarts")) || str_eq(l->verb, S("forgets")))
        redis_double_restart(d, str_eq(l->verb, S("restarts")));
    else if (str_eq(l->verb, S("saves")))
        redis_double_save(d);
    else if (str_eq(l->verb, S("restores")))
        redis_double_restore(d);
    else if (str_eq(l->verb, S("refuses")))
        refuses(p, l);
    else if (str_eq(l->verb, S("accepts")))
        redis_double_refuse(d, NULL);
    else
        play_complain(p, "what does Redis do?");
    stage_settle(p->stage);
    if (!str_eq(l->verb, S("leaves")))
        stage_move(p->stage, 2000, 2000); /* the client tries again after a pause */
}

/* SIGNER restarts: with the keys that there are now; SIGNER ends: until then; SIGNER refuses at 2: what it is asked for
 * the second time from now. */
static void signer(struct play *p, const struct line *l)
{
    int64_t n;

    if (str_eq(l->verb, S("refuses")) && str_int(line_after(l, "at"), &n) && n > 0)
        stage_signer_fail_at(p->stage, (unsigned)n, SIGNER_REFUSES);
    else if (str_eq(l->verb, S("ends")))
        stage_signer_ends(p->stage);
    else
        stage_signer_restart(p->stage);
}

/* AUTHORITY says 401 | 500 | nonsense | words | away | late | well */
static void authority(struct play *p, const struct line *l)
{
    struct str says = l->word_count > 0 ? l->word[0] : S("well");

    cities_authority(p->cities, str_eq(says, S("well")) ? S("") : says);
}

/* The file without a child's line, or with the child's data protected, or with no guardian in it. */
static struct str other_children(struct arena *a, struct str csv, const struct line *l)
{
    struct str without = line_after(l, "without"), protects = line_after(l, "protecting"), line,
               parts = line_after(l, "parting"), out = S("");
    struct str who = str_is_set(without) ? without : str_is_set(protects) ? protects : parts;

    if (!str_is_set(who))
        return csv;
    struct str key = arena_printf(a, "uid-%.*s;", STR_ARG(who));
    while (str_split(&csv, '\n', &line)) {
        size_t empty = str_find(line, S(";;")), last = line.n;
        bool is_theirs = str_find(line, key) < line.n;
        while (last > 0 && line.p[last - 1] != ';')
            last--;
        if (is_theirs && str_is_set(parts))
            line = str_sub(line, 0, last);
        if (is_theirs && str_is_set(protects))
            line = arena_printf(a, "%.*s;1%.*s", STR_ARG(str_sub(line, 0, empty)), STR_ARG(str_from(line, empty + 1)));
        if (line.n > 0 && !(is_theirs && str_is_set(without)))
            out = arena_printf(a, "%.*s%.*s\n", STR_ARG(out), STR_ARG(line));
    }
    return out;
}

/* CHILDREN of oulu [without vilja | protecting vilja | parting helmi]: the file that it imports, in place of the one
 * before; "parting": nobody is named as her guardian any more. */
static void children(struct play *p, const struct line *l)
{
    struct fail f = { 0 };
    struct stage *s = p->stage;
    struct str city = l->word_count > 0 ? l->word[0] : S("");
    struct db *d = registry_db_open(&s->set, DB_WRITE, &f);
    struct registry *r = d != NULL ? registry_load(d, &f) : NULL;

    db_close(d);
    if (r == NULL) {
        play_complain(p, "no registry: %s", f.detail);
        return;
    }
    struct wards_import x = { .provider = registry_provider(r, city),
                              .idp = registry_idp(r, city),
                              .seals = seals_load(p->arena, arena_cstr(p->arena, s->set.root_secret_file), &f),
                              .csv = authority_children(p->arena, arena_cstr(p->arena, city)),
                              .now_s = stage_now_s(s),
                              .ends = ends_new(&s->set, &s->world),
                              .ends_for_s = session_longest_s(&s->set) };
    x.csv = other_children(p->arena, x.csv, l);
    if (x.seals == NULL || x.provider == NULL || !wards_take(s->node->wards, p->arena, &x, &f))
        play_complain(p, "not taken: %s", f.detail);
    ends_free(x.ends);
    registry_drop(r);
}

/* FETCHER hangs | works */
static void fetcher(struct play *p, const struct line *l)
{
    p->stage->fetcher_silent = str_eq(l->verb, S("hangs"));
}

/* KEYS next after 3600: one more ES256 key for ID tokens, published as next. */
static void keys(struct play *p, const struct line *l)
{
    int64_t after_s = 0;
    struct fail f = { 0 };

    if (!str_int(line_after(l, "after"), &after_s) ||
        !signer_keys_add(&p->stage->set, &p->stage->world, KEY_OIDC, JOSE_ES256, after_s, &f))
        play_complain(p, "no key was made: %s", f.detail);
}

static void import_text(struct play *p, struct str text)
{
    struct fail f = { 0 };

    p->registry = text;
    if (!stage_import(p->stage, text, &f))
        play_complain(p, "not imported: %s", f.detail);
}

/* IMPORT old -> new: the registry, with this text in the place of that, which must stand there once. */
static void import_change(struct play *p, const struct line *l)
{
    struct str whole = arena_printf(p->arena, "%.*s %.*s", STR_ARG(l->verb), STR_ARG(l->rest));
    size_t arrow = str_find(whole, S(" -> "));
    struct str old = str_sub(whole, 0, arrow), new = str_from(whole, arrow + 4);
    size_t at = str_find(p->registry, old);
    struct str before = str_sub(p->registry, 0, at), after = str_from(p->registry, at + old.n);

    if (arrow == whole.n || at == p->registry.n || str_find(after, old) < after.n) {
        play_complain(p, "this does not stand in the registry once");
        return;
    }
    import_text(p, arena_printf(p->arena, "%.*s%.*s%.*s", STR_ARG(before), STR_ARG(new), STR_ARG(after)));
}

/* MOVES anna from espoo to vantaa: the municipality's new identity provider calls her as the old one did; the registry
 * then has a move that names these links, in the place of "moves: []".  MOVES back: it has none any more. */
static void moves(struct play *p, const struct line *l)
{
    if (str_eq(l->verb, S("back"))) {
        size_t at = str_find(p->registry, S("moves: [{")), end = str_find_byte(p->registry, '}', at);
        import_text(p, arena_printf(p->arena, "%.*smoves: [%.*s", STR_ARG(str_sub(p->registry, 0, at)),
                                    STR_ARG(str_from(p->registry, end + 1))));
        return;
    }
    struct arena *a = p->arena;
    struct str from = line_after(l, "from"), to = line_after(l, "to");
    struct moves_read file;
    struct move_plan plan = { 0 };
    struct fail f = { 0 };
    struct db *registry = registry_db_open(&p->stage->set, DB_WRITE, &f), *d = links_open(&p->stage->set, &f);
    struct registry *r = registry != NULL ? registry_load(registry, &f) : NULL;
    const struct move_ask ask = { .registry = r,
                                  .seals = seals_load(a, arena_cstr(a, p->stage->set.root_secret_file), &f),
                                  .set = &p->stage->set,
                                  .from = r != NULL ? registry_idp(r, from) : NULL,
                                  .to = r != NULL ? registry_idp(r, to) : NULL,
                                  .file = &file,
                                  .now_s = stage_now_s(p->stage) };
    struct str pair = arena_printf(a, "uid-%.*s,uid-%.*s\n", STR_ARG(l->verb), STR_ARG(l->verb));

    if (d == NULL || move_trouble(ask.from, ask.to) != NULL || !moves_file_read(a, pair, &file) ||
        !move_stage(d, a, &ask, &plan, &f) || plan.linked != 1)
        play_complain(p, "nobody moves: %s", f.detail);
    size_t at = str_find(p->registry, S("moves: []"));
    import_text(p, arena_printf(a, "%.*smoves: [{id: m, provider: %.*s, from: %.*s, to: %.*s, batch: \"%.*s\"}]%.*s",
                                STR_ARG(str_sub(p->registry, 0, at)), STR_ARG(ask.from->provider->id), STR_ARG(from),
                                STR_ARG(to), STR_ARG(plan.batch), STR_ARG(str_from(p->registry, at + 9))));
    db_close(d);
    db_close(registry);
    registry_drop(r);
}

/* EPOCH raised: every session made before is void. */
static void epoch(struct play *p, const struct line *l)
{
    struct fail f = { 0 };
    int64_t now;
    struct db *d = registry_db_open(&p->stage->set, DB_WRITE, &f);

    (void)l;
    if (d == NULL || !registry_session_epoch_raise(d, &now, &f))
        play_complain(p, "not raised: %s", f.detail);
    if (d != NULL)
        db_close(d);
}

/* ENDS person=anna | idp=espoo | school=OID/OID | group=OID/OID/7B | service=matikka: their sessions so far are over,
 * as another process of this state_dir would write it. */
static void ends(struct play *p, const struct line *l)
{
    static const char *const words[MARK_COUNT] = {
        [MARK_PERSON] = "person=", [MARK_IDP] = "idp=", [MARK_PLACE] = "place=", [MARK_SERVICE] = "service="
    };
    int64_t now_s = stage_now_s(p->stage);
    struct mark x = { .at_s = now_s, .until_s = now_s + session_longest_s(&p->stage->set) };
    struct fail f = { 0 };
    bool older;

    for (unsigned i = 1; i < MARK_COUNT; i++)
        if (str_has_prefix(l->verb, str_of(words[i]))) {
            x.kind = (enum mark_kind)i;
            x.what = str_from(l->verb, strlen(words[i]));
        }
    if (x.kind == MARK_PERSON)
        x.what = play_known_as(p->persons, x.what);
    if (x.kind == MARK_PLACE) {
        (void)str_split(&x.what, '/', &x.provider_oid);
        (void)str_split(&x.what, '/', &x.school);
        x.group = x.what;
    }
    struct ends *e = ends_new(&p->stage->set, &p->stage->world);
    if (!ends_load(e, 1, &older, &f) || !ends_mark_now(e, p->arena, &x, &f))
        play_complain(p, "nothing ends: %s", f.detail);
    ends_free(e);
}

/* GATEWAY ready, or GATEWAY unready redis memory: what /health/ready says, and because of what. */
static void gateway(struct play *p, const struct line *l)
{
    const struct request r = { .path = S("/health/ready") };
    bool before = play_fault_hit(p);
    bool ready = str_eq(l->verb, S("ready"));
    struct readiness now;

    /* The audit log's thread has its answer when it has it. */
    readiness_look(p->stage->node, &now);
    for (int i = 0; i < LOOKS_MAX && now.ready != ready; i++) {
        stage_settle(p->stage);
        readiness_look(p->stage->node, &now);
    }
    struct answer got = browser_ask(p->stage, p->arena, NULL, &r);
    if (!before && play_fault_hit(p))
        got = browser_ask(p->stage, p->arena, NULL, &r);
    struct str part = l->word_count > 0 ? arena_printf(p->arena, "\"%.*s\":false", STR_ARG(l->word[0])) : S("");
    struct str why = l->word_count > 1
                         ? arena_printf(p->arena, "\"%.*s\":\"%.*s\"", STR_ARG(l->word[0]), STR_ARG(l->word[1]))
                         : S("");

    if (got.status != (ready ? 200 : 503) || str_find(got.body, part) == got.body.n + (part.n == 0) ||
        str_find(got.body, why) == got.body.n + (why.n == 0))
        play_complain(p, "it says %d %.*s", got.status, STR_ARG(got.body));
}

/* ── the audit log ──────────────────────────────────────────────────────── */

struct str act_audit_rest(struct play *p)
{
    const char *path = arena_cstr(p->arena, arena_printf(p->arena, "%s/audit/audit-000001.jsonl", p->stage->dir));
    struct buf b = buf_new(p->arena, 1 << 20);
    char piece[8192];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    off_t at = (off_t)p->audit_at;

    for (ssize_t n; fd >= 0 && (n = pread(fd, piece, sizeof piece, at)) > 0; at += n)
        buf_add(&b, str_n(piece, (size_t)n));
    if (fd >= 0)
        (void)close(fd);
    return buf_str(&b);
}

/* Values that differ from run to run, and what every line has. */
static bool is_told(struct str name)
{
    static const char *const left_out[] = { "n", "at", "event", "sid", "support_code", "version", "prev" };

    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
        if (str_eq(name, str_of(left_out[i])))
            return false;
    return true;
}

/* row=person+anna: an act that was done to her.  row=session+*: a value that begins so. */
static bool value_fits(struct play *p, struct str name, struct str value, struct str text)
{
    struct str of = S("person ");

    if (str_has_suffix(value, S("*")))
        return str_has_prefix(text, str_sub(value, 0, value.n - 1));
    if (str_eq(name, S("row")) && str_has_prefix(value, of) && str_has_prefix(text, of))
        return play_alias(p->persons, str_from(value, of.n), str_from(text, of.n));
    return (str_eq(name, S("person")) || str_eq(name, S("child"))) ? play_alias(p->persons, value, text)
                                                                   : str_eq(value, text);
}

static bool fields_fit(struct play *p, const struct line *l, const struct json_value *v)
{
    size_t i = 0;

    for (const struct json_value *m = v->first; m != NULL; m = m->next) {
        if (!is_told(m->name))
            continue;
        struct str want = i < l->word_count ? l->word[i++] : S("");
        size_t at = str_find_byte(want, '=', 0);
        struct str name = str_sub(want, 0, at), value = spaces_for_plus(p, str_from(want, at + 1));
        if (!str_eq(name, m->name) || !value_fits(p, name, value, m->text))
            return false;
    }
    return i == l->word_count;
}

/* Changes of the registry are told as well, whenever the node sees them: tests/unit/test_change.c reads those. */
static bool is_change(struct str line)
{
    return str_find(line, S("\"event\":\"change")) < line.n;
}

/* False: there is none. */
static bool next_line(struct play *p, struct str *line)
{
    for (struct str rest = act_audit_rest(p); str_split(&rest, '\n', line) && rest.p != NULL;) {
        p->audit_at += line->n + 1;
        if (!is_change(*line))
            return true;
    }
    return false;
}

/* AUDIT login person=anna idp=oulu: the next line of the log, its members in their order; claims=sub+roles. */
static void audit(struct play *p, const struct line *l)
{
    if (play_fault_hit(p))
        return;
    struct str text;
    struct fail f = { 0 };

    /* What no request waits for (a farewell's) is written when the log's thread comes to it. */
    bool found = next_line(p, &text);
    for (int i = 0; i < LOOKS_MAX && !found; i++) {
        stage_settle(p->stage);
        found = next_line(p, &text);
    }
    if (!found) {
        play_complain(p, "the audit log has no more lines");
        return;
    }
    const struct json_value *v = json_parse(p->arena, text, &f);
    if (v == NULL || !str_eq(json_get_str(v, S("event")), l->verb) || !fields_fit(p, l, v))
        play_complain(p, "the log says %.*s", STR_ARG(text));
}

/* DISK fails: nothing that is written is durable; DISK hangs: the audit log's thread waits; DISK works. */
static void disk(struct play *p, const struct line *l)
{
    audit_writer_hold(p->stage->node->audit, str_eq(l->verb, S("hangs")));
    disk_fails(str_eq(l->verb, S("fails")));
}

/* row: the path of a route, with * for its parameter. */
static bool was_posted(const struct play *p, struct str row)
{
    bool any = str_has_suffix(row, S("/*"));
    struct str fixed = any ? str_sub(row, 0, row.n - 1) : row;

    for (size_t i = 0; i < p->posted_count; i++)
        if (any ? str_has_prefix(p->posted[i], fixed) && p->posted[i].n > fixed.n : str_eq(p->posted[i], row))
            return true;
    return false;
}

/* ROUTES tried: somebody else's page has posted to every path of the gateway that takes a POST. */
static void routes_tried(struct play *p, const struct line *l)
{
    const struct routes *all = p->stage->node->routes;

    (void)l;
    for (size_t i = 0; i < all->n; i++)
        if (all->at[i].method == HTTP_POST && !was_posted(p, str_of(all->at[i].path)))
            play_complain(p, "POST %s was not tried from elsewhere", all->at[i].path);
}

/* Of people of the test school the event is the reason. */
static unsigned lines_of(struct play *p, struct str log, const char *event)
{
    struct str mark = arena_printf(p->arena, "\"event\":\"%s\"", event), line;
    struct str reason = arena_printf(p->arena, "\"reason\":\"%s\"", event);
    unsigned n = 0;

    while (str_split(&log, '\n', &line))
        n += str_find(line, mark) < line.n ||
             (str_find(line, S("\"event\":\"test_school\"")) < line.n && str_find(line, reason) < line.n);
    return n;
}

/* After a fault lines may stand there for what was then not answered, but never the other way round. */
static void audit_covers(struct play *p)
{
    p->audit_at = 0;
    struct str log = act_audit_rest(p);
    struct audit_report report;
    const char *dir = arena_cstr(p->arena, arena_printf(p->arena, "%s/audit", p->stage->dir));

    /* A guardian who chooses a child gets a session as well. */
    if (lines_of(p, log, "login") + lines_of(p, log, "acts") < p->logins || lines_of(p, log, "open") < p->opens ||
        lines_of(p, log, "release") < p->releases)
        play_violation(p, "something was answered that the audit log does not have");
    if (!audit_verify(dir, p->arena, NULL, &report))
        play_violation(p, "the audit log does not hold: %s %.*s", report.error, STR_ARG(report.where));
}

void act_audit_end(struct play *p)
{
    if (play_fault_hit(p)) {
        audit_covers(p);
        return;
    }
    struct str rest = act_audit_rest(p), text;
    while (str_split(&rest, '\n', &text))
        if (text.n > 0 && !is_change(text))
            play_complain(p, "an audit line that nobody expects: %.*s", STR_ARG(text));
}

/* ── the language ───────────────────────────────────────────────────────── */

static const struct {
    const char *who;
    void (*act)(struct play *p, const struct line *l);
} worlds[] = {
    { "SCENARIO", nothing },
    { "CLOCK", nothing },
    { "SET", nothing },
    { "PASSES", passes },
    { "WALL", wall_clock },
    { "REDIS", redis },
    { "SQL", sql },
    { "SIGNER", signer },
    { "KEYS", keys },
    { "IMPORT", import_change },
    { "EPOCH", epoch },
    { "ENDS", ends },
    { "GATEWAY", gateway },
    { "AUDIT", audit },
    { "DISK", disk },
    { "ROUTES", routes_tried },
    { "FETCHER", fetcher },
    { "MOVES", moves },
    { "AUTHORITY", authority },
    { "CHILDREN", children },
};

static const struct {
    const char *verb;
    void (*act)(struct play *p, struct tab *t, const struct line *l);
} browsers[] = {
    { "ENTERS", enters },   { "OPENS", opens },       { "GETS", gets },       { "FOLLOWS", follows },
    { "CHOOSES", chooses }, { "CLICKS", clicks },     { "REPEATS", repeats }, { "BRINGS", brings },
    { "SIGNS", signs },     { "TAKES", takes },       { "POSTS", posts },     { "RETURNS", returns },
    { "TYPES", types },     { "LAUNCHES", launches }, { "BEARS", bears },     { "TRIES", act_tries },
};

static const struct {
    const char *verb;
    void (*act)(struct play *p, struct city *c, const struct line *l);
} cities[] = {
    { "ANSWERS", answers }, { "WRITES", writes }, { "CLOCK", clock_of },
    { "LEAVES", away },     { "RETURNS", back },  { "SENDS", sends },
};

static const struct {
    const char *verb;
    void (*act)(struct play *p, const struct service_actor *s, const struct line *l);
} services[] = {
    { "PUSHES", pushes }, { "REDEEMS", redeems }, { "REFRESHES", refreshes }, { "REVOKES", revokes },
    { "ASKS", asks },     { "FETCHES", fetches }, { "VERIFIES", verifies },   { "SHOWS", shows },
    { "POLLS", polls },   { "HEARS", hears },     { "LEAVES", deaf },         { "RETURNS", deaf },
};

#define FIND(table, member, word, call)                                                                                \
    for (size_t i = 0; i < sizeof(table) / sizeof *(table); i++)                                                       \
        if (str_eq((word), str_of((table)[i].member))) {                                                               \
            (table)[i].act call;                                                                                       \
            return;                                                                                                    \
        }

void act(struct play *p, const struct line *l)
{
    struct city *c = city_named(p->cities, l->who);
    const struct service_actor *s = play_service(l->who);

    p->line = l;
    p->quiet = play_fault_hit(p);
    FIND(worlds, who, l->who, (p, l))
    if (c != NULL) {
        FIND(cities, verb, l->verb, (p, c, l))
    } else if (s != NULL) {
        FIND(services, verb, l->verb, (p, s, l))
    } else {
        FIND(browsers, verb, l->verb, (p, play_tab(p, l->who), l))
    }
    play_complain(p, "nobody knows how to do this");
}
