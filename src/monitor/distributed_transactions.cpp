/// The sessions of this server that are in a distributed transaction, for the views.
#include "citus/transaction/backend_slots.hpp"

extern "C" {
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(citus_distributed_transactions);
}

namespace citus {

namespace {

struct Row {
    int pid;
    uint64 number;
    TimestampTz started;
};

} // namespace

} // namespace citus

using namespace citus;

/// distributed_transactions() -> (pid int, transaction_number bigint, started timestamptz)
extern "C" Datum citus_distributed_transactions(PG_FUNCTION_ARGS) {
    InitMaterializedSRF(fcinfo, 0);
    auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
    std::pmr::vector<Row> rows;
    for (const BackendSlot &slot : all_backend_slots()) {
        const Row row = {slot.pid, slot.transaction, slot.started};
        if (row.pid != 0 && row.number != 0)
            rows.push_back(row);
    }
    for (const Row &row : rows) {
        Datum values[] = {Int32GetDatum(row.pid), Int64GetDatum(static_cast<int64>(row.number)),
                          TimestampTzGetDatum(row.started)};
        bool nulls[] = {false, false, false};
        tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    }
    return 0;
}
