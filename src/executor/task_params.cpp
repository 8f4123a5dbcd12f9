#include "citus/executor/tasks.hpp"

extern "C" {
#include "nodes/nodeFuncs.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
}

namespace citus {

TaskParams evaluate_params(const List *exprs, const List *states, ExprContext *econtext) {
    const auto count = static_cast<size_t>(list_length(exprs));
    auto *types = static_cast<Oid *>(palloc(sizeof(Oid) * (count + 1)));
    auto *values = static_cast<Datum *>(palloc(sizeof(Datum) * (count + 1)));
    auto *nulls = static_cast<bool *>(palloc(sizeof(bool) * (count + 1)));
    for (size_t i = 0; i < count; i++) {
        auto *expr = static_cast<::Node *>(list_nth(exprs, static_cast<int>(i)));
        auto *state = static_cast<ExprState *>(list_nth(states, static_cast<int>(i)));
        types[i] = exprType(expr);
        values[i] = ExecEvalExprSwitchContext(state, econtext, &nulls[i]);
        if (!nulls[i]) {
            int16 length;
            bool by_value;
            get_typlenbyval(types[i], &length, &by_value);
            values[i] = datumCopy(values[i], by_value, length);
        }
    }
    return {{types, count}, {values, count}, {nulls, count}};
}

} // namespace citus
