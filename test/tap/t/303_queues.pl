# Workers of a queue in parallel (ORDER BY ... LIMIT ... FOR UPDATE SKIP LOCKED) on a distributed table: no job is handed
# out twice, and no worker leaves with fewer jobs than it asked for while there are enough.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use CitusCluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $cluster = CitusCluster->new(workers => 2);
my $node = $cluster->node('coordinator');
my $clients = 5;
my $rounds = $ENV{QUEUE_ROUNDS} // 40;

# A worker writes down each job it was given, in the transaction that takes it.
my %takers = (
    'SELECT, then UPDATE' => q{
        SELECT coalesce(array_agg(id), '{}') AS ids FROM (SELECT id FROM jobs WHERE state = 'open' ORDER BY rank, id LIMIT 2 FOR UPDATE SKIP LOCKED) AS l \gset
        UPDATE jobs SET state = 'done', taken = taken + 1 WHERE id = ANY (':ids');
        INSERT INTO taken SELECT unnest(':ids'::int[]), :client_id;},
    'UPDATE ... IN' => q{
        WITH t AS (UPDATE jobs SET state = 'done', taken = taken + 1 WHERE id IN
            (SELECT id FROM jobs WHERE state = 'open' ORDER BY rank, id LIMIT 2 FOR UPDATE SKIP LOCKED) RETURNING id)
        INSERT INTO taken SELECT id, :client_id FROM t;},
    'UPDATE ... =' => q{
        WITH t AS (UPDATE jobs SET state = 'done', taken = taken + 1 WHERE id =
            (SELECT id FROM jobs WHERE state = 'open' ORDER BY rank, id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id)
        INSERT INTO taken SELECT id, :client_id FROM t;
        WITH t AS (UPDATE jobs SET state = 'done', taken = taken + 1 WHERE id =
            (SELECT id FROM jobs WHERE state = 'open' ORDER BY rank, id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id)
        INSERT INTO taken SELECT id, :client_id FROM t;},
    'WITH ... UPDATE' => q{
        UPDATE jobs SET state = state WHERE false;
        WITH c AS (SELECT id FROM jobs WHERE state = 'open' ORDER BY rank, id LIMIT 2 FOR UPDATE SKIP LOCKED),
            t AS (UPDATE jobs SET state = 'done', taken = taken + 1 FROM c WHERE jobs.id = c.id RETURNING jobs.id)
        INSERT INTO taken SELECT id, :client_id FROM t;},
    'without an order' => q{
        WITH t AS (UPDATE jobs SET state = 'done', taken = taken + 1 WHERE id IN
            (SELECT id FROM jobs WHERE state = 'open' LIMIT 2 FOR UPDATE SKIP LOCKED) RETURNING id)
        INSERT INTO taken SELECT id, :client_id FROM t;},
    'waiting' => q{
        WITH t AS (UPDATE jobs SET state = 'done', taken = taken + 1 WHERE id IN
            (SELECT id FROM jobs WHERE state = 'open' ORDER BY rank, id LIMIT 2 FOR UPDATE) RETURNING id)
        INSERT INTO taken SELECT id, :client_id FROM t;},
    'DELETE' => q{
        WITH t AS (DELETE FROM jobs USING
            (SELECT id FROM jobs WHERE state = 'open' ORDER BY rank, id LIMIT 2 FOR UPDATE SKIP LOCKED) AS c
            WHERE jobs.id = c.id RETURNING jobs.id)
        INSERT INTO taken SELECT id, :client_id FROM t;},
);

my $jobs = 2 * $clients * $rounds;
for my $layout ('id', 'tenant', 'id, partitioned') {
    my ($key, $partitioned) = split /, /, $layout;
    my $partition_by = $partitioned ? 'PARTITION BY RANGE (rank)' : '';
    my $partitions = $partitioned ? 'CREATE TABLE jobs_low PARTITION OF jobs FOR VALUES FROM (0) TO (4); CREATE TABLE jobs_high PARTITION OF jobs FOR VALUES FROM (4) TO (10);' : '';
    for my $name (sort keys %takers) {
        my $spare = 4 * $clients;
        $cluster->sql(qq{
            DROP TABLE IF EXISTS jobs, taken;
            CREATE TABLE jobs (id int, tenant int, state text, rank int, taken int DEFAULT 0, PRIMARY KEY (id, tenant, rank)) $partition_by;
            $partitions
            CREATE TABLE taken (id int, worker int);
            SET citus.shard_count = 4;
            SELECT create_distributed_table('jobs', '$key');
            INSERT INTO jobs SELECT g, g % 50, 'open', g % 10 FROM generate_series(1, $jobs + $spare) AS g;});
        my $script = "$PostgreSQL::Test::Utils::tmp_check/taker.sql";
        open my $file, '>', $script or die;
        my $statement = $takers{$name} =~ s/\n {8}(?! )/\n/gr;
        # A statement of several lines is one for pgbench as it ends in a semicolon; \gset ends its line.
        print $file "BEGIN;$statement\nCOMMIT;\n";
        close $file;
        my ($out, $err) = ('', '');
        my $ok = IPC::Run::run([ 'timeout', 180, 'pgbench', '-n', '-h', $node->host, '-p', $node->port, '-c', $clients, '-j', 2,
            '-t', $rounds, '-f', $script, 'postgres' ], '>', \$out, '2>', \$err);
        ok($ok, "$layout, $name: all workers end without an error") or diag($err);
        is($cluster->sql('SELECT count(*), count(DISTINCT id) FROM taken'), "$jobs|$jobs", '... each got as many as it asked for, none twice');
        is($cluster->sql(q{SELECT count(*) FROM jobs WHERE state = 'open'}), $spare, '... the others are left');
        is($cluster->sql('SELECT count(*) FROM jobs WHERE taken > 1'), 0, '... none was changed twice');
        is($cluster->sql(q{SELECT count(*) FROM jobs WHERE state = 'open' AND rank < 9}), 0, '... they were taken in order')
          if $name ne 'without an order';
    }
}

done_testing();
