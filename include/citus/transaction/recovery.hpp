/// Finishes two-phase commits that a crash or a lost connection left behind.
///
/// Called by the maintenance daemon and by the SQL function recover_prepared_transactions(). Safe at any time
/// and from any number of backends (they take turns). Never touches a prepared transaction of another
/// database, another group or another program, nor one whose coordinator is still deciding.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

struct RecoveryResult {
    int resolved;  ///< prepared transactions that were committed or rolled back
    bool complete; ///< false when a node could not be reached or refused: try again later
};

/// Must run in a transaction that has written nothing. Nodes that can't be reached are reported at the given
/// level (WARNING, DEBUG1) and skipped.
RecoveryResult recover_prepared_transactions(int report_level);

} // namespace citus
