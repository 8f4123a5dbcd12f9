-- As distribute_reference.sql, but parts and what suppliers have of them on the part's key.
SELECT create_distributed_table('orders', 'o_orderkey'), create_distributed_table('lineitem', 'l_orderkey', colocate_with := 'orders');
SELECT create_distributed_table('customer', 'c_custkey', colocate_with := 'none');
SELECT create_distributed_table('part', 'p_partkey', colocate_with := 'none'), create_distributed_table('partsupp', 'ps_partkey', colocate_with := 'part');
SELECT create_reference_table(t) FROM unnest('{region,nation,supplier}'::regclass[]) AS t;
