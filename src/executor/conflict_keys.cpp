#include "conflict_keys.hpp"

extern "C" {
#include "access/sysattr.h"
#include "catalog/index.h"
#include "common/hashfn.h"
#include "executor/executor.h"
#include "optimizer/optimizer.h"
#include "utils/typcache.h"
}

namespace citus {

namespace {

constexpr uint64 kSeeds[] = {0x243F6A8885A308D3, 0x13198A2E03707344};

/// Hash under which values that the index takes for equal are equal.
uint64 hash_value(Oid type, Oid collation, Datum value, uint64 seed) {
    TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_HASH_EXTENDED_PROC_FINFO);
    if (OidIsValid(entry->hash_extended_proc))
        return DatumGetUInt64(
            FunctionCall2Coll(&entry->hash_extended_proc_finfo, collation, value, UInt64GetDatum(seed)));
    Oid function;
    bool is_varlena;
    getTypeOutputInfo(type, &function, &is_varlena);
    const char *text = OidOutputFunctionCall(function, value);
    return hash_bytes_extended(reinterpret_cast<const unsigned char *>(text), static_cast<int>(strlen(text)),
                               seed);
}

} // namespace

WrittenKeys::WrittenKeys(MemoryContext context, List *arbiters, EState *estate)
    : estate_(estate), resource_(context), arbiters_(&resource_), keys_(&resource_) {
    ContextScope scope(context);
    ListCell *cell;
    foreach (cell, arbiters) {
        Relation index = index_open(lfirst_oid(cell), AccessShareLock);
        IndexInfo *info = BuildIndexInfo(index);
        const size_t count = static_cast<size_t>(info->ii_NumIndexKeyAttrs);
        Arbiter arbiter{info, static_cast<Oid *>(palloc(count * sizeof(Oid))),
                        static_cast<Oid *>(palloc(count * sizeof(Oid))), nullptr};
        for (size_t i = 0; i < count; i++) {
            arbiter.collations[i] = index->rd_indcollation[i];
            arbiter.types[i] = index->rd_opcintype[i];
            const Oid stored = TupleDescAttr(RelationGetDescr(index), static_cast<int>(i))->atttypid;
            if (!OidIsValid(arbiter.types[i]) || get_typtype(arbiter.types[i]) == TYPTYPE_PSEUDO)
                arbiter.types[i] = getBaseType(stored);
        }
        if (info->ii_Predicate != NIL)
            arbiter.predicate = ExecPrepareQual(info->ii_Predicate, estate);
        arbiters_.push_back(arbiter);
        index_close(index, NoLock);
    }
}

List *WrittenKeys::columns_of(Relation relation, List *arbiters) {
    Bitmapset *used = nullptr;
    ListCell *cell;
    foreach (cell, arbiters) {
        Relation index = index_open(lfirst_oid(cell), AccessShareLock);
        for (int i = 0; i < IndexRelationGetNumberOfKeyAttributes(index); i++)
            if (index->rd_index->indkey.values[i] != 0)
                used = bms_add_member(used,
                                      index->rd_index->indkey.values[i] - FirstLowInvalidHeapAttributeNumber);
        pull_varattnos(reinterpret_cast<::Node *>(RelationGetIndexExpressions(index)), 1, &used);
        pull_varattnos(reinterpret_cast<::Node *>(RelationGetIndexPredicate(index)), 1, &used);
        index_close(index, NoLock);
    }
    const bool whole_row = bms_is_member(-FirstLowInvalidHeapAttributeNumber, used);
    List *columns = NIL;
    TupleDesc desc = RelationGetDescr(relation);
    for (int column = 1; column <= desc->natts; column++)
        if (!TupleDescAttr(desc, column - 1)->attisdropped &&
            (whole_row || bms_is_member(column - FirstLowInvalidHeapAttributeNumber, used)))
            columns = lappend_int(columns, column);
    return columns;
}

/// False when the row can't conflict in this index: a NULL, or a partial index without the row.
bool WrittenKeys::key_of(const Arbiter &arbiter, int position, TupleTableSlot *row, Key *key) {
    ExprContext *econtext = GetPerTupleExprContext(estate_);
    econtext->ecxt_scantuple = row;
    ContextScope scope(econtext->ecxt_per_tuple_memory);
    if (arbiter.predicate != nullptr && !ExecQual(arbiter.predicate, econtext))
        return false;
    Datum values[INDEX_MAX_KEYS];
    bool nulls[INDEX_MAX_KEYS];
    FormIndexDatum(arbiter.info, row, estate_, values, nulls);
    uint64 parts[2] = {static_cast<uint64>(position), ~static_cast<uint64>(position)};
    for (int i = 0; i < arbiter.info->ii_NumIndexKeyAttrs; i++) {
        if (nulls[i] && !arbiter.info->ii_NullsNotDistinct)
            return false;
        for (int half = 0; half < 2; half++) {
            const uint64 hash =
                nulls[i] ? 1 : hash_value(arbiter.types[i], arbiter.collations[i], values[i], kSeeds[half]);
            parts[half] = hash_combine64(parts[half], hash);
        }
    }
    *key = {parts[0], parts[1]};
    return true;
}

void WrittenKeys::check(TupleTableSlot *row) {
    ResetPerTupleExprContext(estate_);
    Key key;
    for (size_t i = 0; i < arbiters_.size(); i++)
        if (key_of(arbiters_[i], static_cast<int>(i), row, &key) && keys_.count(key) > 0)
            ereport(ERROR, (errcode(ERRCODE_CARDINALITY_VIOLATION),
                            errmsg("ON CONFLICT DO UPDATE command cannot affect row a second time"),
                            errhint("Ensure that no rows proposed for insertion within the same command have "
                                    "duplicate constrained values.")));
}

void WrittenKeys::add(TupleTableSlot *row) {
    ResetPerTupleExprContext(estate_);
    Key key;
    for (size_t i = 0; i < arbiters_.size(); i++)
        if (key_of(arbiters_[i], static_cast<int>(i), row, &key))
            keys_.insert(key);
}

} // namespace citus
