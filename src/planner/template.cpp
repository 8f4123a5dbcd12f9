#include "citus/planner/template.hpp"

#include "citus/core/sql_template.hpp"
#include "citus/executor/motion.hpp"
#include "citus/pg/list.hpp"
#include "citus/pg/node.hpp"
#include "citus/pg/search_path.hpp"
#include "citus/pg/walker.hpp"
#include "motion_entry.hpp"
#include "ship_query.hpp"
#include "sql_scanner.hpp"

extern "C" {
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/ruleutils.h"
}

namespace citus {

namespace {

// ---------------------------------------------------------------- relations and aliases

/// What the names of one statement look like once each range table entry has an alias of its own.
struct Naming {
    std::pmr::vector<Oid> relations;            ///< each once
    std::pmr::vector<core::RelationName> names; ///< of relations, same positions
    std::pmr::vector<std::string_view> aliases; ///< given by us
    const char *prefix = "t";
    int expected_slots = 0;
    bool failed = false;
};

/// The range table indexes that the deparser prints: those in FROM and the target.
bool collect_printed(::Node *node, void *raw) {
    auto *printed = static_cast<Bitmapset **>(raw);
    if (node == nullptr)
        return false;
    if (IsA(node, RangeTblRef))
        *printed = bms_add_member(*printed, castNode(RangeTblRef, node)->rtindex);
    if (IsA(node, Query))
        return false;
    return walk_children(node, collect_printed, raw);
}

Bitmapset *printed_relations(const Query *query) {
    Bitmapset *printed = nullptr;
    collect_printed(reinterpret_cast<::Node *>(query->jointree), &printed);
    if (query->resultRelation > 0)
        printed = bms_add_member(printed, query->resultRelation);
    return printed;
}

bool is_sent_relation(Oid relid) {
    const DistTable *table = find_dist_table(relid);
    return table != nullptr && table->kind != TableKind::Local;
}

void note_relation(Oid relid, Naming *naming) {
    naming->expected_slots++;
    if (std::find(naming->relations.begin(), naming->relations.end(), relid) != naming->relations.end())
        return;
    if (!is_sent_relation(relid)) {
        naming->failed = true;
        return;
    }
    naming->relations.push_back(relid);
    naming->names.push_back({get_namespace_name(get_rel_namespace(relid)), get_rel_name(relid)});
}

/// Moved rows are a call whose arguments depend on the shard: InvalidOid stands for it among the relations.
void note_motion(Naming *naming) {
    naming->expected_slots++;
    if (std::find(naming->relations.begin(), naming->relations.end(), InvalidOid) != naming->relations.end())
        return;
    naming->relations.push_back(InvalidOid);
    naming->names.push_back({"citus_internal", "motion_entry"});
}

bool collect_relations(::Node *node, void *raw) {
    auto *naming = static_cast<Naming *>(raw);
    if (node == nullptr)
        return false;
    if (!IsA(node, Query))
        return walk_children(node, collect_relations, raw);
    auto *query = castNode(Query, node);
    Bitmapset *printed = printed_relations(query);
    for (int index = -1; (index = bms_next_member(printed, index)) >= 0;) {
        const RangeTblEntry *rte = rt_fetch(index, query->rtable);
        if (rte->rtekind == RTE_RELATION)
            note_relation(rte->relid, naming);
        else if (motion_number(rte) >= 0)
            note_motion(naming);
    }
    return naming->failed || walk_query(query, collect_relations, raw, QTW_IGNORE_JOINALIASES);
}

/// prefix followed by digits only.
bool could_be_alias(std::string_view name, std::string_view prefix) {
    return name.size() > prefix.size() && name.substr(0, prefix.size()) == prefix &&
           std::all_of(name.begin() + static_cast<ptrdiff_t>(prefix.size()), name.end(),
                       [](char c) { return c >= '0' && c <= '9'; });
}

/// True when a column, a CTE or a schema of the statement could be taken for one of our aliases.
bool prefix_clashes(::Node *node, void *raw) {
    auto *naming = static_cast<Naming *>(raw);
    if (node == nullptr)
        return false;
    if (!IsA(node, Query))
        return walk_children(node, prefix_clashes, raw);
    ListCell *cell;
    foreach (cell, castNode(Query, node)->rtable) {
        const RangeTblEntry *rte = lfirst_node(RangeTblEntry, cell);
        ListCell *name;
        if (rte->eref != nullptr)
            foreach (name, rte->eref->colnames)
                if (could_be_alias(strVal(lfirst(name)), naming->prefix))
                    return true;
        if (rte->rtekind == RTE_CTE && could_be_alias(rte->ctename, naming->prefix))
            return true;
    }
    return walk_query(castNode(Query, node), prefix_clashes, raw, QTW_IGNORE_JOINALIASES);
}

void choose_prefix(::Node *query, Naming *naming) {
    const auto clashes = [&] {
        return std::any_of(naming->names.begin(), naming->names.end(),
                           [&](const core::RelationName &name) {
                               return could_be_alias(name.schema, naming->prefix);
                           }) ||
               prefix_clashes(query, naming);
    };
    while (clashes())
        naming->prefix = psprintf("%s_", naming->prefix);
}

/// The row that ON CONFLICT ... DO UPDATE calls EXCLUDED keeps its name.
bool keeps_alias(const Query *query, int index) {
    return query->onConflict != nullptr && query->onConflict->exclRelIndex == index;
}

/// What an item of FROM takes from others: the range table indexes in its LATERAL entries.
Bitmapset *lateral_sources(const Query *query, Bitmapset *members) {
    Bitmapset *sources = nullptr;
    for (int index = -1; (index = bms_next_member(members, index)) >= 0;) {
        RangeTblEntry *rte = rt_fetch(index, query->rtable);
        if (!rte->lateral)
            continue;
        sources = bms_join(sources, pull_varnos_of_level(nullptr, as_node(rte->subquery), 1));
        sources = bms_join(sources, pull_varnos(nullptr, as_node(rte->functions)));
        sources = bms_join(sources, pull_varnos(nullptr, as_node(rte->values_lists)));
        sources = bms_join(sources, pull_varnos(nullptr, as_node(rte->tablefunc)));
    }
    return bms_del_members(sources, members);
}

/// In SQL, LATERAL sees what stands before it. A rule's action may have OLD behind it.
void put_lateral_last(Query *query) {
    List *ordered = NIL, *left = query->jointree->fromlist;
    while (list_length(left) > 1) {
        Bitmapset *later = nullptr;
        for (const ListCell &cell : cells(left))
            collect_printed(static_cast<::Node *>(lfirst(&cell)), &later);
        ::Node *next = nullptr;
        for (const ListCell &cell : cells(left)) {
            Bitmapset *members = nullptr;
            collect_printed(static_cast<::Node *>(lfirst(&cell)), &members);
            if (!bms_overlap(lateral_sources(query, members), later)) {
                next = static_cast<::Node *>(lfirst(&cell));
                break;
            }
        }
        if (next == nullptr)
            break;
        ordered = lappend(ordered, next);
        left = list_delete_ptr(list_copy(left), next);
    }
    query->jointree->fromlist = list_concat(ordered, left);
}

bool has_lateral(const Query *query) {
    for (const ListCell &cell : cells(query->rtable))
        if (lfirst_node(RangeTblEntry, &cell)->lateral)
            return true;
    return false;
}

/// The number of the column that an assignment takes from `SET (a, b) = (SELECT ...)`, over all of them; 0 for
/// other assignments.
int multi_assignment(const TargetEntry *entry) {
    ::Node *expr = as_node(entry->expr);
    for (;;) {
        if (expr == nullptr)
            return 0;
        if (IsA(expr, FieldStore))
            expr = static_cast<::Node *>(linitial(castNode(FieldStore, expr)->newvals));
        else if (IsA(expr, SubscriptingRef))
            expr = as_node(castNode(SubscriptingRef, expr)->refassgnexpr);
        else if (IsA(expr, CoerceToDomain))
            expr = as_node(castNode(CoerceToDomain, expr)->arg);
        else
            break;
    }
    expr = strip_implicit_coercions(expr);
    return expr != nullptr && IsA(expr, Param) && castNode(Param, expr)->paramkind == PARAM_MULTIEXPR
               ? castNode(Param, expr)->paramid
               : 0;
}

int by_multi_assignment(const ListCell *a, const ListCell *b) {
    const auto *left = lfirst_node(TargetEntry, a), *right = lfirst_node(TargetEntry, b);
    if (left->resjunk || right->resjunk)
        return left->resjunk != right->resjunk ? (left->resjunk ? 1 : -1) : left->resno - right->resno;
    const int first = multi_assignment(left), second = multi_assignment(right);
    return first != second ? (first < second ? -1 : 1) : left->resno - right->resno;
}

/// The rewriter sorts assignments by column. The deparser takes those of `SET (b, a) = (SELECT 1, 2)` as they
/// come for the columns of the sub-select.
List *in_written_order(List *assignments) {
    for (const ListCell &cell : cells(assignments))
        if (multi_assignment(lfirst_node(TargetEntry, &cell)) != 0) {
            List *sorted = list_copy(assignments);
            list_sort(sorted, by_multi_assignment);
            return sorted;
        }
    return assignments;
}

bool give_aliases(::Node *node, void *raw) {
    auto *naming = static_cast<Naming *>(raw);
    if (node == nullptr)
        return false;
    if (!IsA(node, Query))
        return walk_children(node, give_aliases, raw);
    auto *query = castNode(Query, node);
    // The target of a view's UPDATE was in the view's FROM; the deparser would print it there, too.
    if (query->commandType == CMD_UPDATE || query->commandType == CMD_DELETE)
        rt_fetch(query->resultRelation, query->rtable)->inFromCl = false;
    if (query->commandType == CMD_UPDATE)
        query->targetList = in_written_order(query->targetList);
    if (query->onConflict != nullptr)
        query->onConflict->onConflictSet = in_written_order(query->onConflict->onConflictSet);
    if (has_lateral(query))
        put_lateral_last(query);
    int index = 0;
    ListCell *cell;
    foreach (cell, query->rtable) {
        auto *rte = lfirst_node(RangeTblEntry, cell);
        index++;
        // A join without alias is transparent for names; with an alias it must stay one.
        if (keeps_alias(query, index) || (rte->rtekind == RTE_JOIN && rte->alias == nullptr))
            continue;
        const char *name = psprintf("%s%zu", naming->prefix, naming->aliases.size() + 1);
        rte->alias = makeAlias(name, rte->alias != nullptr ? rte->alias->colnames : NIL);
        naming->aliases.push_back(name);
    }
    return walk_query(query, give_aliases, raw, QTW_IGNORE_JOINALIASES);
}

/// A query and those around it, with the range table indexes that can be named in it.
struct Scope {
    Bitmapset *visible = nullptr;
    const Scope *outer = nullptr;
};

bool collect_joins(::Node *node, void *raw) {
    if (node == nullptr || IsA(node, Query))
        return false;
    auto *joins = static_cast<Bitmapset **>(raw);
    if (IsA(node, JoinExpr))
        *joins = bms_add_member(*joins, castNode(JoinExpr, node)->rtindex);
    return walk_children(node, collect_joins, raw);
}

/// A Var keeps the relation by whose name it was written, and the deparser prints that one. The rewriter may
/// have taken it away: a view in RETURNING of a rule.
bool forget_lost_names(::Node *node, void *raw) {
    const auto *scope = static_cast<const Scope *>(raw);
    if (node == nullptr)
        return false;
    if (IsA(node, Var)) {
        auto *var = castNode(Var, node);
        for (Index level = 0; scope != nullptr && level < var->varlevelsup; level++)
            scope = scope->outer;
        if (scope != nullptr && var->varnosyn != static_cast<Index>(var->varno) &&
            !bms_is_member(static_cast<int>(var->varnosyn), scope->visible)) {
            var->varnosyn = static_cast<Index>(var->varno);
            var->varattnosyn = var->varattno;
        }
        return false;
    }
    if (!IsA(node, Query))
        return walk_children(node, forget_lost_names, raw);
    auto *query = castNode(Query, node);
    Scope inner{printed_relations(query), scope};
    collect_joins(as_node(query->jointree), &inner.visible);
    if (query->onConflict != nullptr)
        inner.visible = bms_add_member(inner.visible, query->onConflict->exclRelIndex);
    return walk_query(query, forget_lost_names, &inner, QTW_IGNORE_JOINALIASES);
}

// ---------------------------------------------------------------- the text

/// The deparser leaves out the alias before columns of a top level with one relation. But ORDER BY of a bare
/// name means the output column of that name, not the relation's: another entry, unused, makes it qualify.
void force_qualified_columns(Query *query) {
    if (list_length(query->rtable) != 1)
        return;
    auto *unused = makeNode(RangeTblEntry);
    unused->rtekind = RTE_RESULT;
    unused->eref = makeAlias("unused", NIL);
    query->rtable = lappend(query->rtable, unused);
}

/// The statement as text in which every user's object has its schema.
char *deparse_qualified(Query *query) {
    PinnedSearchPath pinned;
    return pg_get_querydef(query, false);
}

/// Rows of an anonymous type can't be read back from a shard.
bool has_unreadable_output(const Query *query) {
    const List *outputs = query->commandType == CMD_SELECT ? query->targetList : query->returningList;
    ListCell *cell;
    foreach (cell, outputs) {
        const auto *entry = lfirst_node(TargetEntry, cell);
        if (entry->resjunk)
            continue;
        const Oid type = exprType(reinterpret_cast<::Node *>(entry->expr));
        if (type == RECORDOID || type == RECORDARRAYOID ||
            (get_typtype(type) == TYPTYPE_PSEUDO && type != VOIDOID))
            return true;
    }
    return false;
}

/// The position of a motion among those of the fragment.
int position_of_motion(Fragment *fragment, int number, std::pmr::vector<int> *known) {
    const auto found = std::find(known->begin(), known->end(), number);
    if (found != known->end())
        return static_cast<int>(found - known->begin());
    known->push_back(number);
    fragment->motions = lappend(fragment->motions, packed_motion(number));
    return static_cast<int>(known->size() - 1);
}

/// Puts the parts of the text and the relations between them into the fragment. Where moved rows are read,
/// the parts around become one, and a mark replaces the name and the first argument.
void fill_parts(Fragment *fragment, const core::SqlTemplate &cut, const Naming &naming) {
    fragment->text_parts = fragment->slot_relations = fragment->motions = NIL;
    std::pmr::vector<int> known;
    std::pmr::string part(cut.parts.front());
    for (size_t i = 0; i < cut.slots.size(); i++) {
        const Oid relation = naming.relations[cut.slots[i]];
        std::string_view next = cut.parts[i + 1];
        if (OidIsValid(relation)) {
            fragment->text_parts = lappend(fragment->text_parts, makeString(copy_cstring(part)));
            fragment->slot_relations = lappend_oid(fragment->slot_relations, relation);
            part = next;
            continue;
        }
        const size_t end = next.find(')');
        const int number = pg_strtoint32(copy_cstring(next.substr(1, end - 1)));
        part += kMotionMark;
        part += static_cast<char>(kFirstMotion + position_of_motion(fragment, number, &known));
        part += next.substr(end + 1);
    }
    fragment->text_parts = lappend(fragment->text_parts, makeString(copy_cstring(part)));
}

} // namespace

bool is_shippable(::Node *node, ShipMode mode) {
    List *params = NIL;
    return ship_tree(node, mode, &params) != nullptr;
}

bool fill_template(Fragment *fragment, const Query *query, ShipMode mode) {
    if (has_unreadable_output(query))
        return false;
    List *params = NIL;
    ::Node *shipped = ship_tree(const_cast<::Node *>(reinterpret_cast<const ::Node *>(query)), mode, &params);
    if (shipped == nullptr)
        return false;
    Naming naming;
    collect_relations(shipped, &naming);
    if (naming.failed)
        return false;
    choose_prefix(shipped, &naming);
    // The mutator shares what it does not change, and the deparser scribbles.
    auto *copy = static_cast<Query *>(copyObjectImpl(shipped));
    give_aliases(as_node(copy), &naming);
    forget_lost_names(as_node(copy), nullptr);
    force_qualified_columns(copy);
    const char *text = deparse_qualified(copy);
    while (*text == ' ')
        text++; // the deparser indents
    const core::SqlTemplate cut = core::cut_sql(text, scan_sql(text), naming.names, naming.aliases);
    if (static_cast<int>(cut.slots.size()) != naming.expected_slots)
        return false;
    const bool has_motions =
        std::find(naming.relations.begin(), naming.relations.end(), InvalidOid) != naming.relations.end();
    if (has_motions && strchr(text, kMotionMark) != nullptr)
        return false;

    // The standard planner does not see them: expand defaults and named arguments, fold constants.
    fragment->params = NIL;
    ListCell *cell;
    foreach (cell, params)
        fragment->params = lappend(fragment->params, expression_planner(static_cast<Expr *>(lfirst(cell))));
    fill_parts(fragment, cut, naming);
    return true;
}

} // namespace citus
