/// The gather tier: the standard planner runs, and each distributed or reference table offers one kind of
/// path, a scan of its shards.
///
/// Whatever statement the standard planner sees, a distributed table is never read from its (empty) local
/// heap: hooks replace every path of such a relation. Only needed columns and the rows that pass the
/// shippable filters come here; filters on the key choose the shards, also for each outer row of a nested
/// loop or a correlated subquery. Never contacts a node while planning.
#pragma once

#include "citus/pg/prelude.hpp"

extern "C" {
#include "nodes/pathnodes.h"
}

namespace citus {

/// To be called on the result of standard_planner for a statement with distributed tables: takes the row
/// marks (FOR UPDATE ...) of distributed tables out of the plan, for their scans lock on the shards.
PlannedStmt *strip_row_marks(PlannedStmt *statement);

/// While an object of this type lives, distributed tables are read as what they are locally: empty tables.
/// For commands that the server itself sends while it works on the local table (the check of a new foreign
/// key, ...). An error ends it as well.
class LocalShellScope {
public:
    LocalShellScope();
    ~LocalShellScope();
    LocalShellScope(const LocalShellScope &) = delete;
    LocalShellScope &operator=(const LocalShellScope &) = delete;

    /// Whether one is alive.
    static bool active();

private:
    int old_level_;
};

void install_gather();

} // namespace citus
