/// ALTER TYPE of enums and ALTER DOMAIN, for types that tables in the metadata use.
#include "citus/ddl/shard_ddl.hpp"
#include "type_use.hpp"
#include "utility_call.hpp"

extern "C" {
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

bool handle_alter_domain(UtilityCall &call) {
    auto *statement = castNode(AlterDomainStmt, call.statement());
    const bool is_default = statement->subtype == 'T';
    // Defaults are evaluated on the coordinator.
    if (is_default || !OidIsValid(find_used_type(statement->typeName)))
        return false;
    refuse("cannot alter the constraints of a domain that distributed tables use",
           "Create a new domain, and change the columns with ALTER TABLE ... TYPE.");
}

} // namespace citus
