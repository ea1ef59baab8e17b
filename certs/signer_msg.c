/* SPDX-License-Identifier: EUPL-1.2 */
#include "certs/signer_msg.h"

#include <string.h>

struct head {
    uint16_t op, arg;
    uint32_t part_B[SIGNER_PARTS];
    uint32_t zero; /* no byte of the head is padding */
    uint64_t id;
    int64_t number;
};

struct str signer_msg_write(struct arena *a, const struct signer_msg *m)
{
    struct head head = { .op = m->op, .arg = m->arg, .id = m->id, .number = m->number };
    struct buf b = buf_new(a, SIGNER_MESSAGE_MAX_B);

    for (int i = 0; i < SIGNER_PARTS; i++)
        head.part_B[i] = (uint32_t)(m->part[i].n < SIGNER_MESSAGE_MAX_B ? m->part[i].n : SIGNER_MESSAGE_MAX_B);
    buf_add(&b, str_n(&head, sizeof head));
    for (int i = 0; i < SIGNER_PARTS; i++)
        buf_add(&b, m->part[i]);
    return buf_ok(&b) ? buf_str(&b) : (struct str){ NULL, 0 };
}

bool signer_msg_read(struct str datagram, struct signer_msg *out)
{
    struct head head;
    struct str rest;

    if (datagram.p == NULL || datagram.n < sizeof head || datagram.n > SIGNER_MESSAGE_MAX_B)
        return false;
    memcpy(&head, datagram.p, sizeof head);
    rest = str_from(datagram, sizeof head);
    *out = (struct signer_msg){ .op = head.op, .arg = head.arg, .id = head.id, .number = head.number };
    for (int i = 0; i < SIGNER_PARTS; i++) {
        if (head.part_B[i] > rest.n)
            return false;
        out->part[i] = str_sub(rest, 0, head.part_B[i]);
        rest = str_from(rest, head.part_B[i]);
    }
    return rest.n == 0 && head.zero == 0;
}

const char *signer_reason_word(unsigned reason)
{
    static const char *const words[] = {
#define X(name, word) word,
        SIGNER_REASONS(X)
#undef X
    };

    return words[reason < REASON_COUNT ? reason : REASON_REFUSED];
}
