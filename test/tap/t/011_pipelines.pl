# Clients that send several statements before they read an answer (pipelines of the extended protocol): up to the
# Sync they are one transaction, also where a single write would be committed with its statement.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use CitusCluster;
use Test::More;

my $cluster = CitusCluster->new(workers => 2);
my $tables = q{
    CREATE TABLE item (id int PRIMARY KEY, n int NOT NULL);
    SELECT create_distributed_table('item', 'id', shard_count => 4);
    CREATE TABLE part (id int, n int, PRIMARY KEY (id, n));
    SELECT create_distributed_table('part', 'id', colocate_with => 'item');
    ALTER TABLE part ADD FOREIGN KEY (id) REFERENCES item DEFERRABLE INITIALLY DEFERRED;
};
$cluster->sql($tables);
my ($one, $two) = map { $cluster->key_on('item', $_) } 'worker1', 'worker2';
my $coordinator = $cluster->node('coordinator');
my $script = 0;

# Runs a pipeline some times over; exit code and message as pgbench has them.
sub pipeline {
    my ($times, $name, $statements, $code, $error) = @_;
    for my $mode ('extended', 'prepared') {
        $cluster->sql("TRUNCATE item, part; INSERT INTO item VALUES ($one, 0), ($two, 0)");
        $coordinator->pgbench("-n -c 1 -t $times -M $mode", $code // 0, [qr/./], [$error // qr/^$|pgbench/], "$name ($mode)",
            { 'pipeline_' . $script++ => "\\startpipeline\n" . (join "\n", map { "$_;" } @$statements) . "\n\\endpipeline\n" });
    }
    return;
}

pipeline(6, 'reads and writes on two nodes', [
    "UPDATE item SET n = n + 1 WHERE id = $one", "SELECT n FROM item WHERE id = $one",
    "UPDATE item SET n = n + 1 WHERE id = $two", "SELECT count(*) FROM item", "UPDATE item SET n = n + 1 WHERE id = $one"]);
is($cluster->sql('SELECT id, n FROM item ORDER BY n DESC'), "$one|12\n$two|6", '... did all of it');

pipeline(8, 'a single write', ["UPDATE item SET n = n + 1 WHERE id = $one"]);
is($cluster->sql("SELECT n FROM item WHERE id = $one"), 8, '... is done each time');

pipeline(8, 'a write behind a read', ["SELECT n FROM item WHERE id = $two", "UPDATE item SET n = n + 1 WHERE id = $one"]);
is($cluster->sql("SELECT n FROM item WHERE id = $one"), 8, '... is done each time');

my $duplicate = qr/duplicate key value violates unique constraint "item_pkey"/;
pipeline(1, 'an error behind a write', ["INSERT INTO item VALUES (1000, 1)", "INSERT INTO item VALUES ($two, 1)"], 2, $duplicate);
is($cluster->sql('SELECT count(*) FROM item'), 2, '... undoes it');
pipeline(1, 'an error before a write', ["INSERT INTO item VALUES ($one, 1)", "UPDATE item SET n = 7 WHERE id = $two"], 2, $duplicate);
is($cluster->sql('SELECT sum(n) FROM item'), 0, '... which is not done then');
pipeline(1, 'an error behind a read and a write on another node',
    ["SELECT n FROM item WHERE id = $one", "UPDATE item SET n = 7 WHERE id = $two", "INSERT INTO item VALUES ($one, 1)"], 2, $duplicate);
is($cluster->sql('SELECT sum(n) FROM item'), 0, '... undoes it');

my $no_parent = qr/violates foreign key constraint "part_id_fkey"/;
pipeline(1, 'an error at commit', ["INSERT INTO part VALUES (1000, 1)"], 2, $no_parent);
pipeline(1, 'an error at commit of the first of two', ["INSERT INTO part VALUES (1000, 1)", "UPDATE item SET n = 7 WHERE id = $two"], 2, $no_parent);
pipeline(1, 'an error at commit of the last of two', ["UPDATE item SET n = 7 WHERE id = $two", "INSERT INTO part VALUES (1000, 1)"], 2, $no_parent);
is($cluster->sql('SELECT sum(n), (SELECT count(*) FROM part) FROM item'), '0|0', '... leaves nothing');

pipeline(1, 'a constraint that a later statement makes hold', ["INSERT INTO part VALUES (1000, 1)", "INSERT INTO item VALUES (1000, 1)"]);
is($cluster->sql('SELECT count(*) FROM part'), 1, '... and it does');

# A batch that names its transaction itself.
pipeline(4, 'a block in a pipeline',
    ['BEGIN', "UPDATE item SET n = n + 1 WHERE id = $one", "INSERT INTO part SELECT $one, n FROM item WHERE id = $one", 'COMMIT',
        "UPDATE item SET n = n + 1 WHERE id = $two"]);
is($cluster->sql('SELECT id, n, (SELECT count(*) FROM part p WHERE p.id = i.id) FROM item i ORDER BY id = ' . $two), "$one|4|4\n$two|4|0", '... did all of it');
is($cluster->sql('SELECT count(*) FROM pg_prepared_xacts', $_), 0, "nothing is left on $_") for 'worker1', 'worker2';

# Shards on the coordinator itself: errors at commit with the names that the client knows.
$cluster = CitusCluster->new(workers => 0, label => 'alone_');
$cluster->sql($tables);
$coordinator = $cluster->node('coordinator');
($one, $two) = (1, 2);
pipeline(1, 'an error at commit on one node', ["INSERT INTO part VALUES (1000, 1)"], 2, $no_parent);
pipeline(1, 'a constraint that a later statement makes hold', ["INSERT INTO part VALUES (1000, 1)", "INSERT INTO item VALUES (1000, 1)"]);
is($cluster->sql('SELECT count(*) FROM part'), 1, '... and it does');
done_testing();
