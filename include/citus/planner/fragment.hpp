/// A fragment: one SQL template that runs on some shard groups, and everything execution needs to know.
///
/// The contract between planner/ (which builds it from a query tree), the scan nodes in executor/ (which
/// run it) and EXPLAIN. Lives inside CustomScan.custom_private, so it must survive copyObject and
/// nodeToString: pack() and unpack() convert it to Lists of plain nodes. Holds Oids, never pointers into the
/// metadata cache: the shards are chosen at execution.
#pragma once

#include "citus/executor/tasks.hpp"

namespace citus {

/// How the shards of a fragment follow from values known at execution.
enum class PruneKind : int {
    Equal = 0,  ///< key = expr (NULL: no row)
    AnyOf = 1,  ///< key = ANY (array expr)
    IsNull = 2, ///< key IS NULL
};

struct PruneItem {
    PruneKind kind;
    Expr *expr; ///< without Vars of the query; nullptr for IsNull. Its type is of the key's hash family
};

enum class Tier : int { Route = 0, PushDown = 1, Gather = 2 };

/// In a text part: followed by one byte, kFirstMotion plus the position of a motion.
constexpr char kMotionMark = '\x01';
constexpr char kFirstMotion = '0';
constexpr int kMaxMotions = 60;

/// One column by which the rows of each task are sorted, see Fragment::merge_keys.
struct MergeKey {
    AttrNumber column; ///< of the row that the shards return
    Oid sort_operator; ///< "less than" of the order, that is > for DESC
    Oid collation;
    bool nulls_first;

    bool operator==(const MergeKey &) const = default;
};

/// In place of the rows that are wanted at most, when only the plan above knows: it stops asking for more.
constexpr int64 kUnknownLimit = -1;

struct Fragment {
    Tier tier = Tier::Gather; ///< for EXPLAIN
    CmdType command = CMD_SELECT;
    Oid anchor = InvalidOid;    ///< hash-distributed or single-shard table that decides the tasks;
                                ///< InvalidOid: only reference tables, or none
    List *text_parts = NIL;     ///< String nodes; between part i and i+1 stands relation slot i
    List *slot_relations = NIL; ///< Oids; each becomes the shard of that relation with the task's index
    int body_begin = -1; ///< see runs_per_node(): offset in the first text part where the body begins, ...
    int body_end = -1;   ///< ... and behind its end, in the text part of this number:
    int body_last = -1;
    bool prunes = false;       ///< prune items below restrict the shards; several items are OR-ed
    List *prune_items = NIL;   ///< of List(Integer kind, Expr or NULL)
    bool single_group = false; ///< route: exactly one task, also when pruning leaves no shard
    List *params = NIL;        ///< Exprs for $1..$n, evaluated once per (re)scan in the node's ExprContext
    bool locks_rows = false;   ///< SELECT ... FOR UPDATE / SHARE: opens a remote transaction
    bool lock_waits = false;   ///< with locks_rows: neither NOWAIT nor SKIP LOCKED
    bool writes_reference = false;  ///< the target is a reference table: runs on all its placements
    bool has_result = true;         ///< returns rows (SELECT, RETURNING)
    Oid run_as = InvalidOid;        ///< whose rights count on the shards: TaskSet::run_as
    bool has_modifying_cte = false; ///< some part writes although command may be CMD_SELECT
    List *motions = NIL; ///< packed Motions (executor/motion.hpp) whose rows the text reads; in the
                         ///< parts, kMotionMark and a position in this list stand for the call
    List *merge_keys =
        NIL; ///< packed MergeKeys: each task sends its rows in this order, and so does the scan
    /// FOR UPDATE ... LIMIT over several shards: the text finds candidates, each row led by its ctid and
    /// tableoid, at most $n of them, the last of the parameters (here the rows wanted at most). These are
    /// the parts of the text, with the same slots, that locks one row, which $n is the ctid and $n+1 the
    /// tableoid of, and gives it as it is then, when it still fits (executor/row_locks.hpp). NIL: no such.
    List *lock_parts = NIL;
    std::span<const int32> motion_ids; ///< while it runs: the number of each motion's rows; not packed

    /// One statement per node instead of one per shard: the text between body_begin and body_end is repeated
    /// for each shard of the node, with UNION ALL between them. Behind it stand reference tables only.
    bool runs_per_node() const { return body_begin >= 0; }

    bool locks_row_by_row() const { return lock_parts != NIL; }

    bool modifies() const { return command != CMD_SELECT || has_modifying_cte; }
    bool needs_write_access() const { return modifies() || locks_rows; }

    /// A List of plain nodes that copyObject, equal and nodeToString can handle, and back.
    List *pack() const;
    static Fragment unpack(List *packed);
};

/// One element of Fragment::prune_items; expr is nullptr for PruneKind::IsNull.
List *make_prune_item(PruneKind kind, Expr *expr);
PruneItem read_prune_item(const List *item);

/// One element of Fragment::merge_keys.
List *pack_merge_key(const MergeKey &key);
MergeKey unpack_merge_key(const List *packed);

/// What a fragment runs. The second vector repeats statements that write on the other placements of their
/// shards (reference tables); their results are not wanted, their counts must agree with the first ones.
struct FragmentTasks {
    std::pmr::vector<Task> tasks;
    std::pmr::vector<Task> replica_tasks;
    int pruned_shards; ///< of the fragment's tables, those that no task reads
};

/// The tasks of a fragment for the shards left after pruning; no shard left means no task, except with
/// single_group. prune_states holds one ExprState per item of prune_items (NULL where the item has no
/// expression); they are evaluated in econtext. Without econtext (EXPLAIN without values) only constants
/// prune. Everything returned lives in CurrentMemoryContext.
FragmentTasks build_tasks(const Fragment &fragment, List *prune_states, ExprContext *econtext);

} // namespace citus
