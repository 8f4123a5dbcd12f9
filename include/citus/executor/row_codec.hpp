/// Converts values between Datums and what travels on a connection.
///
/// Used by executor/. Binary where the type is built in (the same Oid and representation on every node of
/// this version), text otherwise. The look-up of type functions is done once per stream.
#pragma once

#include "citus/executor/tasks.hpp"
#include "citus/net/wire.hpp"

namespace citus {

/// Whether values of the type can travel in binary: built in, with send and receive functions, and not a
/// pseudo-type or a container of types that are not built in.
bool is_binary_type(Oid type);

/// TaskParams as libpq wants them; memory of the current context.
const BoundParams *bind_params(const TaskParams &params);

/// Turns rows of a result into values of a tuple descriptor.
class RowDecoder {
public:
    RowDecoder(TupleDesc desc, bool allow_binary);

    /// The format to ask for.
    bool binary() const { return binary_; }

    /// Puts a row into values/nulls; by-reference values are palloc'd in the current context.
    void decode(const pg_result *result, int row, Datum *values, bool *nulls);

    /// Bytes of the row's values as they came.
    static uint64 row_bytes(const pg_result *result, int row);

private:
    void check_shape(const pg_result *result);

    TupleDesc desc_;
    bool binary_ = false;
    bool checked_ = false;
    FmgrInfo *functions_ = nullptr;
    Oid *io_params_ = nullptr;
    int visible_count_ = 0;
};

} // namespace citus
