/// The hook for utility statements: DDL on distributed tables reaches the shards, or is refused.
///
/// Registered by _PG_init. A statement that touches no distributed table leaves at once to PostgreSQL.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

void install_utility_hook();

} // namespace citus
