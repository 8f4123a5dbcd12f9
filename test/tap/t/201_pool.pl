# More sessions than a node takes connections: they wait for each other, none fails, and idle ones give theirs back.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use CitusCluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $cluster = CitusCluster->new(workers => 2);
$cluster->sql(q{
    CREATE TABLE item (id int PRIMARY KEY, n int NOT NULL);
    SELECT create_distributed_table('item', 'id', shard_count => 4);
    INSERT INTO item SELECT i, 0 FROM generate_series(1, 1000) i;
});
for my $name ('worker1', 'worker2') {
    $cluster->sql('ALTER SYSTEM SET max_connections = 15', $name);
    $cluster->sql('ALTER SYSTEM SET max_prepared_transactions = 100', $name);
    $cluster->node($name)->restart;
}
my $node = $cluster->node('coordinator');

# Idle sessions keep a connection each; one more session gets one all the same.
my @idle = map { $cluster->session } 1 .. 20;
is($_->query('SELECT count(*) FROM item'), 1000, 'a session reads') for @idle;
is($cluster->sql('SELECT count(*) FROM item'), 1000, 'idle sessions give connections back');
is($_->query('SELECT count(*) FROM item'), 1000, '... and get others') for @idle[ 0, 1, 19 ];
$cluster->finish($_) for @idle;

# Many busy ones.
my $script = PostgreSQL::Test::Utils::tempdir() . '/mix.sql';
append_to_file($script, <<'END');
\set id random(1, 1000)
SELECT count(*) FROM item;
UPDATE item SET n = n + 1 WHERE id = :id;
SELECT n FROM item WHERE id = :id;
END
my ($out, $err) = ('', '');
my $done = run_log([ 'pgbench', '-n', '-h', $node->host, '-p', $node->port, '-c', 60, '-j', 2, '-t', 5, '-f', $script, 'postgres' ],
    '>', \$out, '2>', \$err);
ok($done, '60 clients over nodes with 15 connections finish') or diag $err;
unlike($err, qr/too many/, '... without an error');
is($cluster->sql('SELECT sum(n) FROM item'), 300, '... and did all their work');

# A limit of this server's own is kept.
$cluster->sql('ALTER SYSTEM SET citus.max_shared_pool_size = 3');
$cluster->sql('SELECT pg_reload_conf()');
sleep 0.5;
my $log = -s $cluster->node('worker1')->logfile;
run_log([ 'pgbench', '-n', '-h', $node->host, '-p', $node->port, '-c', 20, '-j', 2, '-t', 3, '-f', $script, 'postgres' ], '>', \$out, '2>', \$err);
is($cluster->sql('SELECT sum(n) FROM item'), 360, 'sessions share three connections');
unlike(PostgreSQL::Test::Utils::slurp_file($cluster->node('worker1')->logfile, $log), qr/too many/, '... and no node refused one');

# When all are in use for too long, the error says so, and the session goes on.
my @busy = map { my $s = $cluster->session; $s->query("BEGIN; UPDATE item SET n = n WHERE id = $_"); $s->query('SELECT count(*) FROM item'); $s } 1 .. 3;
my (undef, $error) = $cluster->try_sql("SET citus.node_connection_timeout = 300; SELECT count(*) FROM item");
like($error, qr/no connection to \S+:\d+ became free within 300 ms.*HINT.*citus\.max_shared_pool_size/s, 'waiting has an end');
$busy[0]->query('COMMIT');
is($cluster->sql('SELECT count(*) FROM item'), 1000, '... and works when one is free');
$cluster->finish($_) for @busy;
done_testing();
