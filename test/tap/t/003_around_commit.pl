# kill -9 at chosen points inside a COMMIT that writes to both workers: before all nodes have prepared, between
# PREPARE and the decision, and between the decision and COMMIT PREPARED.
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
    SELECT create_distributed_table('account', 'id', shard_count => 4);
    INSERT INTO account SELECT i, 100 FROM generate_series(1, 1000) i;
});
my $from = $cluster->key_on('account', 'worker1');
my $to = $cluster->key_on('account', 'worker2');

# COMMIT waits on worker2 while this lock is held there: a deferred trigger on each of its shards asks for it.
for my $shard (split /\n/, $cluster->sql(q{SELECT relname FROM pg_class WHERE relname ~ '^account_\d+$'}, 'worker2')) {
    $cluster->sql(<<"END", 'worker2');
CREATE FUNCTION wait_$shard() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END';
CREATE CONSTRAINT TRIGGER wait AFTER UPDATE ON $shard DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION wait_$shard();
END
}

sub wait_for {
    my ($query, $expected, @nodes) = @_;
    for my $name (@nodes) {
        my $end = time + 20;
        until ($cluster->sql($query, $name) eq $expected) {
            die "$name: $query is not $expected" if time > $end;
            sleep 0.05;
        }
    }
}

# Starts the transfer in a process of its own; returns its pid.
sub start_transfer {
    my $pid = fork() // die 'fork';
    return $pid if $pid;
    my $node = $cluster->node('coordinator');
    open STDOUT, '>', '/dev/null';
    open STDERR, '>', '/dev/null';
    exec 'psql', '-X', '-h', $node->host, '-p', $node->port, '-d', 'postgres', '-v', 'ON_ERROR_STOP=1', '-c', <<"END";
BEGIN;
UPDATE account SET amount = amount - 1 WHERE id = $from;
UPDATE account SET amount = amount + 1 WHERE id = $to;
COMMIT
END
}

my $prepared = q{SELECT count(*) FROM pg_prepared_xacts WHERE gid LIKE 'citus%'};
my $links = q{SELECT pid FROM pg_stat_activity WHERE application_name ~ 'citus_internal' AND xact_start IS NULL};

# Ends what a point left behind and checks that all of the transfer is there, or none.
sub check {
    my ($what, $old, $must_commit, @victims) = @_;
    $cluster->revive($_) for @victims;
    my $seconds = $cluster->wait_until_recovered(60);
    ok(defined $seconds, "$what: nothing is left in doubt") and note "after $seconds s";
    my ($a, $b) = map { $cluster->sql("SELECT amount FROM account WHERE id = $_") } $from, $to;
    is($a + $b, 200, '... all of the transaction or none');
    is($a, $old - $must_commit, '... ' . ($must_commit ? 'it was decided: committed' : 'not decided: rolled back'))
      if defined $must_commit;
}

sub amount { return $cluster->sql("SELECT amount FROM account WHERE id = $from") }

for my $victim ($cluster->names) {
    # worker1 has prepared, worker2 not yet.
    my $old = amount();
    my $lock = $cluster->node('worker2')->background_psql('postgres', on_error_stop => 0);
    $lock->query('SELECT pg_advisory_lock(1)');
    my $transfer = start_transfer();
    wait_for($prepared, 1, 'worker1');
    $cluster->crash($victim);
    eval { $lock->query('SELECT pg_advisory_unlock(1)') };
    $cluster->finish($lock);
    waitpid $transfer, 0;
    # The backends of a killed postmaster live a moment longer, and may still prepare or even commit.
    check("$victim killed before all have prepared", $old, undef, $victim);
}

for my $victim ($cluster->names) {
    # All have prepared; the decision waits for this lock.
    my $old = amount();
    my $lock = $cluster->session;
    $lock->query('BEGIN; LOCK TABLE pg_dist_transaction IN SHARE MODE');
    my $transfer = start_transfer();
    wait_for($prepared, 1, 'worker1', 'worker2');
    $cluster->crash($victim);
    eval { $lock->query('COMMIT') };
    $cluster->finish($lock);
    waitpid $transfer, 0;
    check("$victim killed before the decision", $old, undef, $victim);
}

for my $victim ($cluster->names) {
    # The decision is made; the workers' backends sleep, so that COMMIT PREPARED is not carried out.
    my $old = amount();
    my $lock = $cluster->session;
    $lock->query('BEGIN; LOCK TABLE pg_dist_transaction IN SHARE MODE');
    my $transfer = start_transfer();
    wait_for($prepared, 1, 'worker1', 'worker2');
    my @asleep = map { split /\n/, $cluster->sql($links, $_) } 'worker1', 'worker2';
    kill 'STOP', @asleep;
    $lock->query('COMMIT');
    $cluster->finish($lock);
    wait_for('SELECT count(*) >= 2 FROM pg_dist_transaction', 't', 'coordinator');
    $cluster->crash($victim);
    sleep 0.2;
    kill 'KILL', @asleep if $victim eq 'coordinator'; # the workers crash and restart with what they prepared
    kill 'CONT', @asleep;
    waitpid $transfer, 0;
    sleep 1 if $victim eq 'coordinator';
    check("$victim killed after the decision", $old, 1, $victim);
}

done_testing();
