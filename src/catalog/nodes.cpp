/// The cache of pg_dist_node and pg_dist_local_group.
#include "citus/catalog/rows.hpp"
#include "cache.hpp"

namespace citus {

namespace {

struct CachedNodes {
    MemoryContext context;
    int32 local_group;
    std::span<const ClusterNode> nodes; ///< ordered by node id
};
CachedNodes *cached = nullptr;

NodeRole role_of(Datum role) {
    const char *label = DatumGetCString(OidFunctionCall1(F_ENUM_OUT, role));
    if (strcmp(label, "primary") == 0)
        return NodeRole::Primary;
    return strcmp(label, "secondary") == 0 ? NodeRole::Secondary : NodeRole::Unavailable;
}

std::span<const ClusterNode> read_nodes(Snapshot snapshot) {
    std::pmr::vector<ClusterNode> nodes;
    const CatalogTable catalog("pg_dist_node", AccessShareLock);
    ScanKeys keys(catalog);
    scan_catalog(
        catalog, nullptr, keys,
        [&](const CatalogRow &row) {
            nodes.push_back({
                .node_id = DatumGetInt32(row.value(catalog.column("nodeid"))),
                .group_id = DatumGetInt32(row.value(catalog.column("groupid"))),
                .name = TextDatumGetCString(row.value(catalog.column("nodename"))),
                .port = DatumGetInt32(row.value(catalog.column("nodeport"))),
                .is_active = DatumGetBool(row.value(catalog.column("isactive"))),
                .has_metadata = DatumGetBool(row.value(catalog.column("hasmetadata"))),
                .should_have_shards = DatumGetBool(row.value(catalog.column("shouldhaveshards"))),
                .role = role_of(row.value(catalog.column("noderole"))),
            });
            return true;
        },
        snapshot);
    std::sort(nodes.begin(), nodes.end(),
              [](const ClusterNode &a, const ClusterNode &b) { return a.node_id < b.node_id; });
    auto *copy = static_cast<ClusterNode *>(palloc(std::max<size_t>(nodes.size(), 1) * sizeof(ClusterNode)));
    std::uninitialized_copy(nodes.begin(), nodes.end(), copy);
    return {copy, nodes.size()};
}

int32 read_local_group(Snapshot snapshot) {
    int32 group = kCoordinatorGroupId;
    const CatalogTable catalog("pg_dist_local_group", AccessShareLock);
    ScanKeys keys(catalog);
    scan_catalog(
        catalog, nullptr, keys,
        [&](const CatalogRow &row) {
            group = DatumGetInt32(row.value(catalog.column("groupid")));
            return false;
        },
        snapshot);
    return group;
}

/// The cached nodes, read when needed; the extension is ready.
const CachedNodes &get_nodes() {
    while (cached == nullptr) {
        const uint64 before = cache::changes();
        MemoryContext context =
            AllocSetContextCreate(CurrentMemoryContext, "citus node metadata", ALLOCSET_SMALL_SIZES);
        CachedNodes *loaded = make_in<CachedNodes>(context);
        {
            ContextScope scope(context);
            Snapshot snapshot = RegisterSnapshot(GetCatalogSnapshot(cache::extension_oids().node));
            *loaded = {context, read_local_group(snapshot), read_nodes(snapshot)};
            UnregisterSnapshot(snapshot);
        }
        if (cache::changes() == before) {
            MemoryContextSetParent(context, cache::root_context());
            cached = loaded;
        } else {
            // Some change arrived while we read; perhaps it was about nodes.
            MemoryContextDelete(context);
            CHECK_FOR_INTERRUPTS();
        }
    }
    return *cached;
}

} // namespace

void cache::forget_nodes() {
    if (cached != nullptr)
        cache::retire(cached->context);
    cached = nullptr;
}

std::span<const ClusterNode> all_nodes() {
    return extension_is_ready() ? get_nodes().nodes : std::span<const ClusterNode>();
}

const ClusterNode *find_primary_node(int32 group_id) {
    for (const ClusterNode &node : all_nodes()) {
        if (node.group_id == group_id && node.role == NodeRole::Primary)
            return &node;
    }
    return nullptr;
}

int32 local_group_id() {
    return extension_is_ready() ? get_nodes().local_group : kCoordinatorGroupId;
}

} // namespace citus
