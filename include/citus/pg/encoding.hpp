/// Type functions that send and receive binary values convert between the client's encoding and the
/// server's. On a connection between nodes both ends speak the server's: there must be no conversion.
///
/// Used by whoever calls send or receive functions for values that do not go to the client. Never used around
/// code that talks to the client.
#pragma once

#include "citus/pg/prelude.hpp"

extern "C" {
#include "mb/pg_wchar.h"
}

namespace citus {

/// Runs work() as if the client used the server's encoding. Costs nothing when it does.
template <typename Work>
void in_server_encoding(Work work) {
    const int client = pg_get_client_encoding();
    if (client == GetDatabaseEncoding()) {
        work();
        return;
    }
    SetClientEncoding(GetDatabaseEncoding());
    // clang-format off
    PG_TRY();
    {
        work();
    }
    PG_FINALLY();
    {
        SetClientEncoding(client);
    }
    PG_END_TRY();
    // clang-format on
}

} // namespace citus
