/// Checks rows that came from another node before anything looks into them.
///
/// The functions that move rows may be called by everyone, with any bytes. So a row is taken for what it says
/// it is only after its lengths, its bitmap of NULLs and each of its values were found to lie within it and
/// to be of a form that the functions of its type can take. Types whose values can't be checked here travel
/// in their text or binary form instead (kind_of_travel), which their input functions check.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// How the values of a type travel.
enum class Travel : uint8 {
    AsIs,    ///< of fixed length, and any bits will do
    Bytes,   ///< bytea
    Chars,   ///< text and the like: valid in the database's encoding
    Numeric, ///< digits are checked
    Binary,  ///< as bytea, through the type's send and receive functions
    Text,    ///< as text, through the type's output and input functions
};

Travel kind_of_travel(Oid type);

/// Reads rows of one shape.
class MotionRowCheck {
public:
    /// travel[i] is the kind of column i of desc, which has the types of the way. Both must stay.
    MotionRowCheck(TupleDesc desc, const Travel *travel) : desc_(desc), travel_(travel) {}

    /// The row at these bytes, made sane in place. Raises an error when it is not one.
    MinimalTuple check(char *bytes, size_t available) const;

private:
    size_t check_value(int column, const char *data, size_t offset, size_t length) const;

    TupleDesc desc_;
    const Travel *travel_;
};

} // namespace citus
