#include "citus/executor/insert_rights.hpp"

#include "citus/executor/run_as.hpp"
#include "citus/net/role.hpp"

namespace citus {

namespace {

bool may_insert(Oid relid, Oid user, const List *columns) {
    if (pg_class_aclcheck(relid, user, ACL_INSERT) == ACLCHECK_OK)
        return true;
    ListCell *cell;
    foreach (cell, columns)
        if (pg_attribute_aclcheck(relid, static_cast<AttrNumber>(lfirst_int(cell)), user, ACL_INSERT) !=
            ACLCHECK_OK)
            return false;
    return true;
}

Oid owner_of(Oid relid) {
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
    if (!HeapTupleIsValid(tuple))
        elog(ERROR, "cache lookup failed for relation %u", relid);
    const Oid owner = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner;
    ReleaseSysCache(tuple);
    return owner;
}

} // namespace

Oid user_for_insert(Oid relid, Oid check_as, const List *columns, AclMode further, bool may_switch) {
    if (OidIsValid(check_as))
        return effective_user(check_as, list_make1_oid(relid), ACL_INSERT | further);
    const Oid user = GetUserId();
    if (may_insert(relid, user, columns))
        return InvalidOid;
    // The user may insert, or PostgreSQL would have said no: what he may not set are defaults. His own
    // connection would not see what another one has written, so that is for statements that stand alone.
    const Oid owner = owner_of(relid);
    return may_switch || login_user_for(owner) == login_user_for(user) ? owner : InvalidOid;
}

} // namespace citus
