#include "plan_templates.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/executor/fragment_scan.hpp"
#include "citus/executor/insert_scan.hpp"
#include "citus/guc.hpp"
#include "citus/pg/counters.hpp"
#include "citus/pg/walker.hpp"
#include "citus/planner/fragment.hpp"

extern "C" {
#include "commands/explain.h"
#include "common/hashfn.h"
#include "executor/instrument.h"
#include "tcop/tcopprot.h"
#include "utils/inval.h"
}

namespace citus {

namespace {

/// Numbers of parameters that stand for constants begin behind all that a client can have.
constexpr int kFirstConstant = 1 << 20;
/// A statement with more constants is a list of values that hardly comes again in the same length.
constexpr int kMaxConstants = 64;

// ---------------------------------------------------------------- taking the constants out

struct Extraction {
    List *constants = NIL; ///< of Const, each once
    uint64 hash = 0;

    void add(uint64 value) { hash = hash_combine64(hash, (value + 1) * UINT64CONST(0x9E3779B97F4A7C15)); }
};

/// Types whose values may travel as a parameter of a declared type. Not boolean, whose constants decide on
/// the form of a plan.
bool may_travel(Oid type) {
    switch (type) {
    case INT2OID:
    case INT4OID:
    case INT8OID:
    case FLOAT4OID:
    case FLOAT8OID:
    case NUMERICOID:
    case TEXTOID:
    case VARCHAROID:
    case BPCHAROID:
    case DATEOID:
    case TIMEOID:
    case TIMESTAMPOID:
    case TIMESTAMPTZOID:
    case INTERVALOID:
    case UUIDOID:
    case BYTEAOID:
    case JSONBOID:
    case INT4ARRAYOID:
    case INT8ARRAYOID:
    case TEXTARRAYOID:
        return true;
    default:
        return false;
    }
}

/// A NULL and a type modifier are part of the statement's form, and so is another collation than the type's
/// own.
bool may_be_taken_out(const Const *constant) {
    return !constant->constisnull && constant->consttypmod == -1 && may_travel(constant->consttype) &&
           constant->constcollid == get_typcollation(constant->consttype);
}

/// Equal constants become the same parameter: what is known to be equal in the statement (a key, a grouped
/// expression) is known to be so in the template, too.
::Node *take_out(Const *constant, Extraction *found) {
    if (!may_be_taken_out(constant)) {
        found->add(constant->consttype);
        return reinterpret_cast<::Node *>(constant);
    }
    int number = 0;
    ListCell *cell;
    foreach (cell, found->constants) {
        if (equal(lfirst(cell), constant))
            break;
        number++;
    }
    if (number == list_length(found->constants))
        found->constants = lappend(found->constants, constant);
    auto *param = makeNode(Param);
    param->paramkind = PARAM_EXTERN;
    param->paramid = kFirstConstant + number;
    param->paramtype = constant->consttype;
    param->paramtypmod = -1;
    param->paramcollid = constant->constcollid;
    param->location = -1;
    found->add(static_cast<uint64>(param->paramid) << 32 | param->paramtype);
    return reinterpret_cast<::Node *>(param);
}

::Node *extract(::Node *node, void *raw);

/// The arguments of a function that the deparser writes in another form must stay what it expects: the type
/// modifier of a cast, the field of EXTRACT.
::Node *extract_function(FuncExpr *function, Extraction *found) {
    found->add(function->funcid);
    if (function->funcformat == COERCE_EXPLICIT_CALL)
        return mutate_children(reinterpret_cast<::Node *>(function), extract, found);
    auto *copy = makeNode(FuncExpr);
    *copy = *function;
    if (function->funcformat != COERCE_SQL_SYNTAX && function->args != NIL) {
        copy->args = list_copy(function->args);
        linitial(copy->args) = extract(static_cast<::Node *>(linitial(copy->args)), found);
    }
    return reinterpret_cast<::Node *>(copy);
}

/// The arguments must stay what is grouped by: see T_TargetEntry below.
::Node *extract_grouping(GroupingFunc *grouping, Extraction *found) {
    auto *copy = makeNode(GroupingFunc);
    *copy = *grouping;
    copy->args = NIL;
    ListCell *cell;
    foreach (cell, grouping->args) {
        auto *argument = static_cast<::Node *>(lfirst(cell));
        copy->args = lappend(copy->args, IsA(argument, Const) ? argument : extract(argument, found));
    }
    return reinterpret_cast<::Node *>(copy);
}

::Node *extract_query(Query *query, Extraction *found) {
    found->add(static_cast<uint64>(query->commandType) << 32 |
               static_cast<uint64>(list_length(query->targetList)));
    ListCell *cell;
    foreach (cell, query->rtable) {
        const auto *rte = lfirst_node(RangeTblEntry, cell);
        found->add(static_cast<uint64>(rte->rtekind) << 32 | rte->relid);
    }
    // A LIMIT is part of the form: pages have the same length mostly, and plans depend on it.
    Query without_limit = *query;
    const ::Node *limit = query->limitCount;
    if (limit != nullptr && IsA(limit, FuncExpr)) // of a literal, int8(int4)
        limit = static_cast<const ::Node *>(linitial(reinterpret_cast<const FuncExpr *>(limit)->args));
    const bool keeps_limit = limit != nullptr && IsA(limit, Const);
    if (keeps_limit) {
        found->add(static_cast<uint64>(reinterpret_cast<const Const *>(limit)->constvalue));
        without_limit.limitCount = nullptr;
    }
    Query *result = query_tree_mutator(&without_limit,
                                       reinterpret_cast<::Node *(*)()>(reinterpret_cast<void (*)()>(extract)),
                                       found, QTW_IGNORE_JOINALIASES);
    if (keeps_limit)
        result->limitCount = query->limitCount;
    return reinterpret_cast<::Node *>(result);
}

/// A copy in which constants are parameters. It shares what has none.
::Node *extract(::Node *node, void *raw) {
    auto *found = static_cast<Extraction *>(raw);
    if (node == nullptr)
        return node;
    switch (nodeTag(node)) {
    case T_Const:
        return take_out(castNode(Const, node), found);
    case T_FuncExpr:
        return extract_function(castNode(FuncExpr, node), found);
    case T_Query:
        return extract_query(castNode(Query, node), found);
    case T_GroupingFunc:
        return extract_grouping(castNode(GroupingFunc, node), found);
    case T_TargetEntry:
        // A constant that is sorted or grouped by means its position.
        if (castNode(TargetEntry, node)->ressortgroupref != 0 &&
            IsA(castNode(TargetEntry, node)->expr, Const))
            return node;
        break;
    case T_Var:
        found->add(static_cast<uint64>(castNode(Var, node)->varno) << 16 |
                   static_cast<uint16>(castNode(Var, node)->varattno));
        return node;
    case T_Param:
        found->add(static_cast<uint64>(castNode(Param, node)->paramid));
        return node;
    case T_OpExpr:
        found->add(castNode(OpExpr, node)->opno);
        break;
    case T_TableSampleClause:
    case T_XmlExpr:
    case T_ArrayCoerceExpr:
    case T_CoerceViaIO:
    case T_CurrentOfExpr:
    case T_TableFunc:
        return node;
    default:
        break;
    }
    return mutate_children(node, extract, raw);
}

// ---------------------------------------------------------------- the plans that are kept

struct Template {
    Template *next_in_bucket;
    Template *newer, *older; ///< by last use
    MemoryContext context;   ///< of the entry and all below
    uint64 hash;
    Oid user; ///< whose statement it was: rights of views depend on it
    Query *query;
    PlannedStmt *plan; ///< nullptr: not one that is kept
    bool is_routed;
};

constexpr uint32 kBuckets = 256, kSeen = 512;

/// What is kept, in a context of its own that goes when anything changes.
struct Templates {
    Template *buckets[kBuckets];
    uint64 seen[kSeen]; ///< hashes of statements that came once
    Template *newest, *oldest;
    int count;
};

Templates *templates = nullptr;
MemoryContext templates_context = nullptr;
uint64 tables_then = 0;
uint64 other_changes = 0, others_then = 0;
bool explaining = false;

void drop_stale() {
    if (templates != nullptr && tables_then == table_changes() && others_then == other_changes)
        return;
    if (templates_context == nullptr)
        templates_context =
            AllocSetContextCreate(TopMemoryContext, "citus plan templates", ALLOCSET_DEFAULT_SIZES);
    templates = nullptr;
    MemoryContextReset(templates_context); // with the entries' contexts
    templates = static_cast<Templates *>(MemoryContextAllocZero(templates_context, sizeof(Templates)));
    tables_then = table_changes();
    others_then = other_changes;
}

void unlink(Template *entry) {
    (entry->newer != nullptr ? entry->newer->older : templates->newest) = entry->older;
    (entry->older != nullptr ? entry->older->newer : templates->oldest) = entry->newer;
    entry->newer = entry->older = nullptr;
}

void make_newest(Template *entry) {
    entry->older = templates->newest;
    (templates->newest != nullptr ? templates->newest->newer : templates->oldest) = entry;
    templates->newest = entry;
}

void forget_oldest() {
    Template *entry = templates->oldest;
    unlink(entry);
    Template **link = &templates->buckets[entry->hash % kBuckets];
    while (*link != entry)
        link = &(*link)->next_in_bucket;
    *link = entry->next_in_bucket;
    templates->count--;
    MemoryContextDelete(entry->context);
}

Template *find(uint64 hash, const Query *query) {
    for (Template *entry = templates->buckets[hash % kBuckets]; entry != nullptr;
         entry = entry->next_in_bucket) {
        if (entry->hash != hash || entry->user != GetUserId() || !equal(entry->query, query))
            continue;
        if (entry != templates->newest) {
            unlink(entry);
            make_newest(entry);
        }
        return entry;
    }
    return nullptr;
}

/// A plan that costs more is made for each statement's constants: next to running it, that takes no time.
constexpr Cost kCheapPlan = 5000;

bool is_routed_scan(const Plan *plan) {
    return is_fragment_scan(plan) &&
           fragment_of(reinterpret_cast<const CustomScan *>(plan)).tier == Tier::Route;
}

/// An INSERT of one row that is given by expressions.
bool inserts_one_row(const Query *query) {
    return query->commandType == CMD_INSERT && list_length(query->rtable) == 1 &&
           query->jointree->fromlist == NIL && query->onConflict == nullptr &&
           query->withCheckOptions == NIL && query->cteList == NIL && !query->hasSubLinks &&
           !query->hasTargetSRFs;
}

/// Replaces the parameters in a plan of few kinds of nodes over a fragment by the constants they stand for.
/// False when there is another node: the plan is not kept then. Without constants nothing changes.
bool put_in_plan(Plan *plan, List *constants);

PlannedStmt *plan_to_keep(const Query *query, bool has_constants, PlanForm *planner) {
    PlannedStmt *plan = planner(static_cast<Query *>(copyObjectImpl(query)));
    if (plan == nullptr || !put_in_plan(plan->planTree, NIL))
        return nullptr;
    if (is_routed_scan(plan->planTree) || (is_insert_scan(plan->planTree) && plan->subplans == NIL))
        return plan;
    const bool keeps = query->commandType == CMD_SELECT &&
                       (!has_constants || plan->planTree->total_cost <= kCheapPlan) &&
                       plan->subplans == NIL && plan->rowMarks == NIL;
    return keeps ? plan : nullptr;
}

Template *make_template(uint64 hash, const Query *query, bool has_constants, PlanForm *planner) {
    count(Counter::Plans);
    const uint64 tables_before = table_changes(), others_before = other_changes;
    PlannedStmt *plan = plan_to_keep(query, has_constants, planner);
    if (tables_before != table_changes() || others_before != other_changes)
        return nullptr; // it may be out of date already
    drop_stale();
    while (templates->count > 0 && templates->count >= guc::max_query_templates)
        forget_oldest();
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "citus plan template", ALLOCSET_SMALL_SIZES);
    ContextScope scope(context);
    auto *entry = static_cast<Template *>(palloc0(sizeof(Template)));
    entry->context = context;
    entry->hash = hash;
    entry->user = GetUserId();
    entry->query = static_cast<Query *>(copyObjectImpl(query));
    entry->plan = plan == nullptr ? nullptr : static_cast<PlannedStmt *>(copyObjectImpl(plan));
    entry->is_routed = plan != nullptr && is_routed_scan(plan->planTree);
    MemoryContextSetParent(context, templates_context);
    entry->next_in_bucket = templates->buckets[hash % kBuckets];
    templates->buckets[hash % kBuckets] = entry;
    make_newest(entry);
    templates->count++;
    return entry;
}

// ---------------------------------------------------------------- using one

::Node *put_in(::Node *node, void *constants) {
    if (node == nullptr)
        return node;
    if (IsA(node, Param) && castNode(Param, node)->paramkind == PARAM_EXTERN &&
        castNode(Param, node)->paramid >= kFirstConstant)
        return static_cast<::Node *>(copyObjectImpl(
            list_nth(static_cast<List *>(constants), castNode(Param, node)->paramid - kFirstConstant)));
    return mutate_children(node, put_in, constants);
}

template <typename T>
void put_in_field(T *&field, List *constants) {
    if (constants != NIL)
        field = reinterpret_cast<T *>(put_in(reinterpret_cast<::Node *>(field), constants));
}

/// The same for the row of an INSERT.
bool put_in_row(Plan *source, List *constants) {
    if (!IsA(source, Result) || source->lefttree != nullptr || source->initPlan != NIL ||
        reinterpret_cast<Result *>(source)->resconstantqual != nullptr)
        return false;
    put_in_field(source->targetlist, constants);
    return true;
}

bool put_in_plan(Plan *plan, List *constants) {
    if (plan == nullptr)
        return true;
    if (plan->initPlan != NIL || plan->parallel_aware)
        return false;
    put_in_field(plan->targetlist, constants);
    put_in_field(plan->qual, constants);
    switch (nodeTag(plan)) {
    case T_CustomScan: {
        auto *scan = reinterpret_cast<CustomScan *>(plan);
        if (is_insert_scan(plan))
            return put_in_row(static_cast<Plan *>(linitial(scan->custom_plans)), constants);
        if (!is_fragment_scan(plan) || fragment_of(scan).motions != NIL)
            return false;
        put_in_field(scan->custom_exprs, constants);
        break;
    }
    case T_Limit:
        put_in_field(reinterpret_cast<Limit *>(plan)->limitOffset, constants);
        put_in_field(reinterpret_cast<Limit *>(plan)->limitCount, constants);
        break;
    case T_Agg:
        if (reinterpret_cast<Agg *>(plan)->chain != NIL)
            return false;
        break;
    case T_Sort:
    case T_IncrementalSort:
    case T_Group:
    case T_Unique:
        break;
    default:
        return false;
    }
    return put_in_plan(plan->lefttree, constants) && put_in_plan(plan->righttree, constants);
}

PlannedStmt *plan_with(const Template *entry, const Query *query, List *constants) {
    auto *plan = static_cast<PlannedStmt *>(copyObjectImpl(entry->plan));
    if (!put_in_plan(plan->planTree, constants))
        elog(ERROR, "a kept plan has an unexpected node");
    plan->queryId = query->queryId;
    plan->canSetTag = query->canSetTag;
    plan->stmt_location = query->stmt_location;
    plan->stmt_len = query->stmt_len;
    return plan;
}

// ---------------------------------------------------------------- invalidation, EXPLAIN

void something_changed(Datum, int, uint32) {
    other_changes++;
}

ExplainOneQuery_hook_type previous_explain = nullptr;

/// EXPLAIN plans the statement as it is, so that its constants are seen.
void explain_query(Query *query, int cursor_options, IntoClause *into, ExplainState *es, const char *text,
                   ParamListInfo params, QueryEnvironment *environment) {
    if (previous_explain != nullptr) {
        previous_explain(query, cursor_options, into, es, text, params, environment);
        return;
    }
    instr_time start, duration;
    const BufferUsage before = pgBufferUsage;
    BufferUsage used;
    PlannedStmt *plan = nullptr;
    INSTR_TIME_SET_CURRENT(start);
    explaining = true;
    // clang-format off
    PG_TRY();
    {
        plan = pg_plan_query(query, text, cursor_options, params);
    }
    PG_FINALLY();
    {
        explaining = false;
    }
    PG_END_TRY();
    // clang-format on
    INSTR_TIME_SET_CURRENT(duration);
    INSTR_TIME_SUBTRACT(duration, start);
    memset(&used, 0, sizeof(used));
    BufferUsageAccumDiff(&used, &pgBufferUsage, &before);
    ExplainOnePlan(plan, into, es, text, params, environment, &duration, es->buffers ? &used : nullptr);
}

} // namespace

PlannedStmt *plan_from_template(const Query *query, int cursor_options, PlanForm *planner) {
    if (explaining || guc::max_query_templates == 0 || query->hasModifyingCTE ||
        (query->commandType != CMD_SELECT && query->commandType != CMD_UPDATE &&
         query->commandType != CMD_DELETE && !inserts_one_row(query)))
        return nullptr;
    Extraction found;
    auto *form = reinterpret_cast<Query *>(extract_query(const_cast<Query *>(query), &found));
    if (list_length(found.constants) > kMaxConstants)
        return nullptr;
    drop_stale();
    const Template *entry = find(found.hash, form);
    if (entry == nullptr) {
        uint64 &seen = templates->seen[found.hash % kSeen];
        if (seen != found.hash) {
            seen = found.hash;
            return nullptr;
        }
        entry = make_template(found.hash, form, found.constants != NIL, planner);
    } else if (entry->plan != nullptr) {
        count(Counter::TemplateHits);
    }
    // Plans of other statements may not be able to go backwards.
    if (entry == nullptr || entry->plan == nullptr ||
        (!entry->is_routed && (cursor_options & CURSOR_OPT_SCROLL)))
        return nullptr;
    return plan_with(entry, query, found.constants);
}

void install_plan_templates() {
    for (int cache : {PROCOID, TYPEOID, OPEROID, NAMESPACEOID, AUTHOID, COLLOID})
        CacheRegisterSyscacheCallback(cache, something_changed, 0);
    previous_explain = ExplainOneQuery_hook;
    ExplainOneQuery_hook = explain_query;
}

} // namespace citus
