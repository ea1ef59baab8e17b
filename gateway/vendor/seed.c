/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/vendor/seed.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "base/log.h"
#include "base/seals.h"
#include "base/settings.h"
#include "registry/contacts.h"
#include "wire/form.h"
#include "wire/otp.h"
#include "wire/qr.h"

enum { SEAL_TYPED_MAX_B = 512, MARGIN = 4, KEY_HEX = 32 };

struct str seed_typed(struct ctx *c, struct str bound)
{
    struct str typed = form_get(c->body, S("seal")), sealed, seed;
    unsigned char fresh[OTP_SEED_B];

    if (str_is_set(typed) && typed.n <= SEAL_TYPED_MAX_B && b64url_decode(c->arena, typed, &sealed) &&
        seal_open(c->arena, c->seals, SEAL_COOKIE, bound, sealed, &seed) && seed.n == OTP_SEED_B)
        return seed;
    world_random(c->world, fresh, sizeof fresh);
    return arena_str(c->arena, str_n((const char *)fresh, sizeof fresh));
}

struct vendor_seed seed_shown(struct ctx *c, struct str bound, struct str seed, struct str whose)
{
    size_t side = 0;
    struct vendor_seed v = {
        .seal = b64url_encode(c->arena, seal_close(c->arena, c->world, c->seals, SEAL_COOKIE, bound, seed)),
        .text = otp_text(c->arena, seed),
        .qr = qr_path(c->arena, otp_uri(c->arena, seed, c->set->name, whose), &side),
    };

    v.box = arena_printf(c->arena, "-%d -%d %zu %zu", MARGIN, MARGIN, side + 2 * MARGIN, side + 2 * MARGIN);
    return v;
}

bool password_will_do(struct str password)
{
    return str_chars(password, PASSWORD_MIN - 1, SIZE_MAX).n != password.n && password.n <= PASSWORD_TYPED_MAX_B;
}

/* ── a letter ───────────────────────────────────────────────────────────── */

void account_letter_address(struct ctx *c, struct account_letter *x, struct str account,
                            const struct organisation *where, enum letter_part part)
{
    const struct account *own = registry_account_id(c->registry, account);
    struct str email = own != NULL ? own->person->email : (struct str){ NULL, 0 };
    struct str about = arena_printf(c->arena, "%.*s %d", STR_ARG(account), (int)part);

    x->door = mail_door_of(c);
    x->now_s = c->now_s;
    x->letter = (struct mail_letter){ .letter = LETTER_account_changed,
                                      .key = arena_printf(c->arena, "account:%.*s:%lld", KEY_HEX,
                                                          sha256_hex(c->arena, about).p, (long long)c->now_s),
                                      .owner = where->id,
                                      .to = email,
                                      .a_day = MAILS_WARNED_A_DAY_MAX,
                                      .lang = c->lang,
                                      .what = where->names,
                                      .part = letter_parts[part],
                                      .when_s = c->now_s,
                                      .path = S("/vendor/account") };
}

void account_letter_put(struct account_letter *x, struct db *vendors, struct arena *a)
{
    struct fail f = { 0 };
    struct contacts known;
    bool fresh;

    if (!mail_is_set(x->door.set))
        return;
    if (!str_is_set(x->letter.to) && contacts_of(vendors, a, x->letter.owner, &known, &f))
        x->letter.to = known.verified[CONTACT_technology];
    if (str_is_set(x->letter.to) && !mail_put(&x->door, a, &x->letter, x->now_s, &fresh, &f))
        log_event(LOG_WARN, "mail.not_left", LOG_S("owner", x->letter.owner), LOG_C("code", f.code),
                  LOG_C("why", f.detail));
}
