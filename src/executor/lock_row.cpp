/// citus_internal.lock_row(): on the node that has a row, locks its newest version and returns it.
///
/// For the second half of RowLocks (row_locks.hpp). The caller has found the row under a snapshot that is
/// kept, so that nobody cleans its version away. What may be locked is decided here, as anybody can call it.
#include "citus/pg/prelude.hpp"

extern "C" {
#include "access/table.h"
#include "access/tableam.h"
#include "access/tupconvert.h"
#include "access/xact.h"
#include "catalog/objectaddress.h"
#include "catalog/partition.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/lockoptions.h"
#include "parser/parse_type.h"
#include "storage/bufmgr.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(citus_lock_row);
PGDLLEXPORT Datum citus_lock_row(PG_FUNCTION_ARGS);
}

namespace citus {

namespace {

void check_may_lock(Oid relid) {
    const Oid user = GetUserId();
    const char *name = get_rel_name(relid);
    AclResult result = pg_class_aclcheck(relid, user, ACL_SELECT);
    if (result == ACLCHECK_OK && pg_class_aclcheck(relid, user, ACL_UPDATE) != ACLCHECK_OK)
        result = pg_attribute_aclcheck_all(relid, user, ACL_UPDATE, ACLMASK_ANY);
    if (result != ACLCHECK_OK)
        aclcheck_error(result, get_relkind_objtype(get_rel_relkind(relid)), name);
    if (check_enable_rls(relid, InvalidOid, false) == RLS_ENABLED)
        ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                        errmsg("rows of table \"%s\" cannot be locked under row-level security", name)));
    PreventCommandIfReadOnly("SELECT FOR UPDATE");
}

/// The table that holds the row: the one whose row type was given, or a partition of it.
Relation open_table(Oid root, Oid table) {
    const bool is_part = table == root || (get_rel_relispartition(table) &&
                                           list_member_oid(get_partition_ancestors(table), root));
    if (!is_part || get_rel_relkind(table) != RELKIND_RELATION)
        ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE), errmsg("table %u has no such rows", table)));
    return table_open(table, RowShareLock);
}

LockTupleMode tuple_mode(int strength) {
    switch (strength) {
    case LCS_FORKEYSHARE:
        return LockTupleKeyShare;
    case LCS_FORSHARE:
        return LockTupleShare;
    case LCS_FORNOKEYUPDATE:
        return LockTupleNoKeyExclusive;
    case LCS_FORUPDATE:
        return LockTupleExclusive;
    default:
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown strength of a row lock")));
    }
}

LockWaitPolicy wait_policy(int policy) {
    if (policy != LockWaitBlock && policy != LockWaitSkip && policy != LockWaitError)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown policy of a row lock")));
    return static_cast<LockWaitPolicy>(policy);
}

/// Whether the row is locked; the slot has its newest version then. The same cases as the server's own node
/// for row locks has: a row that is gone, or that somebody else keeps from a session that does not wait, is
/// none.
bool lock_version(Relation relation, ItemPointer tid, int strength, LockWaitPolicy policy,
                  TupleTableSlot *slot) {
    uint8 flags = TUPLE_LOCK_FLAG_LOCK_UPDATE_IN_PROGRESS;
    if (!IsolationUsesXactSnapshot())
        flags |= TUPLE_LOCK_FLAG_FIND_LAST_VERSION;
    TM_FailureData failure;
    const TM_Result result =
        table_tuple_lock(relation, tid, GetActiveSnapshot(), slot, GetCurrentCommandId(false),
                         tuple_mode(strength), policy, flags, &failure);
    switch (result) {
    case TM_Ok:
        return true;
    case TM_Updated:
    case TM_Deleted:
        if (IsolationUsesXactSnapshot())
            ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                            errmsg("could not serialize access due to concurrent update")));
        return false;
    default: // locked by somebody else, or changed by this transaction after the row was found
        return false;
    }
}

/// Puts the row into the result, as one of the root's row type.
void return_row(ReturnSetInfo *result, Relation relation, Oid root, TupleTableSlot *slot) {
    TupleTableSlot *row = slot;
    if (RelationGetRelid(relation) != root) {
        Relation parent = table_open(root, AccessShareLock);
        TupleConversionMap *map =
            convert_tuples_by_name(RelationGetDescr(relation), RelationGetDescr(parent));
        if (map != nullptr)
            row = execute_attr_map_slot(
                map->attrMap, slot,
                MakeSingleTupleTableSlot(CreateTupleDescCopy(RelationGetDescr(parent)), &TTSOpsVirtual));
        table_close(parent, NoLock);
    }
    slot_getallattrs(row);
    if (row->tts_tupleDescriptor->natts != result->setDesc->natts)
        ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH), errmsg("the row is not of the wanted type")));
    tuplestore_putvalues(result->setResult, result->setDesc, row->tts_values, row->tts_isnull);
}

void lock_row(FunctionCallInfo fcinfo) {
    for (int i = 1; i < 5; i++)
        if (PG_ARGISNULL(i))
            ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("an argument is NULL")));
    const Oid root = typeidTypeRelid(get_fn_expr_argtype(fcinfo->flinfo, 0));
    if (!OidIsValid(root))
        ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE), errmsg("the row is not of a table's type")));
    check_may_lock(root);
    InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
    auto *tid = reinterpret_cast<ItemPointer>(DatumGetPointer(PG_GETARG_DATUM(1)));
    Relation relation = open_table(root, PG_GETARG_OID(2));
    // Seen regardless of who sees it, and kept where it is while it is locked.
    TupleTableSlot *found = table_slot_create(relation, nullptr);
    TupleTableSlot *locked = table_slot_create(relation, nullptr);
    if (ItemPointerIsValid(tid) && ItemPointerGetBlockNumber(tid) < RelationGetNumberOfBlocks(relation) &&
        table_tuple_fetch_row_version(relation, tid, SnapshotAny, found) &&
        lock_version(relation, tid, PG_GETARG_INT32(3), wait_policy(PG_GETARG_INT32(4)), locked))
        return_row(reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo), relation, root, locked);
    ExecDropSingleTupleTableSlot(found);
    ExecDropSingleTupleTableSlot(locked);
    table_close(relation, NoLock);
}

} // namespace

} // namespace citus

extern "C" Datum citus_lock_row(PG_FUNCTION_ARGS) {
    citus::lock_row(fcinfo);
    return Datum{0};
}
