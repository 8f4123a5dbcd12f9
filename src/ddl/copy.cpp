#include "citus/ddl/copy.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/executor/insert_rights.hpp"
#include "citus/executor/reading_functions.hpp"
#include "citus/executor/reference_lock.hpp"
#include "citus/executor/table_triggers.hpp"
#include "citus/executor/tasks.hpp"
#include "citus/monitor/shell_figures.hpp"

extern "C" {
#include "access/sysattr.h"
#include "catalog/pg_authid.h"
#include "commands/copy.h"
#include "commands/copyfrom_internal.h"
#include "commands/progress.h"
#include "executor/nodeModifyTable.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_relation.h"
#include "utils/backend_progress.h"
#include "utils/portal.h"
#include "utils/rls.h"
}

namespace citus {

namespace {

// ---------------------------------------------------------------- COPY t FROM: what must be allowed

/// Reading a server file or running a program is a privilege of its own.
void check_file_access(const CopyStmt *statement) {
    if (statement->filename == nullptr)
        return;
    const char *hint =
        "Anyone can COPY to stdout or from stdin. psql's \\copy command also works for anyone.";
    if (statement->is_program && !has_privs_of_role(GetUserId(), ROLE_PG_EXECUTE_SERVER_PROGRAM))
        ereport(ERROR,
                (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                 errmsg("must be superuser or have privileges of the pg_execute_server_program role to "
                        "COPY to or from an external program"),
                 errhint("%s", hint)));
    if (!statement->is_program && !has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES))
        ereport(ERROR,
                (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                 errmsg("must be superuser or have privileges of the pg_read_server_files role to COPY "
                        "from a file"),
                 errhint("%s", hint)));
}

void check_where_columns(::Node *where, Relation relation) {
    Bitmapset *used = nullptr;
    pull_varattnos(where, 1, &used);
    const bool whole_row = bms_is_member(-FirstLowInvalidHeapAttributeNumber, used);
    TupleDesc desc = RelationGetDescr(relation);
    for (int i = 0; i < desc->natts; i++) {
        const Form_pg_attribute attribute = TupleDescAttr(desc, i);
        if (attribute->attgenerated != '\0' &&
            (whole_row || bms_is_member(attribute->attnum - FirstLowInvalidHeapAttributeNumber, used)))
            ereport(ERROR, (errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
                            errmsg("generated columns are not supported in COPY FROM WHERE conditions"),
                            errdetail("Column \"%s\" is a generated column.", NameStr(attribute->attname))));
    }
}

/// The WHERE clause as an implicitly ANDed list.
::Node *analyze_where(ParseState *pstate, ParseNamespaceItem *item, ::Node *raw, Relation relation) {
    if (raw == nullptr)
        return nullptr;
    addNSItemToQuery(pstate, item, false, true, true);
    ::Node *where = transformExpr(pstate, raw, EXPR_KIND_COPY_WHERE);
    where = coerce_to_boolean(pstate, where, "WHERE");
    assign_expr_collations(pstate, where);
    check_where_columns(where, relation);
    where = eval_const_expressions(nullptr, where);
    auto *qual = canonicalize_qual(reinterpret_cast<Expr *>(where), false);
    return reinterpret_cast<::Node *>(make_ands_implicit(qual));
}

void check_privileges(ParseState *pstate, RangeTblEntry *entry, const List *columns) {
    ListCell *cell;
    foreach (cell, columns)
        entry->insertedCols =
            bms_add_member(entry->insertedCols, lfirst_int(cell) - FirstLowInvalidHeapAttributeNumber);
    ExecCheckRTPerms(pstate->p_rtable, true);
    if (check_enable_rls(entry->relid, InvalidOid, false) == RLS_ENABLED)
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("COPY FROM not supported with row-level security"),
                        errhint("Use INSERT statements instead.")));
    if (XactReadOnly)
        PreventCommandIfReadOnly("COPY FROM");
}

// ---------------------------------------------------------------- COPY t FROM: the rows

bool has_default(const Form_pg_attribute attribute) {
    return attribute->atthasdef || attribute->attidentity != '\0' ||
           (get_typtype(attribute->atttypid) == TYPTYPE_DOMAIN &&
            get_typdefault(attribute->atttypid) != nullptr);
}

/// Columns that the shards get: those of the input and those with defaults. The others are NULL there anyway,
/// and the user may lack the right to set them.
/// A trigger may set any of them.
List *sent_columns(TupleDesc desc, List *read, bool all) {
    List *columns = NIL;
    for (int pass = all ? 1 : 0; pass < 2 && columns == NIL; pass++)
        for (int i = 0; i < desc->natts; i++) {
            const Form_pg_attribute attribute = TupleDescAttr(desc, i);
            if (attribute->attisdropped || attribute->attgenerated != '\0')
                continue;
            if (pass > 0 || list_member_int(read, attribute->attnum) || has_default(attribute))
                columns = lappend_int(columns, attribute->attnum);
        }
    return columns;
}

/// Acts as another user for a scope; an error restores the user with the transaction.
class UserScope {
public:
    explicit UserScope(Oid user) {
        GetUserIdAndSecContext(&user_, &context_);
        if (OidIsValid(user))
            SetUserIdAndSecContext(user, context_ | SECURITY_LOCAL_USERID_CHANGE);
    }
    ~UserScope() { SetUserIdAndSecContext(user_, context_); }
    UserScope(const UserScope &) = delete;
    UserScope &operator=(const UserScope &) = delete;

private:
    Oid user_;
    int context_;
};

/// One COPY FROM: reads rows as PostgreSQL's own, completes and checks them, and sends them on.
class RowCopy {
public:
    RowCopy(ParseState *pstate, Relation relation, CopyFromState input, ::Node *where, List *read_columns);
    uint64 run();
    void fire_after();
    void close();

private:
    bool read_row();
    bool fire_before();
    void check_row();
    void put_row();
    bool writes_row_by_row(const List *read_columns) const;
    void open_writer();
    void finish_writer();

    Relation relation_;
    CopyFromState input_;
    EState *estate_;
    ResultRelInfo *target_;
    TupleTableSlot *slot_;
    ExprState *filter_ = nullptr;
    TableTriggers *triggers_; ///< nullptr: none
    ShardCopyWriter *writer_ = nullptr;
    List *columns_; ///< that the shards get
    Oid run_as_;    ///< user of the connections
    MemoryContext writer_context_;
    bool row_by_row_; ///< what is called for a row may read the rows before it
    uint64 written_ = 0;
    int64 excluded_ = 0;
};

RowCopy::RowCopy(ParseState *pstate, Relation relation, CopyFromState input, ::Node *where,
                 List *read_columns)
    : relation_(relation), input_(input), estate_(CreateExecutorState()),
      writer_context_(
          AllocSetContextCreate(CurrentMemoryContext, "citus copy writer", ALLOCSET_DEFAULT_SIZES)) {
    ExecInitRangeTable(estate_, pstate->p_rtable);
    target_ = makeNode(ResultRelInfo);
    ExecInitResultRelation(estate_, target_, 1);
    slot_ = ExecInitExtraTupleSlot(estate_, RelationGetDescr(relation), &TTSOpsVirtual);
    if (where != nullptr)
        filter_ = ExecPrepareQual(reinterpret_cast<List *>(where), estate_);
    const DistTable &table = *require_dist_table(RelationGetRelid(relation));
    if (!table.shards.empty() && table.shards[0].placements.size() > 1)
        lock_for_replicated_write(table.relid);
    triggers_ = TableTriggers::open(estate_, relation, 1, CMD_INSERT);
    columns_ =
        sent_columns(RelationGetDescr(relation), read_columns, row_triggers(relation, CMD_INSERT).before);
    run_as_ = user_for_insert(table.relid, InvalidOid, columns_, ACL_NO_RIGHTS, !IsTransactionBlock());
    row_by_row_ = writes_row_by_row(read_columns);
    open_writer();
}

/// As PostgreSQL, which then gathers no rows either.
bool RowCopy::writes_row_by_row(const List *read_columns) const {
    if (triggers_ != nullptr && has_reading_triggers(relation_, CMD_INSERT))
        return true;
    const TupleConstr *constraints = RelationGetDescr(relation_)->constr;
    for (int i = 0; constraints != nullptr && i < constraints->num_defval; i++) {
        const AttrDefault &value = constraints->defval[i];
        if (!list_member_int(read_columns, value.adnum) &&
            calls_reading_function(static_cast<::Node *>(stringToNode(value.adbin))))
            return true;
    }
    return false;
}

void RowCopy::open_writer() {
    UserScope user(run_as_);
    writer_ = ShardCopyWriter::open(writer_context_, RelationGetRelid(relation_), columns_);
}

void RowCopy::finish_writer() {
    UserScope user(run_as_);
    written_ += writer_->finish();
    writer_ = nullptr;
    MemoryContextReset(writer_context_);
}

/// The next row of the input into the slot; false at its end.
bool RowCopy::read_row() {
    ExprContext *econtext = GetPerTupleExprContext(estate_);
    for (;;) {
        CHECK_FOR_INTERRUPTS();
        ResetPerTupleExprContext(estate_);
        ContextScope scope(GetPerTupleMemoryContext(estate_));
        ExecClearTuple(slot_);
        if (!NextCopyFrom(input_, econtext, slot_->tts_values, slot_->tts_isnull))
            return false;
        ExecStoreVirtualTuple(slot_);
        slot_->tts_tableOid = RelationGetRelid(relation_);
        econtext->ecxt_scantuple = slot_;
        if (filter_ == nullptr || ExecQual(filter_, econtext))
            return true;
        pgstat_progress_update_param(PROGRESS_COPY_TUPLES_EXCLUDED, ++excluded_);
    }
}

bool RowCopy::fire_before() {
    if (triggers_ == nullptr)
        return true;
    const bool goes_on = triggers_->before_insert(slot_);
    slot_getallattrs(slot_);
    slot_->tts_tableOid = RelationGetRelid(relation_);
    return goes_on;
}

void RowCopy::check_row() {
    const TupleConstr *constraints = RelationGetDescr(relation_)->constr;
    if (constraints == nullptr)
        return;
    ContextScope scope(GetPerTupleMemoryContext(estate_));
    if (constraints->has_generated_stored)
        ExecComputeStoredGenerated(target_, estate_, slot_, CMD_INSERT);
    // A partitioned table's shard first looks for the partition.
    if (relation_->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
        ExecConstraints(target_, slot_, estate_);
}

uint64 RowCopy::run() {
    // Errors of reading tell the line. Those of the shards come later than their row, and tell none.
    ErrorContextCallback *outer = error_context_stack;
    ErrorContextCallback line{outer, CopyFromErrorCallback, input_};
    int64 count = 0;
    if (triggers_ != nullptr) {
        AfterTriggerBeginQuery();
        triggers_->before_statement();
    }
    error_context_stack = &line;
    while (read_row()) {
        if (!fire_before())
            continue;
        check_row();
        if (triggers_ != nullptr)
            triggers_->after_insert(slot_);
        error_context_stack = outer;
        put_row();
        error_context_stack = &line;
        pgstat_progress_update_param(PROGRESS_COPY_TUPLES_PROCESSED, ++count);
    }
    error_context_stack = outer;
    if (writer_ != nullptr)
        finish_writer();
    count_written_rows(RelationGetRelid(relation_), written_);
    return written_;
}

/// When the rows are in the table.
void RowCopy::fire_after() {
    if (triggers_ == nullptr)
        return;
    triggers_->after_statement();
    AfterTriggerEndQuery(estate_);
    triggers_->close();
}

void RowCopy::put_row() {
    if (writer_ == nullptr)
        open_writer();
    {
        UserScope user(run_as_);
        writer_->put(slot_->tts_values, slot_->tts_isnull);
    }
    if (row_by_row_)
        finish_writer();
}

void RowCopy::close() {
    ExecResetTupleTable(estate_->es_tupleTable, false);
    ExecCloseResultRelations(estate_);
    ExecCloseRangeTableRelations(estate_);
    FreeExecutorState(estate_);
}

/// FREEZE is allowed when PostgreSQL would allow it. The shards then get their rows in the usual way: the
/// option asks for less work later, not for another result.
void check_freeze(CopyFromState input, Relation relation) {
    if (!input->opts.freeze)
        return;
    InvalidateCatalogSnapshot();
    if (!ThereAreNoPriorRegisteredSnapshots() || !ThereAreNoReadyPortals())
        ereport(ERROR, (errcode(ERRCODE_INVALID_TRANSACTION_STATE),
                        errmsg("cannot perform COPY FREEZE because of prior transaction activity")));
    const SubTransactionId current = GetCurrentSubTransactionId();
    if (relation->rd_createSubid != current && relation->rd_newRelfilenodeSubid != current)
        ereport(ERROR,
                (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                 errmsg("cannot perform COPY FREEZE because the table was not created or truncated in the "
                        "current subtransaction")));
}

uint64 copy_from(CopyStmt *statement, Relation relation, const char *query_string) {
    check_file_access(statement);
    ParseState *pstate = make_parsestate(nullptr);
    pstate->p_sourcetext = query_string;
    ParseNamespaceItem *item =
        addRangeTableEntryForRelation(pstate, relation, RowExclusiveLock, nullptr, false, false);
    item->p_rte->requiredPerms = ACL_INSERT;
    ::Node *where = analyze_where(pstate, item, statement->whereClause, relation);
    List *columns = CopyGetAttnums(RelationGetDescr(relation), relation, statement->attlist);
    check_privileges(pstate, item->p_rte, columns);

    CopyFromState input = BeginCopyFrom(pstate, relation, where, statement->filename, statement->is_program,
                                        nullptr, statement->attlist, statement->options);
    check_freeze(input, relation);
    RowCopy copy(pstate, relation, input, where, columns);
    const uint64 rows = copy.run();
    copy.fire_after();
    copy.close();
    EndCopyFrom(input);
    free_parsestate(pstate);
    return rows;
}

// ---------------------------------------------------------------- COPY t TO

ResTarget *column_target(const char *name) {
    auto *reference = makeNode(ColumnRef);
    reference->fields = list_make1(makeString(pstrdup(name)));
    reference->location = -1;
    auto *target = makeNode(ResTarget);
    target->val = reinterpret_cast<::Node *>(reference);
    target->location = -1;
    return target;
}

/// COPY (SELECT columns FROM t) TO, with the columns that COPY t TO would have written.
uint64 copy_to(const CopyStmt *statement, Relation relation, const char *query_string) {
    List *columns = CopyGetAttnums(RelationGetDescr(relation), relation, statement->attlist);
    auto *select = makeNode(SelectStmt);
    ListCell *cell;
    foreach (cell, columns) {
        const Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(relation), lfirst_int(cell) - 1);
        select->targetList = lappend(select->targetList, column_target(NameStr(attribute->attname)));
    }
    select->fromClause = list_make1(makeRangeVar(get_namespace_name(RelationGetNamespace(relation)),
                                                 pstrdup(RelationGetRelationName(relation)), -1));
    auto *query_copy = static_cast<CopyStmt *>(copyObjectImpl(statement));
    query_copy->relation = nullptr;
    query_copy->attlist = NIL;
    query_copy->query = reinterpret_cast<::Node *>(select);

    ParseState *pstate = make_parsestate(nullptr);
    pstate->p_sourcetext = query_string;
    uint64 rows = 0;
    DoCopy(pstate, query_copy, -1, 0, &rows);
    free_parsestate(pstate);
    return rows;
}

} // namespace

bool handle_copy(CopyStmt *statement, const char *query_string, uint64 *processed) {
    if (statement->relation == nullptr || !extension_is_ready())
        return false;
    if (!statement->is_from &&
        get_rel_relkind(RangeVarGetRelid(statement->relation, NoLock, true)) == RELKIND_PARTITIONED_TABLE)
        return false; // PostgreSQL's error
    const LOCKMODE lock = statement->is_from ? RowExclusiveLock : AccessShareLock;
    const Oid relid = RangeVarGetRelid(statement->relation, lock, true);
    const DistTable *table = OidIsValid(relid) ? find_dist_table(relid) : nullptr;
    if (table == nullptr || table->kind == TableKind::Local)
        return false;
    Relation relation = table_open(relid, NoLock);
    *processed = statement->is_from ? copy_from(statement, relation, query_string)
                                    : copy_to(statement, relation, query_string);
    table_close(relation, NoLock);
    return true;
}

} // namespace citus
