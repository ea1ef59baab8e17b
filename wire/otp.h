/* SPDX-License-Identifier: EUPL-1.2
 * wire/otp.h: codes of six digits that a telephone shows for thirty seconds.  [RFC 6238]
 *
 * Floor 1.  HMAC-SHA-1, six digits, thirty seconds: what every authenticator app does, whatever else an address asks
 * for.  Pure.
 */
#ifndef WIRE_OTP_H
#define WIRE_OTP_H

#include "base/arena.h"

enum { OTP_SEED_B = 20, OTP_STEP_S = 30, OTP_DIGITS = 6, OTP_APART = 1 /* steps that the clocks may be apart */ };

/* The code of a step (Unix time / OTP_STEP_S), six digits. */
struct str otp_code(struct arena *a, struct str seed, int64_t step);
/* The step whose code was typed (spaces between digits are no matter), not later than OTP_APART steps from now and
 * later than `last`, the last that was taken: a code is good once.  False: none. */
bool otp_step(struct arena *a, struct str seed, struct str typed, int64_t now_s, int64_t last, int64_t *step);
/* To be typed where no camera is: base32, in capitals. */
struct str otp_text(struct arena *a, struct str seed);
/* "otpauth://totp/…" for a QR code; issuer and who as people read them.  [Key Uri Format] */
struct str otp_uri(struct arena *a, struct str seed, struct str issuer, struct str who);

#endif
