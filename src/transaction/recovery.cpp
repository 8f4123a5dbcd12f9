#include "citus/transaction/recovery.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/core/gid.hpp"
#include "citus/net/connection.hpp"
#include "citus/transaction/commit_records.hpp"
#include "citus/transaction/fence.hpp"
#include "citus/transaction/shared_state.hpp"

extern "C" {
#include "commands/dbcommands.h"
#include "storage/lmgr.h"

PG_FUNCTION_INFO_V1(recover_prepared_transactions);
PGDLLEXPORT Datum recover_prepared_transactions(PG_FUNCTION_ARGS);
}

namespace citus {
namespace {

using GidSet = std::pmr::unordered_set<std::pmr::string>;
using Records = std::pmr::vector<CommitRecord>;

GidSet gids_of_group(const Records &records, int32 group_id) {
    GidSet gids;
    for (const CommitRecord &record : records)
        if (record.group_id == group_id)
            gids.insert(record.gid);
    return gids;
}

/// How long one node is waited for: it may be stopped and not dead, and the others have a right to be served.
constexpr int kAnswerTimeoutMs = 5000;

/// Nodes that did not answer the last time, as far as there is room to note them. They come last.
std::array<int32, 64> silent_groups;
size_t silent_count = 0;

bool is_silent(int32 group_id) {
    return std::find(silent_groups.begin(), silent_groups.begin() + static_cast<long>(silent_count),
                     group_id) != silent_groups.begin() + static_cast<long>(silent_count);
}

void note_silence(int32 group_id, bool silent) {
    if (silent == is_silent(group_id))
        return;
    const auto end = silent_groups.begin() + static_cast<long>(silent_count);
    if (!silent)
        *std::find(silent_groups.begin(), end, group_id) = silent_groups[--silent_count];
    else if (silent_count < silent_groups.size())
        silent_groups[silent_count++] = group_id;
}

/// A command for a node whose failure is reported and no error.
AutonomousResult try_on_node(const ClusterNode &node, const char *sql, int report_level) {
    AutonomousResult result = run_autonomous(node.name, node.port, sql, kAnswerTimeoutMs);
    note_silence(node.group_id, !result.success);
    if (!result.connected || !result.success)
        ereport(report_level, (errmsg("could not recover prepared transactions on %s:%d: %s", node.name,
                                      node.port, result.message),
                               errhint("It is tried again automatically as soon as the node answers.")));
    return result;
}

/// Names of the prepared transactions on a node that this group and database made.
bool pending_gids(const ClusterNode &node, int report_level, GidSet &pending) {
    const char *sql = psprintf("SELECT gid FROM pg_catalog.pg_prepared_xacts"
                               " WHERE gid LIKE 'citus\\_%d\\_%%' AND database = %s",
                               local_group_id(), quote_literal_cstr(get_database_name(MyDatabaseId)));
    AutonomousResult result = try_on_node(node, sql, report_level);
    if (!result.connected || !result.success)
        return false;
    ListCell *row;
    foreach (row, result.rows) {
        const char *name = strVal(linitial(static_cast<List *>(lfirst(row))));
        auto gid = core::parse_gid(name);
        if (gid && gid->group == local_group_id())
            pending.insert(name);
    }
    return true;
}

bool is_gone(const AutonomousResult &result) {
    return result.connected && !result.success && strcmp(result.sqlstate, "42704") == 0; // undefined_object
}

/// Commits or rolls back what is left on one node. known: records seen before this began.
void recover_node(const ClusterNode &node, const GidSet &known, int report_level, RecoveryResult &result) {
    // The order matters. What is listed first and is not being decided afterwards has been decided, so the
    // decision is visible to the records read last. And only a record seen before the list may be removed
    // because its gid is not in the list.
    auto fenced = fences_of_group(node.group_id);
    GidSet pending;
    if (!pending_gids(node, report_level, pending)) {
        result.complete = false;
        return;
    }
    auto deciding = transactions_being_decided();
    auto is_undecided = [&](const core::Gid &gid) {
        return std::find(deciding.begin(), deciding.end(), gid.transaction) != deciding.end();
    };
    GidSet committed = pending.empty() ? GidSet() : gids_of_group(read_commit_records(), node.group_id);
    auto is_open = [&](uint64 transaction) {
        return std::find(deciding.begin(), deciding.end(), transaction) != deciding.end();
    };
    std::erase_if(fenced, is_open);
    GidSet done;
    for (const std::pmr::string &name : pending) {
        auto gid = core::parse_gid(name);
        if (is_undecided(*gid))
            continue;
        const char *verb = committed.contains(name) ? "COMMIT" : "ROLLBACK";
        AutonomousResult outcome = run_autonomous(
            node.name, node.port, psprintf("%s PREPARED %s", verb, quote_literal_cstr(name.c_str())),
            kAnswerTimeoutMs);
        if (outcome.connected && outcome.success) {
            result.resolved++;
        } else if (!is_gone(outcome)) {
            ereport(report_level, (errmsg("could not resolve prepared transaction %s on %s:%d: %s",
                                          name.c_str(), node.name, node.port, outcome.message)));
            result.complete = false;
            std::erase(fenced, gid->transaction);
            std::erase(fenced, kEarlierLife);
            if (outcome.connected && strcmp(outcome.sqlstate, "57014") == 0) {
                note_silence(node.group_id, true);
                return; // the others of this node would wait as long
            }
            continue;
        }
        done.insert(name);
    }
    for (const std::pmr::string &name : known) {
        auto gid = core::parse_gid(name);
        if (!pending.contains(name) && gid && !is_undecided(*gid))
            done.insert(name);
    }
    remove_fences(node.group_id, fenced);
    delete_commit_records(node.group_id, done);
}

/// Records of groups that no longer exist have nobody left to ask for them.
void forget_records_of_removed_groups(const Records &records) {
    std::pmr::unordered_set<int32> removed;
    for (const CommitRecord &record : records)
        removed.insert(record.group_id);
    for (const ClusterNode &node : all_nodes())
        removed.erase(node.group_id);
    for (int32 group_id : removed)
        delete_commit_records(group_id, gids_of_group(records, group_id));
}

} // namespace

RecoveryResult recover_prepared_transactions(int report_level) {
    RecoveryResult result{.resolved = 0, .complete = true};
    // Self-exclusive, and no obstacle to the inserts of those who commit meanwhile.
    LockRelationOid(extension_relation("pg_dist_transaction"), ShareUpdateExclusiveLock);
    Records records = read_commit_records();
    std::pmr::vector<ClusterNode> nodes;
    for (const ClusterNode &node : all_nodes())
        if (node.role == NodeRole::Primary && !is_local_group(node.group_id))
            nodes.push_back(node);
    std::stable_partition(nodes.begin(), nodes.end(),
                          [](const ClusterNode &node) { return !is_silent(node.group_id); });
    for (const ClusterNode &node : nodes)
        recover_node(node, gids_of_group(records, node.group_id), node.is_active ? report_level : DEBUG1,
                     result);
    forget_records_of_removed_groups(records);
    return result;
}

} // namespace citus

extern "C" Datum recover_prepared_transactions(PG_FUNCTION_ARGS) {
    PG_RETURN_INT32(citus::recover_prepared_transactions(WARNING).resolved);
}
