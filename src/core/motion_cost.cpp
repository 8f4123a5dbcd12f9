#include "citus/core/motion_cost.hpp"

#include <algorithm>

namespace citus::core {

namespace {

/// Bytes whose transfer costs as much as the rest of a row.
constexpr double kBytesPerRow = 200;
/// A packed row is copied, not converted: on the way, and where it is put and read.
constexpr double kPackedRow = 0.15;
constexpr double kStoredRow = 0.15;
/// Each task reads all rows of a broadcast, sorts them or makes a hash table of them.
constexpr double kReadAgain = 0.5;
/// A moved row that is looked at once more, without a key.
constexpr double kLookAgain = 0.02;
/// A moved row that is kept by its key, and a look-up of those with one.
constexpr double kKept = 0.3;
constexpr double kLookUp = 0.5;
/// A round trip in rows.
constexpr double kRoundTrip = 150;

double size_factor(double width) {
    return 1 + width / kBytesPerRow;
}

} // namespace

double gathered_row_cost(double width) {
    return size_factor(width);
}

double broadcast_cost(const MovedRows &moved, int nodes, int tasks) {
    const double produced = moved.on_shards ? kPackedRow : 1 + kPackedRow;
    return moved.rows * size_factor(moved.width) * (produced + kStoredRow * nodes) +
           moved.rows * kReadAgain * tasks;
}

double repartition_cost(const MovedRows &moved, int) {
    const double produced = moved.on_shards ? kPackedRow : 1 + kPackedRow;
    return moved.rows * size_factor(moved.width) * (produced + kStoredRow);
}

double rescan_cost(double outer_rows, double inner_rows, int tasks) {
    return outer_rows * inner_rows / std::max(tasks, 1) * kLookAgain;
}

double lookup_cost(double outer_rows, double inner_rows, int tasks) {
    const double keyed = (inner_rows * kKept + outer_rows * kLookUp) / std::max(tasks, 1);
    return std::min(keyed, rescan_cost(outer_rows, inner_rows, tasks));
}

double motion_overhead(int motions, int nodes) {
    return kRoundTrip * (3 + motions + nodes);
}

} // namespace citus::core
