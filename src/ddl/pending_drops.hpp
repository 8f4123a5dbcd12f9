/// What a statement drops: tables with their shards, and parts of distributed tables (columns, constraints,
/// indexes, statistics) that go because of something else (DROP TYPE ... CASCADE, DROP OWNED, DROP INDEX).
///
/// The object access hook collects while PostgreSQL deletes; the utility hook sends the drops to the nodes
/// when the statement is done. Outside of a utility statement they are sent at once.
#pragma once

#include "citus/cluster/distribute.hpp"
#include "citus/ddl/shard_ddl.hpp"

namespace citus {

/// The drops of one statement. Lives in the memory context that is current when it is made.
class DropCollector {
public:
    DropCollector() : context_(CurrentMemoryContext), resource_(context_), parts_(&resource_) {}

    void take_table(const DistTable &table);
    /// A command about a part of the table; index: the one that it names by its qualified name.
    void take_part(Oid relid, const char *command, Oid index = InvalidOid);
    /// The statement's handler sends the drops of parts itself.
    void forget_parts() { parts_.clear(); }
    /// A command for all nodes.
    void take_object(const char *command, const char *condition);
    /// The same for a schema, which is dropped last, and only where it is empty then.
    void take_schema(const char *command, const char *condition);
    void send();

private:
    void add_for_all_nodes(ShardDdl &ddl, const char *command, const char *condition);

    struct Part {
        Oid relid;
        ShardDdl *ddl;
    };

    MemoryContext context_;
    MemoryContextResource resource_;
    DoomedShards doomed_;
    std::pmr::vector<Part> parts_;
    ShardDdl objects_;
    ShardDdl schemas_;
};

/// Where drops go now: a statement's collector, or nullptr to send each at once. Returns the former one,
/// which must be put back when the statement ends, also by an error.
DropCollector *set_drop_collector(DropCollector *collector);

void install_drop_hook();

} // namespace citus
