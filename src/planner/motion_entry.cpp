#include "motion_entry.hpp"

#include "citus/pg/memory.hpp"
#include "citus/pg/walker.hpp"

extern "C" {
#include "parser/parse_func.h"
}

namespace citus {

namespace {

struct KnownMotion {
    MotionPlace place;
    List *packed;
    const Query *source;
};

/// Of KnownMotion; only the pointers are kept, in the planner's memory.
List *current_motions = NIL;

KnownMotion *known(int number) {
    return static_cast<KnownMotion *>(list_nth(current_motions, number));
}

bool show_source(::Node *node, void *context) {
    if (node == nullptr)
        return false;
    if (IsA(node, Query))
        return walk_query(castNode(Query, node), show_source, context, QTW_EXAMINE_RTES_BEFORE);
    if (!IsA(node, RangeTblEntry))
        return walk_children(node, show_source, context);
    auto *rte = castNode(RangeTblEntry, node);
    const int number = motion_number(rte);
    if (number >= 0 && known(number)->source != nullptr) {
        rte->rtekind = RTE_SUBQUERY;
        rte->subquery = static_cast<Query *>(copyObjectImpl(known(number)->source));
        rte->functions = NIL;
    }
    return false;
}

bool is_or_has_motion(::Node *node, void *context) {
    if (node == nullptr)
        return false;
    if (IsA(node, Query))
        return walk_query(castNode(Query, node), is_or_has_motion, context, QTW_EXAMINE_RTES_BEFORE);
    if (IsA(node, RangeTblEntry))
        return motion_number(castNode(RangeTblEntry, node)) >= 0;
    return walk_children(node, is_or_has_motion, context);
}

} // namespace

bool reads_motions(Query *query) {
    return current_motions != NIL && is_or_has_motion(reinterpret_cast<::Node *>(query), nullptr);
}

void show_motion_sources(Query *query) {
    if (current_motions != NIL)
        show_source(reinterpret_cast<::Node *>(query), nullptr);
}

Oid motion_entry_function() {
    static constexpr Oid argument = INT4OID;
    List *name = list_make2(makeString(pstrdup("citus_internal")), makeString(pstrdup("motion_entry")));
    return LookupFuncName(name, 1, &argument, false);
}

bool has_motions() {
    return current_motions != NIL;
}

bool is_motion_entry_function(Oid function) {
    return current_motions != NIL && function == motion_entry_function();
}

List *exchange_motions(List *motions) {
    return std::exchange(current_motions, motions);
}

int add_motion(const MotionPlace &place) {
    current_motions =
        lappend(current_motions, make_in<KnownMotion>(CurrentMemoryContext, place, nullptr, nullptr));
    return list_length(current_motions) - 1;
}

void set_motion(int number, List *packed, const Query *source) {
    known(number)->packed = packed;
    known(number)->source = source;
}

int motion_number(const RangeTblEntry *rte) {
    if (current_motions == NIL || rte->rtekind != RTE_FUNCTION || list_length(rte->functions) != 1)
        return -1;
    const auto *call = linitial_node(RangeTblFunction, rte->functions)->funcexpr;
    if (!IsA(call, FuncExpr) || !is_motion_entry_function(reinterpret_cast<const FuncExpr *>(call)->funcid))
        return -1;
    const auto *argument =
        static_cast<const ::Node *>(linitial(reinterpret_cast<const FuncExpr *>(call)->args));
    if (!IsA(argument, Const))
        return -1;
    const int number = DatumGetInt32(reinterpret_cast<const Const *>(argument)->constvalue);
    return number < list_length(current_motions) ? number : -1;
}

const MotionPlace &motion_place(int number) {
    return known(number)->place;
}

List *packed_motion(int number) {
    return known(number)->packed;
}

} // namespace citus
