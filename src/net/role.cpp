/// Running tasks with another user's rights than the connection's: after SET ROLE, in a SECURITY DEFINER
/// function, and for the tables of a view that belongs to somebody else.
///
/// A connection logs in as the session's user (one connection per node, so that a transaction sees all it
/// did). Another role is assumed by citus_internal.run_as() on the node, up to the end of the node's
/// transaction. It holds against what user-defined code on the node may try: SET ROLE is refused meanwhile,
/// and only who knows the connection's token can change the role again.
#include "citus/net/role.hpp"

extern "C" {
#include "catalog/pg_authid.h"
#include "catalog/pg_extension.h"
#include "commands/extension.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/syscache.h"

PG_FUNCTION_INFO_V1(citus_run_as);
PGDLLEXPORT Datum citus_run_as(PG_FUNCTION_ARGS);
}

namespace citus {

bool can_log_in(Oid role) {
    HeapTuple tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(role));
    if (!HeapTupleIsValid(tuple))
        return false;
    const bool can = reinterpret_cast<Form_pg_authid>(GETSTRUCT(tuple))->rolcanlogin;
    ReleaseSysCache(tuple);
    return can;
}

namespace {

Oid owner_of_extension() {
    const Oid extension = get_extension_oid("citus", false);
    Relation relation = table_open(ExtensionRelationId, AccessShareLock);
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_extension_oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(extension));
    SysScanDesc scan = systable_beginscan(relation, ExtensionOidIndexId, true, nullptr, 1, &key);
    HeapTuple tuple = systable_getnext(scan);
    const Oid owner = reinterpret_cast<Form_pg_extension>(GETSTRUCT(tuple))->extowner;
    systable_endscan(scan);
    table_close(relation, AccessShareLock);
    return owner;
}

// ---------------------------------------------------------------- on the node

bool assumed = false; ///< a role was assumed in this transaction
Oid base_user = InvalidOid;
std::optional<int64> session_token;

} // namespace

namespace {

/// The last answer that was the session's user: asked for each statement.
struct KnownLogin {
    Oid role = InvalidOid, session_user = InvalidOid;
    Oid named = InvalidOid; ///< role of this name
    char name[NAMEDATALEN];
};
KnownLogin known_login;

void forget_known_login(Datum, int, uint32) {
    known_login.role = known_login.named = InvalidOid;
}

void watch_roles() {
    static bool watched = false;
    if (watched)
        return;
    for (int cache : {AUTHOID, AUTHMEMMEMROLE})
        CacheRegisterSyscacheCallback(cache, forget_known_login, 0);
    watched = true;
}

} // namespace

Oid login_user_for(Oid role) {
    const Oid session_user = GetSessionUserId();
    if (known_login.role == role && known_login.session_user == session_user)
        return session_user;
    watch_roles();
    if (can_log_in(session_user) &&
        (role == session_user || superuser_arg(session_user) || is_member_of_role(session_user, role))) {
        known_login.role = role;
        known_login.session_user = session_user;
        return session_user;
    }
    // The session's user may not become the role by himself, but was let through here: a function or a view.
    return owner_of_extension();
}

const char *name_of_login_user(Oid role) {
    if (known_login.named != role) {
        watch_roles();
        strlcpy(known_login.name, GetUserNameFromId(role, false), sizeof(known_login.name));
        known_login.named = role;
    }
    return known_login.name;
}

void assume_role(Connection *connection) {
    RemoteTransaction &transaction = connection->transaction;
    const Oid wanted = connection->wanted_role;
    const bool is_login_user = wanted == connection->login_role;
    const bool is_known = transaction.open && !transaction.role_unknown;
    if (is_known ? transaction.role == (is_login_user ? InvalidOid : wanted)
                 : is_login_user && !transaction.open)
        return;
    connection->queue_with_text_params("SELECT citus_internal.run_as($1, $2)",
                                       {GetUserNameFromId(wanted, false), connection->role_token});
    transaction.role = is_login_user ? InvalidOid : wanted;
    transaction.role_unknown = false;
}

void leave_assumed_role() {
    if (!assumed)
        return;
    assumed = false;
    Oid user;
    int context;
    GetUserIdAndSecContext(&user, &context);
    if (context & SECURITY_LOCAL_USERID_CHANGE)
        SetUserIdAndSecContext(base_user, 0);
}

void forget_assumed_role() {
    assumed = false;
}

namespace {

void run_as(const char *role_name, int64 token) {
    Oid user;
    int context;
    GetUserIdAndSecContext(&user, &context);
    const Oid session_user = GetSessionUserId();
    if (session_token.has_value() ? *session_token != token : context != 0)
        ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                        errmsg("citus_internal.run_as() is only for connections between nodes")));
    session_token = token;
    const Oid role = get_role_oid(role_name, true);
    if (!OidIsValid(role))
        ereport(ERROR,
                (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("role \"%s\" does not exist", role_name),
                 errhint("The role was made where this database's extension did not see it. A role with "
                         "the CREATEROLE privilege can send it to the nodes with ALTER ROLE %s.",
                         quote_identifier(role_name))));
    if (role != session_user && !superuser_arg(session_user) && !is_member_of_role(session_user, role))
        ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                        errmsg("permission denied to set role \"%s\"", role_name)));
    if (!assumed)
        base_user = user;
    assumed = true;
    SetUserIdAndSecContext(role, SECURITY_LOCAL_USERID_CHANGE);
}

} // namespace

} // namespace citus

extern "C" Datum citus_run_as(PG_FUNCTION_ARGS) {
    citus::run_as(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_INT64(1));
    PG_RETURN_VOID();
}
