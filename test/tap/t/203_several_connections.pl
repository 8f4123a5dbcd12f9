# Several connections of one statement to one node: when, how many, with one snapshot, and nothing left of them.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use CitusCluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $cluster = CitusCluster->new(workers => 1, conf => 'max_prepared_transactions = 100');
$cluster->sql(q{
    CREATE TABLE item (id int PRIMARY KEY, n int NOT NULL);
    SELECT create_distributed_table('item', 'id', shard_count => 16);
    INSERT INTO item SELECT i, 100 FROM generate_series(1, 400) i;
    CREATE TABLE region (id int PRIMARY KEY, name text);
    SELECT create_reference_table('region');
    INSERT INTO region SELECT i, 'r' || i FROM generate_series(1, 5) i;
    ANALYZE item;
});

sub opened { my ($session) = @_; return ($session->query(q{SELECT value FROM citus_session_counters() WHERE name = 'connection_establishment_succeeded'})) }
sub links { return $cluster->sql(q{SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'citus_internal%'}, 'worker1') }
sub busy { return $cluster->sql(q{SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'citus_internal%' AND state <> 'idle'}, 'worker1') }
sub none_busy { for (1 .. 50) { return 1 if busy() == 0; sleep 0.1 } return 0 }

# The planner does not know that a row takes long; with force_... it need not. Slow start then goes by what is seen.
my $slow = 'SELECT id FROM item WHERE id <= 40 AND pg_sleep(0.01) IS NOT NULL ORDER BY id';
my $session = $cluster->session;
is(($cluster->run($session, 'SELECT id FROM item WHERE n < 0'))[0], '', 'a short query');
is(opened($session), 1, '... uses one connection');
my $expected = $cluster->sql("SELECT string_agg(i::text, E'\\n') FROM generate_series(1, 40) i");
$session->query('SET citus.force_max_query_parallelization = on');
is(($cluster->run($session, $slow))[0], $expected, 'with parallelization forced, the answer is the same');
cmp_ok(opened($session), '>=', 8, '... over many connections');
is(links(), 1, '... of which one is kept');
$session->query('SET citus.max_cached_conns_per_worker = 4');
is(($cluster->run($session, $slow))[0], $expected, 'the same again');
is(links(), 4, '... and as many are kept as is set');
my $before = opened($session);
is(($cluster->run($session, "SET citus.max_adaptive_executor_pool_size = 4; $slow"))[0], $expected, 'with a limit');
is(opened($session), $before, '... the kept ones are used');
is(($cluster->run($session, "SET citus.max_adaptive_executor_pool_size = 1; SET citus.max_cached_conns_per_worker = 1; $slow"))[0], $expected, 'with one connection');
is(links(), 1, '... the others are closed');
$cluster->finish($session);

# One snapshot: rows of two shards that another session changes together are never seen half changed.
my $script = PostgreSQL::Test::Utils::tempdir() . '/move.sql';
append_to_file($script, <<'END');
\set a random(1, 200)
\set b random(201, 400)
BEGIN;
UPDATE item SET n = n - 1 WHERE id = :a;
UPDATE item SET n = n + 1 WHERE id = :b;
COMMIT;
END
my $node = $cluster->node('coordinator');
my $writer = IPC::Run::start([ 'pgbench', '-n', '-h', $node->host, '-p', $node->port, '-c', 2, '-T', 8, '-f', $script, 'postgres' ], '>', '/dev/null', '2>', '/dev/null');
my ($out, $error) = $cluster->try_sql(q{
    SET citus.force_max_query_parallelization = on;
    SET citus.max_cached_conns_per_worker = 8;
    DO $$
    DECLARE total int; wrong int := 0; started timestamptz := clock_timestamp(); runs int := 0;
    BEGIN
        WHILE clock_timestamp() < started + interval '6 seconds' LOOP
            SELECT sum(n) INTO total FROM (SELECT n FROM item ORDER BY id LIMIT 1000) s;
            runs := runs + 1;
            IF total IS DISTINCT FROM 40000 THEN wrong := wrong + 1; END IF;
        END LOOP;
        RAISE WARNING '% runs', CASE WHEN runs > 20 THEN 'many' ELSE 'few: ' || runs END;
        RAISE WARNING '% wrong', wrong;
    END $$});
$writer->finish;
like($error, qr/many runs/, 'a reader ran beside writers');
like($error, qr/\b0 wrong/, '... and saw each transaction as a whole on the node');

# What a transaction has written, it reads; there, and in functions that write while they read.
$cluster->sql('UPDATE item SET n = 1');
$session = $cluster->session;
$session->query('SET citus.force_max_query_parallelization = on; SET citus.max_cached_conns_per_worker = 8');
is(($cluster->run($session, 'BEGIN; UPDATE item SET n = 2 WHERE id % 2 = 0; SELECT sum(n) FROM (SELECT n FROM item ORDER BY id LIMIT 1000) s; SAVEPOINT a; UPDATE item SET n = 5; ROLLBACK TO a; SELECT sum(n) FROM (SELECT n FROM item ORDER BY id LIMIT 1000) s; COMMIT'))[0],
    "600\n600", 'a transaction sees what it has written');
($out, $error) = $cluster->run($session, q{
    DO $$
    DECLARE r record; seen int := 0; odd int := 0;
    BEGIN
        FOR r IN SELECT id, n FROM item LOOP
            seen := seen + 1;
            IF r.n <> 1 + (r.id + 1) % 2 THEN odd := odd + 1; END IF;
            UPDATE item SET n = 10 WHERE n < 10 AND id BETWEEN r.id - 3 AND r.id + 3;
            BEGIN
                PERFORM 1 / (r.id % 10) FROM item WHERE id = r.id;
                INSERT INTO item VALUES (r.id, 0);
            EXCEPTION WHEN division_by_zero OR unique_violation THEN NULL;
            END;
        END LOOP;
        RAISE WARNING '% seen, % changed', seen, odd;
    END $$});
like($error, qr/400 seen, 0 changed/, 'a loop over a query does not see what its body writes');
is($cluster->sql('SELECT count(*) FROM item WHERE n = 10'), 400, '... which is all written');
is(($cluster->run($session, 'SELECT count(*) FROM (SELECT i.id, r.name FROM item i JOIN region r ON r.id = i.id % 5 + 1 OFFSET 0) s'))[0], 400, 'reference tables are joined');

# Ended early, cancelled, failed: nothing is left, and the session works.
is(($cluster->run($session, 'SELECT count(*) FROM (SELECT id FROM item WHERE pg_sleep(0.05) IS NOT NULL LIMIT 1) s'))[0], 1, 'a LIMIT that is reached early');
ok(none_busy(), '... leaves nothing running');
(undef, $error) = $cluster->run($session, "SET statement_timeout = '300ms'; SELECT id FROM item WHERE pg_sleep(0.1) IS NOT NULL");
like($error, qr/statement timeout/, 'a time limit');
ok(none_busy(), '... leaves nothing running');
$session->query('RESET statement_timeout');
(undef, $error) = $cluster->run($session, 'SELECT 1 / (id - 77) FROM item');
like($error, qr/division by zero/, 'an error on one of the connections is reported');
ok(none_busy(), '... and leaves nothing running');
is(($cluster->run($session, 'SELECT count(*) FROM (SELECT id FROM item OFFSET 0) s'))[0], 400, '... and the session goes on');
$cluster->begin_query($session, 'SELECT id FROM item WHERE pg_sleep(0.05) IS NOT NULL');
sleep 0.3;
$cluster->sql(q{SELECT pg_terminate_backend(max(pid)) FROM pg_stat_activity WHERE application_name LIKE 'citus_internal%' AND state <> 'idle'}, 'worker1');
(undef, $error) = $cluster->await($session);
like($error, qr/connection to the remote node|terminating connection/, 'a connection that is lost ends the statement');
ok(none_busy(), '... the others with it');
is(($cluster->run($session, 'SELECT count(*) FROM (SELECT id FROM item OFFSET 0) s'))[0], 400, '... and the session goes on');

# Optional: where there is no room, one connection does it.
$cluster->sql('ALTER SYSTEM SET citus.max_shared_pool_size = 3');
$cluster->sql('SELECT pg_reload_conf()');
$cluster->finish($session);
sleep 0.5;
$session = $cluster->session;
$session->query('SET citus.force_max_query_parallelization = on');
is(($cluster->run($session, $slow))[0], $expected, 'where the pool is small');
is(opened($session), 1, '... one connection does all');
$cluster->finish($session);
$cluster->sql('ALTER SYSTEM RESET citus.max_shared_pool_size');
$cluster->sql('SELECT pg_reload_conf()');

# Slow start, for a table of which the planner expects much.
$cluster->sql(q{
    CREATE TABLE big (id int, t text);
    SELECT create_distributed_table('big', 'id', shard_count => 16);
    INSERT INTO big SELECT i, repeat('x', 40) || i FROM generate_series(1, 200000) i;
    ANALYZE big});
$session = $cluster->session;
is(($cluster->run($session, "SELECT id FROM big WHERE t LIKE '%99999' AND pg_sleep(0.03) IS NOT NULL ORDER BY id"))[0], "99999\n199999", 'a longer query');
is(($cluster->run($session, "SELECT count(*) FROM (SELECT id FROM big WHERE id % 12500 = 0 AND pg_sleep(0.03) IS NOT NULL OFFSET 0) s"))[0], 16, 'one whose tasks wait');
my $many = opened($session);
cmp_ok($many, '>', 1, '... over several connections');
is(($cluster->run($session, 'SELECT id FROM big WHERE id IN (1, 2, 3) ORDER BY id'))[0], "1\n2\n3", 'a short one');
is(opened($session), $many, '... with the one that is kept');
$cluster->finish($session);
done_testing();
