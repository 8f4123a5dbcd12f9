#include "citus/executor/run_as.hpp"

extern "C" {
#include "utils/rls.h"
}

namespace citus {

Oid effective_user(Oid run_as, const List *relations, AclMode needed) {
    const Oid current = GetUserId();
    if (!OidIsValid(run_as) || run_as == current)
        return InvalidOid;
    ListCell *cell;
    foreach (cell, relations)
        if (pg_class_aclmask(lfirst_oid(cell), current, needed, ACLMASK_ALL) != needed ||
            check_enable_rls(lfirst_oid(cell), current, true) == RLS_ENABLED)
            return run_as;
    return InvalidOid;
}

} // namespace citus
