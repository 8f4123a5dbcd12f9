#include "row_by_row.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/pg/node.hpp"
#include "citus/pg/walker.hpp"
#include "fragment_order.hpp"

extern "C" {
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/acl.h"
}

namespace citus {

namespace {

/// What in a query keeps its rows from being found again one by one.
struct Obstacles {
    int marks = 0;
    bool system_columns = false; ///< a row that the lock returns has none
};

bool find_obstacles(::Node *node, void *raw) {
    auto *found = static_cast<Obstacles *>(raw);
    if (node == nullptr)
        return false;
    if (IsA(node, Var))
        found->system_columns |= castNode(Var, node)->varattno < 0;
    if (!IsA(node, Query))
        return walk_children(node, find_obstacles, raw);
    found->marks += list_length(castNode(Query, node)->rowMarks);
    return walk_query(castNode(Query, node), find_obstacles, raw, 0);
}

/// The place of the relation among the slots; nothing when it is there more than once.
std::optional<int> only_slot(const Fragment &fragment, Oid relid) {
    std::optional<int> slot;
    for (int i = 0; i < list_length(fragment.slot_relations); i++) {
        if (list_nth_oid(fragment.slot_relations, i) != relid)
            continue;
        if (slot.has_value())
            return std::nullopt;
        slot = i;
    }
    return slot;
}

/// The alias behind a relation's slot.
std::string_view alias_after(std::string_view part) {
    if (part.empty() || part.front() != ' ')
        return {};
    const auto is_part = [](char c) { return isalnum(static_cast<unsigned char>(c)) || c == '_'; };
    const auto end = std::find_if_not(part.begin() + 1, part.end(), is_part);
    return part.substr(1, static_cast<size_t>(end - part.begin()) - 1);
}

void set_part(List *parts, int number, const std::pmr::string &text) {
    lfirst(list_nth_cell(parts, number)) = makeString(copy_cstring(text));
}

const char *part_of(const List *parts, int number) {
    return strVal(list_nth(parts, number));
}

/// The row, locked, in the place of its table.
List *locking_parts(const List *text_parts, int slot, const RowLock &lock, int param_count) {
    List *parts = list_copy(text_parts);
    std::pmr::string before(part_of(parts, slot));
    set_part(parts, slot, before + "citus_internal.lock_row(NULL::");
    std::pmr::string after(psprintf(", $%d, $%d, %d, %d)", param_count + 1, param_count + 2,
                                    static_cast<int>(lock.strength), static_cast<int>(lock.policy)));
    set_part(parts, slot + 1, after + part_of(parts, slot + 1));
    return parts;
}

constexpr std::string_view kSelect = "SELECT ";

List *candidate_parts(const List *text_parts, std::string_view alias, int param_count) {
    List *parts = list_copy(text_parts);
    std::pmr::string first(kSelect);
    for (const char *column : {"ctid", "tableoid"}) {
        first += alias;
        first += ".";
        first += column;
        first += ", ";
    }
    set_part(parts, 0, first + (part_of(parts, 0) + kSelect.size()));
    const int last = list_length(parts) - 1;
    std::pmr::string end(part_of(parts, last));
    set_part(parts, last, end + psprintf(" LIMIT $%d", param_count + 1));
    return parts;
}

} // namespace

std::optional<RowLock> only_row_lock(const Query *query) {
    Obstacles found;
    find_obstacles(as_node(query), &found);
    if (found.marks != 1 || found.system_columns || list_length(query->rowMarks) != 1 ||
        query->limitOption == LIMIT_OPTION_WITH_TIES)
        return std::nullopt;
    const auto *mark = linitial_node(RowMarkClause, query->rowMarks);
    const RangeTblEntry *rte = rt_fetch(mark->rti, query->rtable);
    // ONLY would be printed before the name.
    if (rte->rtekind != RTE_RELATION || !rte->inh || rte->tablesample != nullptr)
        return std::nullopt;
    const DistTable *table = find_dist_table(rte->relid);
    if (table == nullptr || table->kind != TableKind::Distributed)
        return std::nullopt;
    // Rights to single columns do not let a user see where a row is.
    const Oid user = OidIsValid(rte->checkAsUser) ? rte->checkAsUser : GetUserId();
    if (pg_class_aclcheck(rte->relid, user, ACL_SELECT) != ACLCHECK_OK)
        return std::nullopt;
    return RowLock{rte->relid, mark->strength, mark->waitPolicy};
}

bool make_row_by_row(Fragment *fragment, const RowLock &lock, const Query *query) {
    const auto slot = only_slot(*fragment, lock.relid);
    if (!slot.has_value() || fragment->motions != NIL || fragment->single_group || fragment->runs_per_node())
        return false;
    List *keys = merge_keys_of(query);
    if (list_length(keys) != list_length(query->sortClause))
        return false;
    const std::string_view alias = alias_after(part_of(fragment->text_parts, *slot + 1));
    const std::string_view first = part_of(fragment->text_parts, 0);
    if (alias.empty() || first.substr(0, kSelect.size()) != kSelect)
        return false;
    const int param_count = list_length(fragment->params);
    fragment->lock_parts = locking_parts(fragment->text_parts, *slot, lock, param_count);
    fragment->text_parts = candidate_parts(fragment->text_parts, alias, param_count);
    fragment->lock_waits = lock.policy == LockWaitBlock;
    fragment->locks_rows = true;
    fragment->merge_keys = keys;
    fragment->params = lappend(list_copy(fragment->params), expression_planner(copy_of(lock.wanted)));
    return true;
}

} // namespace citus
