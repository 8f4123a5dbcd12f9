/// A correlated scan's second form: all rows that its runs choose from, read from the shards once.
///
/// A scan in a correlated sub-select, under LATERAL or on the inner side of a nested loop asks the shards
/// once for each row outside. When that has taken as long as reading the whole would, the whole is read, kept
/// by the values that the conditions compare (keyed_rows.hpp), and the runs that follow are answered from it.
/// So few runs cost what they did, many at most twice what is best. The sub-select itself is PostgreSQL's,
/// whatever it does with the rows. Built by gather_scan.cpp, part of the "Citus Adaptive" node; run by
/// whole_scan.cpp. Never for what locks or writes, and never in place of a scan whose rows are rewound.
#pragma once

#include "citus/planner/fragment.hpp"

namespace citus {

struct WholeScan {
    Fragment fragment;      ///< of the same columns, with the conditions that no outer row is needed for
    List *conditions = NIL; ///< the others, over the scan tuple
    double rows = 0;        ///< that the fragment is expected to send, ...
    int width = 0;          ///< ... of so many bytes

    bool exists() const { return conditions != NIL; }
};

/// The part of custom_private that holds it, and of custom_exprs; and back.
List *pack_whole_scan(const WholeScan &whole, List **exprs);
WholeScan unpack_whole_scan(const List *packed, const List *exprs);

} // namespace citus
