/// PostgreSQL's tree walkers with typed callbacks.
///
/// Before 16 the walkers take `bool (*)()`, which C++ reads as "no arguments"; the cast lives here only.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

using WalkerCallback = bool (*)(::Node *node, void *context);
using MutatorCallback = ::Node *(*)(::Node *node, void *context);

/// expression_tree_walker: calls the callback for each child; true ends the walk.
inline bool walk_children(::Node *node, WalkerCallback callback, void *context) {
    return expression_tree_walker(node, reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(callback)),
                                  context);
}

/// query_tree_walker, with the QTW_ flags.
inline bool walk_query(Query *query, WalkerCallback callback, void *context, int flags) {
    return query_tree_walker(query, reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(callback)),
                             context, flags);
}

/// expression_tree_mutator: a copy of the node whose children went through the callback.
inline ::Node *mutate_children(::Node *node, MutatorCallback callback, void *context) {
    return expression_tree_mutator(
        node, reinterpret_cast<::Node *(*)()>(reinterpret_cast<void (*)()>(callback)), context);
}

} // namespace citus
