# Several databases with the extension, and several clusters, over one worker: each one's daemon recovers what is its own,
# and nothing else, also after the daemon's process alone was killed (for which the server restarts).
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use CitusCluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $cluster = CitusCluster->new(workers => 1);
my $worker = $cluster->node('worker1');
my $port = $worker->port;
# Another cluster, whose coordinator is another server, uses a database of the same worker.
my $alien = CitusCluster->new(workers => 0, label => 'alien_');
my %coordinator = (postgres => $cluster->node('coordinator'), second => $cluster->node('coordinator'), third => $alien->node('coordinator'));
my @databases = sort keys %coordinator;
sub here { my ($database, $sql) = @_; return $coordinator{$database}->safe_psql($database, $sql) }
sub there { my ($database, $sql) = @_; return $worker->safe_psql($database, $sql) }

for my $database ('second', 'third') {
    $worker->safe_psql('postgres', "CREATE DATABASE $database");
    $coordinator{$database}->safe_psql('postgres', "CREATE DATABASE $database");
    here($database, "CREATE EXTENSION citus; SELECT citus_add_node('127.0.0.1', $port)");
}
here($_, q{CREATE TABLE account (id int PRIMARY KEY, amount int NOT NULL);
    SELECT create_distributed_table('account', 'id', shard_count => 1);
    INSERT INTO account SELECT i, 100 FROM generate_series(1, 100) i}) for @databases;

my $daemons = q{SELECT count(*), min(pid) FROM pg_stat_activity WHERE backend_type = 'Citus Maintenance Daemon' AND datname = current_database()};
sub eventually {
    my ($what, $expected, $probe) = @_;
    my $end = time + 60;
    my $got = '';
    while (time < $end) {
        $got = eval { $probe->() } // '';
        last if $got eq $expected;
        sleep 0.2;
    }
    return is($got, $expected, $what);
}
sub count_of_daemons { my ($database) = @_; return (split /\|/, here($database, $daemons))[0] }
eventually("database $_ has a daemon", 1, sub { count_of_daemons($_) }) for @databases;

# In doubt in each database: one that is decided, one that is not. A lock keeps the daemon from them.
my $round = 0;
sub put_in_doubt {
    my ($database) = @_;
    my $lock = $coordinator{$database}->background_psql($database, on_error_stop => 0);
    $cluster->run($lock, 'BEGIN; LOCK TABLE pg_dist_transaction IN SHARE UPDATE EXCLUSIVE MODE');
    my ($group, $shard) = split /\|/, here($database, q{SELECT n.groupid, s.shard_name FROM pg_dist_node n, citus_shards s WHERE n.nodeport = s.nodeport AND n.groupid > 0});
    $round++;
    my ($decided, $undecided) = map { "citus_0_99999${_}_${round}_0" } 1, 2;
    there($database, "BEGIN; UPDATE $shard SET amount = amount + 1 WHERE id = 1; PREPARE TRANSACTION '$decided'");
    there($database, "BEGIN; UPDATE $shard SET amount = amount + 1 WHERE id = 2; PREPARE TRANSACTION '$undecided'");
    here($database, "INSERT INTO pg_dist_transaction (groupid, gid) VALUES ($group, '$decided')");
    return $lock;
}
sub in_doubt { my ($database) = @_; return there($database, q{SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()}) }
sub amounts { my ($database) = @_; return here($database, q{SELECT string_agg(amount::text, ' ' ORDER BY id) FROM account WHERE id < 3}) }

my %lock = map { $_ => put_in_doubt($_) } @databases;
sleep 2;
is(in_doubt($_), 2, "two transactions are in doubt in $_") for @databases;

# kill -9 of one daemon: the server starts anew, both of its daemons come back and do their work.
my (undef, $pid) = split /\|/, here('postgres', $daemons);
kill 'KILL', $pid;
eventually("what was in doubt in $_ is resolved after the daemon was killed", 0, sub { in_doubt($_) }) for 'postgres', 'second';
eventually("... as it was decided in $_", '101 100', sub { amounts($_) }) for 'postgres', 'second';
is(here($_, 'SELECT count(*) FROM pg_dist_transaction'), 0, "... no record is left in $_") for 'postgres', 'second';
eventually("... and $_ has a daemon again", 1, sub { count_of_daemons($_) }) for 'postgres', 'second';
is(in_doubt('third'), 2, 'what belongs to another cluster is left alone');
$cluster->finish($_) for @lock{ 'postgres', 'second' };

# Each database's recovery, when it is called, sees its own only.
%lock = (%lock, map { $_ => put_in_doubt($_) } 'postgres', 'second');
$cluster->run($lock{second}, 'COMMIT');
eventually('the daemon of one database recovers', 0, sub { in_doubt('second') });
is(amounts('second'), '102 100', '... as it was decided');
is(in_doubt('postgres'), 2, '... and not what is of another database');
$cluster->run($lock{third}, 'COMMIT');
eventually('the daemon of the other cluster recovers', 0, sub { in_doubt('third') });
is(amounts('third'), '101 100', '... as it was decided');
is(in_doubt('postgres'), 2, '... and not what is of another one');
$cluster->run($lock{postgres}, 'COMMIT');
eventually('the last one recovers', 0, sub { in_doubt('postgres') });
is(amounts('postgres'), '102 100', '... as it was decided');
$cluster->finish($_) for values %lock;

# All of them work on.
here($_, 'UPDATE account SET amount = amount + 1 WHERE id = 3') for @databases;
is(here($_, 'SELECT amount FROM account WHERE id = 3'), 101, "$_ works on") for @databases;
done_testing();
