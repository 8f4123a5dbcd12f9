#include "citus/pg/memory.hpp"

namespace citus {

namespace {

/// palloc aligns to MAXALIGN (8 on every platform we know); stricter requests do not occur in our types.
void check_alignment(size_t alignment) {
    if (alignment > MAXIMUM_ALIGNOF)
        elog(ERROR, "cannot allocate memory aligned to %zu bytes", alignment);
}

/// The backend's default resource: each allocation comes from the context current at that moment.
class CurrentContextResource final : public std::pmr::memory_resource {
    void *do_allocate(size_t bytes, size_t alignment) override {
        check_alignment(alignment);
        return MemoryContextAllocExtended(CurrentMemoryContext, bytes, MCXT_ALLOC_HUGE);
    }
    void do_deallocate(void *pointer, size_t, size_t) override { pfree(pointer); }
    bool do_is_equal(const std::pmr::memory_resource &other) const noexcept override {
        return this == &other;
    }
};

CurrentContextResource current_context_resource;

} // namespace

void *MemoryContextResource::do_allocate(size_t bytes, size_t alignment) {
    check_alignment(alignment);
    return MemoryContextAllocExtended(context_, bytes, MCXT_ALLOC_HUGE);
}

void MemoryContextResource::do_deallocate(void *pointer, size_t, size_t) {
    pfree(pointer);
}

bool MemoryContextResource::do_is_equal(const std::pmr::memory_resource &other) const noexcept {
    return this == &other;
}

void install_memory_resource() {
    std::pmr::set_default_resource(&current_context_resource);
}

} // namespace citus
