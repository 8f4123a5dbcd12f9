/// The plan node of a fragment: how it is made, and what is read from it.
#include "fragment_scan_state.hpp"

extern "C" {
#include "optimizer/optimizer.h"
}

namespace citus {

CustomScan *make_fragment_scan(const Fragment &fragment, const ScanShape &shape, const WholeScan &whole) {
    Fragment bare = fragment;
    auto *scan = makeNode(CustomScan);
    bare.params = NIL;
    bare.prune_items = NIL;
    scan->custom_exprs = list_copy(fragment.params);
    ListCell *cell;
    foreach (cell, fragment.prune_items) {
        const PruneItem item = read_prune_item(static_cast<List *>(lfirst(cell)));
        bare.prune_items = lappend(bare.prune_items, make_prune_item(item.kind, nullptr));
        if (item.expr != nullptr)
            scan->custom_exprs = lappend(scan->custom_exprs, item.expr);
    }
    List *exprs_of_whole = NIL, *packed_whole = NIL;
    if (whole.exists()) {
        packed_whole = pack_whole_scan(whole, &exprs_of_whole);
        scan->custom_exprs = lappend(scan->custom_exprs, exprs_of_whole);
    }
    fix_opfuncids(reinterpret_cast<::Node *>(scan->custom_exprs));
    scan->scan.scanrelid = shape.scanrelid;
    scan->flags = CUSTOMPATH_SUPPORT_BACKWARD_SCAN | CUSTOMPATH_SUPPORT_PROJECTION;
    scan->custom_scan_tlist = shape.scan_tlist;
    scan->custom_private = list_make3(bare.pack(), shape.remote_tlist, shape.projection);
    if (whole.exists())
        scan->custom_private = lappend(scan->custom_private, packed_whole);
    scan->methods = &kFragmentScanMethods;
    return scan;
}

CustomScan *make_fragment_plan(const Fragment &fragment, List *tlist) {
    CustomScan *scan = make_fragment_scan(fragment, {.scan_tlist = tlist});
    scan->scan.plan.targetlist = index_var_tlist(tlist);
    return scan;
}

List *index_var_tlist(List *scan_tlist) {
    List *tlist = NIL;
    ListCell *cell;
    foreach (cell, scan_tlist) {
        auto *entry = lfirst_node(TargetEntry, cell);
        auto *expr = reinterpret_cast<::Node *>(entry->expr);
        Var *var = makeVar(INDEX_VAR, entry->resno, exprType(expr), exprTypmod(expr), exprCollation(expr), 0);
        TargetEntry *copy = flatCopyTargetEntry(entry);
        copy->expr = reinterpret_cast<Expr *>(var);
        tlist = lappend(tlist, copy);
    }
    return tlist;
}

Fragment fragment_of(const CustomScan *scan) {
    Fragment fragment =
        Fragment::unpack(static_cast<List *>(list_nth(scan->custom_private, kPackedFragment)));
    int param_count = list_length(scan->custom_exprs) - (has_whole_scan(scan) ? 1 : 0);
    List *items = NIL;
    ListCell *cell;
    foreach (cell, fragment.prune_items)
        if (read_prune_item(static_cast<List *>(lfirst(cell))).kind != PruneKind::IsNull)
            param_count--;
    int next = param_count;
    foreach (cell, fragment.prune_items) {
        const PruneKind kind = read_prune_item(static_cast<List *>(lfirst(cell))).kind;
        Expr *expr =
            kind == PruneKind::IsNull ? nullptr : static_cast<Expr *>(list_nth(scan->custom_exprs, next++));
        items = lappend(items, make_prune_item(kind, expr));
    }
    fragment.prune_items = items;
    fragment.params = list_truncate(list_copy(scan->custom_exprs), param_count);
    return fragment;
}

WholeScan whole_scan_of(const CustomScan *scan) {
    if (!has_whole_scan(scan))
        return {};
    return unpack_whole_scan(static_cast<List *>(list_nth(scan->custom_private, kWholeScan)),
                             llast_node(List, scan->custom_exprs));
}

bool is_fragment_scan(const Plan *plan) {
    return plan != nullptr && IsA(plan, CustomScan) &&
           reinterpret_cast<const CustomScan *>(plan)->methods == &kFragmentScanMethods;
}

} // namespace citus
