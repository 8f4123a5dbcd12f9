#include "citus/ddl/utility_hook.hpp"

#include "citus/ddl/copy.hpp"
#include "citus/executor/deferred_checks.hpp"
#include "citus/guc.hpp"
#include "citus/net/remote_error.hpp"
#include "citus/pg/list.hpp"
#include "pending_drops.hpp"
#include "utility_call.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/index.h"
#include "commands/trigger.h"
#include "tcop/cmdtag.h"
}

namespace citus {

namespace {

ProcessUtility_hook_type previous_hook = nullptr;

bool copy_to_or_from_shards(UtilityCall &call) {
    uint64 processed = 0;
    if (!handle_copy(castNode(CopyStmt, call.statement()), call.query_string, &processed))
        return false;
    if (call.completion != nullptr)
        SetQueryCompletion(call.completion, CMDTAG_COPY, processed);
    return true;
}

struct StatementKind {
    NodeTag tag;
    UtilityHandler handle;
    bool is_ddl; ///< false: citus.enable_ddl_propagation has no say
};

constexpr StatementKind kKinds[] = {
    {T_CopyStmt, copy_to_or_from_shards, false},
    {T_VacuumStmt, handle_vacuum, false},
    {T_TruncateStmt, handle_truncate, false},
    {T_LockStmt, handle_lock, false},
    {T_ConstraintsSetStmt, handle_set_constraints, false},
    {T_AlterTableStmt, handle_alter_table, true},
    {T_IndexStmt, handle_create_index, true},
    {T_DropStmt, handle_drop, true},
    {T_RenameStmt, handle_rename, true},
    {T_GrantStmt, handle_grant, true},
    {T_CreateStmt, handle_create_table, true},
    {T_AlterObjectSchemaStmt, handle_set_schema, true},
    {T_AlterOwnerStmt, handle_alter_owner, true},
    {T_ReindexStmt, handle_reindex, true},
    {T_ClusterStmt, handle_cluster, true},
    {T_CreateStatsStmt, handle_create_statistics, true},
    {T_AlterStatsStmt, handle_alter_statistics, true},
    {T_AlterEnumStmt, handle_alter_enum, true},
    {T_AlterDomainStmt, handle_alter_domain, true},
    {T_CreatePublicationStmt, handle_create_publication, true},
    {T_AlterPublicationStmt, handle_alter_publication, true},
    {T_CreateRoleStmt, handle_create_role, true},
    {T_AlterRoleStmt, handle_alter_role, true},
    {T_DropRoleStmt, handle_drop_role, true},
    {T_GrantRoleStmt, handle_grant_role, true},
    {T_CreateFunctionStmt, handle_create_function, true},
    {T_AlterFunctionStmt, handle_alter_function, true},
    {T_CreatePolicyStmt, handle_policy, true},
    {T_AlterPolicyStmt, handle_policy, true},
    {T_CreateTrigStmt, handle_create_trigger, true},
    {T_RuleStmt, handle_create_rule, true},
    {T_CreateSchemaStmt, handle_create_schema, true},
    {T_ReassignOwnedStmt, handle_reassign_owned, true},
    {T_DropOwnedStmt, handle_drop_owned, true},
};

const StatementKind *find_kind(::Node *statement) {
    for (const StatementKind &kind : kKinds) {
        if (kind.tag == nodeTag(statement))
            return &kind;
    }
    return nullptr;
}

void pass_on(const UtilityCall &call, PlannedStmt *planned, bool read_only_tree) {
    MemoryContext context = CurrentMemoryContext;
    const auto next = previous_hook != nullptr ? previous_hook : standard_ProcessUtility;
    next(planned, call.query_string, read_only_tree, call.context, call.params, call.environment,
         call.destination, call.completion);
    // Statements that begin transactions of their own leave another one.
    MemoryContextSwitchTo(context);
}

/// Statements that are frequent, or run before or outside of transactions, and drop nothing themselves.
bool may_concern_tables(::Node *statement) {
    switch (nodeTag(statement)) {
    case T_TransactionStmt:
    case T_VariableSetStmt:
    case T_VariableShowStmt:
    case T_PrepareStmt:
    case T_ExecuteStmt:
    case T_DeallocateStmt:
    case T_DeclareCursorStmt:
    case T_FetchStmt:
    case T_ClosePortalStmt:
    case T_ExplainStmt:
    case T_NotifyStmt:
    case T_ListenStmt:
    case T_UnlistenStmt:
    case T_DoStmt:
    case T_CallStmt:
    case T_CheckPointStmt:
    case T_LoadStmt:
        return false;
    default:
        return true;
    }
}

/// Whether a client's COMMIT will end a transaction that has not failed.
bool is_commit(const UtilityCall &call) {
    return IsA(call.statement(), TransactionStmt) &&
           castNode(TransactionStmt, call.statement())->kind == TRANS_STMT_COMMIT && call.is_top_level() &&
           IsTransactionBlock() && !IsAbortedTransactionBlockState() && GetCurrentTransactionNestLevel() == 1;
}

/// The transaction is marked as ending, and ends when the statement is over, with its deferred constraints
/// first. Those of shards in this database are of the same list: it is worked off here, where an error can be
/// given the logical names, and has the same effect.
void check_deferred_constraints() {
    with_logical_errors([](void *) { AfterTriggerFireDeferred(); }, nullptr);
}

/// Whether a handler took the statement over.
bool handle(UtilityCall &call) {
    const StatementKind *kind = find_kind(call.statement());
    return kind != nullptr && (!kind->is_ddl || guc::enable_ddl_propagation) && kind->handle(call);
}

void run_utility(UtilityCall &call) {
    PlannedStmt *planned = call.planned;
    if (is_commit(call)) {
        const bool checks = extension_is_ready();
        pass_on(call, planned, call.read_only_tree);
        if (checks)
            check_deferred_constraints();
        return;
    }
    if (!may_concern_tables(planned->utilityStmt) || applying_shard_ddl() || !extension_is_ready())
        return pass_on(call, planned, call.read_only_tree);
    DropCollector drops;
    DropCollector *outer = set_drop_collector(&drops);
    PG_TRY()
        ;
        {
            if (handle(call))
                drops.forget_parts();
            else
                pass_on(call, planned, call.read_only_tree);
            drops.send();
        }
        PG_FINALLY();
        { (void)set_drop_collector(outer); }
    PG_END_TRY();
}

void process_utility(PlannedStmt *planned, const char *query_string, bool read_only_tree,
                     ProcessUtilityContext context, ParamListInfo params, QueryEnvironment *environment,
                     DestReceiver *destination, QueryCompletion *completion) {
    UtilityCall call{planned, query_string, read_only_tree, context,
                     params,  environment,  destination,    completion};
    run_utility(call);
    if (call.is_top_level())
        check_deferred_at_end(planned);
}

} // namespace

void UtilityCall::run() {
    // Statements that end transactions (VACUUM, CREATE INDEX CONCURRENTLY) leave another context behind.
    MemoryContext context = CurrentMemoryContext;
    pass_on(*this, planned, read_only_tree);
    MemoryContextSwitchTo(context);
    CommandCounterIncrement();
}

void UtilityCall::run(::Node *statement) {
    MemoryContext context = CurrentMemoryContext;
    auto *copy = makeNode(PlannedStmt);
    *copy = *planned;
    copy->utilityStmt = statement;
    pass_on(*this, copy, false);
    MemoryContextSwitchTo(context);
    CommandCounterIncrement();
}

Oid find_dist_relation(const RangeVar *name) {
    if (name == nullptr)
        return InvalidOid;
    const Oid relid = RangeVarGetRelid(name, NoLock, true);
    return OidIsValid(relid) && find_dist_table(relid) != nullptr ? relid : InvalidOid;
}

Oid find_dist_index(const RangeVar *name, Oid *table) {
    const Oid relid = RangeVarGetRelid(name, NoLock, true);
    const char kind = OidIsValid(relid) ? get_rel_relkind(relid) : '\0';
    if (kind != RELKIND_INDEX && kind != RELKIND_PARTITIONED_INDEX)
        return InvalidOid;
    *table = IndexGetRelation(relid, true);
    return OidIsValid(*table) && find_dist_table(*table) != nullptr ? relid : InvalidOid;
}

std::pmr::vector<int32> groups_of_shards(const DistTable &table) {
    std::pmr::vector<int32> groups;
    for (const Shard &shard : table.shards) {
        for (const ShardPlacement &placement : shard.placements) {
            if (std::find(groups.begin(), groups.end(), placement.group_id) == groups.end())
                groups.push_back(placement.group_id);
        }
    }
    return groups;
}

std::pmr::vector<int32> groups_of_all_shards() {
    std::pmr::vector<int32> groups;
    for (const ListCell &cell : cells(all_dist_relations())) {
        for (const int32 group_id : groups_of_shards(*require_dist_table(lfirst_oid(&cell)))) {
            if (std::find(groups.begin(), groups.end(), group_id) == groups.end())
                groups.push_back(group_id);
        }
    }
    return groups;
}

void require_owner(Oid relid) {
    if (!citus_is_class_owner(relid, GetUserId()))
        aclcheck_error(ACLCHECK_NOT_OWNER, get_relkind_objtype(get_rel_relkind(relid)), get_rel_name(relid));
}

void refuse(const char *message, const char *hint) {
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("%s", message), errhint("%s", hint)));
}

void install_utility_hook() {
    previous_hook = ProcessUtility_hook;
    ProcessUtility_hook = process_utility;
    install_drop_hook();
}

} // namespace citus
