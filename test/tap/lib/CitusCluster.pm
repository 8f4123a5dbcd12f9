# A coordinator and its workers for crash tests, on top of PostgreSQL's own test modules.
#
#   my $cluster = CitusCluster->new(workers => 2);
#   $cluster->sql('SELECT ...');                       # on the coordinator; dies on an error
#   $cluster->crash('worker1'); $cluster->revive('worker1');
#
# A crash is kill -9 of all processes of the server: what the server had not written is lost to it, as after a power cut.
package CitusCluster;

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

sub new {
    my ($class, %options) = @_;
    my $self = bless { nodes => {}, order => [] }, $class;
    $self->{label} = $options{label} // '';    # of a second cluster in one test: its folders have other names
    $self->_make_node($_, $options{conf} // '') for 'coordinator', map { "worker$_" } 1 .. $options{workers} // 2;
    $self->sql('CREATE EXTENSION citus');
    for my $name (@{ $self->{order} }[ 1 .. $#{ $self->{order} } ]) {
        my $port = $self->node($name)->port;
        $self->sql("SELECT citus_add_node('127.0.0.1', $port)");
    }
    return $self;
}

sub _make_node {
    my ($self, $name, $conf) = @_;
    my $node = PostgreSQL::Test::Cluster->new("$self->{label}$name");
    $node->init;
    $node->append_conf('postgresql.conf', <<"END");
shared_preload_libraries = 'citus'
listen_addresses = '127.0.0.1'
restart_after_crash = on
deadlock_timeout = 200ms
$conf
END
    $node->start;
    $self->{nodes}{$name} = $node;
    push @{ $self->{order} }, $name;
}

sub node { my ($self, $name) = @_; return $self->{nodes}{$name} // die "no node $name" }
sub names { return @{ $_[0]{order} } }
sub workers { return grep { $_ ne 'coordinator' } $_[0]->names }

# The value of a query on the coordinator, or on another node.
sub sql {
    my ($self, $query, $name) = @_;
    return $self->node($name // 'coordinator')->safe_psql('postgres', $query);
}

# Like sql, but gives (value, error text) and does not die.
sub try_sql {
    my ($self, $query, $name) = @_;
    my ($out, $err) = ('', '');
    $self->node($name // 'coordinator')
      ->psql('postgres', $query, stdout => \$out, stderr => \$err, on_error_stop => 0, timeout => 90);
    return ($out, $err);
}

# A session that goes on after errors, on the coordinator. Ended by its finish().
sub session {
    my ($self) = @_;
    return $self->node('coordinator')->background_psql('postgres', on_error_stop => 0);
}

# Runs a statement in a session whose server may be dead by now.
sub attempt {
    my ($self, $session, $query) = @_;
    my ($out, $failed);
    eval { ($out, $failed) = $session->query($query); 1 } or return ('', 1);
    return ($out, $failed);
}

# Starts a statement that may wait; await() gives what it printed and the error text ('' without one).
sub begin_query {
    my ($self, $session, $query) = @_;
    $session->{stderr} = '';
    $session->query_until(qr/started/, "\\echo started\n$query\n;\n");
    return;
}

sub await {
    my ($self, $session) = @_;
    my ($out) = $session->query('\\echo');
    my $error = $session->{stderr};
    $session->{stderr} = '';
    return ($out, $error);
}

# A statement that does not wait: gives its output and the error text.
sub run {
    my ($self, $session, $query) = @_;
    $session->{stderr} = '';
    my ($out) = $session->query($query);
    my $error = $session->{stderr};
    $session->{stderr} = '';
    return ($out, $error);
}

sub finish { my ($self, $session) = @_; eval { $session->quit }; return }

# All processes of the server die at once, as in a power cut: the postmaster is stopped first, so that it does
# not see its children go, and they don't live on without it.
sub crash {
    my ($self, $name) = @_;
    my $node = $self->node($name);
    my $postmaster = $node->{_pid} // return;
    kill 'STOP', $postmaster;
    my @children = split ' ', `pgrep -P $postmaster`;
    kill 'KILL', @children if @children;
    $node->kill9;
    return;
}

# A server that is stopped and not dead: it answers nothing, and its connections stay open.
sub freeze { my ($self, $name) = @_; return $self->_signal_all($name, 'STOP') }
sub thaw { my ($self, $name) = @_; return $self->_signal_all($name, 'CONT') }

sub _signal_all {
    my ($self, $name, $signal) = @_;
    my $postmaster = $self->node($name)->{_pid} // return;
    kill 'STOP', $postmaster; # so that no child escapes
    kill $signal, split ' ', `pgrep -P $postmaster`;
    kill $signal, $postmaster;
    return;
}

# Starts a crashed node. The children of a killed postmaster need a moment to go.
sub revive {
    my ($self, $name) = @_;
    my $node = $self->node($name);
    for (1 .. 50) {
        # A failed start reads the pid file that the crash left behind, and would take the node for running.
        $node->{_pid} = undef;
        return if $node->start(fail_ok => 1);
        sleep 0.2;
    }
    die "$name does not start again";
}

# Seconds until no node holds a prepared transaction of ours, or undef after the limit.
sub wait_until_recovered {
    my ($self, $limit) = @_;
    my $begin = time;
    while (time - $begin < $limit) {
        my $left = 0;
        $left += $self->sql(q{SELECT count(*) FROM pg_prepared_xacts WHERE gid LIKE 'citus%'}, $_) for $self->names;
        return time - $begin if $left == 0;
        sleep 0.25;
    }
    return undef;
}

# A key whose shard is on the given node, not among those in @$taken.
sub key_on {
    my ($self, $table, $name, $taken) = @_;
    my $port = $self->node($name)->port;
    my $not = join ',', 0, @{ $taken // [] };
    return $self->sql(<<"END");
SELECT k FROM generate_series(1, 1000) k JOIN citus_shards s
  ON s.shardid = get_shard_id_for_distribution_column('$table', k)
WHERE s.nodeport = $port AND k NOT IN ($not) ORDER BY k LIMIT 1
END
}

1;
