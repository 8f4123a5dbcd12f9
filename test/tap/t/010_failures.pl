# What a session sees when a node fails: down at connect or in the middle of a result, stopped (SIGSTOP) and not dead,
# out of disk, of places for prepared transactions, of connections. Each time an error that names the node and says what
# to do, in time, and the session, other sessions and the daemons go on.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use CitusCluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $cluster = CitusCluster->new(workers => 2, conf => "max_prepared_transactions = 0\n");
$cluster->sql(q{
    CREATE TABLE item (id int PRIMARY KEY, note text NOT NULL);
    SELECT create_distributed_table('item', 'id', shard_count => 4);
    INSERT INTO item SELECT i, 'note' FROM generate_series(1, 1000) i;
    CREATE TABLE country (code int PRIMARY KEY, name text);
    SELECT create_reference_table('country');
    INSERT INTO country SELECT i, 'country ' || i FROM generate_series(1, 10) i;
});
my ($one, $two) = map { $cluster->key_on('item', $_) } 'worker1', 'worker2';
my %port = map { $_ => $cluster->node($_)->port } 'worker1', 'worker2';

# A test that dies leaves no stopped server behind.
END {
    my $code = $?;
    if ($cluster) { $cluster->thaw($_) for $cluster->workers }
    $? = $code;
}

# Runs a statement in a session: its output, the error text, and how long it took.
sub timed {
    my ($session, $statement) = @_;
    my $begin = time;
    my ($out, $error) = $cluster->run($session, "\\set VERBOSITY verbose\n$statement");
    return ($out, $error, time - $begin);
}

sub out { return ($cluster->run(@_))[0] }

sub is_quick { my ($seconds, $limit, $what) = @_; return cmp_ok($seconds, '<', $limit, $what) }

sub eventually {
    my ($query, $expected, $name, $what) = @_;
    my ($end, $got) = (time + 20);
    do {
        $got = $cluster->sql($query, $name);
        sleep 0.1 if $got ne $expected;
    } while $got ne $expected && time < $end;
    return is($got, $expected, $what);
}

# ---- down at connect
my $session = $cluster->session;
is(out($session, 'SELECT count(*) FROM country'), 10, 'a reference table can be read');
$cluster->node('worker2')->stop('immediate');
my ($out, $error, $seconds) = timed($session, 'SELECT count(*) FROM item');
like($error, qr/08006: .*connection to the remote node \S+:$port{worker2} failed with the following error: .*refused/, 'a node that is down is named');
like($error, qr/HINT: .*server runs/, '... with what to do');
($out, $error) = timed($session, "SELECT note FROM item WHERE id = $one");
is("$out$error", 'note', '... and the session reads the others');
# Sessions spread over the placements of a reference table: some of these prefer the one that is down.
my $failed = '';
for (1 .. 6) {
    my ($count, $text) = $cluster->try_sql('SELECT count(*) FROM country; BEGIN; SELECT count(*) FROM country; COMMIT');
    $failed .= $text if $count ne "10\n10";
}
is($failed, '', 'a read of a reference table goes to a placement that answers');
($out, $error) = timed($session, "UPDATE country SET name = 'x' WHERE code = 1");
like($error, qr/:$port{worker2} failed/, 'a write to it needs all of them');
$cluster->node('worker2')->start;
is(out($session, 'SELECT count(*), min(name) FROM country'), '10|country 1', '... and has changed none');

# ---- in the middle of a result: the rows of a cursor come while the node dies
$cluster->run($session, 'BEGIN; DECLARE c CURSOR FOR SELECT i.id, repeat(note, 100), g FROM item i, generate_series(1, 1000) g');
$cluster->run($session, 'FETCH 10 FROM c');
$cluster->crash('worker2');
($out, $error) = timed($session, 'MOVE ALL FROM c');
like($error, qr/08006: .*:$port{worker2} failed/, 'a node that dies in the middle of a result is named');
$cluster->run($session, 'ROLLBACK');
($out, $error) = timed($session, "SELECT note FROM item WHERE id = $one");
is("$out$error", 'note', '... and the session goes on');
$cluster->revive('worker2');
is(out($session, 'SELECT count(*) FROM item'), 1000, '... also there, when it is back');

# ---- places for prepared transactions
is($cluster->sql('SHOW max_prepared_transactions', 'worker1'), 200, 'max_prepared_transactions = 0 is raised by the extension');
$cluster->node('worker2')->append_conf('postgresql.conf', 'max_prepared_transactions = 1');
$cluster->node('worker2')->restart;
$cluster->sql(q{BEGIN; CREATE TABLE mine (i int); PREPARE TRANSACTION 'mine'}, 'worker2');
my $write_both = "BEGIN; UPDATE item SET note = 'both' WHERE id IN ($one, $two); COMMIT";
($out, $error) = timed($session, $write_both);
like($error, qr/53200: maximum number of prepared transactions reached/, 'too many prepared transactions');
like($error, qr/HINT: .*max_prepared_transactions.*CONTEXT: .*:$port{worker2}/s, '... the setting and the node are named');
is(out($session, q{SELECT count(*) FROM item WHERE note = 'both'}), 0, '... and nothing is written anywhere');
eventually(q{SELECT count(*) FROM pg_prepared_xacts WHERE gid LIKE 'citus%'}, 0, 'worker1', '... nor prepared');
($out, $error) = timed($session, "UPDATE item SET note = 'one' WHERE id = $two");
is($error, '', '... while writes to one node go on');
$cluster->sql(q{ROLLBACK PREPARED 'mine'}, 'worker2');

# ---- too many connections
$cluster->node('worker2')->append_conf('postgresql.conf', "max_connections = 6\nsuperuser_reserved_connections = 0");
$cluster->node('worker2')->restart;
my @taken = map { $cluster->node('worker2')->background_psql('postgres') } 1 .. 6;
$_->query('SELECT 1') for @taken;
my $other = $cluster->session;
$cluster->run($other, q{SET citus.node_connection_timeout = '1s'});
($out, $error, $seconds) = timed($other, "SELECT note FROM item WHERE id = $two");
like($error, qr/53300: .*:$port{worker2}/, 'a node without a free connection is named');
like($error, qr/HINT: .*max_connections/, '... with the setting');
is_quick($seconds, 10, '... in the time that is allowed');
($out, $error) = timed($other, "SELECT note FROM item WHERE id = $one");
is("$out$error", 'note', '... and the session goes on');
is(out($other, 'SELECT count(*) FROM country'), 10, '... and reads reference tables');
$_->quit for @taken;
is(out($other, "SELECT note FROM item WHERE id = $two"), 'one', '... and there, when one is free');
$cluster->finish($_) for $session, $other;
$cluster->node('worker2')->append_conf('postgresql.conf', "max_connections = 100\nmax_prepared_transactions = 100");
$cluster->node('worker2')->restart;

# ---- a full disk on one node: none of its files may grow above 20 MiB, which says the same as a disk without room
$cluster->sql(q{
    CREATE TABLE big (id int, filler text);
    SELECT create_distributed_table('big', 'id', shard_count => 4);
    ALTER TABLE big ALTER filler SET STORAGE PLAIN;
});
my $node = $cluster->node('worker2');
my $big = $cluster->key_on('big', 'worker2');
my $small = $cluster->key_on('big', 'worker1');
$node->stop;
system_or_bail('bash', '-c', "ulimit -f 20480; exec pg_ctl -w -D '" . $node->data_dir . "' -l '" . $node->logfile . "' start >/dev/null");
$node->_update_pid(1);
$session = $cluster->session;
($out, $error) = timed($session, "BEGIN; INSERT INTO big VALUES ($small, 'x'); INSERT INTO big SELECT $big, repeat('x', 5000) FROM generate_series(1, 3000); COMMIT");
like($error, qr/could not extend file/, 'a full disk');
like($error, qr/HINT: .*disk space.*CONTEXT: .*:$port{worker2}/s, '... what to do, and the node are named');
is(out($session, 'SELECT count(*) FROM big'), 0, '... nothing of the transaction is there, and the session goes on');
$cluster->run($session, "INSERT INTO big SELECT i, 'x' FROM generate_series(1, 100) i");
is(out($session, 'SELECT count(*) FROM big'), 100, '... there as well');
# ... of a temporary file, of a read and of a write
my $sorted = "SELECT count(*) FROM (SELECT repeat(i::text, 100) FROM item, generate_series(1, 100000) i WHERE id = $two ORDER BY 1 OFFSET 0) s";
($out, $error) = timed($session, $sorted);
like($error, qr/could not write to file.*CONTEXT: .*:$port{worker2}/s, 'no room for a temporary file');
($out, $error) = timed($session, "BEGIN; UPDATE item SET note = 'sorted' WHERE id = $one; $sorted; COMMIT");
like($error, qr/could not write to file.*CONTEXT: .*:$port{worker2}/s, '... in a transaction that wrote');
is(out($session, "SELECT note FROM item WHERE id IN ($one, $two) AND note = 'sorted'"), '', '... of which nothing is there, and the session goes on');
$cluster->finish($session);
$node->restart;

# ---- stopped and not dead
$session = $cluster->session;
$other = $cluster->session;
$cluster->run($session, 'SELECT count(*) FROM item');
my $key2 = $cluster->key_on('item', 'worker2', [$two]);

# while somebody connects
$cluster->freeze('worker2');
my $new = $cluster->session;
$cluster->run($new, q{SET citus.node_connection_timeout = '1s'});
($out, $error, $seconds) = timed($new, 'SELECT count(*) FROM item');
like($error, qr/08006: .*:$port{worker2} failed.*timeout after 1000 ms/, 'a stopped node is a timeout at connect');
is_quick($seconds, 8, '... in the time that is allowed');
($out, $error, $seconds) = timed($new, q{SET statement_timeout = '500ms'; SET citus.node_connection_timeout = '30s'; SELECT count(*) FROM item; RESET statement_timeout});
like($error, qr/57014: canceling statement due to statement timeout/, 'statement_timeout ends a connect');
is_quick($seconds, 8, '... soon');
($out, $error) = timed($new, "SELECT note FROM item WHERE id = $one");
is("$out$error", 'note', '... and the session goes on');
$failed = '';
for (1 .. 4) {
    my ($count, $text) = $cluster->try_sql(q{SET citus.node_connection_timeout = '300ms'; SELECT count(*) FROM country});
    $failed .= $text if $count ne '10';
}
is($failed, '', 'a read of a reference table goes to a node that is not stopped');

# during a query, on a connection that is there
($out, $error, $seconds) = timed($session, q{SET statement_timeout = '500ms'; SELECT count(*) FROM item; RESET statement_timeout});
like($error, qr/57014: canceling statement due to statement timeout/, 'statement_timeout ends a query on a stopped node');
is_quick($seconds, 15, '... soon');
($out, $error) = timed($session, "SELECT note FROM item WHERE id = $one");
is("$out$error", 'note', '... and the session goes on');

# in a transaction that wrote on both
$cluster->thaw('worker2');
is(out($session, 'SELECT count(*) FROM item'), 1000, 'the node is used again when it goes on');
$cluster->run($session, "BEGIN; UPDATE item SET note = 'both' WHERE id IN ($one, $two)");
$cluster->freeze('worker2');
($out, $error, $seconds) = timed($session, "SET LOCAL statement_timeout = '500ms'; UPDATE item SET note = 'both' WHERE id = $key2");
like($error, qr/57014: canceling statement due to statement timeout/, 'statement_timeout ends a write on a stopped node');
is_quick($seconds, 15, '... soon');
($out, $error, $seconds) = timed($session, 'ROLLBACK');
is_quick($seconds, 15, '... and so does its ROLLBACK');
($out, $error) = timed($session, "UPDATE item SET note = 'three' WHERE id = $one");
is($error, '', '... after which the others are free');
$cluster->thaw('worker2');
eventually(q{SELECT count(*) FROM pg_stat_activity WHERE application_name ~ 'citus_internal' AND state LIKE '%transaction%'}, 0, 'worker2',
    '... and the one that was stopped, when it goes on');
is(out($session, q{SELECT count(*) FROM item WHERE note = 'both'}), 0, '... nothing of the transaction is left');

# during COMMIT PREPARED: the transaction is committed; a cancel ends the wait with a warning, recovery does the rest
SKIP: {
    skip 'the library has no fault points', 8 if ($cluster->run($session, q{SET citus.fault_point TO ''}))[1] ne '';
    my $pid = out($session, 'SELECT pg_backend_pid()');
    $cluster->run($session, "BEGIN; UPDATE item SET note = 'committed' WHERE id IN ($one, $two)");
    $cluster->run($session, q{SET citus.fault_point TO 'after_decision:1:wait'});
    $cluster->begin_query($session, 'COMMIT');
    sleep 0.3;
    $cluster->freeze('worker2');
    sleep 1.5; # the fault point lets it go after a second
    is(out($other, "SELECT note FROM item WHERE id = $one"), 'committed', 'what was committed on the nodes that answer is seen by others');
    my $begin = time;
    $cluster->sql("SELECT pg_cancel_backend($pid)");
    ($out, $error) = $cluster->await($session);
    is_quick(time - $begin, 8, 'a cancel ends the wait for COMMIT PREPARED');
    like($error, qr/WARNING: .*could not yet commit the prepared transaction .*:$port{worker2}/, '... with a warning that names the node');
    unlike($error, qr/ERROR/, '... and no error, since it is committed');
    ($out, $error, $seconds) = timed($session, q{SET statement_timeout = '500ms'; } . "SELECT note FROM item WHERE id = $two; RESET statement_timeout");
    like($error, qr/57014/, 'a read of what is not committed there yet waits, and can be ended');
    is(out($session, "SELECT note FROM item WHERE id = $one"), 'committed', '... and the session goes on');
    $cluster->thaw('worker2');
    my $recovered = $cluster->wait_until_recovered(20);
    ok(defined $recovered, 'the stopped node commits when it goes on');
    is(out($session, "SELECT note FROM item WHERE id = $two"), 'committed', '... and shows it');
}

# Recovery of the other node does not wait for the stopped one, although its turn would be later.
$cluster->freeze('worker1');
$cluster->sql(q{BEGIN; CREATE TABLE orphan (i int); PREPARE TRANSACTION 'citus_0_999999_77_0'}, 'worker2');
my $begin = time;
($out, $error) = $cluster->try_sql('SELECT recover_prepared_transactions()');
is($out, 1, 'recovery resolves what another node holds') or diag $error;
like($error, qr/WARNING: .*:$port{worker1}: .*(timeout after|no answer within) 5000 ms/, '... and names the one that does not answer');
is_quick(time - $begin, 20, '... in time');
$cluster->thaw('worker1');

# Deadlocks among the others are found while a node is stopped.
my $three = $cluster->key_on('item', 'worker1', [$one]);
$cluster->freeze('worker2');
$cluster->run($session, "BEGIN; UPDATE item SET note = 'a' WHERE id = $one");
$cluster->run($other, "BEGIN; UPDATE item SET note = 'b' WHERE id = $three");
$cluster->begin_query($session, "UPDATE item SET note = 'a' WHERE id = $three");
$cluster->begin_query($other, "UPDATE item SET note = 'b' WHERE id = $one");
my @errors = map { ($cluster->await($_))[1] } $session, $other;
is(scalar(grep { /deadlock/ } @errors), 1, 'a deadlock among the others is found') or diag join "\n--\n", @errors;
$cluster->run($_, 'ROLLBACK') for $session, $other;
$cluster->thaw('worker2');

$cluster->finish($_) for $session, $other, $new;
is($cluster->sql('SELECT count(*) FROM item'), 1000, 'all rows are there');
is($cluster->sql('SELECT count(*) FROM pg_prepared_xacts', $_), 0, "nothing is in doubt on $_") for 'worker1', 'worker2';
done_testing();
