/// citus_internal.apply_shard_ddl(): runs commands for each of a table's shards on this node.
#include "citus/ddl/shard_ddl.hpp"
#include "shard_renaming.hpp"

extern "C" {
#include "parser/parser.h"
#include "tcop/utility.h"
#include "utils/array.h"

PG_FUNCTION_INFO_V1(apply_shard_ddl);
}

namespace citus {

namespace {

bool applying = false;

std::span<const Datum> array_values(Datum array, Oid type) {
    Datum *values = nullptr;
    bool *nulls = nullptr;
    int count = 0;
    int16 length = 0;
    bool by_value = false;
    char align = 'i';
    get_typlenbyvalalign(type, &length, &by_value, &align);
    deconstruct_array(DatumGetArrayTypeP(array), type, length, by_value, align, &values, &nulls, &count);
    for (int i = 0; i < count; i++) {
        if (nulls[i])
            ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("array must not contain nulls")));
    }
    return {values, static_cast<size_t>(count)};
}

/// What the function was given; see ShardDdl for who writes it.
struct Request {
    std::span<const Datum> commands;
    std::span<const Datum> names;     ///< five texts per name
    std::span<const Datum> shard_ids; ///< for each shard one id per table in the names

    static constexpr size_t kTextsPerName = 5;

    size_t name_count() const { return names.size() / kTextsPerName; }
    const char *part(size_t name, size_t number) const {
        return TextDatumGetCString(names[name * kTextsPerName + number]);
    }
    size_t slot(size_t name) const {
        const int32 slot = pg_strtoint32(part(name, 4));
        if (slot < 0)
            ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("incomplete list of shards")));
        return static_cast<size_t>(slot);
    }
    size_t slot_count() const {
        size_t count = 1;
        for (size_t i = 0; i < name_count(); i++)
            count = std::max(count, slot(i) + 1);
        return count;
    }
};

/// Statements of one text, parsed once; every run works on a copy.
struct ParsedCommand {
    const char *source;
    List *statements;
};

std::pmr::vector<ParsedCommand> parse_commands(std::span<const Datum> commands) {
    std::pmr::vector<ParsedCommand> parsed;
    for (const Datum command : commands) {
        const char *source = TextDatumGetCString(command);
        parsed.push_back({source, raw_parser(source, RAW_PARSE_DEFAULT)});
    }
    return parsed;
}

/// Statements that are not DDL, end the transaction, or would have to be analysed before they are run: none
/// of ours, but anybody may call the function.
void check_is_ddl(const ::Node *statement) {
    switch (nodeTag(statement)) {
    case T_SelectStmt:
    case T_InsertStmt:
    case T_UpdateStmt:
    case T_DeleteStmt:
    case T_MergeStmt:
    case T_ReturnStmt:
    case T_PLAssignStmt:
    case T_CallStmt:
    case T_DoStmt:
    case T_ExplainStmt:
    case T_CreateTableAsStmt:
    case T_DeclareCursorStmt:
    case T_FetchStmt:
    case T_ClosePortalStmt:
    case T_PrepareStmt:
    case T_ExecuteStmt:
    case T_DeallocateStmt:
    case T_DiscardStmt:
    case T_CopyStmt:
    case T_TransactionStmt:
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("apply_shard_ddl() takes commands that define objects only")));
    default:
        break;
    }
}

/// The owner of the index that gets a part, for `ALTER INDEX ... ATTACH PARTITION` by somebody who may do it.
/// PostgreSQL evaluates the constants in the indexes' expressions for it, which on the shell was done by
/// CREATE INDEX: as the owner.
Oid owner_for_attachment(const ::Node *statement) {
    if (!IsA(statement, AlterTableStmt))
        return InvalidOid;
    const auto *alter = castNode(AlterTableStmt, statement);
    if (alter->objtype != OBJECT_INDEX ||
        linitial_node(AlterTableCmd, alter->cmds)->subtype != AT_AttachPartition)
        return InvalidOid;
    const Oid index = RangeVarGetRelid(alter->relation, NoLock, true);
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(index));
    if (!HeapTupleIsValid(tuple))
        return InvalidOid;
    const Oid owner = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner;
    ReleaseSysCache(tuple);
    return pg_class_ownercheck(index, GetUserId()) ? owner : InvalidOid;
}

void run_statement(::Node *statement, const char *source) {
    const Oid owner = owner_for_attachment(statement);
    Oid user;
    int security;
    GetUserIdAndSecContext(&user, &security);
    if (OidIsValid(owner) && owner != user) // after an error the end of the (sub)transaction undoes it
        SetUserIdAndSecContext(owner, security | SECURITY_RESTRICTED_OPERATION);
    PlannedStmt *planned = makeNode(PlannedStmt);
    planned->commandType = CMD_UTILITY;
    planned->utilityStmt = statement;
    planned->stmt_location = 0;
    planned->stmt_len = 0;
    PushActiveSnapshot(GetTransactionSnapshot());
    ProcessUtility(planned, source, false, PROCESS_UTILITY_QUERY, nullptr, nullptr, None_Receiver, nullptr);
    PopActiveSnapshot();
    SetUserIdAndSecContext(user, security);
    CommandCounterIncrement();
}

void run_commands(std::span<const ParsedCommand> commands, const ShardRenaming *renaming) {
    for (const ParsedCommand &command : commands) {
        for (int i = 0; i < list_length(command.statements); i++) {
            auto *raw = castNode(RawStmt, copyObject(list_nth(command.statements, i)));
            if (renaming != nullptr && IsA(raw->stmt, CallStmt)) {
                name_key_of_shard(castNode(CallStmt, raw->stmt), *renaming);
                continue;
            }
            if (renaming != nullptr)
                rename_for_shard(raw->stmt, *renaming);
            check_is_ddl(raw->stmt);
            run_statement(raw->stmt, command.source);
        }
    }
}

void run_for_shard(std::span<const ParsedCommand> commands, const Request &request,
                   std::span<const Datum> shard_ids) {
    std::pmr::vector<ShardName> names;
    for (size_t i = 0; i < request.name_count(); i++) {
        const int64 shard_id = DatumGetInt64(shard_ids[request.slot(i)]);
        names.push_back({request.part(i, 0), request.part(i, 1), request.part(i, 2),
                         shard_relation_name(request.part(i, 3), shard_id), i == 0});
    }
    const ShardRenaming renaming{names, DatumGetInt64(shard_ids.front())};
    run_commands(commands, &renaming);
}

void apply(const Request &request) {
    MemoryContext per_shard =
        AllocSetContextCreate(CurrentMemoryContext, "citus shard DDL", ALLOCSET_DEFAULT_SIZES);
    const auto commands = parse_commands(request.commands);
    const size_t slots = request.slot_count();
    if (request.names.empty()) {
        run_commands(commands, nullptr);
        return;
    }
    if (request.names.size() % Request::kTextsPerName != 0 || request.shard_ids.size() % slots != 0)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("incomplete list of shards")));
    for (size_t i = 0; i < request.shard_ids.size(); i += slots) {
        CHECK_FOR_INTERRUPTS();
        ContextScope scope(per_shard);
        run_for_shard(commands, request, request.shard_ids.subspan(i, slots));
        MemoryContextReset(per_shard);
    }
}

} // namespace

bool applying_shard_ddl() {
    return applying;
}

} // namespace citus

Datum apply_shard_ddl(PG_FUNCTION_ARGS) {
    using namespace citus;
    const Request request{array_values(PG_GETARG_DATUM(0), TEXTOID),
                          array_values(PG_GETARG_DATUM(1), TEXTOID),
                          array_values(PG_GETARG_DATUM(2), INT8OID)};
    const bool outer = applying;
    const int level = pin_search_path(text_to_cstring(PG_GETARG_TEXT_PP(3)));
    // What there is to say about the statement was said when it ran on the coordinator.
    (void)set_config_option("client_min_messages", "warning", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
                            true, 0, false);
    PG_TRY()
        ;
        {
            applying = true;
            apply(request);
        }
        PG_FINALLY();
        { applying = outer; }
    PG_END_TRY();
    unpin_search_path(level);
    PG_RETURN_VOID();
}
