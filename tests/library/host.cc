// SPDX-License-Identifier: EUPL-1.2
// The installed header in C++: the first request of its manual, with names of its own beside it.
#include <cedar.h>

#include <cstdio>
#include <memory>
#include <string>

struct arena {};
struct str {};
static int eval() { return 1; }

int main()
{
    std::unique_ptr<cedar_memory, void (*)(cedar_memory *)> m(cedar_memory_new(nullptr), cedar_memory_free);
    const cedar_policies *policies = nullptr;
    const cedar_entities *entities = nullptr;
    const cedar_request *request = nullptr;
    const cedar_answer *answer = nullptr;
    arena a;
    str s;

    (void)a;
    (void)s;
    if (cedar_read_policies(m.get(), cedar_text("p"), cedar_text("permit(principal, action, resource);"),
                            CEDAR_IDS_BY_POSITION, &policies) != CEDAR_OK ||
        cedar_read_entities(m.get(), cedar_text("e"), cedar_text("[]"), nullptr, &entities) != CEDAR_OK ||
        cedar_make_request(m.get(), {cedar_text("U"), cedar_text("a")}, {cedar_text("Action"), cedar_text("v")},
                           {cedar_text("B"), cedar_text("b")}, cedar_text(nullptr), nullptr, &request) != CEDAR_OK ||
        cedar_decide(m.get(), policies, entities, request, CEDAR_CLOSED, &answer) != CEDAR_OK)
        return 1;
    std::printf("host.cc: %s\n", cedar_answer_decision(answer) == CEDAR_ALLOW && eval() == 1 ? "all is well" : "denied");
    return cedar_answer_decision(answer) == CEDAR_ALLOW ? 0 : 1;
}
