# More databases with the extension than worker processes: their daemons take turns, so that each one recovers what a crash
# has left, and no read waits for ever for what only another database's process could finish.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use CitusCluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

# One process is the launcher, one PostgreSQL's own: two are left for six databases (postgres is one).
# No daemon may see what is made below before the crash: it would roll back what is prepared and not yet decided.
my $cluster = CitusCluster->new(workers => 1, conf => "max_worker_processes = 4\ncitus.recover_2pc_interval = -1");
my ($coordinator, $worker) = map { $cluster->node($_) } 'coordinator', 'worker1';
my $port = $worker->port;
my @databases = map { "db$_" } 1 .. 5;
my %decided;
for my $database (@databases) {
    $_->safe_psql('postgres', "CREATE DATABASE $database") for $worker, $coordinator;
    $coordinator->safe_psql($database, qq{CREATE EXTENSION citus; SELECT citus_add_node('127.0.0.1', $port);
        CREATE TABLE account (id int PRIMARY KEY, amount int NOT NULL);
        SELECT create_distributed_table('account', 'id', shard_count => 2);
        INSERT INTO account SELECT i, 100 FROM generate_series(1, 100) i});
}

# What a crash between the decision and the second phase leaves.
for my $database (@databases) {
    my ($group, $shard) = split /\|/, $coordinator->safe_psql($database,
        q{SELECT n.groupid, s.shard_name FROM pg_dist_node n, citus_shards s WHERE n.nodeport = s.nodeport AND n.groupid > 0 ORDER BY 2 LIMIT 1});
    my $gid = "citus_0_999999_${\ substr $database, 2}_0";
    $worker->safe_psql($database, "BEGIN; UPDATE $shard SET amount = amount + 1; PREPARE TRANSACTION '$gid'");
    $coordinator->safe_psql($database, "INSERT INTO pg_dist_transaction (groupid, gid) VALUES ($group, '$gid')");
    $decided{$database} = $worker->safe_psql($database, "SELECT count(*) FROM $shard");
}
$cluster->crash('coordinator');
$coordinator->append_conf('postgresql.conf', "citus.recover_2pc_interval = '60s'");
$cluster->revive('coordinator');

my $begin = time;
for my $database (reverse @databases) {
    my $sum = eval { $coordinator->safe_psql($database, q{SET statement_timeout = '60s'; SELECT sum(amount) FROM account}) } // "failed: $@";
    is($sum, 10000 + $decided{$database}, "a read in $database sees what was decided");
}
note(sprintf 'after %.1f s', time - $begin);
my $left = '';
for (my $end = time + 60; time < $end; sleep 0.3) {
    $left = $worker->safe_psql('postgres', 'SELECT count(*) FROM pg_prepared_xacts');
    last if $left eq '0';
}
is($left, '0', 'nothing is left in doubt in any database');
done_testing();
