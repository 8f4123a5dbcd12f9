/// SQL functions that change the set of nodes: add, activate, disable, remove, update.
#include "citus/cluster/nodes.hpp"

#include "citus/cluster/reference_tables.hpp"
#include "citus/ddl/roles.hpp"
#include "citus/ddl/shard_ddl.hpp"
#include "citus/executor/tasks.hpp"
#include "citus/guc.hpp"
#include "node_probe.hpp"
#include "node_rows.hpp"
#include "peers.hpp"

extern "C" {
#include "postmaster/postmaster.h"

PG_FUNCTION_INFO_V1(citus_add_node);
PG_FUNCTION_INFO_V1(citus_add_inactive_node);
PG_FUNCTION_INFO_V1(citus_add_secondary_node);
PG_FUNCTION_INFO_V1(citus_activate_node);
PG_FUNCTION_INFO_V1(citus_disable_node);
PG_FUNCTION_INFO_V1(citus_remove_node);
PG_FUNCTION_INFO_V1(citus_set_coordinator_host);
PG_FUNCTION_INFO_V1(citus_set_node_property);
}

namespace citus {

namespace {

/// What every function here starts with: the right node, and no other change of nodes at the same time.
void begin_node_change() {
    require_coordinator();
    lock_nodes_for_change();
}

/// Groups of active primaries that satisfy a condition, in the order of the nodes given.
template <typename Condition>
std::pmr::vector<ClusterNode> active_primaries(Condition condition) {
    std::pmr::vector<ClusterNode> nodes;
    for (const ClusterNode &node : all_nodes()) {
        if (node.role == NodeRole::Primary && node.is_active && condition(node))
            nodes.push_back(node);
    }
    return nodes;
}

std::pmr::vector<int32> groups_of(const std::pmr::vector<ClusterNode> &nodes) {
    std::pmr::vector<int32> groups;
    for (const ClusterNode &node : nodes)
        groups.push_back(node.group_id);
    if (groups.empty())
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("could not find any node for new shards"),
                        errhint("Add a worker with citus_add_node(), or let a node hold shards: SELECT "
                                "citus_set_node_property('host', port, 'shouldhaveshards', true).")));
    return groups;
}

bool has_workers() {
    const auto nodes = all_nodes();
    return std::any_of(nodes.begin(), nodes.end(),
                       [](const ClusterNode &node) { return node.group_id != kCoordinatorGroupId; });
}

List *reference_relations() {
    List *relations = NIL;
    ListCell *cell;
    foreach (cell, all_dist_relations()) {
        const DistTable *table = find_dist_table(lfirst_oid(cell));
        if (table != nullptr && table->kind == TableKind::Reference && get_rel_name(table->relid) != nullptr)
            relations = lappend_oid(relations, table->relid);
    }
    return relations;
}

/// Drops the copies of reference tables that a node holds without a placement (any more).
void drop_reference_copies(int32 group_id) {
    StringInfoData names;
    initStringInfo(&names);
    ListCell *cell;
    foreach (cell, reference_relations()) {
        const DistTable *table = require_dist_table(lfirst_oid(cell));
        for (const Shard &shard : table->shards)
            appendStringInfo(&names, "%s%s", names.len > 0 ? "," : "",
                             quote_literal_cstr(qualified_shard_name(table->relid, shard.shard_id)));
    }
    if (names.len == 0)
        return;
    List *existing =
        query_on_group(group_id,
                       psprintf("SELECT name FROM pg_catalog.unnest(ARRAY[%s]::pg_catalog.text[]) name "
                                "WHERE pg_catalog.to_regclass(name) IS NOT NULL",
                                names.data),
                       Access::Read);
    StringInfoData command;
    initStringInfo(&command);
    foreach (cell, existing)
        appendStringInfo(&command, "%s%s", command.len > 0 ? ", " : "DROP TABLE ",
                         strVal(linitial(static_cast<List *>(lfirst(cell)))));
    if (command.len == 0)
        return;
    // As DDL for shards: a plain DROP of a shard on this node would be refused.
    ShardDdl ddl;
    ddl.on_group(group_id, list_make1(psprintf("%s CASCADE", command.data)));
    ddl.run();
}

/// Refuses when a shard would be left without any placement.
void check_holds_no_last_placement(const ClusterNode &node, std::span<const PlacedShard> placed) {
    for (const PlacedShard &shard : placed) {
        int index = 0;
        if (!OidIsValid(relation_of_shard(shard.shard_id, &index)) || get_rel_name(shard.relid) == nullptr)
            continue; // a leftover of a table that is gone
        const DistTable *table = require_dist_table(shard.relid);
        const auto placements = table->shards[static_cast<size_t>(index)].placements;
        const bool has_other =
            std::any_of(placements.begin(), placements.end(), [&](const ShardPlacement &placement) {
                return placement.group_id != node.group_id &&
                       find_primary_node(placement.group_id) != nullptr;
            });
        if (!has_other)
            ereport(
                ERROR,
                (errcode(ERRCODE_OBJECT_IN_USE),
                 errmsg(
                     "cannot remove or disable the node %s:%d because it contains the only shard placement "
                     "for shard " INT64_FORMAT,
                     node.name, node.port, shard.shard_id),
                 errdetail("One of the tables that prevent it is %s.",
                           quote_qualified_identifier(get_namespace_name(get_rel_namespace(shard.relid)),
                                                      get_rel_name(shard.relid))),
                 errhint("Drop or undistribute the tables that have shards there, then try again.")));
    }
}

void delete_placements(std::span<const PlacedShard> placed) {
    for (const PlacedShard &shard : placed)
        delete_placement(shard.relid, shard.placement_id);
    CommandCounterIncrement();
}

/// Refuses while standbys of the node are registered: without their primary they would stand for nothing.
void check_has_no_secondaries(const ClusterNode &primary) {
    for (const ClusterNode &node : all_nodes()) {
        if (node.group_id == primary.group_id && node.node_id != primary.node_id)
            ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE),
                            errmsg("cannot remove the node %s:%d because %s:%d is registered as its standby",
                                   primary.name, primary.port, node.name, node.port),
                            errhint("Remove the standby first.")));
    }
}

/// Makes a registered node a working part of the cluster; prepare_worker() found that it can be one.
void activate(const ClusterNode &node) {
    if (!is_local_group(node.group_id)) {
        run_on_group(node.group_id,
                     psprintf("SELECT citus_internal.join_cluster(%d, %s)", node.group_id,
                              quote_literal_cstr(own_cluster_id())),
                     Access::Write);
        create_missing_roles(node.group_id);
    }
    if (!node.is_active)
        set_node_active(node.node_id, true);
    drop_reference_copies(node.group_id);
    replicate_reference_tables_to_group(node.group_id);
    tell_workers_of_each_other();
}

void notice_shards_on_coordinator() {
    for (const PlacedShard &shard : shards_of_group(kCoordinatorGroupId)) {
        const DistTable *table = find_dist_table(shard.relid);
        if (table == nullptr || table->kind == TableKind::Reference || table->kind == TableKind::Local)
            continue;
        ereport(NOTICE,
                (errmsg("shards are still on the coordinator after adding the new node"),
                 errhint("New distributed tables use all nodes; existing shards stay where they are.")));
        return;
    }
}

void activate_registered(const ClusterNode &node) {
    if (node.is_active)
        return;
    if (!is_local_group(node.group_id))
        prepare_worker(node.name, node.port, node.group_id);
    activate(node);
}

/// Registers a coordinator that has no row yet.
int32 register_coordinator(const char *name, int port, Oid role, const char *cluster) {
    const int32 node_id = insert_node(
        {name, port, kCoordinatorGroupId, role, cluster, true, /*should_have_shards=*/!has_workers()});
    replicate_reference_tables_to_group(kCoordinatorGroupId);
    return node_id;
}

/// Arguments shared by citus_add_node and citus_add_inactive_node.
struct AddArguments {
    const char *name;
    int port;
    int32 group_id;
    Oid role;
    const char *cluster;
};

AddArguments add_arguments(FunctionCallInfo fcinfo) {
    AddArguments arguments{text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_INT32(1), PG_GETARG_INT32(2),
                           PG_GETARG_OID(3), NameStr(*PG_GETARG_NAME(4))};
    check_address(arguments.name, arguments.port);
    if (arguments.role == node_role_value("primary") && strcmp(arguments.cluster, "default") != 0)
        ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
                        errmsg("primary nodes are only allowed in the cluster \"default\"")));
    if (arguments.group_id < -1)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%d is not a valid group id", arguments.group_id)));
    return arguments;
}

/// Inserts the row of a node that is not active yet, and returns its id.
int32 insert_inactive(const AddArguments &arguments) {
    const bool is_primary = arguments.role == node_role_value("primary");
    int32 group = arguments.group_id;
    if (!is_primary && (group < 0 || find_primary_node(group) == nullptr))
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("a node that is not a primary needs the group id of its primary")));
    if (is_primary && group >= 0 && find_primary_node(group) != nullptr)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("group %d already has a primary node", group)));
    if (group < 0)
        group = next_group_id();
    return insert_node({arguments.name, arguments.port, group, arguments.role, arguments.cluster,
                        /*is_active=*/!is_primary, /*should_have_shards=*/true});
}

int32 add_node(const AddArguments &arguments) {
    if (const ClusterNode *known = find_node_by_address(arguments.name, arguments.port)) {
        activate_registered(*known);
        return known->node_id;
    }
    const bool is_primary = arguments.role == node_role_value("primary");
    if (is_primary && arguments.group_id == kCoordinatorGroupId) {
        if (find_primary_node(kCoordinatorGroupId) == nullptr)
            check_is_this_server(arguments.name, arguments.port);
        else
            ereport(ERROR,
                    (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                     errmsg("group %d already has a primary node", kCoordinatorGroupId),
                     errhint("To change the coordinator's address, use citus_set_coordinator_host().")));
        return register_coordinator(arguments.name, arguments.port, arguments.role, arguments.cluster);
    }
    if (is_primary)
        prepare_worker(arguments.name, arguments.port, -1);
    const int32 node_id = insert_inactive(arguments);
    if (is_primary) {
        activate(*find_node_by_id(node_id));
        notice_shards_on_coordinator();
    }
    return node_id;
}

/// Leaves nothing of this cluster behind on a node that goes, if it can be reached.
void detach(const ClusterNode &node) {
    const char *reason = nullptr;
    const bool is_local = is_local_group(node.group_id);
    if (!is_local && !can_connect(node.name, node.port, &reason)) {
        ereport(WARNING, (errcode(ERRCODE_CONNECTION_FAILURE), errmsg("%s", reason),
                          errdetail("The node is removed, but copies of reference tables stay on it.")));
        return;
    }
    drop_reference_copies(node.group_id);
    if (!is_local)
        run_on_group(node.group_id, "SELECT citus_internal.leave_cluster()", Access::Write);
}

} // namespace

void require_coordinator() {
    if (local_group_id() != kCoordinatorGroupId)
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("operation is not allowed on this node"),
                        errhint("Connect to the coordinator and run it again.")));
}

void ensure_local_node_registered() {
    if (!all_nodes().empty())
        return;
    lock_nodes_for_change();
    if (!all_nodes().empty())
        return;
    insert_node({guc::local_hostname, PostPortNumber, kCoordinatorGroupId, node_role_value("primary"),
                 "default",
                 /*is_active=*/true, /*should_have_shards=*/true});
}

std::pmr::vector<int32> groups_for_new_shards() {
    lock_nodes_for_placement();
    auto nodes = active_primaries([](const ClusterNode &node) { return node.should_have_shards; });
    std::sort(nodes.begin(), nodes.end(), [](const ClusterNode &a, const ClusterNode &b) {
        const int order = strcmp(a.name, b.name);
        return order != 0 ? order < 0 : a.port < b.port;
    });
    return groups_of(nodes);
}

std::pmr::vector<int32> groups_for_reference_tables() {
    lock_nodes_for_placement();
    auto nodes = active_primaries([](const ClusterNode &) { return true; });
    std::sort(nodes.begin(), nodes.end(),
              [](const ClusterNode &a, const ClusterNode &b) { return a.group_id < b.group_id; });
    return groups_of(nodes);
}

} // namespace citus

using namespace citus;

Datum citus_add_node(PG_FUNCTION_ARGS) {
    begin_node_change();
    PG_RETURN_INT32(add_node(add_arguments(fcinfo)));
}

Datum citus_add_inactive_node(PG_FUNCTION_ARGS) {
    begin_node_change();
    const AddArguments arguments = add_arguments(fcinfo);
    if (const ClusterNode *known = find_node_by_address(arguments.name, arguments.port))
        PG_RETURN_INT32(known->node_id);
    PG_RETURN_INT32(insert_inactive(arguments));
}

Datum citus_add_secondary_node(PG_FUNCTION_ARGS) {
    begin_node_change();
    const char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
    const int port = PG_GETARG_INT32(1);
    check_address(name, port);
    const ClusterNode *primary =
        require_node_by_address(text_to_cstring(PG_GETARG_TEXT_PP(2)), PG_GETARG_INT32(3));
    if (const ClusterNode *known = find_node_by_address(name, port))
        PG_RETURN_INT32(known->node_id);
    PG_RETURN_INT32(insert_inactive(
        {name, port, primary->group_id, node_role_value("secondary"), NameStr(*PG_GETARG_NAME(4))}));
}

Datum citus_activate_node(PG_FUNCTION_ARGS) {
    begin_node_change();
    const ClusterNode *node =
        require_node_by_address(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_INT32(1));
    activate_registered(*node);
    PG_RETURN_INT32(node->node_id);
}

Datum citus_disable_node(PG_FUNCTION_ARGS) {
    begin_node_change();
    const ClusterNode *node =
        require_node_by_address(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_INT32(1));
    if (is_local_group(node->group_id))
        ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE), errmsg("cannot disable the coordinator"),
                        errhint("Use citus_set_node_property() to keep shards off it.")));
    if (node->role == NodeRole::Primary) {
        const auto placed = shards_of_group(node->group_id);
        check_holds_no_last_placement(*node, placed);
        delete_placements(placed);
    }
    set_node_active(node->node_id, false);
    close_connections_to(node->name, node->port);
    PG_RETURN_VOID();
}

Datum citus_remove_node(PG_FUNCTION_ARGS) {
    begin_node_change();
    const ClusterNode *node =
        require_node_by_address(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_INT32(1));
    if (node->role == NodeRole::Primary) {
        check_has_no_secondaries(*node);
        // Whoever reads a reference table has finished, and finds its placements anew afterwards.
        ListCell *cell;
        foreach (cell, reference_relations())
            LockRelationOid(lfirst_oid(cell), AccessExclusiveLock);
        const auto placed = shards_of_group(node->group_id);
        check_holds_no_last_placement(*node, placed);
        detach(*node);
        delete_placements(placed);
    }
    delete_node(node->node_id);
    close_connections_to(node->name, node->port);
    tell_workers_of_each_other();
    PG_RETURN_VOID();
}

Datum citus_set_coordinator_host(PG_FUNCTION_ARGS) {
    begin_node_change();
    const char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
    const int port = PG_GETARG_INT32(1);
    check_address(name, port);
    if (PG_GETARG_OID(2) != node_role_value("primary"))
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the coordinator is a primary node"),
                        errhint("Register its standbys with citus_add_secondary_node().")));
    if (strcmp(NameStr(*PG_GETARG_NAME(3)), "default") != 0)
        ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
                        errmsg("primary nodes are only allowed in the cluster \"default\"")));
    const ClusterNode *coordinator = find_primary_node(kCoordinatorGroupId);
    const ClusterNode *holder = find_node_by_address(name, port);
    if (holder != nullptr && holder != coordinator)
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("there is already another node with the specified hostname and port")));
    if (holder != nullptr)
        PG_RETURN_VOID();
    check_is_this_server(name, port);
    if (coordinator == nullptr)
        register_coordinator(name, port, PG_GETARG_OID(2), NameStr(*PG_GETARG_NAME(3)));
    else
        set_node_address(coordinator->node_id, name, port);
    PG_RETURN_VOID();
}

Datum citus_set_node_property(PG_FUNCTION_ARGS) {
    begin_node_change();
    const ClusterNode *node =
        require_node_by_address(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_INT32(1));
    if (strcmp(text_to_cstring(PG_GETARG_TEXT_PP(2)), "shouldhaveshards") != 0)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("only the 'shouldhaveshards' property can be set using this function")));
    set_node_should_have_shards(node->node_id, PG_GETARG_BOOL(3));
    PG_RETURN_VOID();
}
