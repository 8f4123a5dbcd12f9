/// The coordinator's half of DDL: statements about tables in the metadata run on the shell and then on the
/// shards.
///
/// Called for every utility statement; leaves at once for those that no such table is part of. What would
/// make shell and shards different is refused before anything changed. Never plans or runs queries itself.
#pragma once

namespace citus {

/// Registers the hook. Called once, from _PG_init, before other extensions' hooks of the same session start.
void install_utility_hook();

} // namespace citus
