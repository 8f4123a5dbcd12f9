# kill -9 of any one server at any point of a transaction that writes to both workers: after its restart all
# of the transaction is there or none of it, and nobody had to help.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use CitusCluster;
use Test::More;

my $cluster = CitusCluster->new(workers => 2);
$cluster->sql(q{
    CREATE TABLE account (id int PRIMARY KEY, amount int NOT NULL);
    SELECT create_distributed_table('account', 'id');
    INSERT INTO account SELECT i, 100 FROM generate_series(1, 1000) i;
});
my $from = $cluster->key_on('account', 'worker1');
my $to = $cluster->key_on('account', 'worker2');

my @statements = (
    'BEGIN',
    "UPDATE account SET amount = amount - 1 WHERE id = $from",
    "UPDATE account SET amount = amount + 1 WHERE id = $to",
    'COMMIT',
);

# The statement after which the server dies: 0 = BEGIN ... 3 = COMMIT.
for my $victim ($cluster->names) {
    for my $point (0 .. $#statements) {
        my ($old) = $cluster->sql("SELECT amount FROM account WHERE id = $from");
        my $session = $cluster->session;
        my $acknowledged = 0;
        for my $i (0 .. $#statements) {
            my (undef, $failed) = $cluster->attempt($session, $statements[$i]);
            $acknowledged = !$failed if $i == $#statements;
            $cluster->crash($victim) if $i == $point;
        }
        $cluster->finish($session);
        $cluster->revive($victim);
        my $seconds = $cluster->wait_until_recovered(60);
        ok(defined $seconds, "$victim killed after \"$statements[$point]\": nothing is left in doubt");
        my $new = $cluster->sql("SELECT amount FROM account WHERE id = $from");
        my $sum = $cluster->sql('SELECT sum(amount) FROM account');
        is($sum, 100_000, '... all of the transaction or none');
        # psql reports no error for a COMMIT that became a ROLLBACK: point 3 alone is certain.
        is($old - $new, 1, '... and what was acknowledged is there') if $point == 3;
    }
}

done_testing();
