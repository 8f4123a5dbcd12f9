# What sessions leave behind on the workers, and what they survive: cancels, timeouts, lost connections, errors at
# COMMIT, the end of a backend, and commands that need a database for themselves.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use CitusCluster;
use Test::More;
use Time::HiRes qw(sleep time);

my $cluster = CitusCluster->new(workers => 2);
$cluster->sql(q{
    CREATE TABLE item (id int PRIMARY KEY, note text);
    SELECT create_distributed_table('item', 'id', shard_count => 4);
    INSERT INTO item SELECT i, 'note ' || i FROM generate_series(1, 1000) i;
});
my ($one, $two) = map { $cluster->key_on('item', $_) } 'worker1', 'worker2';

sub eventually {
    my ($query, $expected, $name, $what) = @_;
    my ($end, $got) = (time + 15);
    do {
        $got = $cluster->sql($query, $name);
        sleep 0.1 if $got ne $expected;
    } while $got ne $expected && time < $end;
    return is($got, $expected, $what);
}

my $active = q{SELECT count(*) FROM pg_stat_activity WHERE application_name ~ 'citus_internal' AND
               (state = 'active' OR xact_start IS NOT NULL)};
my $links = q{SELECT count(*) FROM pg_stat_activity WHERE application_name ~ 'citus_internal'};

# A shard's trigger that takes long, to have something to cancel.
for my $name ('worker1', 'worker2') {
    for my $shard (split /\n/, $cluster->sql(q{SELECT relname FROM pg_class WHERE relname ~ '^item_\d+$'}, $name)) {
        $cluster->sql(<<"END", $name);
CREATE FUNCTION slow_$shard() RETURNS trigger LANGUAGE plpgsql AS
    \$\$BEGIN IF new.note = 'slow' THEN PERFORM pg_sleep(60); END IF; RETURN new; END\$\$;
CREATE TRIGGER slow BEFORE UPDATE ON $shard FOR EACH ROW EXECUTE FUNCTION slow_$shard();
CREATE FUNCTION late_$shard() RETURNS trigger LANGUAGE plpgsql AS
    \$\$BEGIN IF new.note = 'late' THEN RAISE check_violation USING MESSAGE = 'too late for $shard'; END IF; RETURN NULL; END\$\$;
CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON $shard DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION late_$shard();
END
    }
}

# A timeout and a cancel end what runs on all workers, and the session goes on.
my $begin = time;
my (undef, $error) = $cluster->try_sql("SET statement_timeout = '500ms'; UPDATE item SET note = 'slow'; RESET statement_timeout; SELECT 1");
like($error, qr/canceling statement due to statement timeout/, 'statement_timeout ends a distributed statement');
cmp_ok(time - $begin, '<', 20, '... soon');
eventually($active, 0, $_, "... and nothing runs on $_") for 'worker1', 'worker2';

my $session = $cluster->session;
my $pid = $session->query('SELECT pg_backend_pid()');
if (my $killer = fork() // die 'fork') {
    my ($out) = $session->query("UPDATE item SET note = 'slow'");
    waitpid $killer, 0;
    eventually($active, 0, $_, "a cancel leaves nothing running on $_") for 'worker1', 'worker2';
    is($session->query('SELECT count(*) FROM item'), 1000, '... and the session goes on');
} else {
    my $node = $cluster->node('coordinator');
    sleep 0.7;
    exec 'psql', '-XAtq', '-h', $node->host, '-p', $node->port, '-d', 'postgres', '-o', '/dev/null', '-c', "SELECT pg_cancel_backend($pid)";
}

# A savepoint saves the block from a cancelled statement's remains.
$session->query("BEGIN; UPDATE item SET note = 'kept' WHERE id = $one; SAVEPOINT s; SET LOCAL statement_timeout = '500ms'");
$session->query("UPDATE item SET note = 'slow'");
$session->query("ROLLBACK TO s; UPDATE item SET note = 'kept' WHERE id = $two");
$session->query('COMMIT');
is($cluster->sql(q{SELECT count(*) FROM item WHERE note = 'kept'}), 2, 'a savepoint survives a timeout');

# The end of a backend closes its connections; a killed one's work is rolled back.
$session->query("BEGIN; UPDATE item SET note = 'lost' WHERE id IN ($one, $two)");
$cluster->sql("SELECT pg_terminate_backend($pid)");
eventually($links, 0, $_, "a terminated backend closes its connections to $_") for 'worker1', 'worker2';
is($cluster->sql(q{SELECT count(*) FROM item WHERE note = 'lost'}), 0, '... and its transaction is rolled back');
$cluster->finish($session);

# A deferred constraint that fails on one node at COMMIT leaves nothing on the other.
(undef, $error) = $cluster->try_sql(<<"END");
BEGIN;
UPDATE item SET note = 'early' WHERE id = $one;
UPDATE item SET note = 'late' WHERE id = $two;
COMMIT;
END
like($error, qr/too late for item\b/, 'an error at COMMIT on one node is reported, with the logical name');
is($cluster->sql(q{SELECT count(*) FROM item WHERE note IN ('early', 'late')}), 0, '... and nothing stays anywhere');
is($cluster->sql(q{SELECT count(*) FROM pg_prepared_xacts}, $_), 0, "... nor prepared on $_") for 'worker1', 'worker2';
(undef, $error) = $cluster->try_sql("UPDATE item SET note = 'late' WHERE id = $two");
like($error, qr/too late/, '... the same with one node');

# A connection that was lost while idle is made again; inside of a transaction it is an error, and none is half done.
$session = $cluster->session;
$session->query('SELECT count(*) FROM item');
my $terminate = q{SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name ~ 'citus_internal'};
$cluster->sql($terminate, $_) for 'worker1', 'worker2';
eventually($links, 0, $_, "links of $_ were ended") for 'worker1', 'worker2';
is($session->query('SELECT count(*) FROM item'), 1000, 'an idle connection that was lost is made again');
$cluster->node('worker1')->restart;
is($session->query('SELECT count(*) FROM item'), 1000, '... also after a restart of the worker');
$session->query("BEGIN; UPDATE item SET note = 'half' WHERE id = $one");
$cluster->sql($terminate, 'worker1');
eventually($links, 0, 'worker1', 'link of worker1 ended in a transaction');
$session->query("UPDATE item SET note = 'half' WHERE id = $two; COMMIT");
is($cluster->sql(q{SELECT count(*) FROM item WHERE note = 'half'}), 0, '... leaves nothing of the transaction');
# An exception block must not hide the loss.
$session->query("BEGIN; UPDATE item SET note = 'half' WHERE id = $one");
$cluster->sql($terminate, 'worker1');
eventually($links, 0, 'worker1', 'link of worker1 ended in a transaction');
$session->query(<<"END");
DO \$\$ BEGIN
    UPDATE item SET note = 'half' WHERE id = $one;
EXCEPTION WHEN OTHERS THEN NULL; END \$\$;
UPDATE item SET note = 'half' WHERE id = $two;
COMMIT
END
is($cluster->sql(q{SELECT count(*) FROM item WHERE note = 'half'}), 0, '... also when an exception block catches the error');
is($session->query('SELECT count(*) FROM item'), 1000, '... and the session goes on');

# Two sessions at once, on the same rows.
my $other = $cluster->session;
$session->query("BEGIN; UPDATE item SET note = 'first' WHERE id = $one");
is($other->query("SELECT note FROM item WHERE id = $one"), 'kept', 'another session does not see what is not committed');
$session->query('COMMIT');
is($other->query("SELECT note FROM item WHERE id = $one"), 'first', '... and sees what is');

# Time limits of the session reach the nodes; whoever leaves in the middle of a transaction leaves no lock there.
my $locks = q{SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE a.application_name ~ 'citus_internal' AND l.locktype = 'transactionid'};
$session->query("BEGIN; UPDATE item SET note = 'locked' WHERE id IN ($one, $two)");
$begin = time;
(undef, $error) = $cluster->run($other, "\\set VERBOSITY verbose\nSET lock_timeout = '300ms';\nUPDATE item SET note = 'waits' WHERE id = $two;\nRESET lock_timeout");
like($error, qr/55P03: canceling statement due to lock timeout/, 'lock_timeout ends a wait for a lock on a node');
cmp_ok(time - $begin, '<', 10, '... in time');
$session->query('ROLLBACK');
$session->query("SET idle_in_transaction_session_timeout = '500ms'; BEGIN; UPDATE item SET note = 'idle' WHERE id IN ($one, $two)");
isnt($cluster->sql($locks, 'worker1'), 0, 'a transaction holds locks on a node');
eventually($locks, 0, $_, "idle_in_transaction_session_timeout ends it on $_") for 'worker1', 'worker2';
$cluster->finish($session);
$session = $cluster->session;
$session->query("BEGIN; UPDATE item SET note = 'left' WHERE id IN ($one, $two)");
isnt($cluster->sql($locks, 'worker1'), 0, 'a transaction holds locks on a node');
$session->{run}->signal('KILL'); # the client vanishes without a word
eventually($locks, 0, $_, "a client that is gone holds no lock on $_") for 'worker1', 'worker2';
is($cluster->sql(q{SELECT count(*) FROM item WHERE note IN ('idle', 'left', 'waits', 'locked')}), 0, '... nor has it changed anything');
eval { $session->{run}->finish };
$session = $cluster->session;
is($session->query('SELECT count(*) FROM item'), 1000, 'a new session');

# A worker that is down: what does not need it works.
$cluster->node('worker2')->stop('immediate');
is($session->query("SELECT note FROM item WHERE id = $one"), 'first', 'a query that needs another node works');
(undef, $error) = $cluster->try_sql('SELECT count(*) FROM item');
like($error, qr/connection to the remote node \S+ failed with the following error: Connection refused/, 'a query that needs it says so');
like($error, qr/HINT/, '... with a hint');
$cluster->node('worker2')->start;
is($session->query('SELECT count(*) FROM item'), 1000, '... and works again when it is back');

# The user's own PREPARE TRANSACTION can't be mixed with ours.
(undef, $error) = $cluster->try_sql("BEGIN; UPDATE item SET note = 'x' WHERE id = $one; PREPARE TRANSACTION 'mine'");
like($error, qr/cannot use 2PC in transactions involving multiple servers/, 'PREPARE TRANSACTION is refused');
is($cluster->sql("SELECT count(*) FROM pg_prepared_xacts"), 0, '... before anything was prepared');

# The daemon is not in the way of its database.
$cluster->sql('CREATE DATABASE other');
$cluster->node('coordinator')->safe_psql('other', 'CREATE EXTENSION citus');
my $daemons = q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'Citus Maintenance Daemon' AND datname = 'other'};
eventually($daemons, 1, 'coordinator', 'a database with the extension has a daemon');
$cluster->sql('CREATE DATABASE copy TEMPLATE other');
$cluster->sql('ALTER DATABASE other RENAME TO another');
$cluster->sql('DROP DATABASE copy');
$cluster->sql('DROP DATABASE another WITH (FORCE)');
eventually('SELECT count(*) FROM pg_database WHERE datname IN (\'other\', \'another\', \'copy\')', 0, 'coordinator', 'databases with a daemon can be copied, renamed and dropped');

# Dropping the extension ends its daemon, and nothing of it stays.
$cluster->sql('DROP TABLE item');
$cluster->finish($_) for $session, $other;
$cluster->sql('DROP EXTENSION citus CASCADE');
eventually(q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'Citus Maintenance Daemon' AND datname = 'postgres'}, 0, 'coordinator', 'DROP EXTENSION ends the daemon');

done_testing();
