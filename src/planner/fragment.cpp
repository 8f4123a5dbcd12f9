#include "citus/planner/fragment.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/executor/motion.hpp"

extern "C" {
#include "utils/array.h"
}

namespace citus {

namespace {

enum FlagBits : int {
    kPrunes = 1,
    kSingleGroup = 2,
    kLocksRows = 4,
    kWritesReference = 8,
    kHasResult = 16,
    kHasModifyingCte = 32,
    kLockWaits = 64,
};

int flags_of(const Fragment &fragment) {
    return (fragment.prunes ? kPrunes : 0) | (fragment.single_group ? kSingleGroup : 0) |
           (fragment.locks_rows ? kLocksRows : 0) | (fragment.writes_reference ? kWritesReference : 0) |
           (fragment.has_result ? kHasResult : 0) | (fragment.has_modifying_cte ? kHasModifyingCte : 0) |
           (fragment.lock_waits ? kLockWaits : 0);
}

/// A set of shard positions, filled by prune items.
class ShardSet {
public:
    explicit ShardSet(const DistTable &table) : table_(table), members_(table.shards.size(), false) {}

    void add_value(Oid type, Datum value) {
        const int32 hash = type == table_.key_type
                               ? hash_distribution_value(table_, value, false)
                               : hash_distribution_value_of_type(table_, type, value, false);
        add_hash(hash);
    }
    void add_null() { add_hash(hash_distribution_value(table_, Datum{0}, true)); }
    void add_all() { members_.assign(members_.size(), true); }
    bool has(size_t index) const { return members_[index]; }

private:
    void add_hash(int32 hash) { members_[static_cast<size_t>(shard_index_for_hash(table_, hash))] = true; }

    const DistTable &table_;
    std::pmr::vector<bool> members_;
};

void add_array_elements(ShardSet *set, Oid array_type, Datum array) {
    const Oid element_type = getBaseType(get_element_type(getBaseType(array_type)));
    int16 length;
    bool by_value;
    char alignment;
    get_typlenbyvalalign(element_type, &length, &by_value, &alignment);
    Datum *values;
    bool *nulls;
    int count;
    deconstruct_array(DatumGetArrayTypeP(array), element_type, length, by_value, alignment, &values, &nulls,
                      &count);
    for (int i = 0; i < count; i++)
        if (!nulls[i]) // key = NULL is true for no row
            set->add_value(element_type, values[i]);
}

/// Adds the shards one prune item leaves. An expression that can't be evaluated yet prunes nothing. NULL
/// equals no key, but (keeps_null) a MERGE may insert it.
void apply_prune_item(ShardSet *set, const PruneItem &item, ExprState *state, ExprContext *econtext,
                      bool keeps_null) {
    if (item.kind == PruneKind::IsNull) {
        set->add_null();
        return;
    }
    Datum value;
    bool is_null;
    if (econtext != nullptr && state != nullptr) {
        value = ExecEvalExpr(state, econtext, &is_null);
    } else if (IsA(item.expr, Const)) {
        value = castNode(Const, item.expr)->constvalue;
        is_null = castNode(Const, item.expr)->constisnull;
    } else {
        set->add_all();
        return;
    }
    if (is_null) {
        if (keeps_null)
            set->add_null();
        return;
    }
    const Oid type = exprType(reinterpret_cast<Node *>(item.expr));
    if (item.kind == PruneKind::AnyOf)
        add_array_elements(set, type, value);
    else
        set->add_value(getBaseType(type), value);
}

/// The shard that the fragment's only item names by a value, which most routed statements have; nothing where
/// it takes a set to tell.
std::optional<size_t> only_shard(const Fragment &fragment, const DistTable &anchor, List *prune_states,
                                 ExprContext *econtext) {
    if (!fragment.prunes || !anchor.has_key() || list_length(fragment.prune_items) != 1 ||
        prune_states == NIL || econtext == nullptr)
        return std::nullopt;
    const PruneItem item = read_prune_item(linitial_node(List, fragment.prune_items));
    auto *state = static_cast<ExprState *>(linitial(prune_states));
    if (item.kind != PruneKind::Equal || state == nullptr)
        return std::nullopt;
    bool is_null;
    const Datum value = ExecEvalExpr(state, econtext, &is_null);
    if (is_null)
        return std::nullopt;
    const Oid type = exprType(reinterpret_cast<Node *>(item.expr));
    const int32 hash = type == anchor.key_type ? hash_distribution_value(anchor, value, false)
                                               : hash_distribution_value_of_type(anchor, type, value, false);
    return static_cast<size_t>(shard_index_for_hash(anchor, hash));
}

/// The relations of a fragment as the metadata knows them, by slot.
using SlotTables = std::pmr::vector<const DistTable *>;

const Shard &shard_of_slot(const DistTable &table, int shard_index) {
    const size_t index = table.has_key() ? static_cast<size_t>(shard_index) : 0;
    if (index >= table.shards.size())
        elog(ERROR, "relation %u has no shard at position %d", table.relid, shard_index);
    return table.shards[index];
}

bool has_placement_on(const Shard &shard, int32 group_id) {
    return std::any_of(shard.placements.begin(), shard.placements.end(),
                       [&](const ShardPlacement &placement) { return placement.group_id == group_id; });
}

bool group_holds_all(const SlotTables &slots, int shard_index, int32 group_id) {
    return std::all_of(slots.begin(), slots.end(), [&](const DistTable *table) {
        return has_placement_on(shard_of_slot(*table, shard_index), group_id);
    });
}

/// The groups where every slot's shard has a placement, this server's own first, the rest as in the catalog.
std::pmr::vector<int32> candidate_groups(const Shard &shard, const SlotTables &slots, int shard_index) {
    std::pmr::vector<int32> groups;
    for (const ShardPlacement &placement : shard.placements)
        if (group_holds_all(slots, shard_index, placement.group_id))
            groups.push_back(placement.group_id);
    if (groups.empty())
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("no node holds all shards that the statement needs together"),
                        errdetail("Shard " INT64_FORMAT " has no placement where the others have theirs.",
                                  shard.shard_id)));
    auto own = std::find_if(groups.begin(), groups.end(), is_local_group);
    if (own != groups.end())
        std::rotate(groups.begin(), own, own + 1);
    return groups;
}

/// Where a read goes: this server when it has a placement; else sessions spread over the nodes, and one
/// session stays with its choice so that it needs few connections.
int32 group_for_read(const std::pmr::vector<int32> &groups) {
    if (is_local_group(groups.front()))
        return groups.front();
    return groups[static_cast<size_t>(MyProcPid) % groups.size()];
}

/// For Task::others.
std::span<const int32> others_than(int32 group, const std::pmr::vector<int32> &groups) {
    if (groups.size() == 1 || is_local_group(group))
        return {};
    auto *others = static_cast<int32 *>(palloc(sizeof(int32) * groups.size()));
    const int32 *end = std::copy_if(groups.begin(), groups.end(), others,
                                    [&](int32 candidate) { return candidate != group; });
    return {others, end};
}

/// A part of the text; calls that read moved rows are put in.
void append_part(StringInfo sql, const Fragment &fragment, const char *part, int shard_index) {
    if (fragment.motions == NIL) {
        appendStringInfoString(sql, part);
        return;
    }
    for (const char *at = part; *at != '\0'; at++) {
        if (*at != kMotionMark) {
            appendStringInfoChar(sql, *at);
            continue;
        }
        const int position = *++at - kFirstMotion;
        const Motion motion = Motion::unpack(list_nth_node(List, fragment.motions, position));
        const auto index = static_cast<size_t>(position);
        const int32 id = index < fragment.motion_ids.size() ? fragment.motion_ids[index] : 0;
        appendStringInfo(sql, "citus_internal.read_motion(%d, %d)", id,
                         motion.is_broadcast() ? kBroadcastBucket : shard_index);
    }
}

const char *task_sql(const Fragment &fragment, const SlotTables &slots, int shard_index) {
    StringInfoData sql;
    initStringInfo(&sql);
    for (int i = 0; i < list_length(fragment.text_parts); i++) {
        append_part(&sql, fragment, strVal(list_nth(fragment.text_parts, i)), shard_index);
        if (static_cast<size_t>(i) < slots.size()) {
            const DistTable &table = *slots[static_cast<size_t>(i)];
            appendStringInfoString(
                &sql, qualified_shard_name(table.relid, shard_of_slot(table, shard_index).shard_id));
        }
    }
    return sql.data;
}

// ---------------------------------------------------------------- one statement for all shards of a node

/// More shards than this are not put into one statement: its plan would grow out of hand.
constexpr int kShardsPerStatement = 64;

struct NodeStatement {
    int32 group_id;
    int shards;
    int64 first_shard_id;
    StringInfo sql;
};

void append_slot(StringInfo sql, const SlotTables &slots, int slot, int shard_index) {
    const DistTable &table = *slots[static_cast<size_t>(slot)];
    appendStringInfoString(sql,
                           qualified_shard_name(table.relid, shard_of_slot(table, shard_index).shard_id));
}

/// The body for one shard, in parentheses.
void append_body(StringInfo sql, const Fragment &fragment, const SlotTables &slots, int shard_index) {
    appendStringInfoChar(sql, '(');
    for (int i = 0; i <= fragment.body_last; i++) {
        const char *part = strVal(list_nth(fragment.text_parts, i));
        const int begin = i == 0 ? fragment.body_begin : 0;
        const int end = i == fragment.body_last ? fragment.body_end : static_cast<int>(strlen(part));
        appendBinaryStringInfo(sql, part + begin, end - begin);
        if (i < fragment.body_last)
            append_slot(sql, slots, i, shard_index);
    }
    appendStringInfoChar(sql, ')');
}

/// What stands behind the bodies.
void append_rest(StringInfo sql, const Fragment &fragment, const SlotTables &slots) {
    for (int i = fragment.body_last; i < list_length(fragment.text_parts); i++) {
        const char *part = strVal(list_nth(fragment.text_parts, i));
        appendStringInfoString(sql, i == fragment.body_last ? part + fragment.body_end : part);
        if (i + 1 < list_length(fragment.text_parts))
            append_slot(sql, slots, i, 0);
    }
}

NodeStatement *statement_for(std::pmr::vector<NodeStatement> *statements, const Fragment &fragment,
                             int32 group_id, int64 shard_id) {
    for (NodeStatement &each : *statements)
        if (each.group_id == group_id && each.shards < kShardsPerStatement)
            return &each;
    StringInfo sql = makeStringInfo();
    appendBinaryStringInfo(sql, strVal(linitial(fragment.text_parts)), fragment.body_begin);
    statements->push_back({group_id, 0, shard_id, sql});
    return &statements->back();
}

/// Reads only: fragments that write or lock go shard by shard.
void add_node_tasks(FragmentTasks *result, const Fragment &fragment, const DistTable &anchor,
                    const ShardSet &wanted, const SlotTables &slots) {
    std::pmr::vector<NodeStatement> statements;
    for (size_t i = 0; i < anchor.shards.size(); i++) {
        if (!wanted.has(i))
            continue;
        const int index = static_cast<int>(i);
        const int32 group = group_for_read(candidate_groups(anchor.shards[i], slots, index));
        NodeStatement *statement = statement_for(&statements, fragment, group, anchor.shards[i].shard_id);
        if (statement->shards++ > 0)
            appendStringInfoString(statement->sql, " UNION ALL ");
        append_body(statement->sql, fragment, slots, index);
    }
    for (const NodeStatement &statement : statements) {
        append_rest(statement.sql, fragment, slots);
        // A statement over several shards is about none of them.
        const int64 shard_id = statement.shards == 1 ? statement.first_shard_id : 0;
        result->tasks.push_back({statement.group_id, shard_id, statement.sql->data});
    }
}

void add_tasks(FragmentTasks *result, const Fragment &fragment, const Shard &shard, const SlotTables &slots,
               int shard_index) {
    const char *sql = task_sql(fragment, slots, shard_index);
    const auto groups = candidate_groups(shard, slots, shard_index);
    if (fragment.locks_rows && !fragment.modifies()) {
        // All sessions that lock a row must ask the same placement for it.
        const int32 group = *std::min_element(groups.begin(), groups.end());
        result->tasks.push_back({group, shard.shard_id, sql});
        return;
    }
    if (!fragment.modifies()) {
        const int32 group = group_for_read(groups);
        result->tasks.push_back({group, shard.shard_id, sql, others_than(group, groups)});
        return;
    }
    if (groups.size() != shard.placements.size())
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("cannot write to all placements of shard " INT64_FORMAT, shard.shard_id),
                        errdetail("Other tables of the statement are missing on some of its nodes.")));
    result->tasks.push_back({groups.front(), shard.shard_id, sql});
    for (size_t i = 1; i < groups.size(); i++)
        result->replica_tasks.push_back({groups[i], shard.shard_id, sql});
}

} // namespace

List *make_prune_item(PruneKind kind, Expr *expr) {
    return list_make2(makeInteger(static_cast<int>(kind)), expr);
}

PruneItem read_prune_item(const List *item) {
    return {static_cast<PruneKind>(intVal(linitial(item))), static_cast<Expr *>(lsecond(item))};
}

List *Fragment::pack() const {
    List *numbers = list_make3_int(static_cast<int>(tier), static_cast<int>(command), flags_of(*this));
    List *packed = list_make4(numbers, list_make2_oid(anchor, run_as), text_parts, slot_relations);
    packed = lappend(packed, prune_items);
    packed = lappend(packed, params);
    packed = lappend(packed, motions);
    packed = lappend(packed, list_make3_int(body_begin, body_end, body_last));
    packed = lappend(packed, merge_keys);
    return lappend(packed, lock_parts);
}

Fragment Fragment::unpack(List *packed) {
    const List *numbers = static_cast<const List *>(list_nth(packed, 0));
    const int flags = lthird_int(numbers);
    Fragment fragment;
    fragment.tier = static_cast<Tier>(linitial_int(numbers));
    fragment.command = static_cast<CmdType>(lsecond_int(numbers));
    fragment.prunes = flags & kPrunes;
    fragment.single_group = flags & kSingleGroup;
    fragment.locks_rows = flags & kLocksRows;
    fragment.writes_reference = flags & kWritesReference;
    fragment.has_result = flags & kHasResult;
    fragment.has_modifying_cte = flags & kHasModifyingCte;
    fragment.anchor = linitial_oid(static_cast<List *>(list_nth(packed, 1)));
    fragment.run_as = lsecond_oid(static_cast<List *>(list_nth(packed, 1)));
    fragment.text_parts = static_cast<List *>(list_nth(packed, 2));
    fragment.slot_relations = static_cast<List *>(list_nth(packed, 3));
    fragment.prune_items = static_cast<List *>(list_nth(packed, 4));
    fragment.params = static_cast<List *>(list_nth(packed, 5));
    fragment.motions = static_cast<List *>(list_nth(packed, 6));
    fragment.body_begin = linitial_int(static_cast<List *>(list_nth(packed, 7)));
    fragment.body_end = lsecond_int(static_cast<List *>(list_nth(packed, 7)));
    fragment.body_last = lthird_int(static_cast<List *>(list_nth(packed, 7)));
    fragment.merge_keys = static_cast<List *>(list_nth(packed, 8));
    fragment.lock_parts = static_cast<List *>(list_nth(packed, 9));
    fragment.lock_waits = flags & kLockWaits;
    return fragment;
}

List *pack_merge_key(const MergeKey &key) {
    return list_make2(list_make2_int(key.column, key.nulls_first),
                      list_make2_oid(key.sort_operator, key.collation));
}

MergeKey unpack_merge_key(const List *packed) {
    const auto *numbers = static_cast<const List *>(linitial(packed));
    const auto *oids = static_cast<const List *>(lsecond(packed));
    return {static_cast<AttrNumber>(linitial_int(numbers)), linitial_oid(oids), lsecond_oid(oids),
            lsecond_int(numbers) != 0};
}

FragmentTasks build_tasks(const Fragment &fragment, List *prune_states, ExprContext *econtext) {
    SlotTables slots;
    slots.reserve(static_cast<size_t>(list_length(fragment.slot_relations)));
    ListCell *cell;
    foreach (cell, fragment.slot_relations)
        slots.push_back(require_dist_table(lfirst_oid(cell)));

    FragmentTasks result{};
    if (!OidIsValid(fragment.anchor) && slots.empty()) {
        result.tasks.push_back({local_group_id(), 0, task_sql(fragment, slots, 0)});
        return result;
    }
    // A statement that writes a reference table names it first: its placements decide the tasks.
    const DistTable &anchor =
        OidIsValid(fragment.anchor) ? *require_dist_table(fragment.anchor) : *slots.front();

    if (!fragment.runs_per_node())
        if (const auto only = only_shard(fragment, anchor, prune_states, econtext)) {
            add_tasks(&result, fragment, anchor.shards[*only], slots, static_cast<int>(*only));
            result.pruned_shards = static_cast<int>(anchor.shards.size()) - 1;
            return result;
        }
    ShardSet wanted(anchor);
    if (!fragment.prunes || !anchor.has_key())
        wanted.add_all();
    else
        for (int i = 0; i < list_length(fragment.prune_items); i++) {
            auto *state = prune_states == NIL ? nullptr : static_cast<ExprState *>(list_nth(prune_states, i));
            apply_prune_item(&wanted, read_prune_item(list_nth_node(List, fragment.prune_items, i)), state,
                             econtext, fragment.command == CMD_MERGE);
        }
    for (size_t i = 0; i < anchor.shards.size(); i++)
        result.pruned_shards += !wanted.has(i);
    if (fragment.runs_per_node()) {
        add_node_tasks(&result, fragment, anchor, wanted, slots);
        return result;
    }
    for (size_t i = 0; i < anchor.shards.size(); i++)
        if (wanted.has(i))
            add_tasks(&result, fragment, anchor.shards[i], slots, static_cast<int>(i));

    if (fragment.single_group && result.tasks.empty()) {
        result.pruned_shards--;
        add_tasks(&result, fragment, anchor.shards[0], slots, 0);
    }
    if (fragment.single_group && econtext != nullptr && result.tasks.size() > 1)
        elog(ERROR, "a statement planned for one shard group would run on %zu", result.tasks.size());
    return result;
}

} // namespace citus
