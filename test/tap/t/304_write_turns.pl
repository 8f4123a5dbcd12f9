# Writes to several nodes at the same time: as on one server, the second one waits for the first, and none is the victim of
# a deadlock that one server would not have. Nobody waits for long for who only waits himself.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use CitusCluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $cluster = CitusCluster->new(workers => 2);
my $coordinator = $cluster->node('coordinator');
$cluster->sql(q{
    CREATE TABLE item (id int PRIMARY KEY, n int NOT NULL, kind int);
    SELECT create_distributed_table('item', 'id', shard_count => 8);
    INSERT INTO item SELECT i, 0, i % 2 FROM generate_series(1, 1000) i;
    CREATE TABLE other (id int PRIMARY KEY, n int NOT NULL);
    SELECT create_distributed_table('other', 'id', shard_count => 4);
    INSERT INTO other SELECT i, 0 FROM generate_series(1, 100) i;
    ANALYZE item, other;
});

my %statements = (
    'all rows' => ['UPDATE item SET n = n + 1', 1000],
    'rows that are returned' => ['UPDATE item SET n = n + 1 RETURNING id', 1000],
    'rows that are found here' => ['UPDATE item SET n = item.n + 1 FROM (SELECT id FROM item ORDER BY n, id OFFSET 0) s WHERE s.id = item.id', 1000]);
for my $what (sort keys %statements) {
    my ($statement, $rows) = @{ $statements{$what} };
    $cluster->sql('UPDATE item SET n = 0');
    $coordinator->pgbench('-n -c 6 -j 2 -t 10', 0, [qr{transactions actually processed: 60/60}], [qr/^((?!ERROR|deadlock).)*$/s],
        "$what, by six clients", { "turns_$rows" . length $what => "$statement;\n" });
    is($cluster->sql('SELECT sum(n) FROM item'), 60 * $rows, '... all of which is done');
}

# Locks of rows of all shards, which each client takes before it changes them.
my %locks = (
    'all rows' => 'SELECT id FROM item FOR UPDATE',
    'sorted rows' => 'SELECT id FROM item ORDER BY n, id FOR UPDATE',
    'some rows' => 'SELECT id FROM item WHERE kind = 0 LIMIT 300 FOR NO KEY UPDATE',
    'rows of a join' => 'SELECT id FROM item JOIN other USING (id) FOR UPDATE OF item',
    'rows that are joined here' => 'SELECT i.id FROM item i JOIN (SELECT id FROM other ORDER BY n OFFSET 0) o ON o.id = i.id FOR UPDATE OF i');
for my $what (sort keys %locks) {
    $cluster->sql('UPDATE item SET n = 0');
    $coordinator->pgbench('-n -c 6 -j 2 -t 10', 0, [qr{transactions actually processed: 60/60}], [qr/^((?!ERROR|deadlock).)*$/s],
        "locks of $what, by six clients",
        { 'locks_' . $what =~ tr/ /_/r => "BEGIN;\n$locks{$what};\nUPDATE item SET n = n + 1 WHERE id = 7;\nEND;\n" });
    is($cluster->sql('SELECT n FROM item WHERE id = 7'), 60, '... after which all is done');
}

# A transaction that has written does not wait for who waits for its rows.
my ($one, $two, $three) = map { $cluster->session } 1 .. 3;
$cluster->run($one, 'BEGIN; UPDATE item SET n = 1');
$cluster->begin_query($two, 'UPDATE item SET n = 2');
sleep 0.5;
my $begin = time;
my (undef, $error) = $cluster->run($one, 'UPDATE item SET n = n + 10');
is($error, '', 'a second write of the transaction whose rows are waited for');
cmp_ok(time - $begin, '<', 0.9, '... goes on at once');

# Others wait for the one that waits a moment only, and not at all for writes to other tables.
$begin = time;
(undef, $error) = $cluster->run($three, 'UPDATE other SET n = 1');
is($error, '', 'a write to another table');
cmp_ok(time - $begin, '<', 0.9, '... goes on at once');
$cluster->run($one, 'COMMIT; BEGIN; UPDATE item SET n = 3 WHERE kind = 0');
$cluster->await($two);
is($cluster->sql('SELECT sum(n) FROM item'), 2000, 'the one that waited comes behind');
$cluster->run($one, 'ROLLBACK; BEGIN; UPDATE item SET n = 3 WHERE kind = 0');
$cluster->begin_query($two, 'UPDATE item SET n = 4 WHERE kind = 0');
sleep 0.3;
$begin = time;
(undef, $error) = $cluster->run($three, 'UPDATE item SET n = 5 WHERE kind = 1');
is($error, '', 'a write of other rows of the table');
cmp_ok(time - $begin, '<', 3, '... waits for a moment at most');

# A turn ends with its holder, and a wait for it with a cancel.
$begin = time;
(undef, $error) = $cluster->run($three, q{SET statement_timeout = '300ms'; UPDATE item SET n = 6 WHERE kind = 1});
like($error, qr/statement timeout/, 'a wait for a turn can be ended');
cmp_ok(time - $begin, '<', 0.9, '... soon');
$cluster->run($three, 'RESET statement_timeout');
# (Session two waits for the rows of one, and has the turn.)
$cluster->sql(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ~ 'SET n = 4' AND pid <> pg_backend_pid()});
sleep 0.3;
$begin = time;
(undef, $error) = $cluster->run($three, 'UPDATE item SET n = 7 WHERE kind = 1');
is($error, '', 'the turn of a session that was ended');
cmp_ok(time - $begin, '<', 0.9, '... is free');

# An open cursor has no turn.
$cluster->run($one, 'ROLLBACK; BEGIN; DECLARE c CURSOR FOR SELECT id FROM item WHERE kind = 0 FOR UPDATE; FETCH 1 FROM c');
$begin = time;
(undef, $error) = $cluster->run($three, 'UPDATE item SET n = 8 WHERE kind = 1');
is($error, '', 'beside a cursor that locks rows');
cmp_ok(time - $begin, '<', 0.9, '... others write at once');
$cluster->run($one, 'COMMIT');
$cluster->finish($_) for $one, $three;
is($cluster->sql('SELECT sum(n) FROM item WHERE kind = 1'), 4000, 'all is written in the end');
is($cluster->sql('SELECT count(*) FROM pg_prepared_xacts', $_), 0, "nothing is left on $_") for 'worker1', 'worker2';
done_testing();
