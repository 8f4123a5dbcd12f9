/// std::pmr over PostgreSQL's memory contexts.
///
/// An ereport longjmps over C++ frames, so containers must own nothing but palloc'd memory: then a skipped
/// destructor loses nothing, the context frees it. The default pmr resource of the backend (set in _PG_init)
/// allocates from CurrentMemoryContext at the moment of each allocation; a container that outlives the
/// current context must be built with a MemoryContextResource of its own.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// Allocates from one given context. The object itself must live at least as long as its containers.
class MemoryContextResource final : public std::pmr::memory_resource {
public:
    explicit MemoryContextResource(MemoryContext context) : context_(context) {}
    MemoryContext context() const { return context_; }

private:
    void *do_allocate(size_t bytes, size_t alignment) override;
    void do_deallocate(void *pointer, size_t bytes, size_t alignment) override;
    bool do_is_equal(const std::pmr::memory_resource &other) const noexcept override;

    MemoryContext context_;
};

/// Makes CurrentMemoryContext the default pmr resource of this backend. Called once, from _PG_init.
void install_memory_resource();

/// Switches CurrentMemoryContext for a scope. Skipping the destructor (ereport) is harmless: the error
/// handler sets the context itself.
class ContextScope {
public:
    explicit ContextScope(MemoryContext context) : old_(MemoryContextSwitchTo(context)) {}
    ~ContextScope() { MemoryContextSwitchTo(old_); }
    ContextScope(const ContextScope &) = delete;
    ContextScope &operator=(const ContextScope &) = delete;

private:
    MemoryContext old_;
};

/// Allocates a T in the given context and constructs it there. Its destructor never runs: T must own
/// nothing but memory of that context.
template <typename T, typename... Args>
T *make_in(MemoryContext context, Args &&...args) {
    void *memory = MemoryContextAllocExtended(context, sizeof(T), 0);
    return new (memory) T(std::forward<Args>(args)...);
}

/// A NUL-terminated copy of a string in CurrentMemoryContext.
inline char *copy_cstring(std::string_view text) {
    return pnstrdup(text.data(), text.size());
}

} // namespace citus
