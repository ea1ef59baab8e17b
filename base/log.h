/* SPDX-License-Identifier: EUPL-1.2
 * base/log.h: structured events, one JSON object a line, to standard error.
 *
 * Floor 0.  Fields are typed; text is escaped and cut at 200 bytes, so a line
 * stays one line whatever it quotes.  There is no field type for a secret and
 * none for personal data: persons appear as pseudonymous ids.  Never blocks: a
 * line that does not fit into a full pipe is dropped and counted.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/str.h"

enum log_level { LOG_DEBUG = 0, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_field {
    const char *name; /* NULL ends the list */
    struct str text;
    int64_t number;
    bool is_number;
};

/* clang-format off */
#define LOG_S(name, value) { (name), (value), 0, false }
#define LOG_C(name, value) { (name), str_of(value), 0, false }
#define LOG_N(name, value) { (name), { NULL, 0 }, (int64_t)(value), true }
/* clang-format on */

/* log_event(LOG_WARN, "kv.away", LOG_C("why", text), LOG_N("after_ms", 300)); */
#define log_event(level, event, ...)                                                                                   \
    log_write((level), (event), (const struct log_field[]){ LOG_C("", NULL), ##__VA_ARGS__, LOG_C(NULL, NULL) } + 1)

/* Whether the line was written: not below the level, and not into a full pipe. */
bool log_write(enum log_level level, const char *event, const struct log_field *fields);
void log_set_level(enum log_level least); /* once, at start */
void log_set_name(const char *process);   /* once, at start: "gateway", "signer", … */
uint64_t log_dropped(void);               /* lines lost to a blocked reader */

#endif
