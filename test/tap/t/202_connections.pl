# Connections between nodes: no two sessions wait for what the other has, a node that does not answer holds nobody
# up for long, kept connections are in nobody's way, and a limit for clients.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use CitusCluster;
use IO::Select;
use IO::Socket::INET;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $cluster = CitusCluster->new(workers => 2, conf => 'max_prepared_transactions = 100');
$cluster->sql(q{
    CREATE TABLE item (id int PRIMARY KEY, n int NOT NULL);
    SELECT create_distributed_table('item', 'id', shard_count => 8);
    INSERT INTO item SELECT i, 0 FROM generate_series(1, 1000) i;
});
my $node = $cluster->node('coordinator');

sub pgbench {
    my ($script, @options) = @_;
    my $file = PostgreSQL::Test::Utils::tempdir() . '/script.sql';
    append_to_file($file, $script);
    my ($out, $err) = ('', '');
    my $begin = time;
    my $done = run_log([ 'timeout', 120, 'pgbench', '-n', '-h', $node->host, '-p', $node->port, '-j', 2, @options, '-f', $file, 'postgres' ],
        '>', \$out, '2>', \$err);
    return ($done, $err, time - $begin);
}

# Each transaction writes on one node first and on the other then, in either order, with fewer connections than
# there are sessions: whoever has one must get the other.
for my $limit (1, 3) {
    $cluster->sql("ALTER SYSTEM SET citus.max_shared_pool_size = $limit");
    $cluster->sql('SELECT pg_reload_conf()');
    $cluster->sql('UPDATE item SET n = 0');
    sleep 0.3;
    my ($done, $err, $seconds) = pgbench(<<'END', '-c', 20, '-t', 10);
\set a :client_id * 40 + random(1, 20)
\set b :client_id * 40 + random(21, 40)
BEGIN;
UPDATE item SET n = n + 1 WHERE id = :a;
UPDATE item SET n = n + 1 WHERE id = :b;
COMMIT;
END
    ok($done && $err !~ /ERROR|aborted/, "with $limit connections per node, transactions over both nodes all come through") or diag $err;
    cmp_ok($seconds, '<', 25, '... none by waiting for the time limit');
    is($cluster->sql('SELECT sum(n) FROM item'), 400, '... and did all their work');
}
$cluster->sql('ALTER SYSTEM RESET citus.max_shared_pool_size');
$cluster->sql('SELECT pg_reload_conf()');
$cluster->sql('UPDATE item SET n = 0');

# A stopped node.
sub processes { my ($name) = @_; my $pid = $cluster->node($name)->{_pid}; return ($pid, split ' ', `pgrep -P $pid`) }
sub running_on { return $cluster->sql(q{SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'citus_internal%' AND (state <> 'idle')}, $_[0]) }

my $on1 = $cluster->key_on('item', 'worker1');
my $on2 = $cluster->key_on('item', 'worker2');
my %statements = (
    'a query' => 'SELECT sum(n) FROM item',
    'a write on one node' => "UPDATE item SET n = n WHERE id = $on1",
    'a write with rows' => "UPDATE item SET n = n WHERE id = $on1 RETURNING n",
    'a transaction' => "BEGIN; UPDATE item SET n = n WHERE id = $on1; UPDATE item SET n = n WHERE id = $on2; COMMIT");
for my $what (sort keys %statements) {
    my $session = $cluster->session;
    $session->query($statements{$what});
    my $other = $cluster->session;
    $other->query('SELECT count(*) FROM item');
    my @stopped = processes('worker1');
    kill 'STOP', @stopped;
    my $begin = time;
    my (undef, $error) = $cluster->run($session, "SET statement_timeout = '500ms'; $statements{$what}");
    my $seconds = time - $begin;
    like($error, qr/statement timeout|lost while it committed/, "statement_timeout ends $what that waits for a stopped node");
    cmp_ok($seconds, '<', 9, '... soon');
    # By hand, in another session.
    $other->query_until(qr/started/, "SELECT pg_backend_pid() AS pid \\gset\n\\echo pid :pid started\n");
    my $pid = $cluster->sql(q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND query LIKE 'SELECT pg_backend_pid() AS pid%' LIMIT 1});
    $cluster->begin_query($other, $statements{$what});
    sleep 0.3;
    $begin = time;
    $cluster->sql("SELECT pg_cancel_backend($pid)");
    (undef, $error) = $cluster->await($other);
    like($error, qr/due to user request|lost while it committed/, "... and so does a cancel request");
    cmp_ok(time - $begin, '<', 9, '... soon');
    is($cluster->sql("SELECT n FROM item WHERE id = $on2"), 0, '... others work on');
    kill 'CONT', @stopped;
    $cluster->run($_, 'ROLLBACK; RESET statement_timeout') for $session, $other;
    is(($cluster->run($session, 'SELECT sum(n) FROM item'))[0], 0, '... the session works when the node does');
    my $left;
    for (1 .. 50) { $left = running_on('worker1'); last if $left == 0; sleep 0.2 }
    is($left, 0, '... and nothing is left running there');
    $cluster->finish($_) for $session, $other;
}

# Restarts between two statements.
my $session = $cluster->session;
for my $how ('fast', 'immediate', 'crash') {
    $session->query('SELECT count(*) FROM item');
    if ($how eq 'crash') { $cluster->crash('worker1'); $cluster->revive('worker1') }
    else { $cluster->node('worker1')->stop($how); $cluster->node('worker1')->start }
    my ($out, $error) = $cluster->run($session, $how eq 'fast' ? "UPDATE item SET n = n WHERE id = $on1; SELECT count(*) FROM item" : 'SELECT count(*) FROM item');
    is($error, '', "a worker that was restarted ($how) between two statements is no error");
    is($out, 1000, '... and the answer is right');
}
$cluster->finish($session);

# Connections that died without a word, as behind a firewall that forgot them: the first command finds out. A proxy
# between the coordinator and worker1 drops those it has when it gets SIGUSR1, at the next byte of the client.
sub start_proxy {
    my ($to) = @_;
    my $listen = IO::Socket::INET->new(Listen => 64, LocalAddr => '127.0.0.1', LocalPort => 0, ReuseAddr => 1) or die $!;
    my $parent = $$;
    my $pid = fork // die $!;
    return ($listen->sockport, $pid) if $pid;
    open STDOUT, '>', '/dev/null';
    open STDERR, '>', '/dev/null';
    my (%peer, %is_client, %doomed, $drop);
    $SIG{USR1} = sub { $drop = 1 };
    my $select = IO::Select->new($listen);
    while (getppid == $parent) {
        my @ready = $select->can_read(0.05);
        if ($drop) { %doomed = map { $_ => 1 } keys %is_client; $drop = 0 }
        for my $socket (@ready) {
            if ($socket == $listen) {
                my $client = $listen->accept or next;
                my $server = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $to) or do { close $client; next };
                ($peer{$client}, $peer{$server}) = ($server, $client);
                $is_client{$client} = 1;
                $select->add($client, $server);
                next;
            }
            my $other = $peer{$socket} or next;
            my $data;
            if (!$doomed{$socket} && sysread $socket, $data, 65536) { syswrite $other, $data; next }
            $select->remove($socket, $other);
            delete @is_client{ $socket, $other };
            delete @doomed{ $socket, $other };
            delete @peer{ $socket, $other };
            close $_ for $socket, $other;
        }
    }
    kill 'KILL', $$; # without the parent's END blocks
}
my ($proxy_port, $proxy) = start_proxy($cluster->node('worker1')->port);
my $real_port = $cluster->node('worker1')->port;
my $move = sub { $cluster->sql("SELECT citus_update_node(nodeid, '127.0.0.1', $_[1]) FROM pg_dist_node WHERE nodeport = $_[0]") };
$move->($real_port, $proxy_port);
my %first = (
    'a routed read' => [ "SELECT count(*) FROM item WHERE id = $on1", 1 ],
    'a read of all shards' => [ 'SELECT count(*) FROM item', 1000 ],
    'a transaction' => [ "BEGIN; SELECT count(*) FROM item WHERE id = $on2; UPDATE item SET n = n + 1 WHERE id = $on1; COMMIT; SELECT n FROM item WHERE id = $on1", "1\n1" ],
    'a write of all shards' => [ "UPDATE item SET n = n + 1; SELECT n FROM item WHERE id = $on1", 1 ]);
for my $what (sort keys %first) {
    $cluster->sql('UPDATE item SET n = 0');
    my $session = $cluster->session;
    $session->query('SELECT count(*) FROM item');
    kill 'USR1', $proxy;
    sleep 0.3;
    my ($out, $error) = $cluster->run($session, $first{$what}[0]);
    is($error, '', "$what does not notice that the kept connection had died");
    is($out, $first{$what}[1], '... and is done once');
    $cluster->finish($session);
}
$move->($proxy_port, $real_port);
kill 'KILL', $proxy;
waitpid $proxy, 0;
$cluster->sql('UPDATE item SET n = 0');

# Databases are not in use by connections that are only kept.
for my $name ($cluster->names) { $cluster->sql('CREATE DATABASE other', $name) }
$node->safe_psql('other', 'CREATE EXTENSION citus');
$node->safe_psql('other', sprintf "SELECT citus_add_node('127.0.0.1', %d)", $cluster->node($_)->port) for $cluster->workers;
$node->safe_psql('other', q{CREATE TABLE t (k int); SELECT create_distributed_table('t', 'k'); INSERT INTO t SELECT generate_series(1, 100)});
my $elsewhere = $node->background_psql('other', on_error_stop => 0);
is($elsewhere->query('SELECT count(*) FROM t'), 100, 'a session keeps connections to a database on the workers');
$cluster->sql('ALTER DATABASE other RENAME TO another', 'worker1');
$cluster->sql('ALTER DATABASE another RENAME TO other', 'worker1');
is($elsewhere->query('SELECT count(*) FROM t'), 100, '... which can be renamed');
$cluster->sql('DROP DATABASE other', 'worker1');
my (undef, $error) = $cluster->run($elsewhere, 'SELECT count(*) FROM t');
like($error, qr/database "other" does not exist/, '... and dropped');
$cluster->finish($elsewhere);
my $begin = time;
$cluster->sql('DROP DATABASE other', $_) for 'coordinator', 'worker2';
cmp_ok(time - $begin, '<', 10, '... as on the other nodes');

# A limit for clients leaves room for other nodes.
for my $name ($cluster->names) {
    $cluster->sql('CREATE ROLE plain LOGIN', $name) if $name eq 'coordinator' || !$cluster->sql(q{SELECT count(*) FROM pg_roles WHERE rolname = 'plain'}, $name);
}
$cluster->sql('GRANT ALL ON item TO plain');
$cluster->sql('ALTER SYSTEM SET citus.max_client_connections = 2', 'worker1');
$cluster->node('worker1')->reload;
sleep 0.3;
my $worker = $cluster->node('worker1');
my @clients = map { $worker->background_psql('postgres', extra_params => [ '-U', 'plain' ]) } 1 .. 2;
is($_->query('SELECT 1'), 1, 'a client is let in') for @clients;
my ($code, $out, $refusal) = $worker->psql('postgres', 'SELECT 1', extra_params => [ '-U', 'plain' ]);
isnt($code, 0, 'the third is not');
like($refusal, qr/sorry, too many clients already.*citus\.max_client_connections/s, '... and is told why');
is($worker->safe_psql('postgres', 'SELECT 1'), 1, 'a superuser is');
is($node->safe_psql('postgres', 'SELECT count(*) FROM item', extra_params => [ '-U', 'plain' ]), 1000, '... and so is another node for the same user');
$clients[0]->quit;
sleep 0.3;
is($worker->safe_psql('postgres', 'SELECT 2', extra_params => [ '-U', 'plain' ]), 2, 'one that leaves makes room');
$clients[1]->quit;
done_testing();
