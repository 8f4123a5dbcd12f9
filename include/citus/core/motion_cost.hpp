/// What it costs to move rows, in units of one row of no width that travels from a shard to the coordinator.
///
/// Used by planner/motion.cpp to choose between ways of moving, and between moving and gathering.
/// Server-free.
#pragma once

namespace citus::core {

struct MovedRows {
    double rows;
    double width;   ///< bytes of a row
    bool on_shards; ///< the shards pack them; otherwise they come to the coordinator first
};

/// One row that comes to the coordinator as a row of a result.
double gathered_row_cost(double width);

/// Every row to each of the nodes, where it is read by the tasks (of all nodes together).
double broadcast_cost(const MovedRows &moved, int nodes, int tasks);

/// Each row to the shard of its key.
double repartition_cost(const MovedRows &moved, int nodes);

/// Moved rows that are read for each row around a sub-select, all of them hashed alike over the tasks.
double rescan_cost(double outer_rows, double inner_rows, int tasks);

/// The same where an equality with the outer row chooses them: each is kept once, and looked up.
double lookup_cost(double outer_rows, double inner_rows, int tasks);

/// What a statement with this number of motions costs on top: more round trips, a transaction on each node.
double motion_overhead(int motions, int nodes);

} // namespace citus::core
