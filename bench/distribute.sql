-- How the tables are distributed; plain PostgreSQL goes without.
SELECT create_distributed_table('accounts', 'id');
SELECT create_distributed_table('tenants', 'tenant_id', colocate_with := 'none');
SELECT create_distributed_table('orders', 'tenant_id', colocate_with := 'tenants');
SELECT create_distributed_table('lines', 'tenant_id', colocate_with := 'tenants');
SELECT create_distributed_table('log', 'tenant_id', colocate_with := 'tenants');
SELECT create_distributed_table('events', 'id');
SELECT create_distributed_table('visitors', 'id', colocate_with := 'none');
SELECT create_distributed_table('visits', 'visitor', colocate_with := 'visitors');
SELECT create_distributed_table('clicks', 'id');
SELECT create_distributed_table('stays', 'id');
