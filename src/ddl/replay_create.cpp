/// CREATE TABLE, CREATE TRIGGER and CREATE RULE that involve tables in the metadata.
#include "citus/cluster/distribute_partition.hpp"
#include "citus/ddl/checks.hpp"
#include "citus/ddl/partitions.hpp"
#include "citus/pg/list.hpp"
#include "utility_call.hpp"

namespace citus {

namespace {

bool create_partition(UtilityCall &call, const CreateStmt *statement) {
    const Oid existing = RangeVarGetRelid(statement->relation, NoLock, true);
    call.run();
    const Oid relid = RangeVarGetRelid(statement->relation, NoLock, false);
    if (relid != existing)
        distribute_partition(relid);
    return true;
}

} // namespace

bool handle_create_table(UtilityCall &call) {
    auto *statement = castNode(CreateStmt, call.statement());
    if (statement->partbound != nullptr &&
        OidIsValid(find_dist_relation(linitial_node(RangeVar, statement->inhRelations))))
        return create_partition(call, statement);
    for (const ListCell &cell : cells(statement->inhRelations)) {
        const Oid parent = find_dist_relation(lfirst_node(RangeVar, &cell));
        if (OidIsValid(parent) && !is_partitioned(parent)) // else PostgreSQL's error
            refuse("non-distributed tables cannot inherit distributed tables",
                   "Use CREATE TABLE ... (LIKE ...), then distribute the new table.");
    }
    if (all_dist_relations() == NIL)
        return false;
    call.run();
    // A foreign key of the new, local table must not lead to a table that has its rows elsewhere.
    const Oid relid = RangeVarGetRelid(statement->relation, NoLock, true);
    if (OidIsValid(relid))
        check_foreign_keys(relid, CheckTime::Alter);
    return true;
}

/// Triggers fire here, so the shards get none.
bool handle_create_trigger(UtilityCall &call) {
    const Oid relid = find_dist_relation(castNode(CreateTrigStmt, call.statement())->relation);
    if (!OidIsValid(relid))
        return false;
    call.run();
    check_triggers(relid);
    check_foreign_keys(relid, CheckTime::Alter);
    return true;
}

/// Statements are rewritten by rules before they are planned, so the shards need none.
bool handle_create_rule(UtilityCall &call) {
    const auto *statement = castNode(RuleStmt, call.statement());
    if (statement->event == CMD_SELECT && OidIsValid(find_dist_relation(statement->relation)))
        refuse("a distributed table cannot become a view", "Create a view over the table.");
    return false;
}

} // namespace citus
