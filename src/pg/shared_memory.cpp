#include "citus/pg/shared_memory.hpp"

extern "C" {
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/shmem.h"
}

namespace citus {

namespace {

std::array<SharedMemoryPart, 8> parts;
size_t part_count = 0;
shmem_request_hook_type previous_request_hook = nullptr;
shmem_startup_hook_type previous_startup_hook = nullptr;

std::span<const SharedMemoryPart> all_parts() {
    return {parts.data(), part_count};
}

void request_parts() {
    if (previous_request_hook)
        previous_request_hook();
    for (const SharedMemoryPart &part : all_parts()) {
        RequestAddinShmemSpace(part.size());
        RequestNamedLWLockTranche(part.name, 1);
    }
}

void attach_parts() {
    if (previous_startup_hook)
        previous_startup_hook();
    LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
    for (const SharedMemoryPart &part : all_parts()) {
        bool found;
        const Size size = part.size();
        void *memory = ShmemInitStruct(part.name, size, &found);
        if (!found)
            memset(memory, 0, size);
        part.attach(memory, &GetNamedLWLockTranche(part.name)->lock, !found);
    }
    LWLockRelease(AddinShmemInitLock);
}

} // namespace

void add_shared_memory(const SharedMemoryPart &part) {
    if (part_count == 0) {
        previous_request_hook = shmem_request_hook;
        shmem_request_hook = request_parts;
        previous_startup_hook = shmem_startup_hook;
        shmem_startup_hook = attach_parts;
    }
    Assert(part_count < parts.size());
    parts[part_count++] = part;
}

} // namespace citus
