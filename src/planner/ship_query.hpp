/// The part of template.cpp that makes a query tree fit for a shard: it takes out what the coordinator must
/// evaluate and refuses what must not leave it. Used by template.cpp only.
#pragma once

#include "citus/planner/template.hpp"

namespace citus {

/// A copy of a query or expression for shards: Params, Var-free stable functions and constants whose text
/// depends on settings become $n, whose expressions are appended to *params. nullptr when something in it is
/// not shippable (*params is then undefined).
::Node *ship_tree(::Node *tree, ShipMode mode, List **params);

} // namespace citus
