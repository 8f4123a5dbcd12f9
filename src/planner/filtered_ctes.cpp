#include "filtered_ctes.hpp"

extern "C" {
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
}

namespace citus {

namespace {

bool has_costly_filter(const RelOptInfo *rel) {
    ListCell *cell;
    foreach (cell, rel->baserestrictinfo)
        if (contain_subplans(reinterpret_cast<::Node *>(lfirst_node(RestrictInfo, cell)->clause)))
            return true;
    return false;
}

} // namespace

void keep_filtered_rows(RelOptInfo *rel, const RangeTblEntry *rte) {
    if (rte->rtekind != RTE_CTE || rte->self_reference || !has_costly_filter(rel))
        return;
    ListCell *cell;
    foreach (cell, rel->pathlist) {
        auto *path = static_cast<Path *>(lfirst(cell));
        if (path->pathtype == T_CteScan && path->param_info == nullptr)
            lfirst(cell) = create_material_path(rel, path);
    }
}

} // namespace citus
