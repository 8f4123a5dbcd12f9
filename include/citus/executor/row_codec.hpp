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

/// Turns what tasks send into values of a tuple descriptor: rows in text, or batches of rows in binary
/// (net/row_batches.hpp).
class RowDecoder {
public:
    RowDecoder(TupleDesc desc, bool allow_binary);

    /// The format to ask for.
    bool binary() const { return binary_; }
    /// Whether rows come in batches then (those without columns do not).
    bool batched() const { return binary_ && visible_count_ > 0; }

    /// Puts a row in text into values/nulls; by-reference values are palloc'd in the current context.
    void decode(const pg_result *result, int row, Datum *values, bool *nulls);

    /// Checks the shape of a batch's rows, once. To be called before a batch of it is decoded.
    void check(const pg_result *result) {
        if (!checked_)
            check_shape(result);
    }
    /// The same for the row of a batch at this position; returns the position after it.
    const char *decode(const char *at, const char *end, Datum *values, bool *nulls);

    /// Bytes of a batch's row that are not its values.
    int64 row_head_bytes() const { return 2 + 4 * visible_count_; }

    /// Bytes of the row's values as they came.
    static uint64 row_bytes(const pg_result *result, int row);

private:
    /// How a column's bytes become a Datum; the frequent types without a function call.
    enum class Form { Dropped, Byte, Int16, Int32, Int64, Text, Function };
    struct Column {
        Form form;
        Oid io_param;
        int32 typmod;
        FmgrInfo function;
    };

    void check_shape(const pg_result *result);
    static Form form_of(const FormData_pg_attribute &attribute);
    static Datum receive(Column &column, const char *data, uint32 bytes);
    const char *decode_here(const char *at, const char *end, Datum *values, bool *nulls);

    TupleDesc desc_;
    bool binary_ = false;
    bool checked_ = false;
    Column *columns_ = nullptr;
    int visible_count_ = 0;
};

} // namespace citus
