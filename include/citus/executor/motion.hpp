/// Motions: rows that are moved to the shard groups where a fragment joins them.
///
/// The planner (planner/motion.hpp) describes them in Fragment::motions; "Citus Adaptive" runs them before
/// its tasks. The source is a plan of its own. When that is nothing but one query per shard, the nodes run
/// it, keep what is for them, and send the rest in packed chunks that nobody looks into on the way: a little
/// of it through this backend, most of it from worker to worker (motion_inbox.hpp). Otherwise this backend
/// runs the source and packs its rows.
#pragma once

#include "citus/executor/motion_rows.hpp"
#include "citus/planner/fragment.hpp"

extern "C" {
#include "commands/explain.h"
}

namespace citus {

struct Motion {
    int key = 0;           ///< column of the source whose hash chooses the shard; 0: broadcast
    const char *from = ""; ///< what is moved, for EXPLAIN
    PlannedStmt *source = nullptr;

    bool is_broadcast() const { return key == 0; }
    List *pack() const;
    static Motion unpack(const List *packed);
};

/// The motions of one run of a scan. Lives in the memory context of the run, which gives its numbers back.
class MotionRun {
public:
    MotionRun(MemoryContext context, const Fragment &fragment);

    std::span<const int32> ids() const { return ids_; }

    /// Moves the rows to where the tasks are. Afterwards the tasks may be sent. params are the $n of the
    /// statement.
    void run(std::span<const Task> tasks, Oid run_as, ParamListInfo params, EState *estate);

    /// Bytes that came through this node, and those that went from worker to worker, for EXPLAIN ANALYZE.
    uint64 moved_bytes() const { return moved_bytes_; }
    uint64 direct_bytes() const { return direct_bytes_; }

private:
    MemoryContext context_;
    const Fragment &fragment_;
    std::span<int32> ids_;
    uint64 moved_bytes_ = 0, direct_bytes_ = 0;
    MemoryContextCallback give_back_ = {};
};

/// The lines of EXPLAIN about the motions of a fragment, sources with their plans.
void explain_motions(const Fragment &fragment, ParamListInfo params, uint64 moved_bytes, uint64 direct_bytes,
                     ExplainState *es);

} // namespace citus
