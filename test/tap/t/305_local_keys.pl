# Foreign keys of local tables to distributed and reference tables, with two sessions and with a node that dies: no row is
# left without the one it references.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use CitusCluster;
use Test::More;
use Time::HiRes qw(sleep);

my $cluster = CitusCluster->new(workers => 2);
$cluster->sql(q{
    CREATE TABLE orders (id int PRIMARY KEY, n int);
    SELECT create_distributed_table('orders', 'id', shard_count => 4);
    CREATE TABLE kind (id int PRIMARY KEY, n int);
    SELECT create_reference_table('kind');
    INSERT INTO orders SELECT g, 0 FROM generate_series(1, 40) g;
    INSERT INTO kind SELECT g, 0 FROM generate_series(1, 40) g;
    CREATE TABLE orders_notes (id int REFERENCES orders, no int);
    CREATE TABLE kind_notes (id int REFERENCES kind, no int);
});

for my $table ('orders', 'kind') {
    my ($one, $two) = map { $cluster->session } 1 .. 2;

    # A new reference keeps its row from being deleted.
    $cluster->run($one, "BEGIN; INSERT INTO ${table}_notes VALUES (5, 1)");
    $cluster->begin_query($two, "DELETE FROM $table WHERE id = 5");
    sleep 0.5;
    is($cluster->sql("SELECT count(*) FROM pg_stat_activity WHERE query ~ 'DELETE FROM $table' AND state = 'active' AND pid <> pg_backend_pid()"),
        1, "$table: a DELETE waits for a new reference");
    $cluster->run($one, 'COMMIT');
    my (undef, $error) = $cluster->await($two);
    like($error, qr/update or delete on table "$table" violates foreign key constraint "${table}_notes_id_fkey"/, '... and fails');

    # A row that is being deleted is no longer one to reference.
    $cluster->run($one, "BEGIN; DELETE FROM $table WHERE id = 6");
    $cluster->begin_query($two, "INSERT INTO ${table}_notes VALUES (6, 1)");
    sleep 0.5;
    $cluster->run($one, 'COMMIT');
    (undef, $error) = $cluster->await($two);
    like($error, qr/Key \(id\)=\(6\) is not present in table "$table"/, 'a reference to a row that is deleted meanwhile');
    $cluster->run($one, "BEGIN; DELETE FROM $table WHERE id = 7");
    $cluster->begin_query($two, "INSERT INTO ${table}_notes VALUES (7, 1)");
    sleep 0.5;
    $cluster->run($one, 'ROLLBACK');
    (undef, $error) = $cluster->await($two);
    is($error, '', 'a reference to a row that stays after all');

    # Other changes of the row go on beside a reference, as on one server.
    $cluster->run($one, "BEGIN; INSERT INTO ${table}_notes VALUES (8, 1)");
    (undef, $error) = $cluster->run($two, "SET statement_timeout = '5s'; UPDATE $table SET n = 1 WHERE id = 8");
    is($error, '', 'an UPDATE of other columns does not wait');
    $cluster->run($one, 'COMMIT');
    $cluster->finish($_) for $one, $two;
}

# A key on a node that dies in the middle of the transaction.
my $key = $cluster->key_on('orders', 'worker1', [ 1 .. 8 ]);
my $one = $cluster->session;
$cluster->run($one, "BEGIN; INSERT INTO orders_notes VALUES ($key, 1)");
$cluster->crash('worker1');
$cluster->attempt($one, 'COMMIT');
$cluster->finish($one);
$cluster->revive('worker1');
ok(defined $cluster->wait_until_recovered(30), 'nothing is left prepared');
for my $table ('orders', 'kind') {
    is($cluster->sql("SELECT count(*) FROM ${table}_notes n LEFT JOIN $table t USING (id) WHERE t.id IS NULL"), 0,
        "$table: each row has the one it references");
}
my (undef, $error) = $cluster->try_sql("DELETE FROM orders WHERE id = $key");
is($error ne '' ? 1 : 0, $cluster->sql("SELECT count(*) FROM orders_notes WHERE id = $key"), 'what was committed is checked, and nothing else');
done_testing();
