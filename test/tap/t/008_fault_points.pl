# Each point of the commit protocol, and what can happen there: an error, the death of the coordinator's process, of a
# worker's process, of the coordinator's machine. All of the transaction is there afterwards, or none; what was
# acknowledged is; and nobody had to help. (The library is built with fault points: include/citus/transaction/fault.hpp.)
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use CitusCluster;
use Test::More;
use Time::HiRes qw(sleep time);

my $cluster = CitusCluster->new(workers => 2);
$cluster->sql(q{
    CREATE TABLE account (id int PRIMARY KEY, amount int NOT NULL);
    SELECT create_distributed_table('account', 'id');
    INSERT INTO account SELECT i, 100 FROM generate_series(1, 100) i;
});
plan skip_all => 'the library has no fault points'
  if ($cluster->try_sql(q{SET citus.fault_point TO ''}))[1] ne '';
my ($one, $two) = ($cluster->key_on('account', 'worker1'), $cluster->key_on('account', 'worker2'));
my $amount = 100;

# A value from servers that may be just starting again.
sub patient_sql {
    my ($query) = @_;
    my $end = time + 30;
    while (1) {
        my ($out, $err) = $cluster->try_sql($query);
        return $out if $err eq '';
        die "$query: $err" if time > $end;
        sleep 0.1;
    }
}

# One transaction on both workers (or, for the points of the one-phase commit, on one) with a fault in its COMMIT.
# $must: 1 it is committed, 0 it is not, undef either.
sub strike {
    my ($fault, $must, $crash) = @_;
    my $is_single = $fault =~ /_commit:/;
    my $session = $cluster->session;
    $cluster->run($session, "SET citus.fault_point TO '$fault'");
    $cluster->run($session, 'BEGIN');
    $cluster->run($session, "UPDATE account SET amount = amount - 1 WHERE id = $one");
    $cluster->run($session, $is_single ? 'SELECT 1' : "UPDATE account SET amount = amount - 1 WHERE id = $two");
    my ($out, $error) = ('', 'crashed');
    if ($crash) {
        $cluster->begin_query($session, 'COMMIT');
        sleep 0.2;
        $cluster->crash('coordinator');
        $cluster->revive('coordinator');
    } else {
        ($out, $error) = eval { $cluster->run($session, 'COMMIT') };
        $error = 'the session ended' if !defined $error;
        # Right after an acknowledged COMMIT the same session sees all of it.
        if ($error !~ /ERROR|FATAL|the session ended|server closed|connection to server was lost/ && $must) {
            my ($seen) = $cluster->run($session, "SELECT sum(amount) FROM account WHERE id IN ($one, $two)");
            my $sum = 2 * $amount - ($is_single ? 1 : 2);
            # A worker that is starting again gives an error, and never an old value.
            ok($seen eq $sum || $seen eq '', "$fault: the session sees what it has committed") or diag "seen: $seen";
        }
    }
    eval { $cluster->finish($session) };
    my $seconds;
    my $end = time + 30;
    while (!defined $seconds && time < $end) { $seconds = eval { $cluster->wait_until_recovered(30) } }
    ok(defined $seconds, "$fault" . ($crash ? ', coordinator killed' : '') . ': nothing is left in doubt');
    my ($first, $second) = map { patient_sql("SELECT amount FROM account WHERE id = $_") } $one, $two;
    if ($is_single) {
        $cluster->sql("UPDATE account SET amount = $first WHERE id = $two");
        $second = $first;
    }
    is($second, $first, '... all of it, or nothing');
    is($first, $amount - $must, $must ? '... committed' : '... not committed') if defined $must;
    ok($first == $amount - 1, '... and what was acknowledged is there') if $error eq '' && !defined $must;
    $amount = $first;
    return;
}

for my $n (1, 2) {
    strike("$_:$n:error", 0) for 'before_prepare', 'after_prepare', 'before_decision';
    strike("$_:$n:error", 1) for 'after_decision', 'after_commit_prepared';
    strike("$_:$n:crash", 0) for 'before_prepare', 'after_prepare', 'before_decision';
    strike("$_:$n:crash", 1) for 'after_decision', 'after_commit_prepared';
    strike("before_prepare:$n:crash_node", 0);
    strike("$_:$n:crash_node", undef) for 'after_prepare', 'before_decision';
    strike("$_:$n:crash_node", 1) for 'after_decision', 'after_commit_prepared';
}
strike("$_:2:hang", 0, 1) for 'before_prepare', 'after_prepare', 'before_decision';
strike("$_:2:hang", 1, 1) for 'after_decision', 'after_commit_prepared';
strike("before_commit:1:$_", 0) for 'error', 'crash', 'crash_node';
strike("after_commit:1:$_", 1) for 'crash', 'crash_node';

is($cluster->sql('SELECT count(*) FROM pg_dist_transaction'), 0, 'no commit record is left')
  if defined $cluster->wait_until_recovered(5) && (sleep 2 || 1);

done_testing();
