# Who may connect between nodes, and how: passwords (scram-sha-256 on all nodes) from pg_dist_authinfo or a passfile, TLS
# where the servers have it, only safe keywords in citus.node_conninfo; statements run with the rights of the session's
# user; what is internal is closed to everyone else.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use CitusCluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

delete $ENV{PGPASSFILE};
my $cluster = CitusCluster->new(workers => 2);
my $user = $cluster->sql('SELECT current_user');
$cluster->sql(q{
    CREATE TABLE item (id int PRIMARY KEY, owner name DEFAULT current_user, note text);
    SELECT create_distributed_table('item', 'id', shard_count => 4);
    INSERT INTO item SELECT i, 'app', 'note' FROM generate_series(1, 100) i;
    CREATE ROLE app LOGIN PASSWORD 'app-secret';
    CREATE ROLE other LOGIN PASSWORD 'other-secret';
    GRANT SELECT, INSERT, UPDATE ON item TO app;
});
my ($one, $two) = map { $cluster->key_on('item', $_) } 'worker1', 'worker2';

sub as_user {
    my ($role, $query, $name) = @_;
    my ($out, $err) = ('', '');
    $cluster->node($name // 'coordinator')->psql('postgres', "\\set VERBOSITY verbose\n$query", stdout => \$out, stderr => \$err,
        on_error_stop => 0, timeout => 90, extra_params => [ '-U', $role ]);
    return ($out, $err);
}

sub set_everywhere {
    my ($line, $restart) = @_;
    for my $name ($cluster->names) {
        $cluster->node($name)->append_conf('postgresql.conf', $line);
        $restart ? $cluster->node($name)->restart : $cluster->node($name)->reload;
    }
    sleep 0.3;
    return;
}

# ---- passwords
$cluster->sql("ALTER ROLE \"$user\" PASSWORD 'super-secret'", $_) for $cluster->names;
for my $name ($cluster->names) {
    open my $hba, '>', $cluster->node($name)->data_dir . '/pg_hba.conf' or die $!;
    print $hba "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
    close $hba;
    $cluster->node($name)->reload;
}
sleep 0.3;
my ($out, $error) = $cluster->try_sql('SELECT count(*) FROM item');
like($error, qr/connection to the remote node \S+ failed with the following error: .*password/, 'without a password nodes refuse');
like($error, qr/HINT: .*(pgpass|pg_dist_authinfo)/, '... and the message says where it belongs');
$cluster->sql(qq{INSERT INTO pg_dist_authinfo VALUES (0, '$user', 'password=super-secret'), (0, 'app', 'password=app-secret')});
is($cluster->sql('SELECT count(*) FROM item'), 100, 'a password of pg_dist_authinfo is used');
($out, $error) = as_user('app', 'SELECT count(*) FROM item');
is($out, 100, '... each user his own') or diag $error;
($out, $error) = as_user('other', 'SELECT count(*) FROM item');
like($error, qr/42501: permission denied for table item/, '... rights are those of the user');
($out, $error) = as_user('app', 'SELECT * FROM pg_dist_authinfo');
like($error, qr/42501: permission denied/, '... nobody else may read passwords');
$cluster->sql("BEGIN; UPDATE item SET note = 'two' WHERE id IN ($one, $two); COMMIT");
is($cluster->sql(q{SELECT count(*) FROM item WHERE note = 'two'}), 2, '... two-phase commit works');
$cluster->sql(q{BEGIN; CREATE TABLE x (i int); PREPARE TRANSACTION 'citus_0_999999_5_0'}, 'worker1');
is($cluster->sql('SELECT recover_prepared_transactions()') > 0 || $cluster->sql(q{SELECT count(*) FROM pg_prepared_xacts}, 'worker1') == 0, 1, '... and recovery');
is($cluster->sql(q{SELECT bool_and(success) FROM run_command_on_workers('SELECT 1')}), 't', '... and run_command_on_workers');
$cluster->sql('DELETE FROM pg_dist_authinfo');
my $passfile = $cluster->node('coordinator')->data_dir . '/passwords';
append_to_file($passfile, "127.0.0.1:*:*:$user:super-secret\n127.0.0.1:*:*:app:app-secret\n");
chmod 0600, $passfile;
set_everywhere("citus.node_conninfo = 'sslmode=prefer passfile=$passfile'");
is($cluster->sql('SELECT count(*) FROM item'), 100, 'a passfile named by citus.node_conninfo is used');
($out, $error) = as_user('app', 'SELECT count(*) FROM item');
is($out, 100, '... for other users too') or diag $error;

# ---- keywords
for my $bad ('password=x', 'user=postgres', 'dbname=other', 'port=1', 'options=-csearch_path=x', 'service=x', 'hostaddr=127.0.0.1', 'fallback_application_name=x', 'replication=true', 'target_session_attrs=any') {
    my ($keyword) = split /=/, $bad;
    (undef, $error) = $cluster->try_sql("ALTER SYSTEM SET citus.node_conninfo = '$bad'");
    like($error, qr/invalid value for parameter "citus.node_conninfo".*Prohibited conninfo keyword detected: $keyword/s, "$keyword is refused");
}
(undef, $error) = $cluster->try_sql(q{ALTER SYSTEM SET citus.node_conninfo = 'sslmode'});
like($error, qr/invalid value for parameter/, 'what is no conninfo is refused');
(undef, $error) = $cluster->try_sql(q{SET citus.node_conninfo = 'sslmode=disable'});
like($error, qr/cannot be changed now/, 'sessions cannot change it');
($out, $error) = as_user('app', 'SHOW citus.node_conninfo');
like($error, qr/42501/, '... nor may everybody see it');

set_everywhere("citus.node_conninfo = 'host=192.0.2.1 sslmode=prefer passfile=$passfile'");
is($cluster->sql('SELECT count(*) FROM item'), 100, 'a host in it does not replace that of a node');
set_everywhere("citus.node_conninfo = 'sslmode=prefer passfile=$passfile'");

# ---- TLS
my $links = q{SELECT bool_and(s.ssl) FROM pg_stat_activity a JOIN pg_stat_ssl s USING (pid) WHERE a.application_name ~ 'citus_internal'};
my $session = $cluster->session;
is(($cluster->run($session, 'SELECT count(*) FROM item'))[0], 100, 'a session');
is($cluster->sql($links, 'worker1'), 'f', 'without TLS on the servers, connections are plain');
set_everywhere("citus.node_conninfo = 'sslmode=require passfile=$passfile'");
(undef, $error) = $cluster->try_sql('SELECT count(*) FROM item');
like($error, qr/server does not support SSL/, 'sslmode=require refuses servers without TLS');
SKIP: {
    my $dir = $PostgreSQL::Test::Utils::tmp_check;
    skip 'no openssl command', 3
      if system("openssl req -new -x509 -days 2 -nodes -subj /CN=127.0.0.1 -out $dir/server.crt -keyout $dir/server.key 2>/dev/null") != 0;
    chmod 0600, "$dir/server.key";
    set_everywhere("ssl = on\nssl_cert_file = '$dir/server.crt'\nssl_key_file = '$dir/server.key'", 1);
    $cluster->finish($session);
    $session = $cluster->session;
    is(($cluster->run($session, 'SELECT count(*) FROM item'))[0], 100, '... and takes those with it');
    is($cluster->sql($links, 'worker1'), 't', '... whose connections are encrypted');
    set_everywhere("citus.node_conninfo = 'sslmode=verify-full sslrootcert=$dir/server.crt passfile=$passfile'");
    $cluster->finish($session);
    $session = $cluster->session;
    is(($cluster->run($session, 'SELECT count(*) FROM item'))[0], 100, 'certificates can be verified');
    set_everywhere("citus.node_conninfo = 'passfile=$passfile'");
    $cluster->finish($session);
    $session = $cluster->session;
    is(($cluster->run($session, 'SELECT count(*) FROM item'))[0], 100, 'without sslmode');
    is($cluster->sql($links, 'worker1'), 't', '... TLS is used where there is TLS');
}
$cluster->finish($session);

# ---- whose rights
$cluster->sql(q{
    ALTER TABLE item ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON item USING (owner = current_user);
    UPDATE item SET owner = 'other' WHERE id > 50;
    CREATE FUNCTION count_items() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM public.item';
    GRANT other TO app;
    GRANT SELECT ON item TO other;
});
($out, $error) = as_user('app', 'SELECT count(*) FROM item; SELECT count_items(); SET ROLE other; SELECT count(*), min(id) FROM item; RESET ROLE; SELECT count(*) FROM item');
is($out, "50\n100\n50|51\n50", 'row-level security, SECURITY DEFINER and SET ROLE hold on the nodes') or diag $error;
($out, $error) = as_user('app', "INSERT INTO item VALUES (1000, 'other')");
like($error, qr/42501: new row violates row-level security policy for table "item"/, '... also for what is written');
($out, $error) = as_user('app', 'DELETE FROM item');
like($error, qr/42501: permission denied for table item/, '... and rights that were not given');

# ---- what is internal: each function of the extension that everybody may call, by a user who has nothing
my $functions = q{FROM pg_depend d JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
    WHERE d.deptype = 'e' AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'citus')};
is($cluster->sql("SELECT count(*) $functions AND prosecdef AND NOT coalesce(proconfig::text ~ 'search_path', false)"), 0,
    'functions with the rights of their owner have a search path of their own');
# Changes of the cluster are for superusers (or whom they grant it to).
is($cluster->sql("SELECT string_agg(proname, ' ' ORDER BY proname) $functions AND has_function_privilege('other', p.oid, 'EXECUTE')
    AND proname ~ '^(citus_(add|remove|update|activate|disable|set)_|master_|recover_|citus_drop|join_cluster|leave_cluster|start_m)'"), '',
    'functions that change the cluster are not for everybody');
my $counts = q{SELECT (SELECT count(*) FROM pg_dist_node), (SELECT count(*) FROM pg_dist_shard), (SELECT count(*) FROM pg_dist_placement),
    (SELECT count(*) FROM item), (SELECT count(*) FROM pg_class)};
my %before = map { $_ => $cluster->sql($_ eq 'coordinator' ? $counts : 'SELECT count(*) FROM pg_class', $_) } $cluster->names;
for my $name ($cluster->names) {
    my $calls = '';
    for my $call (
        q{SELECT citus_internal.apply_shard_ddl(ARRAY['DROP TABLE public.item'], ARRAY['item'], ARRAY[102008], 'public')},
        q{SELECT citus_internal.run_as('} . $user . q{', 1)},
        q{SELECT citus_internal.motion_put(1, '\x00', 1)},
        q{SELECT create_reference_table('item')}, q{SELECT undistribute_table('item')}, q{SELECT create_distributed_table('item', 'id')},
        q{SELECT truncate_local_data_after_distributing_table('item')},
        q{UPDATE pg_dist_node SET nodeport = 1}, q{DELETE FROM pg_dist_shard}, q{DELETE FROM pg_dist_transaction},
        q{INSERT INTO pg_dist_authinfo VALUES (0, 'other', 'password=x')},
      )
    {
        my (undef, $text) = as_user('other', $call, $name);
        $calls .= "$call\n" if $text !~ /ERROR:  (42501|42P01|42809|0A000|22023|22P03|55000|XX000|42P16|3F000|42883|01000|P0001)/;
    }
    is($calls, '', "a user without rights changes nothing on $name");
    (undef, $error) = as_user('other', q{SELECT citus_internal.run_as('} . $user . q{', 1)}, $name);
    like($error, qr/42501: permission denied to set role/, '... nor becomes another');
}
is($cluster->sql($_ eq 'coordinator' ? $counts : 'SELECT count(*) FROM pg_class', $_), $before{$_}, "nothing has changed on $_") for $cluster->names;
($out) = as_user('other', q{SELECT bool_or(success) FROM citus_internal.run_commands(ARRAY[1], ARRAY['DROP TABLE public.item'], false, false)});
is($out, 'f', 'commands run on other nodes with the rights of the user');
# A token that is not the connection's does not change the role of a session that works for another node.
($out, $error) = as_user('app', q{BEGIN; SELECT citus_internal.run_as('other', 1); SELECT citus_internal.run_as('app', 2); ROLLBACK}, 'worker1');
like($error, qr/42501: .*only for connections between nodes/, 'who assumed a role for a node cannot leave it by another token');
done_testing();
