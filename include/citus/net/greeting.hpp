/// What a node says of itself when a connection between nodes is made, without being asked: a parameter that
/// the server reports at the start of a session (citus.link_greeting). It costs no round trip.
///
/// Used by net/ only. Clients see an empty value, and so does every statement: it holds the key with which
/// what runs on the connection can be cancelled, which libpq knows but does not show.
#pragma once

#include "citus/pg/prelude.hpp"

struct pg_conn;

namespace citus {

struct NodeGreeting {
    bool is_known;
    int client_slots; ///< connections the node takes from users who are not superusers
    int32 cancel_key;
};

NodeGreeting greeting_of(const pg_conn *pg);

/// From _PG_init, after the settings.
void install_greeting();

} // namespace citus
