# Item 2 of the tutorial: nodes that ask for a password. The coordinator has none to send at first: a clear
# error says where to put it. A row in pg_dist_authinfo, or ~/.pgpass, is enough then, also for a user's queries.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

delete $ENV{PGPASSFILE};
my @nodes;
for my $name (qw(coordinator worker)) {
    my $node = PostgreSQL::Test::Cluster->new($name);
    $node->init;
    $node->append_conf('postgresql.conf', "listen_addresses = '127.0.0.1'\nshared_preload_libraries = 'citus'\n");
    $node->start;
    push @nodes, $node;
}
my ($coordinator, $worker) = @nodes;
my $user = $coordinator->safe_psql('postgres', 'SELECT current_user');
$worker->safe_psql('postgres', "SET password_encryption = 'md5'; ALTER ROLE \"$user\" PASSWORD 'secret'");
# As the tutorial has it, for TCP; the tests themselves come through the socket.
open my $hba, '>', $worker->data_dir . '/pg_hba.conf' or die $!;
print $hba "local all all trust\nhost all all 0.0.0.0/0 md5\n";
close $hba;
$worker->reload;

my $port = $worker->port;
$coordinator->safe_psql('postgres', 'CREATE EXTENSION citus');
my ($code, $out, $error) = $coordinator->psql('postgres', "SELECT citus_add_node('127.0.0.1', $port)");
isnt($code, 0, 'a node that wants a password is not added without one');
like($error, qr/connection to the remote node \S+127\.0\.0\.1:$port failed.*password/s, 'the message names the node and the reason');
like($error, qr/HINT:.*(pgpass|pg_dist_authinfo)/s, 'and says where the password belongs');
is($coordinator->safe_psql('postgres', 'SELECT count(*) FROM pg_dist_node'), '0', 'nothing has changed');

$coordinator->safe_psql('postgres', "INSERT INTO pg_dist_authinfo VALUES (0, '$user', 'password=wrong')");
($code, $out, $error) = $coordinator->psql('postgres', "SELECT citus_add_node('127.0.0.1', $port)");
like($error, qr/password authentication failed/, 'a wrong password is refused');
$coordinator->safe_psql('postgres', "UPDATE pg_dist_authinfo SET authinfo = 'password=secret'");
is($coordinator->safe_psql('postgres', "SELECT citus_add_node('127.0.0.1', $port)"), '1', 'with the password it is added');
$coordinator->safe_psql('postgres', 'CREATE TABLE t (k int, v int)');
$coordinator->safe_psql('postgres', "SELECT create_distributed_table('t', 'k')");
$coordinator->safe_psql('postgres', 'INSERT INTO t SELECT g, g FROM generate_series(1, 100) AS g');
is($coordinator->safe_psql('postgres', 'SELECT sum(v) FROM t'), '5050', 'queries use it too');

for my $bad ('host=elsewhere', 'password', 'password=x sslmode=disable') {
    ($code, $out, $error) = $coordinator->psql('postgres', "INSERT INTO pg_dist_authinfo VALUES (-1, '$user', '$bad')");
    like($error, qr/authinfo_valid/, "\"$bad\" is no authentication");
}
$coordinator->stop;
$worker->stop;
done_testing();
