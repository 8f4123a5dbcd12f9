#include "citus/ddl/shard_ddl.hpp"

#include "citus/ddl/shard_definition.hpp"
#include "citus/pg/list.hpp"

extern "C" {
#include "catalog/index.h"
#include "utils/array.h"
}

namespace citus {

namespace {

char *array_literal(std::span<const Datum> values, Oid type) {
    int16 length = 0;
    bool by_value = false;
    char align = 'i';
    get_typlenbyvalalign(type, &length, &by_value, &align);
    ArrayType *array = construct_array(const_cast<Datum *>(values.data()), static_cast<int>(values.size()),
                                       type, length, by_value, align);
    return quote_literal_cstr(OidOutputFunctionCall(F_ARRAY_OUT, PointerGetDatum(array)));
}

char *text_array_literal(const List *texts) {
    std::pmr::vector<Datum> values;
    for (const ListCell &cell : cells(texts))
        values.push_back(CStringGetTextDatum(static_cast<const char *>(lfirst(&cell))));
    return array_literal(values, TEXTOID);
}

/// The table that an index belongs to, or the relation itself.
Oid table_of(Oid relid) {
    const char kind = get_rel_relkind(relid);
    return kind == RELKIND_INDEX || kind == RELKIND_PARTITIONED_INDEX ? IndexGetRelation(relid, false)
                                                                      : relid;
}

/// The tables whose shards appear in the commands; the first one is the target.
class Slots {
public:
    explicit Slots(Oid target) { slot_of(target); }

    int slot_of(Oid relid) {
        const Oid table = table_of(relid);
        for (size_t i = 0; i < tables_.size(); i++) {
            if (tables_[i]->relid == table)
                return static_cast<int>(i);
        }
        tables_.push_back(require_dist_table(table));
        return static_cast<int>(tables_.size()) - 1;
    }

    /// Ids of the shards that stand for the tables in the shard at this position of the target.
    void append_shard_ids(std::pmr::vector<Datum> &ids, size_t position) const {
        for (const DistTable *table : tables_) {
            // A table without key has its one shard beside every shard of the target.
            const size_t index = table->has_key() ? position : 0;
            if (index >= table->shards.size())
                elog(ERROR, "relation %u has no shard at position %zu", table->relid, index);
            ids.push_back(Int64GetDatum(table->shards[index].shard_id));
        }
    }

    const DistTable &target() const { return *tables_.front(); }

private:
    std::pmr::vector<const DistTable *> tables_;
};

/// Names as the worker takes them, five texts each: written schema (empty: none) and name, the real schema
/// and name, the position of the table's shard id.
List *append_name(List *texts, Slots &slots, const char *schema, const char *name, Oid relid) {
    texts = lappend(texts, const_cast<char *>(schema != nullptr ? schema : ""));
    texts = lappend(texts, const_cast<char *>(name));
    texts = lappend(texts, get_namespace_name(get_rel_namespace(relid)));
    texts = lappend(texts, get_rel_name(relid));
    return lappend(texts, psprintf("%d", slots.slot_of(relid)));
}

List *append_qualified_name(List *texts, Slots &slots, Oid relid) {
    return append_name(texts, slots, get_namespace_name(get_rel_namespace(relid)), get_rel_name(relid),
                       relid);
}

bool has_placement(const Shard &shard, int32 group_id) {
    return std::any_of(shard.placements.begin(), shard.placements.end(),
                       [&](const ShardPlacement &placement) { return placement.group_id == group_id; });
}

char *apply_call(const char *commands, const char *names, const char *shard_ids, const char *search_path) {
    return psprintf("citus_internal.apply_shard_ddl(%s::pg_catalog.text[], %s::pg_catalog.text[], "
                    "%s::pg_catalog.int8[], %s::pg_catalog.text)",
                    commands, names, shard_ids, quote_literal_cstr(search_path));
}

} // namespace

std::pmr::vector<int32> groups_with_shards(const DistTable &table) {
    std::pmr::vector<int32> groups;
    for (const Shard &shard : table.shards) {
        for (const ShardPlacement &placement : shard.placements)
            groups.push_back(placement.group_id);
    }
    std::sort(groups.begin(), groups.end());
    groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
    return groups;
}

void run_on_other_nodes(List *commands, const char *condition) {
    ShardDdl ddl;
    for (const ClusterNode &node : all_nodes()) {
        if (node.role == NodeRole::Primary && node.is_active && !is_local_group(node.group_id))
            ddl.on_group(node.group_id, commands, condition);
    }
    ddl.run();
}

void ShardDdl::on_shards(Oid relid, List *commands, List *related_relations,
                         std::span<const CommandName> names, const char *search_path, int32 only_group) {
    if (commands == NIL)
        return;
    Slots slots(relid);
    List *texts = append_qualified_name(NIL, slots, relid);
    for (const ListCell &cell : cells(related_relations))
        texts = append_qualified_name(texts, slots, lfirst_oid(&cell));
    for (const CommandName &name : names)
        texts = append_name(texts, slots, name.schema, name.name, name.relid);

    const char *command_array = text_array_literal(commands);
    const char *name_array = text_array_literal(texts);
    for (const int32 group_id : groups_with_shards(slots.target())) {
        if (only_group != kAllGroups && only_group != group_id)
            continue;
        std::pmr::vector<Datum> shard_ids;
        for (size_t i = 0; i < slots.target().shards.size(); i++) {
            if (has_placement(slots.target().shards[i], group_id))
                slots.append_shard_ids(shard_ids, i);
        }
        add_call(group_id, apply_call(command_array, name_array, array_literal(shard_ids, INT8OID),
                                      search_path != nullptr ? search_path : "pg_catalog"));
    }
}

void ShardDdl::on_group(int32 group_id, List *commands, const char *condition) {
    if (commands == NIL)
        return;
    const char *call = apply_call(text_array_literal(commands), "'{}'", "'{}'", "pg_catalog");
    add_call(group_id, condition == nullptr ? call : psprintf("CASE WHEN %s THEN %s END", condition, call));
}

void ShardDdl::add_call(int32 group_id, const char *call) {
    for (GroupCalls &group : groups_) {
        if (group.group_id == group_id) {
            appendStringInfo(group.calls, ", %s", call);
            return;
        }
    }
    GroupCalls group{group_id, makeStringInfo()};
    appendStringInfoString(group.calls, call);
    groups_.push_back(group);
}

void ShardDdl::append(const ShardDdl &other) {
    for (const GroupCalls &group : other.groups_)
        add_call(group.group_id, group.calls->data);
}

void ShardDdl::run() {
    if (groups_.empty())
        return;
    std::pmr::vector<Task> tasks;
    for (const GroupCalls &group : groups_)
        tasks.push_back({group.group_id, 0, psprintf("SELECT %s", group.calls->data)});
    run_tasks({tasks, {}, Access::Write, nullptr});
    groups_.clear();
}

int pin_search_path(const char *search_path) {
    const int level = NewGUCNestLevel();
    (void)set_config_option("search_path", search_path, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
                            false);
    return level;
}

void unpin_search_path(int level) {
    AtEOXact_GUC(true, level);
}

} // namespace citus
