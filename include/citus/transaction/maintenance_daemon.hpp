/// The background workers: one launcher per server, one maintenance daemon per database with the extension.
///
/// The launcher looks into each database it has not seen yet by starting a daemon there, which ends at once
/// when the extension is missing. A daemon recovers prepared transactions each citus.recover_2pc_interval,
/// and each second after a failure. Both are quiet in the log, and start again after an error. The daemon
/// never stands in the way of DROP, ALTER or copying its database: it is ended before. Registered by
/// _PG_init; nobody calls into it but through shared_state.hpp.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// After commit of the current transaction, the launcher starts a daemon for this database. Called by
/// CREATE EXTENSION.
void start_maintenance_daemon_at_commit();

/// Registers the launcher and the hook that ends daemons for database commands. From _PG_init.
void install_maintenance_daemon();

} // namespace citus
