#include "citus/planner/gather_scan.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/executor/fragment_scan.hpp"
#include "citus/pg/walker.hpp"
#include "citus/planner/modify.hpp"
#include "citus/planner/partitioned.hpp"
#include "citus/planner/pruning.hpp"
#include "citus/planner/shippable.hpp"

extern "C" {
#include "access/sysattr.h"
#include "catalog/pg_collation_d.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/planmain.h"
#include "optimizer/restrictinfo.h"
#include "parser/parsetree.h"
#include "utils/ruleutils.h"
}

namespace citus {

namespace {

constexpr const char *kAlias = "t1";

/// Deparsing under a search path of pg_catalog alone, so that every other name comes out qualified. An error
/// restores the path with the transaction's.
class CatalogPathScope {
public:
    CatalogPathScope() {
        OverrideSearchPath *path = GetOverrideSearchPath(CurrentMemoryContext);
        path->schemas = NIL;
        path->addCatalog = true;
        path->addTemp = false;
        PushOverrideSearchPath(path);
    }
    ~CatalogPathScope() { PopOverrideSearchPath(); }
    CatalogPathScope(const CatalogPathScope &) = delete;
    CatalogPathScope &operator=(const CatalogPathScope &) = delete;
};

/// The filters of a scan, divided into what the shards do and what is left to do here.
struct Filters {
    List *pushed = NIL; ///< as the shards get them: varno 1, parameters
    List *local = NIL;
    List *params = NIL;
    bool prunes = false;
    List *prune_items = NIL;
};

/// A filter may run before others only when it can't tell a user what the others hide.
Filters divide_filters(const DistTable &table, RelOptInfo *rel, List *restrictions) {
    Filters filters;
    List *for_pruning = NIL;
    ListCell *cell;
    foreach (cell, restrictions) {
        auto *restriction = lfirst_node(RestrictInfo, cell);
        if (restriction->pseudoconstant)
            continue; // a gating node above evaluates it
        Expr *shipped = nullptr;
        if (restriction_is_securely_promotable(restriction, rel)) {
            for_pruning = lappend(for_pruning, restriction->clause);
            shipped = ship_clause(restriction->clause, rel->relid, &filters.params);
        }
        if (shipped != nullptr)
            filters.pushed = lappend(filters.pushed, shipped);
        else
            filters.local = lappend(filters.local, restriction->clause);
    }
    filters.prunes = find_prune_items(table, rel->relid, for_pruning, &filters.prune_items);
    return filters;
}

// ---------------------------------------------------------------- the whole of a correlated scan

bool computes(const PlannerInfo *root, int param) {
    for (; root != nullptr; root = root->parent_root) {
        ListCell *cell;
        foreach (cell, root->init_plans)
            if (list_member_int(lfirst_node(SubPlan, cell)->setParam, param))
                return true;
    }
    return false;
}

struct OuterSearch {
    const PlannerInfo *root;
    Index varno;
};

/// Whether an expression has a value of a row outside of the scan: of another relation (a nested loop gives
/// it), or of the query around.
bool uses_outer_row(::Node *node, void *raw) {
    const auto *search = static_cast<OuterSearch *>(raw);
    if (node == nullptr)
        return false;
    if (IsA(node, Var))
        return castNode(Var, node)->varno != static_cast<int>(search->varno);
    if (IsA(node, Param))
        return castNode(Param, node)->paramkind == PARAM_EXEC &&
               !computes(search->root, castNode(Param, node)->paramid);
    return walk_children(node, uses_outer_row, raw);
}

bool has_placeholder(::Node *node, void *) {
    return node != nullptr && (IsA(node, PlaceHolderVar) || walk_children(node, has_placeholder, nullptr));
}

/// The filters that the shards do for an outer row, and those restrictions that need none. Nothing where an
/// expression can't be taken apart so.
void split_by_outer_row(PlannerInfo *root, const RelOptInfo *rel, const Filters &filters, List *restrictions,
                        List **with_outer, List **without) {
    OuterSearch search{root, rel->relid};
    ListCell *cell;
    foreach (cell, restrictions) {
        auto *restriction = lfirst_node(RestrictInfo, cell);
        auto *clause = reinterpret_cast<::Node *>(restriction->clause);
        if (restriction->pseudoconstant)
            continue;
        if (has_placeholder(clause, nullptr)) {
            *with_outer = NIL;
            return;
        }
        if (!uses_outer_row(clause, &search))
            *without = lappend(*without, restriction);
        else if (!list_member_ptr(filters.local, clause))
            *with_outer = lappend(*with_outer, clause);
    }
}

/// Which attributes of the relation the plan above and the local filters use; a bit for each, offset as in
/// pull_varattnos. The target list given to the node says nothing: a projection above may replace it.
Bitmapset *used_attributes(const RelOptInfo *rel, const Path *path, List *tlist, List *quals) {
    Bitmapset *used = nullptr;
    for (List *exprs : {rel->reltarget->exprs, path->pathtarget->exprs, tlist, quals})
        pull_varattnos(reinterpret_cast<::Node *>(exprs), rel->relid, &used);
    return used;
}

/// Builds the columns of the scan: what the plan sees, what the shards send, and how one becomes the other.
class ColumnBuilder {
public:
    ColumnBuilder(Relation relation, Index varno) : relation_(relation), varno_(varno) {}

    void add(AttrNumber attno) {
        TargetEntry *entry =
            makeTargetEntry(reinterpret_cast<Expr *>(relation_var(attno)), next_scan_no(), nullptr, false);
        shape_.scan_tlist = lappend(shape_.scan_tlist, entry);
        Expr *value = nullptr;
        if (attno == TableOidAttributeNumber && relation_->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
            value = partition_oid(remote_partition());
        else if (attno == TableOidAttributeNumber)
            value = reinterpret_cast<Expr *>(makeConst(OIDOID, -1, InvalidOid, sizeof(Oid),
                                                       ObjectIdGetDatum(RelationGetRelid(relation_)), false,
                                                       true));
        else if (attno == InvalidAttrNumber)
            value = whole_row();
        else
            value = remote_column(attno);
        needs_projection_ |= attno == TableOidAttributeNumber || attno == InvalidAttrNumber;
        shape_.projection = lappend(shape_.projection, makeTargetEntry(value, entry->resno, nullptr, false));
    }

    /// No column is needed, only the number of rows: the shards send NULLs.
    void add_placeholder() {
        auto *null = reinterpret_cast<Expr *>(makeNullConst(BOOLOID, -1, InvalidOid));
        shape_.scan_tlist = lappend(shape_.scan_tlist, makeTargetEntry(null, next_scan_no(), nullptr, false));
        columns_ = "NULL::boolean";
    }

    ScanShape finish() {
        if (!needs_projection_)
            shape_.projection = shape_.remote_tlist = NIL;
        else if (shape_.remote_tlist == NIL)
            remote_null();
        shape_.scanrelid = varno_;
        return shape_;
    }

    std::string_view columns() const { return columns_; }

private:
    AttrNumber next_scan_no() const { return static_cast<AttrNumber>(list_length(shape_.scan_tlist) + 1); }

    Var *relation_var(AttrNumber attno) {
        if (attno == InvalidAttrNumber)
            return makeVar(static_cast<int>(varno_), 0, relation_->rd_rel->reltype, -1, InvalidOid, 0);
        Oid type, collation;
        int32 typmod;
        get_atttypetypmodcoll(RelationGetRelid(relation_), attno, &type, &typmod, &collation);
        return makeVar(static_cast<int>(varno_), attno, type, typmod, collation, 0);
    }

    /// A Var for a column that the shards send, requested once.
    Expr *remote_column(AttrNumber attno) {
        Var *source = relation_var(attno);
        int position = 0;
        for (int i = 0; i < list_length(remote_attributes_) && position == 0; i++)
            if (list_nth_int(remote_attributes_, i) == attno)
                position = i + 1;
        if (position == 0) {
            remote_attributes_ = lappend_int(remote_attributes_, attno);
            position = list_length(remote_attributes_);
            const char *name = get_attname(RelationGetRelid(relation_), attno, false);
            append_column(psprintf("%s.%s", kAlias, quote_identifier(name)));
            shape_.remote_tlist = lappend(shape_.remote_tlist,
                                          makeTargetEntry(reinterpret_cast<Expr *>(source),
                                                          static_cast<AttrNumber>(position), nullptr, false));
        }
        return reinterpret_cast<Expr *>(makeVar(INDEX_VAR, static_cast<AttrNumber>(position), source->vartype,
                                                source->vartypmod, source->varcollid, 0));
    }

    /// The name of the shard of the partition that holds the row.
    Expr *remote_partition() {
        remote_attributes_ = lappend_int(remote_attributes_, TableOidAttributeNumber);
        const auto position = static_cast<AttrNumber>(list_length(remote_attributes_));
        append_column(psprintf("%s.%s", kAlias, kPartitionColumn));
        auto *type_only = reinterpret_cast<Expr *>(makeNullConst(TEXTOID, -1, DEFAULT_COLLATION_OID));
        shape_.remote_tlist =
            lappend(shape_.remote_tlist, makeTargetEntry(type_only, position, nullptr, false));
        return reinterpret_cast<Expr *>(makeVar(INDEX_VAR, position, TEXTOID, -1, DEFAULT_COLLATION_OID, 0));
    }

    /// The row in the type of the table here: a shard's row type is another one.
    Expr *whole_row() {
        auto *row = makeNode(RowExpr);
        row->row_typeid = relation_->rd_rel->reltype;
        row->row_format = COERCE_IMPLICIT_CAST;
        row->location = -1;
        const TupleDesc desc = RelationGetDescr(relation_);
        for (AttrNumber attno = 1; attno <= desc->natts; attno++) {
            const bool dropped = TupleDescAttr(desc, attno - 1)->attisdropped;
            Expr *value = dropped ? reinterpret_cast<Expr *>(makeNullConst(INT4OID, -1, InvalidOid))
                                  : remote_column(attno);
            row->args = lappend(row->args, value);
        }
        return reinterpret_cast<Expr *>(row);
    }

    /// Only tableoid is wanted, or the row has no columns: the shards still send a row each.
    void remote_null() {
        auto *null = reinterpret_cast<Expr *>(makeNullConst(BOOLOID, -1, InvalidOid));
        shape_.remote_tlist = list_make1(makeTargetEntry(null, 1, nullptr, false));
        append_column("NULL::boolean");
    }

    void append_column(std::string_view text) {
        if (!columns_.empty())
            columns_ += ", ";
        columns_ += text;
    }

    Relation relation_;
    Index varno_;
    ScanShape shape_;
    List *remote_attributes_ = NIL;
    std::pmr::string columns_;
    bool needs_projection_ = false;
};

std::pmr::string lock_text(LockClauseStrength strength, LockWaitPolicy policy) {
    constexpr const char *kStrengths[] = {"", " FOR KEY SHARE", " FOR SHARE", " FOR NO KEY UPDATE",
                                          " FOR UPDATE"};
    std::pmr::string text(kStrengths[strength]);
    if (policy == LockWaitSkip)
        text += " SKIP LOCKED";
    else if (policy == LockWaitError)
        text += " NOWAIT";
    return text;
}

/// FOR UPDATE and the like for this relation, or nothing; the fragment is told.
std::pmr::string locking_clause(PlannerInfo *root, Index varno, Fragment *fragment) {
    LockClauseStrength strength = target_lock_strength(root, varno);
    LockWaitPolicy policy = LockWaitBlock;
    ListCell *cell;
    foreach (cell, root->rowMarks) {
        const auto *mark = lfirst_node(PlanRowMark, cell);
        if (strength != LCS_NONE || mark->rti != varno)
            continue;
        strength = mark->strength;
        policy = mark->waitPolicy;
    }
    fragment->locks_rows = strength != LCS_NONE;
    fragment->lock_waits = fragment->locks_rows && policy == LockWaitBlock;
    return fragment->locks_rows ? lock_text(strength, policy) : std::pmr::string();
}

/// TABLESAMPLE with its arguments as parameters: they are evaluated when the scan starts.
std::pmr::string sample_clause(const TableSampleClause *sample, List **params) {
    if (sample == nullptr)
        return {};
    const auto parameter = [&](void *expr) {
        *params = lappend(*params, expr);
        return std::pmr::string(psprintf("$%d", list_length(*params)));
    };
    const char *schema = get_namespace_name(get_func_namespace(sample->tsmhandler));
    std::pmr::string text(" TABLESAMPLE ");
    text += quote_qualified_identifier(schema, get_func_name(sample->tsmhandler));
    text += "(";
    ListCell *cell;
    foreach (cell, sample->args) {
        if (cell != list_head(sample->args))
            text += ", ";
        text += parameter(lfirst(cell));
    }
    text += ")";
    if (sample->repeatable != nullptr)
        text += " REPEATABLE (" + parameter(sample->repeatable) + ")";
    return text;
}

std::pmr::string filter_clause(Oid relid, List *clauses) {
    if (clauses == NIL)
        return {};
    CatalogPathScope scope;
    auto *condition = reinterpret_cast<::Node *>(make_ands_explicit(clauses));
    std::pmr::string text(" WHERE ");
    text += deparse_expression(condition, deparse_context_for(kAlias, relid), true, false);
    return text;
}

ScanShape build_columns(Relation relation, Index varno, const Bitmapset *used, std::pmr::string *columns) {
    ColumnBuilder builder(relation, varno);
    if (bms_is_empty(used))
        builder.add_placeholder();
    int bit = -1;
    while ((bit = bms_next_member(used, bit)) >= 0)
        builder.add(static_cast<AttrNumber>(bit + FirstLowInvalidHeapAttributeNumber));
    ScanShape shape = builder.finish();
    *columns = builder.columns();
    return shape;
}

List *text_parts(const std::pmr::string &before, const std::pmr::string &after) {
    return list_make2(makeString(pstrdup(before.c_str())), makeString(pstrdup(after.c_str())));
}

/// Fills in what reads all rows that pass the filters which need no outer row.
void describe_whole(WholeScan *whole, const Fragment &fragment, const std::pmr::string &before,
                    const DistTable &table, PlannerInfo *root, RelOptInfo *rel, const CustomPath *path,
                    List *restrictions) {
    const Filters filters = divide_filters(table, rel, restrictions);
    whole->fragment = fragment;
    whole->fragment.prunes = filters.prunes;
    whole->fragment.prune_items = filters.prune_items;
    whole->fragment.params = filters.params;
    const std::pmr::string after =
        std::pmr::string(" ") + kAlias + filter_clause(table.relid, filters.pushed);
    whole->fragment.text_parts = text_parts(before, after);
    whole->rows =
        clamp_row_est(rel->tuples * clauselist_selectivity(root, restrictions, 0, JOIN_INNER, nullptr));
    whole->width = path->path.pathtarget->width;
}

} // namespace

Plan *make_gather_scan(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist, List *clauses) {
    const RangeTblEntry *rte = planner_rt_fetch(rel->relid, root);
    const DistTable &table = *require_dist_table(rte->relid);
    Filters filters = divide_filters(table, rel, clauses);

    Fragment fragment;
    fragment.tier = Tier::Gather;
    fragment.anchor = table.kind == TableKind::Reference ? InvalidOid : rte->relid;
    fragment.slot_relations = list_make1_oid(rte->relid);
    fragment.run_as = rte->checkAsUser;
    fragment.prunes = filters.prunes;
    fragment.prune_items = filters.prune_items;
    const std::pmr::string locking = locking_clause(root, rel->relid, &fragment);

    WholeScan whole;
    List *uncorrelated = NIL;
    if (rte->tablesample == nullptr && !fragment.locks_rows)
        split_by_outer_row(root, rel, filters, clauses, &whole.conditions, &uncorrelated);

    std::pmr::string columns;
    Relation relation = table_open(rte->relid, NoLock);
    const Bitmapset *used =
        used_attributes(rel, &path->path, tlist, list_concat_copy(filters.local, whole.conditions));
    const ScanShape shape = build_columns(relation, rel->relid, used, &columns);
    table_close(relation, NoLock);

    const std::pmr::string sample = sample_clause(rte->tablesample, &filters.params);
    fragment.params = filters.params;
    std::pmr::string before("SELECT ");
    before += columns + " FROM ";
    std::pmr::string after(" ");
    after += kAlias + sample + filter_clause(rte->relid, filters.pushed) + locking;
    fragment.text_parts = text_parts(before, after);
    if (whole.exists())
        describe_whole(&whole, fragment, before, table, root, rel, path, uncorrelated);

    CustomScan *scan = make_fragment_scan(fragment, shape, whole);
    scan->scan.plan.targetlist = tlist;
    scan->scan.plan.qual = filters.local;
    return &scan->scan.plan;
}

} // namespace citus
