/// The server's scanner over a deparsed text, as tokens for core/sql_template. Used by template.cpp only.
#pragma once

#include "citus/pg/prelude.hpp"
#include "citus/core/sql_template.hpp"

namespace citus {

/// Tokens of a text that the server's deparser made; their values live in CurrentMemoryContext.
std::pmr::vector<core::SqlToken> scan_sql(const char *text);

} // namespace citus
