/// Writes to shards on several nodes start one after the other.
///
/// Two statements that change the same rows of several nodes, begun at the same time, would meet in another
/// order on each node, and be a deadlock, where on one server the second one waits for the first. So the
/// first write of a transaction that goes to several nodes waits for its turn, per co-location group, and has
/// it until the statement is done on all nodes: whoever comes behind finds its rows locked on every node.
/// Rows stay locked to the end of the transaction, the turn does not.
///
/// SELECT ... FOR UPDATE is such a write, too, except where a cursor could keep a turn for any time.
///
/// Used by executor/nodes_turn.cpp. A turn is no lock that anything depends on: who has waited for some time for
/// the same holder (a long statement, or one that waits for rows itself) goes ahead without one. A
/// transaction that has written on a node never waits here, since the holder may be waiting for its rows.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// Waits for the turn among writes of a co-location group. False when this backend goes ahead without one, or
/// has one already.
bool take_write_turn(uint32 colocation_id);

/// Gives the turn back, if this backend has one. Never raises; also called at the end of each transaction.
void end_write_turn();

/// Part of _PG_init.
void install_write_turns();

} // namespace citus
