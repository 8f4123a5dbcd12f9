/// The decisions of two-phase commits: rows (groupid, gid) of pg_dist_transaction.
///
/// A row that is visible says "commit"; a prepared transaction without a row, whose coordinator is no longer
/// deciding, is to be rolled back. remote_transaction.cpp inserts rows in the local transaction, so that they
/// become visible by its commit and by nothing else; recovery.cpp reads and removes them. Rows are found by
/// column name. Never contacts a node.
#pragma once

#include "citus/pg/memory.hpp"

namespace citus {

struct CommitRecord {
    int32 group_id;
    const char *gid;
};

void insert_commit_record(int32 group_id, const char *gid);

/// All rows as of now (a snapshot of its own, whatever the isolation level).
std::pmr::vector<CommitRecord> read_commit_records();

/// Removes the rows with these gids of a group; rows that are gone already are no error.
void delete_commit_records(int32 group_id, const std::pmr::unordered_set<std::pmr::string> &gids);

} // namespace citus
