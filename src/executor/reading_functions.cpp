#include "citus/executor/reading_functions.hpp"

#include "citus/executor/table_triggers.hpp"
#include "citus/pg/walker.hpp"

extern "C" {
#include "access/transam.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/syscache.h"
}

namespace citus {

namespace {

// ---------------------------------------------------------------- the text of a function

/// Words without which SQL and PL/pgSQL reach no table by themselves: also SELECT and PERFORM need FROM for
/// it.
constexpr std::string_view kReachingWords[] = {"copy",  "delete", "execute",  "from",  "insert",
                                               "merge", "table",  "truncate", "update"};

/// Functions whose arguments may be written with FROM, which then reaches nothing: EXTRACT(EPOCH FROM now()).
constexpr std::string_view kCallsWithFrom[] = {"extract", "overlay", "substring", "trim"};

bool is_one_of(std::span<const std::string_view> words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_word_character(char c) {
    return isalnum(static_cast<unsigned char>(c)) || c == '_' || IS_HIGHBIT_SET(c);
}

bool is_user_function(std::string_view word) {
    const std::pmr::string name(word);
    CatCList *functions = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(name.c_str()));
    bool found = false;
    for (int i = 0; i < functions->n_members; i++)
        found |= reinterpret_cast<Form_pg_proc>(GETSTRUCT(&functions->members[i]->tuple))->oid >=
                 FirstNormalObjectId;
    ReleaseSysCacheList(functions);
    return found;
}

/// Reads the words of a function's text; comments and plain strings are no words.
class FunctionText {
public:
    explicit FunctionText(const char *text) : rest_(text) {}

    /// Whether it may reach a table: by a statement, or by another function.
    bool may_reach_tables() {
        while (!rest_.empty()) {
            if (skip_comment())
                continue;
            // Quoted names, strings with escapes and strings in dollars are rare here, and not worth more.
            if (rest_.front() == '"' || rest_.front() == '\\' || begins_dollar_string())
                return true;
            if (rest_.front() == '\'') {
                if (!skip_string())
                    return true;
            } else if (is_word_character(rest_.front())) {
                if (reaches_tables(take_word()))
                    return true;
            } else {
                skip_mark();
            }
        }
        return false;
    }

private:
    bool skip_comment() {
        const std::string_view end = rest_.starts_with("--") ? "\n" : "*/";
        if (!rest_.starts_with("--") && !rest_.starts_with("/*"))
            return false;
        const size_t at = rest_.find(end, 2);
        rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at + end.size());
        return true;
    }

    bool begins_dollar_string() const {
        return rest_.front() == '$' && (rest_.size() == 1 || !isdigit(static_cast<unsigned char>(rest_[1])));
    }

    /// False when it has a backslash: where it ends depends on settings.
    bool skip_string() {
        const size_t end = rest_.find('\'', 1);
        const std::string_view string = rest_.substr(0, end);
        rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
        return string.find('\\') == std::string_view::npos;
    }

    /// A blank or a mark; which parentheses are open is remembered.
    void skip_mark() {
        const char mark = rest_.front();
        rest_.remove_prefix(1);
        if (mark == '(')
            in_call_with_from_.push_back(is_one_of(kCallsWithFrom, last_word_));
        else if (mark == ')' && !in_call_with_from_.empty())
            in_call_with_from_.pop_back();
        if (!isspace(static_cast<unsigned char>(mark)))
            last_word_.clear();
    }

    std::string_view take_word() {
        const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_word_character);
        const std::string_view word = rest_.substr(0, static_cast<size_t>(end - rest_.begin()));
        rest_.remove_prefix(word.size());
        return word;
    }

    bool reaches_tables(std::string_view word) {
        std::pmr::string lower(word);
        for (char &c : lower)
            c = static_cast<char>(pg_tolower(static_cast<unsigned char>(c)));
        const bool is_argument = !in_call_with_from_.empty() && in_call_with_from_.back();
        // IS DISTINCT FROM, or EXTRACT(EPOCH FROM ...)
        const bool is_other_from = lower == "from" && (last_word_ == "distinct" || is_argument);
        last_word_ = lower;
        if (!is_other_from && is_one_of(kReachingWords, lower))
            return true;
        const size_t next = rest_.find_first_not_of(" \t\r\n");
        const bool may_be_called = next != std::string_view::npos &&
                                   (rest_[next] == '(' || rest_[next] == '-' || rest_[next] == '/');
        return may_be_called && is_user_function(lower);
    }

    std::string_view rest_;
    std::pmr::string last_word_;               ///< when only blanks follow it so far
    std::pmr::vector<bool> in_call_with_from_; ///< for each open parenthesis
};

bool may_reach_tables(HeapTuple tuple) {
    const auto *form = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple));
    // What comes with the server or in a library (random(), nextval(), uuid_generate_v4()) reads no tables.
    if (form->oid < FirstNormalObjectId || form->provolatile != PROVOLATILE_VOLATILE ||
        form->prolang == INTERNALlanguageId || form->prolang == ClanguageId)
        return false;
    bool is_null;
    (void)SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosqlbody, &is_null);
    if (!is_null)
        return true;
    const char *language = get_language_name(form->prolang, true);
    if (language == nullptr || (strcmp(language, "plpgsql") != 0 && strcmp(language, "sql") != 0))
        return true;
    const Datum source = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &is_null);
    return is_null || FunctionText(TextDatumGetCString(source)).may_reach_tables();
}

bool is_reading_function(Oid function, void *) {
    if (function < FirstNormalObjectId)
        return false;
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
    if (!HeapTupleIsValid(tuple))
        return false;
    const bool found = may_reach_tables(tuple);
    ReleaseSysCache(tuple);
    return found;
}

bool find_call(::Node *node, void *) {
    if (node == nullptr)
        return false;
    if (check_functions_in_node(node, is_reading_function, nullptr))
        return true;
    if (IsA(node, Query))
        return walk_query(castNode(Query, node), find_call, nullptr, 0);
    return walk_children(node, find_call, nullptr);
}

// ---------------------------------------------------------------- plans

bool any_calls(const PlannedStmt *statement, const List *plans) {
    ListCell *cell;
    foreach (cell, plans)
        if (calls_reading_function(statement, static_cast<const Plan *>(lfirst(cell))))
            return true;
    return false;
}

/// What a node has besides its target list, its conditions and the plans to its left and right.
bool extra_calls(const PlannedStmt *statement, const Plan *plan) {
    switch (nodeTag(plan)) {
    case T_ValuesScan:
        return calls_reading_function(
            reinterpret_cast<::Node *>(reinterpret_cast<const ValuesScan *>(plan)->values_lists));
    case T_FunctionScan:
        return calls_reading_function(
            reinterpret_cast<::Node *>(reinterpret_cast<const FunctionScan *>(plan)->functions));
    case T_SubqueryScan:
        return calls_reading_function(statement, reinterpret_cast<const SubqueryScan *>(plan)->subplan);
    case T_Append:
        return any_calls(statement, reinterpret_cast<const Append *>(plan)->appendplans);
    case T_MergeAppend:
        return any_calls(statement, reinterpret_cast<const MergeAppend *>(plan)->mergeplans);
    case T_CustomScan:
        return any_calls(statement, reinterpret_cast<const CustomScan *>(plan)->custom_plans);
    case T_NestLoop:
    case T_MergeJoin:
    case T_HashJoin:
        return calls_reading_function(
            reinterpret_cast<::Node *>(reinterpret_cast<const Join *>(plan)->joinqual));
    case T_Result:
        return calls_reading_function(reinterpret_cast<const Result *>(plan)->resconstantqual);
    default:
        return false;
    }
}

} // namespace

bool calls_reading_function(::Node *expr) {
    return find_call(expr, nullptr);
}

bool calls_reading_function(const PlannedStmt *statement, const Plan *plan) {
    return plan != nullptr &&
           (calls_reading_function(reinterpret_cast<::Node *>(plan->targetlist)) ||
            calls_reading_function(reinterpret_cast<::Node *>(plan->qual)) || extra_calls(statement, plan) ||
            calls_reading_function(statement, plan->lefttree) ||
            calls_reading_function(statement, plan->righttree));
}

bool has_reading_triggers(Relation relation, CmdType command) {
    if (!row_triggers(relation, command).before)
        return false;
    const TriggerDesc *triggers = relation->trigdesc;
    const int16 event = command == CMD_INSERT   ? TRIGGER_TYPE_INSERT
                        : command == CMD_UPDATE ? TRIGGER_TYPE_UPDATE
                                                : TRIGGER_TYPE_DELETE;
    // From one partition to another, which deletes and inserts the row.
    const bool may_move = command == CMD_UPDATE && relation->rd_rel->relkind == RELKIND_PARTITIONED_TABLE;
    for (int i = 0; i < triggers->numtriggers; i++) {
        const Trigger &trigger = triggers->triggers[i];
        const bool fires =
            TRIGGER_TYPE_MATCHES(trigger.tgtype, TRIGGER_TYPE_ROW, TRIGGER_TYPE_BEFORE, event) ||
            (may_move && TRIGGER_FOR_ROW(trigger.tgtype) && TRIGGER_FOR_BEFORE(trigger.tgtype));
        if (!trigger.tgisinternal && fires && is_reading_function(trigger.tgfoid, nullptr))
            return true;
    }
    return false;
}

} // namespace citus
