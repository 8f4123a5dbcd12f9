/// Fault injection: places where a test makes something go wrong. Compiled into the library citus_fault alone
/// (cmake --build build --target citus_fault; the crash tests install it in place of citus); elsewhere
/// nothing of it exists.
///
/// Places of the commit protocol, each passed once per node: before_prepare, after_prepare (answered),
/// before_decision (all have prepared), after_decision, after_commit_prepared; with one writing node
/// before_commit and after_commit.
///
/// citus.fault_point = 'PLACE:N:ACTION' takes effect once, when the place is passed for the N-th time.
/// Actions: error (raises; after the decision, where nothing may be raised, the connection is cut), crash
/// (this process dies as by kill -9, so that the server restarts), crash_node (the same for the process at
/// the other end of the connection), wait (a second), hang (until cancelled, or killed). A source that calls
/// fault_point() belongs into FAULT_SOURCES of CMakeLists.txt.
#pragma once

#include "citus/net/wire.hpp"

namespace citus {

#ifdef CITUS_FAULT_INJECTION

/// `may_raise`: false behind the decision.
void fault_point(const char *place, Connection *connection, bool may_raise = true);
void install_fault_points();

#else

inline void fault_point(const char *, Connection *, bool = true) {}
inline void install_fault_points() {}

#endif

} // namespace citus
