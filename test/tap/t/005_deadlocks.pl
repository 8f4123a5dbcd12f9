# Deadlocks over several nodes are found, the youngest transaction ends with 40P01, the others go on, and nobody
# else is disturbed.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use CitusCluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $cluster = CitusCluster->new(workers => 3);
$cluster->sql(q{
    CREATE TABLE account (id int PRIMARY KEY, amount int NOT NULL);
    SELECT create_distributed_table('account', 'id');
    INSERT INTO account SELECT i, 100 FROM generate_series(1, 1000) i;
    CREATE TABLE near (id int PRIMARY KEY, amount int NOT NULL);
    INSERT INTO near VALUES (1, 100), (2, 100);
});
my @key = map { $cluster->key_on('account', $_) } 'worker1', 'worker2', 'worker3';
push @key, $cluster->key_on('account', 'worker1', \@key), $cluster->key_on('account', 'worker2', \@key);
my $deadlock = qr/canceling the transaction since it was involved in a distributed deadlock/;

sub update { return "UPDATE account SET amount = amount + 1 WHERE id = $_[0]" }
sub near { return "UPDATE near SET amount = amount + 1 WHERE id = $_[0]" }
sub advisory { return "SELECT pg_advisory_xact_lock($_[0])" }

# Session i takes the i-th lock, then waits for that of session i + 1. The last to begin is the youngest.
sub cycle {
    my ($what, @locks) = @_;
    my @sessions = map { $cluster->session } @locks;
    $_->query('\set VERBOSITY verbose') for @sessions;
    for my $i (0 .. $#locks) {
        $cluster->run($sessions[$i], 'BEGIN');
        my (undef, $error) = $cluster->run($sessions[$i], $locks[$i]);
        is($error, '', "$what: lock $i is free");
        sleep 0.01;
    }
    my $begin = time;
    $cluster->begin_query($sessions[$_], $locks[ ($_ + 1) % @locks ]) for 0 .. $#locks;
    my @errors;
    # Who waits for the victim goes on first.
    for my $i (reverse 0 .. $#locks) {
        my (undef, $error) = $cluster->await($sessions[$i]);
        push @errors, $error;
        $cluster->run($sessions[$i], 'COMMIT');
    }
    my $seconds = time - $begin;
    like($errors[0], $deadlock, "$what: the youngest is cancelled");
    like($errors[0], qr/40P01/, '... with SQLSTATE 40P01');
    is(join('', @errors[ 1 .. $#errors ]), '', '... and nobody else');
    # deadlock_timeout is 0.2 s here, so that a wait is looked at after 0.2 s.
    cmp_ok($seconds, '<', 3, "... in $seconds s");
    my ($out, $error) = $cluster->run($sessions[-1], 'SELECT 1');
    is("$out$error", '1', '... whose session goes on');
    $cluster->finish($_) for @sessions;
    return;
}

cycle('two sessions over two workers', update($key[0]), update($key[1]));
cycle('five sessions over three workers', map { update($_) } @key);
cycle('with a local table, the youngest waits there', near(1), update($key[0]));
cycle('with a local table, the youngest waits for a node', update($key[0]), near(1));
cycle('with an advisory lock', advisory(7), update($key[1]));
cycle('with an advisory lock, the other way', update($key[1]), advisory(7));
cycle('all kinds', near(1), update($key[0]), advisory(8), update($key[1]), near(2));
cycle('SELECT FOR UPDATE', map { "SELECT amount FROM account WHERE id = $_ FOR UPDATE" } @key[ 0, 2 ]);
cycle('tables', 'LOCK TABLE near IN EXCLUSIVE MODE', update($key[0]));

# A worker's own deadlock is the worker's business.
{
    my @two = ($key[0], $key[3]);
    my @sessions = map { $cluster->session } @two;
    $cluster->run($sessions[$_], 'BEGIN; ' . update($two[$_])) for 0, 1;
    $cluster->begin_query($sessions[$_], update($two[ 1 - $_ ])) for 0, 1;
    my $end = time + 20;
    my $waiting = q{SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'};
    sleep 0.1 while $cluster->sql($waiting, 'worker1') > 0 && time < $end;
    $cluster->finish($_) for @sessions;
    my $log = slurp_file($cluster->node('worker1')->logfile);
    like($log, qr/deadlock detected/, 'a deadlock within a worker is resolved there');
}

# A dead node is not in the way of the others.
$cluster->node('worker3')->stop('immediate');
cycle('while a worker is down', update($key[0]), update($key[1]));
$cluster->node('worker3')->start;

# Contention: every transaction takes its locks in the same order, so there is no deadlock to be found.
my $keys = join ',', sort { $a <=> $b } @key;
my $script = "$PostgreSQL::Test::Utils::tmp_check/contention.sql";
append_to_file($script, <<"END");
\\set first random(0, 3)
BEGIN;
@{[ join "\n", map { "\\if :first <= $_\n" . update((sort { $a <=> $b } @key)[ $_ + 1 ]) . ";\n\\endif" } 0 .. 3 ]}
UPDATE near SET amount = amount + 1 WHERE id = 1;
COMMIT;
END
my $node = $cluster->node('coordinator');
my ($out, $err) = ('', '');
IPC::Run::run([ 'pgbench', '-n', '-h', $node->host, '-p', $node->port, '-f', $script, '-c', 16, '-t', 63, 'postgres' ],
    '>', \$out, '2>', \$err);
like($out, qr/number of transactions actually processed: 1008\/1008/, '1,008 transactions in each other\'s way all succeed');
unlike($err, qr/deadlock|ERROR|error/, '... and none is taken for a deadlock');

# Nothing stays when nobody waits.
ok($cluster->node($_)->poll_query_until('postgres',
        q{SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name LIKE 'citus%'}), "no link is left on $_")
  for 'worker1', 'worker2';

done_testing();
