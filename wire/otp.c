/* SPDX-License-Identifier: EUPL-1.2 */
#include "wire/otp.h"

#include "base/codec.h"
#include "base/crypt.h"
#include "wire/form.h"

enum { COUNTER_B = 8, URI_MAX_B = 480 };

struct str otp_code(struct arena *a, struct str seed, int64_t step)
{
    char counter[COUNTER_B];

    for (int i = 0; i < COUNTER_B; i++)
        counter[i] = (char)((uint64_t)step >> (8 * (COUNTER_B - 1 - i)));
    struct str mac = hmac_sha1(a, seed, str_n(counter, sizeof counter));
    const unsigned char *at = (const unsigned char *)mac.p + (mac.p[SHA1_B - 1] & 0xf); /* [RFC 4226 5.3] */
    uint32_t number = ((uint32_t)(at[0] & 0x7f) << 24) | ((uint32_t)at[1] << 16) | ((uint32_t)at[2] << 8) | at[3];

    return arena_printf(a, "%0*u", OTP_DIGITS, number % 1000000);
}

static struct str digits_of(struct arena *a, struct str typed)
{
    struct buf b = buf_new(a, OTP_DIGITS + 1);

    for (size_t i = 0; i < typed.n && b.n <= OTP_DIGITS; i++)
        if (typed.p[i] != ' ')
            buf_byte(&b, typed.p[i]);
    return buf_ok(&b) ? buf_str(&b) : S("");
}

bool otp_step(struct arena *a, struct str seed, struct str typed, int64_t now_s, int64_t last, int64_t *step)
{
    struct str code = digits_of(a, typed);
    bool found = false;

    for (int64_t at = now_s / OTP_STEP_S - OTP_APART; at <= now_s / OTP_STEP_S + OTP_APART; at++)
        if (crypt_eq(otp_code(a, seed, at), code) && at > last && !found) {
            *step = at;
            found = true;
        }
    return found;
}

struct str otp_text(struct arena *a, struct str seed)
{
    struct str lower = b32_encode(a, seed);
    struct buf b = buf_new(a, lower.n + 1);

    for (size_t i = 0; i < lower.n; i++)
        buf_byte(&b, lower.p[i] >= 'a' && lower.p[i] <= 'z' ? (char)(lower.p[i] - 'a' + 'A') : lower.p[i]);
    return buf_str(&b);
}

struct str otp_uri(struct arena *a, struct str seed, struct str issuer, struct str who)
{
    struct buf b = buf_new(a, URI_MAX_B);

    buf_add(&b, S("otpauth://totp/"));
    url_escape(&b, issuer);
    buf_add(&b, S(":"));
    url_escape(&b, who);
    url_query(&b, S("secret"), otp_text(a, seed));
    url_query(&b, S("issuer"), issuer);
    return buf_ok(&b) ? buf_str(&b) : (struct str){ NULL, 0 };
}
