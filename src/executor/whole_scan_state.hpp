/// The executor side of include/citus/executor/whole_scan.hpp; for fragment_scan.cpp only.
#pragma once

#include "citus/executor/keyed_rows.hpp"
#include "citus/executor/whole_scan.hpp"
#include "row_keys.hpp"

extern "C" {
#include "nodes/execnodes.h"
#include "portability/instr_time.h"
}

namespace citus {

struct FragmentScanState;

struct WholeScanState {
    WholeScan plan;
    List *param_states, *prune_states; ///< of its fragment
    bool may_change;                   ///< whether these may have another value in a later run
    ExprState *conditions;
    RowKeys *keys;
    TupleTableSlot *row_slot;
    KeyedRows *rows;      ///< nullptr until the whole is read
    StringInfo values;    ///< of the fragment's parameters, when it was read
    bool is_reading;      ///< the current run is answered from the rows
    bool finds_none;      ///< ... and has no row, as a key is NULL
    bool gave_up;         ///< the whole itself is not the same in each run
    instr_time began;     ///< reading on, while a row of a run on the shards is waited for
    double spent;         ///< seconds that the runs on the shards took
    uint64 runs, lookups; ///< on the shards, and in the rows
    uint64 rows_read;
};

WholeScanState *begin_whole_scan(FragmentScanState *state, const WholeScan &plan);

/// At the start of a run: whether it is answered from the rows of the whole, which are read now when that
/// pays.
bool reads_whole(FragmentScanState *state);

/// The next row of such a run, in the scan slot; nullptr at the end.
TupleTableSlot *next_row_of_whole(FragmentScanState *state);

/// Around the work of a run on the shards.
void start_clock(WholeScanState *whole);
void stop_clock(WholeScanState *whole);

void end_whole_scan(WholeScanState *whole);

} // namespace citus
