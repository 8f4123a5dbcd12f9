-- ===== Tables (src/cluster, src/ddl) =====

CREATE FUNCTION pg_catalog.create_distributed_table(table_name regclass, distribution_column text,
    distribution_type citus.distribution_type DEFAULT 'hash', colocate_with text DEFAULT 'default',
    shard_count int DEFAULT NULL)
    RETURNS void LANGUAGE C AS 'MODULE_PATHNAME', $$create_distributed_table$$;
COMMENT ON FUNCTION pg_catalog.create_distributed_table(regclass, text, citus.distribution_type, text, int) IS
    'spreads the rows of a table over the nodes by the hash of a column';

-- The name that a tutorial uses.
CREATE FUNCTION pg_catalog.citus_dist_table(table_name regclass, distribution_column text,
    colocate_with text DEFAULT 'default', shard_count int DEFAULT NULL)
    RETURNS void LANGUAGE sql
BEGIN ATOMIC
    SELECT pg_catalog.create_distributed_table(table_name, distribution_column, 'hash', colocate_with, shard_count);
END;
COMMENT ON FUNCTION pg_catalog.citus_dist_table(regclass, text, text, int) IS
    'another name of create_distributed_table';

CREATE FUNCTION pg_catalog.create_reference_table(table_name regclass)
    RETURNS void LANGUAGE C STRICT AS 'MODULE_PATHNAME', $$create_reference_table$$;
COMMENT ON FUNCTION pg_catalog.create_reference_table(regclass) IS 'keeps a copy of a table on every node';

CREATE FUNCTION pg_catalog.undistribute_table(table_name regclass, cascade_via_foreign_keys bool DEFAULT false)
    RETURNS void LANGUAGE C STRICT AS 'MODULE_PATHNAME', $$undistribute_table$$;
COMMENT ON FUNCTION pg_catalog.undistribute_table(regclass, bool) IS
    'brings the rows of a table back to the coordinator and makes it a local table';

CREATE FUNCTION pg_catalog.truncate_local_data_after_distributing_table(function_name regclass)
    RETURNS void LANGUAGE C STRICT AS 'MODULE_PATHNAME', $$truncate_local_data_after_distributing_table$$;
COMMENT ON FUNCTION pg_catalog.truncate_local_data_after_distributing_table(regclass) IS
    'removes rows that a distributed table still has on the coordinator';

-- ===== Shards on workers (src/ddl, src/executor) =====

-- Runs DDL for shards of one table that are on this node, with the caller's own rights: the commands are
-- written with logical names, which it renames. names: written schema, written name, schema, name, position
-- of the shard id, for each name; shard_ids: for each shard one id per table.
CREATE FUNCTION citus_internal.apply_shard_ddl(commands text[], names text[], shard_ids bigint[], path text)
    RETURNS void LANGUAGE C STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$apply_shard_ddl$$;
COMMENT ON FUNCTION citus_internal.apply_shard_ddl(text[], text[], bigint[], text) IS
    'runs DDL for shards on this node';

-- The table that the shard of this name (as regclass prints it) stands for. Written by the planner.
CREATE FUNCTION citus_internal.logical_table_of_shard(shard text)
    RETURNS oid LANGUAGE C STRICT STABLE AS 'MODULE_PATHNAME', $$logical_table_of_shard$$;
COMMENT ON FUNCTION citus_internal.logical_table_of_shard(text) IS 'table that a shard stands for';

-- Stands in a rewritten query for a part that runs on the shards; the planner puts a scan in its place.
CREATE FUNCTION citus_internal.fragment_scan(fragment int) RETURNS SETOF record
    LANGUAGE C STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$citus_fragment_scan$$;
COMMENT ON FUNCTION citus_internal.fragment_scan(int) IS 'used inside plans only';

-- Any built-in aggregate with a combine function, split between the shards (partial_agg gives its state) and
-- the coordinator (combine_agg finishes it). Written by the planner.
CREATE FUNCTION citus_internal.partial_agg_step(internal, oid, VARIADIC "any") RETURNS internal
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', $$citus_partial_agg_step$$;
CREATE FUNCTION citus_internal.partial_agg_state(internal) RETURNS bytea
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', $$citus_partial_agg_state$$;
CREATE FUNCTION citus_internal.combine_agg_step(internal, oid, bytea, anyelement) RETURNS internal
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', $$citus_combine_agg_step$$;
CREATE FUNCTION citus_internal.combine_agg_result(internal, oid, bytea, anyelement) RETURNS anyelement
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', $$citus_combine_agg_result$$;
CREATE FUNCTION citus_internal.partial_agg_serialize(internal) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', $$citus_partial_agg_serialize$$;
CREATE FUNCTION citus_internal.partial_agg_deserialize(bytea, internal) RETURNS internal
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', $$citus_partial_agg_deserialize$$;
CREATE FUNCTION citus_internal.partial_agg_combine(internal, internal) RETURNS internal
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', $$citus_partial_agg_combine$$;
CREATE AGGREGATE citus_internal.partial_agg(oid, VARIADIC "any") (
    SFUNC = citus_internal.partial_agg_step, STYPE = internal, FINALFUNC = citus_internal.partial_agg_state,
    COMBINEFUNC = citus_internal.partial_agg_combine, SERIALFUNC = citus_internal.partial_agg_serialize,
    DESERIALFUNC = citus_internal.partial_agg_deserialize, PARALLEL = SAFE);
CREATE AGGREGATE citus_internal.combine_agg(oid, bytea, anyelement) (
    SFUNC = citus_internal.combine_agg_step, STYPE = internal,
    FINALFUNC = citus_internal.combine_agg_result, FINALFUNC_EXTRA, PARALLEL = RESTRICTED);
-- Sums of the counts and of the bigint sums that the shards send: such a sum is bigint again.
CREATE AGGREGATE citus_internal.total_count(bigint) (
    SFUNC = pg_catalog.int8pl, STYPE = bigint, INITCOND = '0', COMBINEFUNC = pg_catalog.int8pl, PARALLEL = SAFE);
CREATE AGGREGATE citus_internal.total(bigint) (
    SFUNC = pg_catalog.int8pl, STYPE = bigint, COMBINEFUNC = pg_catalog.int8pl, PARALLEL = SAFE);
COMMENT ON AGGREGATE citus_internal.partial_agg(oid, VARIADIC "any") IS 'used inside plans only';
COMMENT ON AGGREGATE citus_internal.combine_agg(oid, bytea, anyelement) IS 'used inside plans only';

-- Rows that were moved to this node for a join (src/executor/motion_*). They belong to the session and its
-- transaction. motion_begin makes empty results, motion_put adds rows to one; motion_partition runs queries
-- and divides their rows over the nodes by the hash of column `key` (0: all rows to all): what is for this node
-- (own_group) goes into its own result, what is for one of the peers ("group port host") is sent there once it is
-- much, and the rest is returned in chunks. A peer's motion_inbox and motion_deliver take what is sent to it;
-- motion_collect adds it to the result of the session that needs it. All of them are for everyone: what they
-- are given is checked.
CREATE FUNCTION citus_internal.motion_begin(ids int[]) RETURNS void
    LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$citus_motion_begin$$;
CREATE FUNCTION citus_internal.motion_put(id int, rows bytea, limit_kb int) RETURNS void
    LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$citus_motion_put$$;
CREATE FUNCTION citus_internal.motion_inbox() RETURNS bytea
    LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$citus_motion_inbox$$;
CREATE FUNCTION citus_internal.motion_deliver(inbox bytea, rows bytea, limit_kb int) RETURNS void
    LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$citus_motion_deliver$$;
CREATE FUNCTION citus_internal.motion_collect(id int, inbox bytea, limit_kb int) RETURNS void
    LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$citus_motion_collect$$;
CREATE FUNCTION citus_internal.motion_partition(id int, limit_kb int, key int, bounds int[], groups int[],
    own_group int, peers text[], queries text[])
    RETURNS TABLE (target int, kind int, content bytea)
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$citus_motion_partition$$;
CREATE FUNCTION citus_internal.motion_partition(id int, limit_kb int, key int, bounds int[], groups int[],
    own_group int, peers text[], queries text[], VARIADIC params "any")
    RETURNS TABLE (target int, kind int, content bytea)
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$citus_motion_partition$$;
CREATE FUNCTION citus_internal.read_motion_support(internal) RETURNS internal
    LANGUAGE C STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$citus_read_motion_support$$;
CREATE FUNCTION citus_internal.read_motion(id int, bucket int) RETURNS SETOF record
    LANGUAGE C STRICT STABLE PARALLEL UNSAFE ROWS 1000 SUPPORT citus_internal.read_motion_support
    AS 'MODULE_PATHNAME', $$citus_read_motion$$;
CREATE FUNCTION citus_internal.motion_entry(number int) RETURNS SETOF record
    LANGUAGE C STRICT STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$citus_motion_entry$$;
COMMENT ON FUNCTION citus_internal.motion_begin(int[]) IS 'used inside plans only';
COMMENT ON FUNCTION citus_internal.motion_put(int, bytea, int) IS 'used inside plans only';
COMMENT ON FUNCTION citus_internal.motion_inbox() IS 'used inside plans only';
COMMENT ON FUNCTION citus_internal.motion_deliver(bytea, bytea, int) IS 'used inside plans only';
COMMENT ON FUNCTION citus_internal.motion_collect(int, bytea, int) IS 'used inside plans only';
COMMENT ON FUNCTION citus_internal.read_motion(int, int) IS 'rows that were moved to this node for a join';
COMMENT ON FUNCTION citus_internal.motion_entry(int) IS 'used inside plans only';

