/// Differences between the server versions we build for (15 today, 16 to 18 to come), in one place.
///
/// A version check anywhere else is a mistake. Included by prelude.hpp only.
#pragma once

#if PG_VERSION_NUM < 150000
#error "citus needs PostgreSQL 15 or newer"
#endif

#if PG_VERSION_NUM >= 160000
/// In 16 the wrappers around object ownership checks became one function.
#define citus_is_class_owner(relid, roleid) object_ownercheck(RelationRelationId, (relid), (roleid))
#define citus_is_database_owner(database, roleid) object_ownercheck(DatabaseRelationId, (database), (roleid))
#else
#define citus_is_class_owner(relid, roleid) pg_class_ownercheck((relid), (roleid))
#define citus_is_database_owner(database, roleid) pg_database_ownercheck((database), (roleid))
#endif

#if PG_VERSION_NUM >= 160000
/// Since 16 the server finds out by itself how rows of a partitioned table become rows of a partition.
#define citus_set_root_to_child_map(info, map) ((void)(map))
#else
#define citus_set_root_to_child_map(info, map) ((info)->ri_RootToPartitionMap = (map))
#endif

#if PG_VERSION_NUM >= 170000
/// Position of this backend in arrays with one place per backend.
#define citus_my_backend_index() MyProcNumber
#else
#define citus_my_backend_index() (MyBackendId - 1)
#endif

#if PG_VERSION_NUM < 160000
/// Before 16 the macro exports the function's description, but not the function.
#undef PG_FUNCTION_INFO_V1
#define PG_FUNCTION_INFO_V1(funcname)                                                                        \
    extern PGDLLEXPORT Datum funcname(PG_FUNCTION_ARGS);                                                     \
    extern PGDLLEXPORT const Pg_finfo_record *CppConcat(pg_finfo_, funcname)(void);                          \
    const Pg_finfo_record *CppConcat(pg_finfo_, funcname)(void) {                                            \
        static const Pg_finfo_record my_finfo = {1};                                                         \
        return &my_finfo;                                                                                    \
    }                                                                                                        \
    extern int no_such_variable
#endif
