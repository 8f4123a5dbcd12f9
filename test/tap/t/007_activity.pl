# Who is doing what, by global process id; and the time limits of a session, which are the coordinator's.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use CitusCluster;
use Test::More;
use Time::HiRes qw(sleep time);

my $cluster = CitusCluster->new(workers => 2, conf => "idle_in_transaction_session_timeout = '60s'");
$cluster->sql(q{
    SELECT citus_set_coordinator_host('127.0.0.1', current_setting('port')::int);
    CREATE TABLE account (id int PRIMARY KEY, amount int NOT NULL);
    SELECT create_distributed_table('account', 'id');
    INSERT INTO account SELECT i, 100 FROM generate_series(1, 1000) i;
});
my ($one, $two) = ($cluster->key_on('account', 'worker1'), $cluster->key_on('account', 'worker2'));
my ($a, $b) = ($cluster->session, $cluster->session);
sub value { my ($session, $query) = @_; my ($out) = $cluster->run($session, $query); return $out }
sub update { return "UPDATE account SET amount = amount + 1 WHERE id = $_[0]" }

sub eventually {
    my ($query, $expected, $what) = @_;
    my $end = time + 10;
    my $is = '';
    while (time < $end) {
        $is = $cluster->sql($query);
        last if $is eq $expected;
        sleep 0.05;
    }
    is($is, $expected, $what);
    return;
}

# Global process ids.
my $gpid = value($a, 'SELECT citus_backend_gpid()');
my $other = value($b, 'SELECT citus_backend_gpid()');
is(value($a, 'SELECT citus_backend_gpid() = citus_calculate_gpid(citus_coordinator_nodeid(), pg_backend_pid())'), 't', 'global pid of a session');
is($cluster->sql("SELECT citus_nodeid_for_gpid($gpid) = citus_coordinator_nodeid()"), 't', '... has its node');
is($cluster->sql("SELECT citus_pid_for_gpid($gpid)"), value($a, 'SELECT pg_backend_pid()'), '... and its process');

# Sessions, and the backends that work for them.
value($a, 'BEGIN');
value($a, update($one));
value($a, update($two));
is($cluster->sql("SELECT count(*) FROM citus_stat_activity WHERE global_pid = $gpid"), 3, 'a session and its two backends');
is($cluster->sql("SELECT count(*) FROM citus_stat_activity WHERE global_pid = $gpid AND is_worker_query AND application_name = 'citus_internal gpid=$gpid' AND query LIKE 'UPDATE public.account_%'"),
    2, '... whose statements are those of shards');
is($cluster->sql("SELECT count(*), min(query) FROM citus_dist_stat_activity WHERE global_pid = $gpid"), '1|' . update($two) . "\n;" , 'the session alone');
is($cluster->sql(q{SELECT count(DISTINCT nodeid) FROM citus_stat_activity}), 3, 'all nodes are asked');
is($cluster->sql("SELECT count(*), count(*) FILTER (WHERE worker_query), count(DISTINCT transaction_number) FROM get_global_active_transactions() WHERE global_pid = $gpid"),
    '3|2|1', 'the transaction, on all nodes');
is($cluster->sql("SELECT count(*) FROM get_all_active_transactions() WHERE global_pid = $gpid AND NOT worker_query AND transaction_number > 0"), 1, '... and here');
is($cluster->sql("SELECT count(DISTINCT nodeid) FROM citus_locks WHERE global_pid = $gpid AND granted AND relation_name LIKE '%account%' AND mode = 'RowExclusiveLock'"),
    3, 'its locks');

# Who waits for whom.
$cluster->begin_query($b, update($two));
eventually("SELECT waiting_gpid, blocking_gpid, waiting_nodeid = blocking_nodeid FROM citus_lock_waits", "$other|$gpid|t", 'one session waits for the other');
like($cluster->sql('SELECT blocked_statement FROM citus_lock_waits'), qr/^UPDATE account SET amount = amount \+ 1 WHERE id = $two/, '... with its statement');
is($cluster->sql("SELECT count(*) FROM citus_locks WHERE global_pid = $other AND NOT granted"), 1, '... for a lock');

# Cancelled by its global pid; only the statement ends.
is($cluster->sql("SELECT pg_cancel_backend($other)"), 't', 'pg_cancel_backend(global pid)');
my (undef, $error) = $cluster->await($b);
like($error, qr/canceling statement due to user request/, '... cancels the statement');
is($cluster->sql("SELECT count(*) FROM citus_lock_waits"), 0, '... and nobody waits');
# A process of another node.
my $remote = $cluster->sql("SELECT citus_calculate_gpid(nodeid, pid) FROM citus_stat_activity WHERE global_pid = $gpid AND is_worker_query ORDER BY nodeid LIMIT 1");
is($cluster->sql("SELECT pg_terminate_backend($remote, 5000)"), 't', 'pg_terminate_backend of a backend on another node');
(undef, $error) = $cluster->run($a, update($one) . '; ' . update($two) . '; COMMIT');
like($error, qr/terminating connection|connection to the remote node|lost in this transaction/, '... is an error there');
is($cluster->sql("SELECT count(*) FROM account WHERE amount <> 100"), 0, '... and leaves nothing');
(undef, $error) = $cluster->try_sql('SELECT pg_cancel_backend(770000000001)');
like($error, qr/no node has the id 77/, 'an unknown node is an error');
$cluster->sql('CREATE ROLE nobody LOGIN');
(undef, $error) = $cluster->try_sql("SET ROLE nobody; SELECT pg_cancel_backend($gpid)");
like($error, qr/must be a superuser to cancel superuser query/, 'the rights are those of pg_cancel_backend()');

# Time limits, while a statement waits for a lock on a worker.
value($a, 'ROLLBACK');
value($a, 'BEGIN; ' . update($one));
for my $limit ([ 'lock_timeout', qr/canceling statement due to lock timeout/, '55P03' ],
    [ 'statement_timeout', qr/canceling statement due to statement timeout/, '57014' ]) {
    my ($setting, $message, $state) = @$limit;
    value($b, '\set VERBOSITY verbose');
    my $begin = time;
    (undef, $error) = $cluster->run($b, "SET $setting TO '300ms'; " . update($one));
    like($error, $message, $setting);
    like($error, qr/$state/, "... $state");
    cmp_ok(time - $begin, '<', 3, '... in time');
    value($b, "RESET $setting");
    (undef, $error) = $cluster->run($b, "BEGIN; SET LOCAL $setting TO '300ms'; " . update($one));
    like($error, $message, "SET LOCAL $setting");
    is(value($b, "ROLLBACK; SHOW $setting"), 0, '... ends with the transaction');
    is($cluster->sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'", 'worker1'), 0, '... and nothing waits on the worker');
}
value($a, 'ROLLBACK');

# A session that is idle in a transaction for too long ends, and its locks on the workers with it.
my $idle = $cluster->session;
$cluster->run($idle, "SET idle_in_transaction_session_timeout TO '200ms'");
eval { $cluster->run($idle, 'BEGIN; ' . update($one)) };
(undef, $error) = $cluster->run($b, "SET statement_timeout TO '10s'; " . update($one));
is($error, '', 'idle_in_transaction_session_timeout frees what the session held');
eval { $cluster->finish($idle) };

# A worker's own limit does not end the coordinator's transaction.
$cluster->sql(q{ALTER SYSTEM SET idle_in_transaction_session_timeout TO '100ms'; SELECT pg_reload_conf()}, 'worker1');
value($a, 'BEGIN; ' . update($one));
sleep 0.5;
(undef, $error) = $cluster->run($a, update($two) . '; COMMIT');
is($error, '', "a worker's idle_in_transaction_session_timeout does not concern links");

# A node that does not answer.
$cluster->node('worker2')->stop('immediate');
my ($out, $warning) = $cluster->try_sql('SELECT count(DISTINCT nodeid) FROM citus_stat_activity');
is($out, 2, 'a node that is down is left out');
like($warning, qr/WARNING:  connection to the remote node/, '... with a warning');
$cluster->node('worker2')->start;
is($cluster->sql('SELECT count(DISTINCT nodeid) FROM citus_stat_activity', 'worker1'), 1, 'a worker knows itself');

$cluster->finish($_) for $a, $b;
done_testing();
