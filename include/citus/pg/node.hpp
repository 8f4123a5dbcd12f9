/// Small helpers for PostgreSQL's node trees that every rewriting of queries needs.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// What a list or a field holds as void * (or as some node type), as a node.
inline ::Node *as_node(const void *node) {
    return const_cast<::Node *>(static_cast<const ::Node *>(node));
}

/// A deep copy, of the same type.
template <typename T>
T *copy_of(const T *node) {
    return static_cast<T *>(copyObjectImpl(node));
}

} // namespace citus
