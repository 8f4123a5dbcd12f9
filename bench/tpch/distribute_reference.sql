-- Orders and their lines together, customers on their own key, the rest reference tables.
SELECT create_distributed_table('orders', 'o_orderkey'), create_distributed_table('lineitem', 'l_orderkey', colocate_with := 'orders');
SELECT create_distributed_table('customer', 'c_custkey', colocate_with := 'none');
SELECT create_reference_table(t) FROM unnest('{region,nation,supplier,part,partsupp}'::regclass[]) AS t;
