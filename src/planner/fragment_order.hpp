/// In which order a fragment can give its rows, for plans that want one: the nodes sort, the scan merges.
///
/// Used by worker_query.cpp, which knows what the shards' query can be made to do, and pushdown_scan.cpp,
/// which offers sorted paths. Never decides whether an order is wanted.
#pragma once

#include "citus/planner/template.hpp"

extern "C" {
#include "nodes/pathnodes.h"
}

namespace citus {

/// What is known of a fragment's order when it is made.
struct FragmentOrder {
    List *keys = NIL;          ///< packed MergeKeys: each task sends its rows so, and in no other order
    bool is_free = false;      ///< else: the text may be ended by an ORDER BY
    Query *per_node = nullptr; ///< else: this form of the query, one statement per node, may be
};

/// The order of a query whose top level sorts, by the columns it sends. NIL when some of it can't be told.
List *merge_keys_of(const Query *query);

/// The columns of a relation by which rows in the order of the pathkeys are sorted, as packed MergeKeys: for
/// as many pathkeys from the first one on as there are such columns.
List *merge_keys_for(const RelOptInfo *rel, List *pathkeys);

/// The fragment with its rows in this order, which is_free or per_node allow; types: of its columns. False
/// when it can't be sent so.
bool sort_fragment(Fragment *fragment, const FragmentOrder &order, List *keys, List *types);

} // namespace citus
