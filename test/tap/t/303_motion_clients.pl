# More clients that move rows from worker to worker than the workers take connections: the links between the workers are
# counted, so that no session is refused one that it needs. Rows of those who get no link go through the coordinator.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use CitusCluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $cluster = CitusCluster->new(workers => 3, conf => "max_connections = 40\nautovacuum = off\nmax_worker_processes = 8");
my $coordinator = $cluster->node('coordinator');
$coordinator->append_conf('postgresql.conf', 'max_connections = 120');
$coordinator->restart;
$cluster->sql(q{
    CREATE TABLE a (k int, x int, t text);
    CREATE TABLE b (k int, x int, t text);
    SELECT create_distributed_table('a', 'k', shard_count => 6);
    SELECT create_distributed_table('b', 'k', shard_count => 6, colocate_with => 'none');
    INSERT INTO a SELECT i, i * 7 % 2000, repeat('a', 3000) || i FROM generate_series(1, 2000) i;
    INSERT INTO b SELECT i, i * 11 % 2000, repeat('b', 3000) || i FROM generate_series(1, 2000) i;
    ANALYZE a, b;
    ALTER DATABASE postgres SET citus.motion = 'always';
});
my $join = 'SELECT count(*), max(a.t), min(b.t) FROM a JOIN b ON a.x = b.x';

# Bytes from node to node.
sub direct {
    return $cluster->sql("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) $join") =~ /(\d+) bytes from node to node/ ? $1 : 0;
}

cmp_ok(direct(), '>', 1_000_000, 'rows go from node to node');
my %seen = map { $_ => -s $cluster->node($_)->logfile } $cluster->names;
# In a block, so that a session keeps its links for a while.
$coordinator->pgbench('-n -c 60 -j 2 -t 1', 0, [qr/number of transactions actually processed: 60\/60/], [qr/^((?!WARNING|ERROR).)*$/s],
    '60 clients over workers with 40 connections', { many => "BEGIN;\n$join;\n\\sleep 200 ms\n$join;\nCOMMIT;\n" });
for my $name ($cluster->names) {
    my $log = substr slurp_file($cluster->node($name)->logfile), $seen{$name};
    unlike($log, qr/too many clients|remaining connection slots|cannot reach/, "nobody is refused by $name");
}
cmp_ok(direct(), '>', 1_000_000, 'afterwards there is room for links again');

# After errors and rollbacks, too.
for (1 .. 20) {
    $cluster->try_sql("BEGIN; $join; SELECT 1 / 0; COMMIT");
    $cluster->try_sql("BEGIN; $join; ROLLBACK");
}
cmp_ok(direct(), '>', 1_000_000, '... and after transactions that were rolled back');
my $session = $cluster->session;
$cluster->run($session, "BEGIN; $join; ROLLBACK; BEGIN; $join; SELECT 1 / 0; ROLLBACK") for 1 .. 10;
like(($cluster->run($session, "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) $join"))[0], qr/[1-9]\d{6,} bytes from node to node/, '... in one session, too');
$cluster->finish($session);

# No room at all.
$cluster->sql('ALTER SYSTEM SET citus.max_shared_pool_size = 4');
$cluster->sql('SELECT pg_reload_conf()');
$cluster->sql('SELECT pg_sleep(0.5)');
is(direct(), 0, 'without room for links, rows go through the coordinator');
is($cluster->sql("SELECT count(*) FROM ($join) s"), 1, '... and the answer is there');
done_testing();
