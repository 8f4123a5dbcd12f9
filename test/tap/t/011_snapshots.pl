# The reads of one statement see one snapshot on each node: what another transaction committed there is seen in all
# shards of the node, or in none.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use CitusCluster;
use Test::More;
use Time::HiRes qw(sleep);

my $cluster = CitusCluster->new(workers => 2);
$cluster->sql(q{
    CREATE TABLE account (id int PRIMARY KEY, amount int NOT NULL);
    SELECT create_distributed_table('account', 'id', shard_count => 8);
});
# A key in each of the four shards of a node, and the shard of the second one. There it waits, and there are no rows.
my ($lock_shard, @keys);
for (split /\n/, $cluster->sql(q{
    SELECT shardid, min(k) FROM generate_series(1, 1000) k
    JOIN citus_shards s ON s.shardid = get_shard_id_for_distribution_column('account', k)
    WHERE s.nodeport = } . $cluster->node('worker1')->port . ' GROUP BY s.shardid ORDER BY 1')) {
    my ($shard, $key) = split /\|/;
    push @keys, $key;
    $lock_shard = $shard if @keys == 2;
}
is(scalar @keys, 4, 'the node has four shards');
splice @keys, 1, 1;
$cluster->sql("INSERT INTO account VALUES ($_, 0)") for @keys;
my $session = $cluster->session;
my $locker = $cluster->node('worker1')->background_psql('postgres', on_error_stop => 0);
my $value = 0;

# Runs a statement that is made to wait on the node when it has read the first shard. Meanwhile one transaction gives
# all rows the next value. What the statement saw, without repetition.
sub seen {
    my ($before, $statement, $after) = @_;
    $value++;
    $cluster->run($session, $before) if $before;
    $locker->query("BEGIN; LOCK TABLE account_$lock_shard");
    $cluster->begin_query($session, $statement);
    my $waiting = q{SELECT count(*) > 0 FROM pg_locks WHERE NOT granted};
    sleep 0.05 while $cluster->sql($waiting, 'worker1') ne 't';
    $cluster->sql("UPDATE account SET amount = $value WHERE id IN (" . join(',', @keys) . ')');
    $locker->query('COMMIT');
    my ($out, $error) = $cluster->await($session);
    is($error, '', 'the statement runs') if $error ne '';
    $cluster->run($session, $after) if $after;
    my %values = map { $_ => 1 } grep { /^\d+$/ } split /[\n| ]/, $out;
    return join ' ', sort { $a <=> $b } keys %values;
}

my $all = q{SELECT amount FROM account};
my $ordered = q{SELECT amount FROM account ORDER BY id};
my $twice = q{SELECT (SELECT string_agg(amount::text, ' ' ORDER BY id) FROM account WHERE amount >= 0), (SELECT max(amount) FROM account)};
my $recursive = q{WITH RECURSIVE r AS (SELECT 1 AS step, (SELECT string_agg(amount::text, ' ') FROM account) AS amount
    UNION ALL SELECT step + 1, (SELECT string_agg(amount::text, '|') FROM account WHERE amount >= step - step) FROM r WHERE step < 3) SELECT amount FROM r};
my $joined = q{SELECT a.amount, b.amount FROM account a JOIN account b ON a.id / 1000 = b.id / 1000};
for my $case ([ 'a scan', $all ], [ 'an ordered scan', $ordered ], [ 'two scans', $twice ], [ 'a recursive query', $recursive ], [ 'a join', $joined ]) {
    my ($name, $statement) = @$case;
    is(seen('', $statement), $value - 1, "$name sees one snapshot");
    is(seen('BEGIN', $statement, 'COMMIT'), $value - 1, '... in a transaction block');
    is(seen('BEGIN; SAVEPOINT s', $statement, 'ROLLBACK TO s; COMMIT'), $value - 1, '... below a savepoint');
    is(seen('BEGIN ISOLATION LEVEL REPEATABLE READ', $statement, 'COMMIT'), $value - 1, '... at REPEATABLE READ');
    is(($cluster->run($session, 'SELECT DISTINCT amount FROM account'))[0], $value, '... the next statement has its own');
}

# The next statement of a block has a new snapshot, and sees what the block itself wrote.
$cluster->run($session, 'BEGIN');
$cluster->run($session, $_) for $all, $twice;
$cluster->sql('UPDATE account SET amount = 50');
is(($cluster->run($session, 'SELECT DISTINCT amount FROM account'))[0], 50, 'the next statement of a block sees what was committed meanwhile');
$cluster->run($session, "UPDATE account SET amount = 60 WHERE id = $keys[0]");
is(($cluster->run($session, 'SELECT string_agg(amount::text, \' \' ORDER BY amount) FROM account'))[0], '50 50 60', '... and what the block wrote');
$cluster->run($session, "UPDATE account SET amount = 70 WHERE id = $keys[1]; SAVEPOINT s; UPDATE account SET amount = 80");
is(($cluster->run($session, 'SELECT amount FROM account LIMIT 1'))[0], 80, '... below a savepoint');
$cluster->run($session, 'ROLLBACK TO s');
is(($cluster->run($session, "SELECT (SELECT string_agg(amount::text, ' ' ORDER BY amount) FROM account), (SELECT count(*) FROM account)"))[0], '50 60 70|3', '... and not what was rolled back');
# A cursor keeps the snapshot that it was opened under, while other statements get theirs.
$cluster->run($session, "DECLARE c CURSOR FOR SELECT a.amount, (SELECT max(b.amount) FROM account b WHERE b.id <> a.id) FROM account a ORDER BY 1");
is(($cluster->run($session, 'FETCH 1 FROM c'))[0], '50|70', 'a cursor');
$cluster->run($session, 'UPDATE account SET amount = 90; SELECT (SELECT max(amount) FROM account), (SELECT min(amount) FROM account)');
unlike(($cluster->run($session, 'FETCH ALL FROM c'))[0], qr/90/, '... does not see what is written later');
$cluster->run($session, 'COMMIT');
is(($cluster->run($session, 'SELECT DISTINCT amount FROM account'))[0], 90, '... and the block commits');

# That these tests can fail: without the snapshot, a scan in a block sees a half.
$cluster->sql(q{CREATE OR REPLACE FUNCTION citus_internal.use_snapshot(statement bigint, oldest bigint) RETURNS void LANGUAGE sql AS ''}, 'worker1');
$cluster->finish($session);
$session = $cluster->session;
like(seen('BEGIN', $_, 'COMMIT'), qr/ /, 'without it, the values are mixed') for $all, $twice;
$cluster->finish($locker);
$cluster->finish($session);
done_testing();
