/// One utility statement on its way through the hook, and the handlers of the families of statements.
///
/// A handler returns false when no table in the metadata is part of the statement: PostgreSQL then runs it.
/// Else it checks, calls run() (or not), sends what the shards need, and returns true. Private to ddl/.
#pragma once

#include "citus/catalog/metadata.hpp"
#include "citus/ddl/shard_ddl.hpp"

extern "C" {
#include "tcop/utility.h"
}

namespace citus {

class UtilityCall {
public:
    PlannedStmt *planned;
    const char *query_string;
    bool read_only_tree;
    ProcessUtilityContext context;
    ParamListInfo params;
    QueryEnvironment *environment;
    DestReceiver *destination;
    QueryCompletion *completion;

    ::Node *statement() const { return planned->utilityStmt; }
    bool is_top_level() const { return context == PROCESS_UTILITY_TOPLEVEL; }

    /// Runs the statement on the shells, as PostgreSQL would; what it changed is visible afterwards.
    void run();
    /// The same for another statement in its place (a changed copy).
    void run(::Node *statement);
};

using UtilityHandler = bool (*)(UtilityCall &call);

bool handle_alter_table(UtilityCall &call);
bool handle_rename(UtilityCall &call);
bool handle_set_schema(UtilityCall &call);
bool handle_alter_owner(UtilityCall &call);
bool handle_create_index(UtilityCall &call);
bool handle_reindex(UtilityCall &call);
bool handle_drop(UtilityCall &call);
bool handle_grant(UtilityCall &call);
bool handle_create_statistics(UtilityCall &call);
bool handle_alter_statistics(UtilityCall &call);
bool handle_vacuum(UtilityCall &call);
bool handle_cluster(UtilityCall &call);
bool handle_alter_enum(UtilityCall &call);
bool handle_alter_domain(UtilityCall &call);
bool handle_create_function(UtilityCall &call);
bool handle_alter_function(UtilityCall &call);
bool handle_create_table(UtilityCall &call);
bool handle_create_publication(UtilityCall &call);
bool handle_alter_publication(UtilityCall &call);
bool handle_truncate(UtilityCall &call);
bool handle_lock(UtilityCall &call);
bool handle_set_constraints(UtilityCall &call);
bool handle_create_schema(UtilityCall &call);
bool handle_reassign_owned(UtilityCall &call);
bool handle_drop_owned(UtilityCall &call);
bool handle_create_role(UtilityCall &call);
bool handle_alter_role(UtilityCall &call);
bool handle_drop_role(UtilityCall &call);
bool handle_rename_role(UtilityCall &call);
bool handle_grant_role(UtilityCall &call);
bool handle_policy(UtilityCall &call);
bool handle_create_trigger(UtilityCall &call);
bool handle_create_rule(UtilityCall &call);

/// The relation of that name when it is in the metadata, and InvalidOid for all else (also when it does not
/// exist). Takes no lock.
Oid find_dist_relation(const RangeVar *name);

/// Like find_dist_relation(), but for an index of such a table; *table gets the table.
Oid find_dist_index(const RangeVar *name, Oid *table);

/// Schema-qualified and quoted name of a statistics object.
char *qualified_statistics_name(Oid statistics);

/// The groups of all nodes that have a shard of the table / of any table.
std::pmr::vector<int32> groups_of_shards(const DistTable &table);
std::pmr::vector<int32> groups_of_all_shards();

/// Raises 42501 unless the current user owns the relation, as PostgreSQL does.
void require_owner(Oid relid);

/// Raises 0A000 `message`, with a hint.
[[noreturn]] void refuse(const char *message, const char *hint);

} // namespace citus
