# Rows that move from worker to worker: what the transaction wrote is among them, nothing stays behind after an error,
# a cancel or a crash, nodes that can't reach each other are helped by the coordinator, and memory is bounded.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use CitusCluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $cluster = CitusCluster->new(workers => 3, conf => "shared_buffers = 16MB\njit = off\nautovacuum = off");
my $rows = 300_000;
$cluster->sql(qq{
    CREATE TABLE a (k int, x int, v bigint, t text);
    CREATE TABLE b (k int, x int, v bigint, t text);
    SELECT create_distributed_table('a', 'k', shard_count => 8);
    SELECT create_distributed_table('b', 'k', shard_count => 8, colocate_with => 'none');
    INSERT INTO a SELECT i, i * 7 % 200000, i, repeat('a', 100) || i FROM generate_series(1, $rows) i;
    INSERT INTO b SELECT i, i * 11 % 200000, i, repeat('b', 100) || i FROM generate_series(1, $rows) i;
    CREATE TABLE plain_a AS SELECT * FROM a;
    CREATE TABLE plain_b AS SELECT * FROM b;
    ANALYZE a; ANALYZE b;
    ALTER DATABASE postgres SET citus.motion = 'always';
});

sub join_of { my ($a, $b) = @_; return "SELECT count(*), sum($a.v + $b.v), max($a.t), min($b.t) FROM $a JOIN $b ON $a.x = $b.x" }
my $query = join_of('a', 'b');
my $expected = $cluster->sql(join_of('plain_a', 'plain_b'));

# (bytes through the coordinator, bytes from node to node)
sub moved {
    my ($settings) = @_;
    my $plan = $cluster->sql("${settings}EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) $query");
    return $plan =~ /Rows moved: (\d+) bytes through this node, (\d+) bytes from node to node/ ? ($1, $2) : (-1, -1);
}

# What is left on the workers: files of moved rows, and backends that took them.
sub leftovers {
    my $left = '';
    for my $name ($cluster->workers) {
        $left .= join ' ', glob $cluster->node($name)->data_dir . '/base/pgsql_tmp/*';
        $left .= $cluster->sql(q{SELECT coalesce(string_agg(query, ' '), '') FROM pg_stat_activity
            WHERE query ~ 'motion_(inbox|deliver)' AND pid <> pg_backend_pid()}, $name);
    }
    return $left;
}

sub nothing_is_left {
    my ($what) = @_;
    my $until = time + 20;
    my $left;
    sleep 0.1 while ($left = leftovers()) ne '' && time < $until;
    is($left, '', "nothing is left $what");
}

is($cluster->sql($query), $expected, 'the join is right');
my ($through, $direct) = moved('');
cmp_ok($direct, '>', 40_000_000, 'most rows go from node to node');
cmp_ok($through, '<', 7_000_000, '... and few through the coordinator');
nothing_is_left('afterwards');
($through, $direct) = moved('SET citus.direct_motion TO off; ');
is($direct, 0, 'none do when that is off');
cmp_ok($through, '>', 40_000_000, '... but all through the coordinator');

# ----- transactions
my $in_transaction = <<"END";
BEGIN;
INSERT INTO A SELECT i, 5, i, 'new' FROM generate_series(1, 1000) i;
DELETE FROM B WHERE k < 5000;
SAVEPOINT s;
UPDATE A SET v = v + 1 WHERE k < 100;
QUERY;
ROLLBACK TO s;
QUERY;
SET TRANSACTION READ ONLY;
QUERY;
ROLLBACK;
END
my ($on_plain, $on_shards) = ($in_transaction) x 2;
my $plain_query = join_of('plain_a', 'plain_b');
$on_plain =~ s/QUERY/$plain_query/g; $on_plain =~ s/\bA\b/plain_a/g; $on_plain =~ s/\bB\b/plain_b/g;
$on_shards =~ s/QUERY/$query/g; $on_shards =~ s/\bA\b/a/g; $on_shards =~ s/\bB\b/b/g;
is($cluster->sql($on_shards), $cluster->sql($on_plain), 'a transaction sees what it wrote');
is($cluster->sql("BEGIN ISOLATION LEVEL REPEATABLE READ; $query; $query; COMMIT"), "$expected\n$expected", 'twice in a transaction');
my ($out, $err) = $cluster->try_sql("BEGIN; INSERT INTO a VALUES (1, 1, 1, 'x'), (2, 2, 2, 'y'), (3, 3, 3, 'z'), (4, 4, 4, 'q'); $query; COMMIT; "
    . "DELETE FROM a WHERE t IN ('x', 'y', 'z', 'q')");
is($err, '', 'a transaction that moved rows commits on all nodes');
($out, $err) = $cluster->try_sql("BEGIN; SAVEPOINT s; SELECT count(1 / (a.v - b.v)) FROM a JOIN b ON a.x = b.x; ROLLBACK TO s; $query; COMMIT");
like($err, qr/division by zero/, 'an error in a savepoint');
is($out, $expected, '... and the transaction goes on');
nothing_is_left('after errors');
my $cursor = "BEGIN; DECLARE c CURSOR FOR SELECT a.k, b.k FROM a JOIN b ON a.x = b.x ORDER BY 1, 2; FETCH 2 FROM c; $query; FETCH 1 FROM c; COMMIT";
(my $plain_cursor = $cursor) =~ s/\b([ab]) JOIN ([ab]) ON/plain_$1 a JOIN plain_$2 b ON/;
$plain_cursor =~ s/\Q$query\E/$plain_query/;
is($cluster->sql($cursor), $cluster->sql($plain_cursor), 'a cursor goes on after another motion');

# ----- limits
($out, $err) = $cluster->try_sql("SET citus.max_intermediate_result_size TO '10MB'; $query");
like($err, qr/the intermediate result size exceeds citus.max_intermediate_result_size \(currently 10240 kB\)/, 'the size is limited');
$cluster->sql("ALTER SYSTEM SET temp_file_limit = '2MB'; SELECT pg_reload_conf()", $_) for $cluster->workers;
($out, $err) = $cluster->try_sql($query);
like($err, qr/temporary file size exceeds temp_file_limit/, 'so are temporary files');
$cluster->sql("ALTER SYSTEM RESET temp_file_limit; SELECT pg_reload_conf()", $_) for $cluster->workers;
nothing_is_left('after limits');

# ----- ordinary users, and nodes that can't reach each other
$cluster->sql('CREATE ROLE joe LOGIN; GRANT SELECT ON a, b TO joe');
sub as_joe {
    my ($sql) = @_;
    my ($stdout, $stderr) = ('', '');
    $cluster->node('coordinator')->psql('postgres', $sql, stdout => \$stdout, stderr => \$stderr, extra_params => [ '-U', 'joe' ]);
    return ($stdout, $stderr);
}
($out, $err) = as_joe($query);
is($err, '', 'an ordinary user moves rows');
is($out, $expected, '... and gets what others get');
like((as_joe("EXPLAIN (ANALYZE, TIMING OFF) $query"))[0], qr/ [1-9]\d{7,} bytes from node to node/, '... from node to node');
$cluster->sql('ALTER ROLE joe CONNECTION LIMIT 1', 'worker2');
($out, $err) = as_joe("$query;\n$query");
is($out, "$expected\n$expected", 'rows go through the coordinator when a node can not be reached');
is(scalar(() = $err =~ /WARNING/g), 1, '... which is said once');
like($err, qr/cannot reach node group \d+.*too many connections for role "joe"/s, '... with the reason');
$cluster->sql('ALTER ROLE joe CONNECTION LIMIT -1', 'worker2');
$cluster->sql('DELETE FROM citus_internal.peer', 'worker1');
($out, $err) = as_joe($query);
is("$out$err", $expected, 'a node that knows no other one sends through the coordinator');
$cluster->sql("SELECT citus_activate_node(nodename, nodeport), citus_update_node(nodeid, 'localhost', nodeport) FROM pg_dist_node WHERE groupid <> 0");
is($cluster->sql("SELECT count(*) FROM citus_internal.peer WHERE host = 'localhost'", 'worker1'), 3, 'new addresses are told');
is($cluster->sql($query), $expected, '... and used');
nothing_is_left('after that');

# ----- memory: the peak above what the backends have, on the coordinator and on a worker
sub memory_of { my ($pid, $what) = @_; return slurp_file("/proc/$pid/status") =~ /^$what:\s+(\d+) kB/m ? $1 : 0 }
SKIP: {
    skip 'no /proc', 2 unless -w '/proc/self/clear_refs';
    my $session = $cluster->session;
    $session->query("BEGIN; SELECT count(*) FROM a WHERE false; $query");
    my %pids = (coordinator => scalar $session->query('SELECT pg_backend_pid()'),
        worker1 => $cluster->sql(q{SELECT pid FROM pg_stat_activity WHERE query ~ 'read_motion' AND xact_start IS NOT NULL
            AND pid <> pg_backend_pid()}, 'worker1'));
    my %before;
    for my $name (keys %pids) {
        append_to_file("/proc/$pids{$name}/clear_refs", '5');
        $before{$name} = memory_of($pids{$name}, 'VmHWM');
    }
    $session->query($query);
    cmp_ok(memory_of($pids{$_}, 'VmHWM') - $before{$_}, '<', 40_000, "memory on $_ is bounded") for sort keys %pids;
    $cluster->finish($session);
}

# ----- cancel and crashes
my $session = $cluster->session;
for my $delay (0.02, 0.1, 0.2, 0.4) {
    ($out, $err) = $cluster->run($session, 'SET statement_timeout TO ' . int($delay * 1000) . ";\n$query;\nRESET statement_timeout");
    ok($out eq $expected || $err =~ /statement timeout/, "a timeout after $delay s");
}
is(($cluster->run($session, $query))[0], $expected, 'the session goes on');
nothing_is_left('after timeouts');
my $killed = 0;
for my $try (1 .. 40) {
    $cluster->begin_query($session, $query);
    for (1 .. 100) {
        my $pid = $cluster->sql(q{SELECT pid FROM pg_stat_activity WHERE query ~ 'motion_deliver' AND pid <> pg_backend_pid() LIMIT 1}, 'worker2');
        next if $pid eq '';
        $killed += kill 'KILL', $pid;
        last;
    }
    ($out, $err) = $cluster->await($session);
    last if $killed;
}
ok($killed, 'a backend that takes rows is killed');
like($err, qr/ERROR/, '... the statement fails');
$cluster->finish($session);
my $until = time + 60;
($out, $err) = ('', 'x');
while ($err ne '' && time < $until) {
    ($out, $err) = $cluster->try_sql($query);
    sleep 0.2;
}
is($out, $expected, '... and works again when the node is back');
nothing_is_left('after a crash');
done_testing();
