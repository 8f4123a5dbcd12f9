/// CREATE and ALTER PUBLICATION: the rows of tables in the metadata are written on other nodes.
#include "citus/pg/list.hpp"
#include "utility_call.hpp"

namespace citus {

namespace {

void check_published_objects(const List *objects) {
    for (const ListCell &cell : cells(objects)) {
        const PublicationTable *table = lfirst_node(PublicationObjSpec, &cell)->pubtable;
        if (table != nullptr && OidIsValid(find_dist_relation(table->relation)))
            refuse("publications of distributed tables are not supported",
                   "Publish the shards on the nodes that hold them.");
    }
}

} // namespace

bool handle_create_publication(UtilityCall &call) {
    check_published_objects(castNode(CreatePublicationStmt, call.statement())->pubobjects);
    return false;
}

bool handle_alter_publication(UtilityCall &call) {
    auto *statement = castNode(AlterPublicationStmt, call.statement());
    if (statement->action != AP_DropObjects)
        check_published_objects(statement->pubobjects);
    return false;
}

} // namespace citus
