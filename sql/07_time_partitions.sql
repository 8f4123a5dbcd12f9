-- ===== Time partitions =====
-- On tables that are range-partitioned by one date or time column, distributed or not. Bounds are worked out in the
-- session's time zone.

-- The ranges of the partitions of a table; those without a bound on one side are infinite there.
CREATE FUNCTION citus_internal.time_ranges(parent regclass)
    RETURNS TABLE (partition regclass, lower_at timestamp, upper_at timestamp)
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT partition,
           CASE WHEN from_value = 'MINVALUE' THEN '-infinity' ELSE from_value::timestamptz::timestamp END,
           CASE WHEN to_value = 'MAXVALUE' THEN 'infinity' ELSE to_value::timestamptz::timestamp END
    FROM pg_catalog.time_partitions WHERE parent_table = parent;
$$;
COMMENT ON FUNCTION citus_internal.time_ranges(regclass) IS 'ranges of time partitions';

-- The type of the one column that a table is range-partitioned by.
CREATE FUNCTION citus_internal.time_partition_type(parent regclass) RETURNS regtype
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
DECLARE
    found regtype;
BEGIN
    SELECT a.atttypid INTO found
    FROM pg_partitioned_table p JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
    WHERE p.partrelid = parent AND p.partstrat = 'r' AND p.partnatts = 1
      AND a.atttypid IN ('date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype);
    IF found IS NULL THEN
        RAISE EXCEPTION '% is not partitioned by a range of one date, timestamp or timestamptz column', parent
            USING ERRCODE = 'wrong_object_type';
    END IF;
    RETURN found;
END $$;
COMMENT ON FUNCTION citus_internal.time_partition_type(regclass) IS 'type of the column of time partitions';

-- What the name of a partition ends in.
CREATE FUNCTION citus_internal.time_partition_suffix(start_at timestamp, step interval) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT to_char(start_at, CASE
        WHEN step = '1 year' THEN '"_p"YYYY'
        WHEN step = '3 months' THEN '"_p"YYYY"q"Q'
        WHEN step = '1 week' THEN '"_p"IYYY"w"IW'
        WHEN step >= '1 month' AND extract(day FROM step) = 0 AND step = date_trunc('month', step) THEN '"_p"YYYY_MM'
        WHEN step >= '1 day' AND step = date_trunc('day', step) THEN '"_p"YYYY_MM_DD'
        ELSE '"_p"YYYY_MM_DD_HH24MI' END);
$$;
COMMENT ON FUNCTION citus_internal.time_partition_suffix(timestamp, interval) IS 'end of a time partition''s name';

CREATE FUNCTION pg_catalog.get_missing_time_partition_ranges(
    table_name regclass, partition_interval interval, to_value timestamptz, from_value timestamptz DEFAULT now())
    RETURNS TABLE (partition_name text, range_from_value text, range_to_value text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
#variable_conflict use_variable
DECLARE
    key_type regtype := citus_internal.time_partition_type(table_name);
    wanted_from timestamp := from_value;
    wanted_to timestamp := to_value;
    anchor timestamp;
    step bigint := 0;
    lower_at timestamp;
    upper_at timestamp;
    taken record;
BEGIN
    IF partition_interval < '1 minute' THEN
        RAISE EXCEPTION 'partition_interval must be one minute or longer' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF key_type = 'date'::regtype AND partition_interval <> date_trunc('day', partition_interval) THEN
        RAISE EXCEPTION 'partition_interval must be whole days for a table that is partitioned by a date column'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF wanted_from >= wanted_to THEN
        RAISE EXCEPTION 'from_value must be before to_value' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- Ranges continue those that exist; the first ones begin with the year, month, ... of from_value.
    SELECT min(r.lower_at) INTO anchor FROM citus_internal.time_ranges(table_name) r WHERE isfinite(r.lower_at);
    anchor := coalesce(anchor, date_trunc(CASE
        WHEN partition_interval = '1 week' THEN 'week'
        WHEN partition_interval = '3 months' THEN 'quarter'
        WHEN partition_interval >= '1 year' AND partition_interval = date_trunc('year', partition_interval) THEN 'year'
        WHEN partition_interval >= '1 month' AND partition_interval = date_trunc('month', partition_interval) THEN 'month'
        WHEN partition_interval >= '1 day' AND partition_interval = date_trunc('day', partition_interval) THEN 'day'
        WHEN partition_interval >= '1 hour' AND partition_interval = date_trunc('hour', partition_interval) THEN 'hour'
        ELSE 'minute' END, wanted_from));
    -- Counted from the anchor, so that months of different lengths do not drift.
    step := floor(extract(epoch FROM wanted_from - anchor) / extract(epoch FROM partition_interval));
    WHILE anchor + step * partition_interval > wanted_from LOOP step := step - 1; END LOOP;
    WHILE anchor + (step + 1) * partition_interval <= wanted_from LOOP step := step + 1; END LOOP;
    LOOP
        lower_at := anchor + step * partition_interval;
        upper_at := anchor + (step + 1) * partition_interval;
        EXIT WHEN lower_at >= wanted_to;
        step := step + 1;
        SELECT r.* INTO taken FROM citus_internal.time_ranges(table_name) r
        WHERE r.lower_at < upper_at AND r.upper_at > lower_at LIMIT 1;
        IF FOUND THEN
            IF taken.lower_at = lower_at AND taken.upper_at = upper_at THEN CONTINUE; END IF;
            IF taken.lower_at <= lower_at AND taken.upper_at >= upper_at AND NOT (isfinite(taken.lower_at) AND isfinite(taken.upper_at)) THEN CONTINUE; END IF;
            RAISE EXCEPTION 'partition % with the range from % to % does not fit the partition_interval %',
                taken.partition, taken.lower_at, taken.upper_at, partition_interval
                USING ERRCODE = 'invalid_parameter_value';
        END IF;
        -- The hour that a change to summer time leaves out has no length.
        CONTINUE WHEN key_type = 'timestamptz'::regtype AND lower_at::timestamptz = upper_at::timestamptz;
        partition_name := (SELECT relname FROM pg_class WHERE oid = table_name)
                          || citus_internal.time_partition_suffix(lower_at, partition_interval);
        range_from_value := CASE key_type WHEN 'date'::regtype THEN lower_at::date::text
            WHEN 'timestamptz'::regtype THEN lower_at::timestamptz::text ELSE lower_at::text END;
        range_to_value := CASE key_type WHEN 'date'::regtype THEN upper_at::date::text
            WHEN 'timestamptz'::regtype THEN upper_at::timestamptz::text ELSE upper_at::text END;
        RETURN NEXT;
    END LOOP;
END $$;
COMMENT ON FUNCTION pg_catalog.get_missing_time_partition_ranges(regclass, interval, timestamptz, timestamptz) IS
    'time partitions that create_time_partitions() would create';

CREATE FUNCTION pg_catalog.create_time_partitions(
    table_name regclass, partition_interval interval, end_at timestamptz, start_from timestamptz DEFAULT now())
    RETURNS boolean LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog AS $$
DECLARE
    missing record;
    created boolean := false;
BEGIN
    FOR missing IN SELECT * FROM pg_catalog.get_missing_time_partition_ranges(table_name, partition_interval, end_at, start_from)
    LOOP
        EXECUTE format('CREATE TABLE %I.%I PARTITION OF %s FOR VALUES FROM (%L) TO (%L)',
            (SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = table_name),
            missing.partition_name, table_name, missing.range_from_value, missing.range_to_value);
        created := true;
    END LOOP;
    RETURN created;
END $$;
COMMENT ON FUNCTION pg_catalog.create_time_partitions(regclass, interval, timestamptz, timestamptz) IS
    'create the time partitions that are missing in a span of time';

CREATE PROCEDURE pg_catalog.drop_old_time_partitions(table_name regclass, older_than timestamptz)
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    old record;
BEGIN
    PERFORM citus_internal.time_partition_type(table_name);
    FOR old IN SELECT * FROM citus_internal.time_ranges(table_name) r
               WHERE r.upper_at <= older_than::timestamp ORDER BY r.lower_at
    LOOP
        RAISE NOTICE 'dropping % with start time % and end time %', old.partition, old.lower_at, old.upper_at;
        EXECUTE format('DROP TABLE %s', old.partition);
    END LOOP;
END $$;
COMMENT ON PROCEDURE pg_catalog.drop_old_time_partitions(regclass, timestamptz) IS 'drop time partitions that end before';

CREATE PROCEDURE pg_catalog.alter_old_partitions_set_access_method(
    parent_table_name regclass, older_than timestamptz, new_access_method name)
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    old record;
BEGIN
    PERFORM citus_internal.time_partition_type(parent_table_name);
    FOR old IN SELECT r.* FROM citus_internal.time_ranges(parent_table_name) r
               JOIN pg_class c ON c.oid = r.partition JOIN pg_am m ON m.oid = c.relam
               WHERE r.upper_at <= older_than::timestamp AND m.amname <> new_access_method ORDER BY r.lower_at
    LOOP
        RAISE NOTICE 'converting % with start time % and end time %', old.partition, old.lower_at, old.upper_at;
        EXECUTE format('ALTER TABLE %s SET ACCESS METHOD %I', old.partition, new_access_method);
    END LOOP;
END $$;
COMMENT ON PROCEDURE pg_catalog.alter_old_partitions_set_access_method(regclass, timestamptz, name) IS
    'change the access method of time partitions that end before';

CREATE FUNCTION pg_catalog.time_partition_range(table_name regclass, OUT lower_bound text, OUT upper_bound text)
    RETURNS record LANGUAGE plpgsql STABLE STRICT SET search_path = pg_catalog AS $$
BEGIN
    SELECT from_value, to_value INTO lower_bound, upper_bound FROM pg_catalog.time_partitions WHERE partition = table_name;
    IF NOT FOUND THEN
        RAISE EXCEPTION '% is not a time partition', table_name USING ERRCODE = 'wrong_object_type';
    END IF;
END $$;
COMMENT ON FUNCTION pg_catalog.time_partition_range(regclass) IS 'bounds of a time partition';
