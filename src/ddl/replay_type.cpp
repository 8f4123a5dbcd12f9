/// ALTER TYPE of enums and ALTER DOMAIN, for types that tables in the metadata use.
#include "citus/ddl/dependencies.hpp"
#include "citus/pg/list.hpp"
#include "citus/pg/search_path.hpp"
#include "type_use.hpp"
#include "utility_call.hpp"

extern "C" {
#include "catalog/pg_constraint.h"
#include "parser/parse_type.h"
}

namespace citus {

namespace {

const char *enum_command(const AlterEnumStmt *statement, const char *type) {
    const char *new_value = quote_literal_cstr(statement->newVal);
    if (statement->oldVal != nullptr)
        return psprintf("ALTER TYPE %s RENAME VALUE %s TO %s", type, quote_literal_cstr(statement->oldVal),
                        new_value);
    StringInfoData out;
    initStringInfo(&out);
    appendStringInfo(&out, "ALTER TYPE %s ADD VALUE %s%s", type,
                     statement->skipIfNewValExists ? "IF NOT EXISTS " : "", new_value);
    if (statement->newValNeighbor != nullptr)
        appendStringInfo(&out, " %s %s", statement->newValIsAfter ? "AFTER" : "BEFORE",
                         quote_literal_cstr(statement->newValNeighbor));
    return out.data;
}

} // namespace

bool handle_alter_enum(UtilityCall &call) {
    auto *statement = castNode(AlterEnumStmt, call.statement());
    const Oid type = find_used_type(statement->typeName);
    if (!OidIsValid(type))
        return false;
    const char *name = format_type_be_qualified(type);
    call.run();
    send_type_command(enum_command(statement, name), name);
    return true;
}

namespace {

/// The constraint that the domain has and did not have before.
Oid new_constraint(Oid domain, const List *before) {
    for (const ListCell &cell : cells(constraints_of_domain(domain)))
        if (!list_member_oid(before, lfirst_oid(&cell)))
            return lfirst_oid(&cell);
    return InvalidOid;
}

void add_constraint(Oid constraint, const char *domain_name) {
    const int level = pin_search_path();
    const char *definition =
        TextDatumGetCString(DirectFunctionCall1(pg_get_constraintdef, ObjectIdGetDatum(constraint)));
    unpin_search_path(level);
    ShardDdl needs;
    add_parts(needs, ConstraintRelationId, constraint, remote_groups_of_shards());
    needs.run();
    send_type_command(psprintf("ALTER DOMAIN %s ADD CONSTRAINT %s %s", domain_name,
                               quote_identifier(get_constraint_name(constraint)), definition),
                      domain_name);
}

/// What is left of the statement when the name of the domain is taken away.
const char *domain_action(const AlterDomainStmt *statement) {
    switch (statement->subtype) {
    case 'N':
        return "DROP NOT NULL";
    case 'O':
        return "SET NOT NULL";
    case 'V':
        return psprintf("VALIDATE CONSTRAINT %s", quote_identifier(statement->name));
    default:
        return psprintf("DROP CONSTRAINT IF EXISTS %s%s", quote_identifier(statement->name),
                        statement->behavior == DROP_CASCADE ? " CASCADE" : "");
    }
}

} // namespace

/// The nodes look through the columns of their shards as PostgreSQL does through those of its tables.
bool handle_alter_domain(UtilityCall &call) {
    auto *statement = castNode(AlterDomainStmt, call.statement());
    const Oid domain = find_used_type(statement->typeName);
    // Defaults are evaluated on the coordinator.
    if (statement->subtype == 'T' || !OidIsValid(domain))
        return false;
    const char *name = format_type_be_qualified(domain);
    const List *before = constraints_of_domain(domain);
    call.run();
    if (statement->subtype == 'C') {
        const Oid constraint = new_constraint(domain, before);
        if (OidIsValid(constraint))
            add_constraint(constraint, name);
    } else {
        send_type_command(psprintf("ALTER DOMAIN %s %s", name, domain_action(statement)), name);
    }
    return true;
}

} // namespace citus
