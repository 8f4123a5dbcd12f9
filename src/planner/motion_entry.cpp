#include "motion_entry.hpp"

#include "citus/pg/memory.hpp"

extern "C" {
#include "parser/parse_func.h"
}

namespace citus {

namespace {

struct KnownMotion {
    MotionPlace place;
    List *packed;
};

/// Of KnownMotion; only the pointers are kept, in the planner's memory.
List *current_motions = NIL;

KnownMotion *known(int number) {
    return static_cast<KnownMotion *>(list_nth(current_motions, number));
}

} // namespace

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
    current_motions = lappend(current_motions, make_in<KnownMotion>(CurrentMemoryContext, place, nullptr));
    return list_length(current_motions) - 1;
}

void set_motion(int number, List *packed) {
    known(number)->packed = packed;
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
