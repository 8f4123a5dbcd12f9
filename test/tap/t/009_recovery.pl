# Recovery: it finishes what is its own and nothing else, is in nobody's way, and goes on by itself.
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
    CREATE TABLE account (id int PRIMARY KEY, amount int NOT NULL);
    SELECT create_distributed_table('account', 'id');
    INSERT INTO account SELECT i, 100 FROM generate_series(1, 1000) i;
});
my $gids = q{SELECT string_agg(gid, ' ' ORDER BY gid) FROM pg_prepared_xacts};

# Prepared transactions of all kinds on a worker.
my $shard = $cluster->sql(q{SELECT shard_name FROM citus_shards WHERE nodeport = } . $cluster->node('worker1')->port . ' LIMIT 1');
my ($group) = $cluster->sql('SELECT groupid FROM pg_dist_node WHERE nodeport = ' . $cluster->node('worker1')->port);
sub prepare {
    my ($gid, $key, $database) = @_;
    my $what = $database ? 'CREATE TABLE x (i int)' : "UPDATE $shard SET amount = amount WHERE id = $key; INSERT INTO $shard VALUES (-$key, 0)";
    $cluster->node('worker1')->safe_psql($database // 'postgres', "BEGIN; $what; PREPARE TRANSACTION '$gid'");
    return;
}
$cluster->sql('CREATE DATABASE other', 'worker1');
my @others = ('citus_5_1_1_0', 'citus_0_1_1', 'citus_0_01_1_0', 'citus_0_1_1_0x', 'master_update_node 1', 'mine');
my $key = 100000;
# The daemon, which looks each second after a start, waits for this lock.
my $lock = $cluster->session;
$cluster->run($lock, 'BEGIN; LOCK TABLE pg_dist_transaction IN SHARE UPDATE EXCLUSIVE MODE');
prepare($_, $key++) for @others;
prepare('citus_0_1_7_0', 0, 'other');
prepare('citus_0_999999_1_0', $key++); # nobody has decided: to be rolled back
prepare('citus_0_999999_2_0', $key);   # to be committed
$cluster->run($lock, "INSERT INTO pg_dist_transaction (groupid, gid) VALUES ($group, 'citus_0_999999_2_0'); COMMIT");
$cluster->finish($lock);
like($cluster->sql('SELECT recover_prepared_transactions()'), qr/^[0-2]$/, 'two are resolved, here or by the daemon');
is($cluster->sql($gids, 'worker1'), join(' ', sort @others, 'citus_0_1_7_0'), 'those of others are left alone');
is($cluster->sql("SELECT count(*) FROM $shard WHERE id = -$key", 'worker1'), 1, 'what was decided is committed');
is($cluster->sql("SELECT count(*) FROM $shard WHERE id = -$key + 1", 'worker1'), 0, 'what was not is rolled back');
is($cluster->sql('SELECT recover_prepared_transactions()'), 0, 'nothing is left to do');
is($cluster->sql('SELECT count(*) FROM pg_dist_transaction'), 0, 'no record is left');
$cluster->sql("ROLLBACK PREPARED '$_'", 'worker1') for @others;
$cluster->node('worker1')->safe_psql('other', q{ROLLBACK PREPARED 'citus_0_1_7_0'});
$cluster->sql("DELETE FROM $shard WHERE id < 0", 'worker1');

# While others commit.
my $script = "$PostgreSQL::Test::Utils::tmp_check/transfer.sql";
append_to_file($script, <<'END');
\set src random(1, 1000)
\set dst random(1, 1000)
BEGIN;
UPDATE account SET amount = amount - 1 WHERE id = least(:src, :dst);
UPDATE account SET amount = amount + 1 WHERE id = greatest(:src, :dst);
COMMIT;
END
my $node = $cluster->node('coordinator');
my ($out, $err) = ('', '');
my $bench = IPC::Run::start([ 'pgbench', '-n', '-h', $node->host, '-p', $node->port, '-f', $script, '-c', 4, '-T', 6, 'postgres' ],
    '>', \$out, '2>', \$err);
my $warnings = '';
my $rounds = 0;
my $end = time + 5;
while (time < $end) {
    my (undef, $text) = $cluster->try_sql('SELECT recover_prepared_transactions()');
    $warnings .= $text;
    $rounds++;
}
$bench->finish;
is($warnings, '', "$rounds recoveries while others commit are quiet");
unlike($err, qr/error|abort/i, '... and no transaction fails');
is($cluster->sql('SELECT sum(amount), count(*) FROM account'), '100000|1000', '... nor is half of one lost');

# The daemon.
my $daemon = q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'Citus Maintenance Daemon'};
my $pid = $cluster->sql($daemon);
my $log_before = -s $node->logfile;
sleep 3;
my $log = slurp_file($node->logfile, $log_before);
unlike($log, qr/\[$pid\]/, 'the daemon is quiet');
$cluster->sql("SELECT pg_terminate_backend($pid)");
my $new = '';
$end = time + 30;
while (time < $end) {
    $new = $cluster->sql($daemon);
    last if $new ne '' && $new ne $pid;
    sleep 0.1;
}
isnt($new, '', 'a daemon that was terminated comes back');

# A fast shutdown does not wait for sessions in a transaction, nor for a wait for a lock on a worker.
my ($one, $two) = ($cluster->session, $cluster->session);
$cluster->run($one, 'BEGIN; UPDATE account SET amount = 0');
$cluster->begin_query($two, 'UPDATE account SET amount = 1');
sleep 0.5; # the deadlock detector runs
my $begin = time;
$node->stop('fast');
cmp_ok(time - $begin, '<', 10, 'a fast shutdown is fast');
eval { $cluster->finish($_) } for $one, $two;
$node->start;
is($cluster->sql('SELECT sum(amount) FROM account'), 100000, '... and rolls back');

# DROP DATABASE while the detector of that database runs, here and on the worker.
$cluster->sql('CREATE DATABASE third', $_) for 'worker1';
$cluster->sql('CREATE DATABASE third');
my $port = $cluster->node('worker1')->port;
$node->safe_psql('third', "CREATE EXTENSION citus; SELECT citus_add_node('127.0.0.1', $port)");
$node->safe_psql('third', q{CREATE TABLE t (k int PRIMARY KEY); SELECT create_distributed_table('t', 'k'); INSERT INTO t VALUES (1)});
{
    my @third = map { $node->background_psql('third', on_error_stop => 0) } 1, 2;
    $cluster->run($third[0], 'BEGIN; DELETE FROM t');
    $cluster->begin_query($third[1], 'DELETE FROM t');
    sleep 0.5;
    is($cluster->sql(q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'Citus Deadlock Detector' AND datname = 'third'}), 1,
        'a detector runs');
    $cluster->run($third[0], 'COMMIT');
    $cluster->await($third[1]);
    $cluster->finish($_) for @third;
}
sleep 0.5;
my (undef, $error) = $cluster->try_sql('DROP DATABASE third');
is($error, '', 'DROP DATABASE ends the detector');
(undef, $error) = $cluster->try_sql('DROP DATABASE third', 'worker1');
is($error, '', '... which holds no link to the worker any more');

done_testing();
