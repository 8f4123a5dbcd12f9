#include "citus/net/greeting.hpp"

#include "citus/guc.hpp"

extern "C" {
#include "libpq-fe.h"
#include "postmaster/postmaster.h"
}

namespace citus {

namespace {

constexpr const char *kName = "citus.link_greeting";

char *unused_value = nullptr;

/// Reported once, before the session's first transaction.
const char *show_greeting() {
    static char text[32];
    if (!guc::row_batches || MyProcPort == nullptr || IsTransactionState())
        return "";
    snprintf(text, sizeof(text), "%d %d", MaxConnections - ReservedBackends, MyCancelKey);
    return text;
}

} // namespace

NodeGreeting greeting_of(const PGconn *pg) {
    NodeGreeting greeting = {false, 0, 0};
    const char *text = PQparameterStatus(pg, kName);
    greeting.is_known =
        text != nullptr && sscanf(text, "%d %d", &greeting.client_slots, &greeting.cancel_key) == 2;
    return greeting;
}

void install_greeting() {
    DefineCustomStringVariable(kName, "What this node says at the start of a connection between nodes.",
                               nullptr, &unused_value, "", PGC_INTERNAL,
                               GUC_REPORT | GUC_NO_SHOW_ALL | GUC_NOT_IN_SAMPLE | GUC_DISALLOW_IN_FILE,
                               nullptr, nullptr, show_greeting);
}

} // namespace citus
