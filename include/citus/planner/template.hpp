/// SQL for shards: what of a query tree may be sent to another server, and its text as a template.
///
/// Called by planner/ (route, push down) and by the gather paths to fill the text, the relation slots and the
/// parameters of a Fragment. Deparses a query once; the SQL of one shard is then a concatenation. Never looks
/// at shards or nodes, never changes the query it is given.
#pragma once

#include "citus/planner/fragment.hpp"

namespace citus {

/// How much a text may contain.
enum class ShipMode {
    PerShard, ///< the text runs on several shard groups: nothing volatile
    OneGroup, ///< the text runs exactly once: volatile built-in functions are welcome
};

/// Whether an expression, a clause or a whole Query may be part of the SQL of a shard once its parameters are
/// taken out (for query trees as the parser and rewriter make them; shippable.hpp is for planned clauses):
/// built-in functions, operators and collations only, no function whose answer depends on the node, no
/// tableoid. Var-free stable expressions and Params (external and internal ones) are accepted, because they
/// become parameters. Says nothing about whether the result is right on each shard.
bool is_shippable(Node *node, ShipMode mode);

/// Fills text_parts, slot_relations and params of the fragment from a query (SELECT, INSERT, UPDATE, DELETE,
/// MERGE; as the rewriter or a caller made it, no plan nodes in it). Every distributed or reference table of
/// the query becomes a slot; resjunk entries of the target list are not sent. Returns false, with the
/// fragment unchanged, when the query can't be sent: it is not shippable or names a relation that is not in
/// the metadata.
bool fill_template(Fragment *fragment, const Query *query, ShipMode mode);

} // namespace citus
