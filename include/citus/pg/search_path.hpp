/// A search path of pg_catalog alone, so that deparsed SQL names everything else with its schema.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// Pins the path for a scope; an error restores it with the transaction's.
class PinnedSearchPath {
public:
    PinnedSearchPath() {
        OverrideSearchPath *path = GetOverrideSearchPath(CurrentMemoryContext);
        path->schemas = NIL;
        path->addCatalog = true;
        path->addTemp = false;
        PushOverrideSearchPath(path);
    }
    ~PinnedSearchPath() { PopOverrideSearchPath(); }
    PinnedSearchPath(const PinnedSearchPath &) = delete;
    PinnedSearchPath &operator=(const PinnedSearchPath &) = delete;
};

} // namespace citus
