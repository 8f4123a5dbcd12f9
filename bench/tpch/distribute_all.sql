-- Everything distributed, each family of tables on its own key.
SELECT create_distributed_table('orders', 'o_orderkey'), create_distributed_table('lineitem', 'l_orderkey', colocate_with := 'orders');
SELECT create_distributed_table('customer', 'c_custkey', colocate_with := 'none');
SELECT create_distributed_table('part', 'p_partkey', colocate_with := 'none'), create_distributed_table('partsupp', 'ps_partkey', colocate_with := 'part');
SELECT create_distributed_table('supplier', 's_suppkey', colocate_with := 'none');
SELECT create_distributed_table('nation', 'n_nationkey', colocate_with := 'none'), create_distributed_table('region', 'r_regionkey', colocate_with := 'none');
