/// The handlers of the utility hook, one per kind of statement.
///
/// Each handler runs the statement itself (call.run(), at most once) and does what is due for shards before
/// and after it. It refuses before it changes anything. Called by utility_hook.cpp only.
#pragma once

#include "citus/catalog/metadata.hpp"
#include "citus/ddl/shard_ddl.hpp"

extern "C" {
#include "tcop/utility.h"
}

namespace citus {

/// One call of the hook.
struct UtilityCall {
    PlannedStmt *statement;
    const char *query;
    bool read_only_tree;
    ProcessUtilityContext context;
    ParamListInfo params;
    QueryEnvironment *environment;
    DestReceiver *receiver;
    QueryCompletion *completion;

    /// PostgreSQL's processing of the statement (and that of other extensions).
    void run() const;
    bool is_top_level() const { return context == PROCESS_UTILITY_TOPLEVEL; }
};

void handle_alter_table(const UtilityCall &call, AlterTableStmt *statement);
void handle_create_index(const UtilityCall &call, IndexStmt *statement);
void handle_drop(const UtilityCall &call, DropStmt *statement);
void handle_truncate(const UtilityCall &call, TruncateStmt *statement);
void handle_rename(const UtilityCall &call, RenameStmt *statement);
void handle_set_schema(const UtilityCall &call, AlterObjectSchemaStmt *statement);
void handle_grant(const UtilityCall &call, GrantStmt *statement);
void handle_create_table(const UtilityCall &call, CreateStmt *statement);
void handle_create_schema(const UtilityCall &call, CreateSchemaStmt *statement);
void handle_change_owner(const UtilityCall &call, AlterOwnerStmt *statement);
void handle_reassign_owned(const UtilityCall &call, ReassignOwnedStmt *statement);
void handle_drop_owned(const UtilityCall &call, DropOwnedStmt *statement);
void handle_create_statistics(const UtilityCall &call, CreateStatsStmt *statement);
void handle_alter_statistics(const UtilityCall &call, AlterStatsStmt *statement);
void handle_vacuum(const UtilityCall &call, VacuumStmt *statement);
void handle_cluster(const UtilityCall &call, ClusterStmt *statement);
void handle_reindex(const UtilityCall &call, ReindexStmt *statement);
void handle_lock(const UtilityCall &call, LockStmt *statement);
void handle_alter_enum(const UtilityCall &call, AlterEnumStmt *statement);
void handle_alter_domain(const UtilityCall &call, AlterDomainStmt *statement);
/// ALTER TYPE ... ADD / DROP / ALTER ATTRIBUTE.
void handle_alter_composite(const UtilityCall &call, AlterTableStmt *statement);

/// For handle_drop().
void drop_index_concurrently(const UtilityCall &call, const DropStmt *statement);

/// Raise 0A000 or what is documented when the statement's table is distributed.
void check_create_trigger(CreateTrigStmt *statement);
void check_create_rule(RuleStmt *statement);

/// The relation in the metadata that a RangeVar names, or nullptr; takes no lock, raises nothing.
const DistTable *dist_table_named(const RangeVar *name);

/// Whether this database has any table in the metadata.
bool has_dist_tables();

} // namespace citus
