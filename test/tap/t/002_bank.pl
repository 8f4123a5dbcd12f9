# The bank: clients move money between accounts on all shards in transactions of two updates, while servers are
# killed and restarted, the coordinator included. Some transfers undo a savepoint, and some count themselves in a
# reference table. Afterwards no money is gone, none is made, nothing is left in doubt, all copies of the reference
# table are equal and right, and every transfer that was acknowledged is there.
# BANK_SECONDS (default 20; 120 is the long form), BANK_SEED and BANK_CLIENTS make other runs of the same test.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use CitusCluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $seconds = $ENV{BANK_SECONDS} // 20;
my $seed = $ENV{BANK_SEED} // 42;
my $clients = $ENV{BANK_CLIENTS} // 8;
my $accounts = 200;
diag "bank: seed $seed, $seconds seconds, $clients clients";

my $cluster = CitusCluster->new(workers => 2);
$cluster->sql(qq{
    SELECT citus_set_coordinator_host('127.0.0.1', current_setting('port')::int);
    SELECT citus_set_node_property('127.0.0.1', current_setting('port')::int, 'shouldhaveshards', true);
    CREATE TABLE account (id int PRIMARY KEY, amount int NOT NULL);
    CREATE TABLE transfer (id text, src int NOT NULL, dst int NOT NULL);
    SELECT create_distributed_table('account', 'id');
    SELECT create_distributed_table('transfer', 'src');
    INSERT INTO account SELECT i, 1000 FROM generate_series(1, $accounts) i;
    CREATE TABLE tally (client int PRIMARY KEY, transfers int NOT NULL);
    SELECT create_reference_table('tally');
    INSERT INTO tally SELECT i, 0 FROM generate_series(1, $clients) i;
});
is($cluster->sql(q{SELECT count(DISTINCT nodeport) FROM citus_shards WHERE table_name = 'account'::regclass}), 3, 'all nodes have shards');

# A client writes the transfers of its session in advance; what follows a COMMIT in the output was acknowledged. A
# transfer that fails by a deadlock is no reason to stop; a lost connection ends psql.
sub client {
    my ($number, $end) = @_;
    srand($seed * 1000 + $number);
    my $dir = $PostgreSQL::Test::Utils::tmp_check;
    my ($host, $port) = ($cluster->node('coordinator')->host, $cluster->node('coordinator')->port);
    my $transfer = 0;
    while (time < $end) {
        open my $script, '>', "$dir/client$number.sql" or die $!;
        for (1 .. 50) {
            my ($src, $dst) = (1 + int rand $accounts, 1 + int rand $accounts);
            my $kind = ('', '', 'undo', 'tally')[ rand 4 ];
            my $id = "$number." . ++$transfer . $kind;
            my $middle = '';
            $middle = "SAVEPOINT s;\nUPDATE account SET amount = amount + 7 WHERE id IN ($dst, " . (1 + int rand $accounts) . ");\nROLLBACK TO s;\n" if $kind eq 'undo';
            $middle = "UPDATE tally SET transfers = transfers + 1 WHERE client = $number;\n" if $kind eq 'tally';
            print $script <<"END";
BEGIN;
UPDATE account SET amount = amount - 1 WHERE id = $src;
${middle}UPDATE account SET amount = amount + 1 WHERE id = $dst;
INSERT INTO transfer VALUES ('$id', $src, $dst);
COMMIT;
\\if :ERROR
\\else
\\echo done $id
\\endif
END
        }
        close $script;
        system("psql -X -h '$host' -p $port -d postgres -f '$dir/client$number.sql' >>'$dir/client$number.out' 2>>'$dir/client$number.err'");
        sleep 0.05;
    }
    return;
}

my $end = time + $seconds;
my @pids;
for my $number (1 .. $clients) {
    my $pid = fork() // die 'fork';
    if ($pid == 0) {
        eval { client($number, $end) };
        require POSIX;
        POSIX::_exit(0);
    }
    push @pids, $pid;
}
srand $seed;
my @names = $cluster->names;
my %kills;
while (time < $end - 2) {
    sleep 0.5 + rand 2;
    my $victim = $names[ rand @names ];
    $kills{$victim}++;
    $cluster->crash($victim);
    sleep rand 1;
    $cluster->revive($victim);
}
waitpid $_, 0 for @pids;
diag 'bank: killed ' . join ', ', map { "$_ $kills{$_} times" } sort keys %kills;

my $recovery = $cluster->wait_until_recovered(15);
ok(defined $recovery, 'no prepared transaction is left after 15 seconds') and diag "bank: recovered after $recovery s";
is($cluster->sql('SELECT sum(amount), count(*) FROM account'), $accounts * 1000 . "|$accounts", 'no money is gone and none is made');
is($cluster->sql(<<'END'), '0', 'each transfer that is on record was made, and no other');
SELECT count(*) FROM account a
LEFT JOIN (SELECT src, count(*) n FROM transfer GROUP BY src) o ON o.src = a.id
LEFT JOIN (SELECT dst, count(*) n FROM transfer GROUP BY dst) i ON i.dst = a.id
WHERE a.amount <> 1000 - coalesce(o.n, 0) + coalesce(i.n, 0)
END

my $copy = $cluster->sql(q{SELECT shard_name FROM citus_shards WHERE table_name = 'tally'::regclass LIMIT 1});
my @copies = map { $cluster->sql("SELECT string_agg(client || ':' || transfers, ' ' ORDER BY client) FROM $copy", $_) } $cluster->names;
is($copies[$_], $copies[0], "the copies of a reference table are equal ($_)") for 1 .. $#copies;
is($cluster->sql(<<'END'), '0', '... and count what was made');
SELECT count(*) FROM tally t
WHERE transfers <> (SELECT count(*) FROM transfer WHERE id LIKE t.client || '.%tally')
END

# A COMMIT of a transaction in error answers ROLLBACK, and is no error.
my %acknowledged;
for my $number (1 .. $clients) {
    my $last = '';
    for (split /\n/, slurp_file("$PostgreSQL::Test::Utils::tmp_check/client$number.out")) {
        $acknowledged{$1} = 1 if /^done (\S+)/ && $last eq 'COMMIT';
        $last = $_;
    }
}
my %present = map { $_ => 1 } split /\n/, $cluster->sql('SELECT id FROM transfer');
my @missing = grep { !$present{$_} } sort keys %acknowledged;
is("@missing[0 .. ($#missing > 9 ? 9 : $#missing)]", '', 'every acknowledged transfer is there');
cmp_ok(scalar(keys %acknowledged), '>', 100, 'many transfers were made');
diag 'bank: ' . scalar(keys %acknowledged) . ' transfers acknowledged, ' . scalar(keys %present) . ' made';

done_testing();
