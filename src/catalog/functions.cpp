/// SQL functions that guard the catalogs: CHECK helpers and the trigger for changes by hand.
#include "citus/catalog/metadata.hpp"

#include <libpq-fe.h>

extern "C" {
#include "commands/trigger.h"

PG_FUNCTION_INFO_V1(authinfo_valid);
PG_FUNCTION_INFO_V1(role_exists);
PG_FUNCTION_INFO_V1(metadata_changed);
}

/// Only options that authenticate: where to connect to follows from pg_dist_node alone.
Datum authinfo_valid(PG_FUNCTION_ARGS) {
    static constexpr std::array<std::string_view, 3> kAllowed{"password", "sslcert", "sslkey"};
    char *message = nullptr;
    PQconninfoOption *options = PQconninfoParse(text_to_cstring(PG_GETARG_TEXT_PP(0)), &message);
    // Nothing between here and PQconninfoFree raises: the options are not palloc'd.
    bool valid = options != nullptr;
    for (const PQconninfoOption *option = options; valid && option->keyword != nullptr; option++) {
        if (option->val != nullptr)
            valid = std::find(kAllowed.begin(), kAllowed.end(), option->keyword) != kAllowed.end();
    }
    PQconninfoFree(options);
    PQfreemem(message);
    PG_RETURN_BOOL(valid);
}

Datum role_exists(PG_FUNCTION_ARGS) {
    PG_RETURN_BOOL(OidIsValid(get_role_oid(NameStr(*PG_GETARG_NAME(0)), true)));
}

/// Which rows changed is not asked: a change by hand is rare, and reading all metadata anew is cheap.
Datum metadata_changed(PG_FUNCTION_ARGS) {
    if (!CALLED_AS_TRIGGER(fcinfo))
        ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                        errmsg("this function can only be called as a trigger")));
    if (citus::extension_is_ready())
        CacheInvalidateRelcacheByRelid(citus::extension_relation("pg_dist_partition"));
    PG_RETURN_POINTER(nullptr);
}
