# The bank: clients move money between accounts on both workers while servers are killed and restarted.
# Afterwards no money is gone, none is made, and nothing is left in doubt.
# BANK_SECONDS (default 15) and BANK_SEED make other runs of the same test.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use CitusCluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $seconds = $ENV{BANK_SECONDS} // 15;
my $seed = $ENV{BANK_SEED} // 42;
srand $seed;
note "seed $seed, $seconds seconds";

my $cluster = CitusCluster->new(workers => 2);
$cluster->sql(q{
    CREATE TABLE account (id int PRIMARY KEY, amount int NOT NULL);
    CREATE TABLE transfer (id bigserial, src int NOT NULL, dst int NOT NULL);
    SELECT create_distributed_table('account', 'id');
    SELECT create_distributed_table('transfer', 'src');
    INSERT INTO account SELECT i, 1000 FROM generate_series(1, 100) i;
});

my $script = "$PostgreSQL::Test::Utils::tmp_check/transfer.sql";
append_to_file($script, <<'END');
\set src random(1, 100)
\set dst random(1, 100)
BEGIN;
UPDATE account SET amount = amount - 1 WHERE id = :src;
UPDATE account SET amount = amount + 1 WHERE id = :dst;
INSERT INTO transfer (src, dst) VALUES (:src, :dst);
COMMIT;
END

# pgbench ends a client at its first error that is no deadlock, so it is started again and again.
my $end = time + $seconds;
my @clients;
for my $client (1 .. 4) {
    my $pid = fork() // die 'fork';
    if ($pid == 0) {
        my $port = $cluster->node('coordinator')->port;
        my $host = $cluster->node('coordinator')->host;
        open STDOUT, '>', '/dev/null';
        open STDERR, '>', '/dev/null';
        while (time < $end) {
            my $left = int($end - time) + 1;
            system('pgbench', '-n', '-h', $host, '-p', $port, '-f', $script, '-c', '1', '-T', $left, '-M', 'simple',
                '--random-seed', $seed * 100 + $client, 'postgres');
            sleep 0.1;
        }
        require POSIX;
        POSIX::_exit(0);
    }
    push @clients, $pid;
}
my @names = $cluster->names;
while (time < $end - 2) {
    sleep 0.5 + rand 2;
    my $victim = $names[ rand @names ];
    note "killing $victim";
    $cluster->crash($victim);
    sleep rand 1;
    $cluster->revive($victim);
}
waitpid $_, 0 for @clients;

my $recovery = $cluster->wait_until_recovered(15);
ok(defined $recovery, 'no prepared transaction is left after 15 seconds');
is($cluster->sql('SELECT sum(amount), count(*) FROM account'), '100000|100', 'no money is gone and none is made');
is($cluster->sql(<<'END'), '0', 'each transfer that is on record was made, and no other');
SELECT count(*) FROM account a
LEFT JOIN (SELECT src, count(*) n FROM transfer GROUP BY src) o ON o.src = a.id
LEFT JOIN (SELECT dst, count(*) n FROM transfer GROUP BY dst) i ON i.dst = a.id
WHERE a.amount <> 1000 - coalesce(o.n, 0) + coalesce(i.n, 0)
END
cmp_ok($cluster->sql('SELECT count(*) FROM transfer'), '>', 0, 'some transfers were made');

done_testing();
