# Large results pass through the coordinator's backend with bounded memory, and their first row comes early:
# over nodes and on one server alone, in the order of an index, through a cursor, and with very long rows.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use CitusCluster;
use Test::More;
use Time::HiRes qw(sleep);

my $limit_kb = 64 * 1024;

# The largest address space that a process had: what it allocates adds to it, shared memory is there from the start.
sub peak_kb {
    my ($pid) = @_;
    open my $handle, '<', "/proc/$pid/status" or return;
    my ($peak) = map { /^VmPeak:\s+(\d+)/ ? $1 : () } <$handle>;
    return $peak;
}

sub value { my ($cluster, $session, $query) = @_; my ($out) = $cluster->run($session, $query); return $out }

# Runs a query in a session of its own, and tells by how much its backend grew.
sub growth_of {
    my ($cluster, $settings, $query) = @_;
    my $session = $cluster->session;
    my $pid = value($cluster, $session, 'SELECT pg_backend_pid()');
    value($cluster, $session, 'SELECT count(*) FROM small');    # connections, caches
    value($cluster, $session, $settings) if $settings ne '';
    my $before = peak_kb($pid);
    my $rows = value($cluster, $session, $query);
    my $growth = peak_kb($pid) - $before;
    note "grew by $growth kB: $query";
    $cluster->finish($session);
    return ($growth, $rows);
}

# The backends on a node that have rows to send for a query of this text, which nobody takes.
sub senders {
    my ($cluster, $node, $text) = @_;
    my $found;
    for (1 .. 100) {
        $found = $cluster->sql("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND wait_event = 'ClientWrite' AND query LIKE '%$text%'", $node);
        return $found if $found > 0;
        sleep 0.1;
    }
    return $found;
}

sub load {
    my ($cluster) = @_;
    $cluster->sql(q{
        CREATE TABLE small (id int);
        SELECT create_distributed_table('small', 'id');
        CREATE TABLE big (id bigint, place int NOT NULL, note text);
        SELECT create_distributed_table('big', 'id', shard_count := 8);
        INSERT INTO big SELECT i, i::bigint * 7919 % 2000003, 'row number ' || i FROM generate_series(1, 2000000) i;
        CREATE INDEX ON big (place);
        ANALYZE big;
        CREATE TABLE long (id int, body text);
        SELECT create_distributed_table('long', 'id', shard_count := 8);
        ALTER TABLE long ALTER body SET STORAGE EXTERNAL;
        INSERT INTO long SELECT i, repeat(chr(64 + i), 8 * 1024 * 1024) FROM generate_series(1, 24) i;
    });
    return;
}

# A query whose rows the client reads and throws away.
sub stream { return "\\o /dev/null\n$_[0];\n\\o\n" }

sub check_streams {
    my ($cluster, $where) = @_;
    for my $query ('SELECT * FROM big', 'SELECT * FROM big ORDER BY place') {
        my ($growth) = growth_of($cluster, '', stream($query));
        cmp_ok($growth, '<', $limit_kb, "$where: $query");
        ($growth) = growth_of($cluster, "BEGIN; DECLARE c CURSOR FOR $query", 'MOVE 1999990 IN c; FETCH 1 IN c');
        cmp_ok($growth, '<', $limit_kb, "$where: a cursor for $query");
    }
    my ($growth) = growth_of($cluster, 'BEGIN; DECLARE c CURSOR FOR SELECT * FROM long ORDER BY id', 'MOVE 24 IN c; SELECT 1');
    cmp_ok($growth, '<', 2 * $limit_kb, "$where: rows of 8 MB in order");
    ($growth) = growth_of($cluster, 'BEGIN; DECLARE c CURSOR FOR SELECT * FROM long', 'MOVE 24 IN c; SELECT 1');
    cmp_ok($growth, '<', 2 * $limit_kb, "$where: rows of 8 MB");
    is($cluster->sql(q{SELECT count(*), count(*) FILTER (WHERE place >= before) FROM (SELECT place, lag(place, 1, place) OVER () AS before FROM (SELECT place FROM big ORDER BY place) s) t}),
        '2000000|2000000', "$where: the rows are in order");
    return;
}

my $cluster = CitusCluster->new(workers => 2);
load($cluster);
check_streams($cluster, 'two nodes');

# After the first row, the nodes have most of theirs still to send.
for my $query ('SELECT id, place, note FROM big', 'SELECT id, place, note FROM big ORDER BY place') {
    my $session = $cluster->session;
    value($cluster, $session, "BEGIN; DECLARE c CURSOR FOR $query");
    isnt(value($cluster, $session, 'FETCH 1 IN c'), '', "the first row of $query");
    is(senders($cluster, 'worker1', 'big_'), 1, '... comes while the first node waits to send others');
    is(senders($cluster, 'worker2', 'big_'), 1, '... and so does the second');
    value($cluster, $session, 'ROLLBACK');
    is($cluster->sql("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%big\\_%' AND pid <> pg_backend_pid()", 'worker1'), 0, '... and none runs on after the end');
    $cluster->finish($session);
}

# One server alone: its own shards are read as far as rows are wanted.
my $single = CitusCluster->new(workers => 0, label => 'single_');
load($single);
check_streams($single, 'one server');
for my $query ('SELECT id FROM big', 'SELECT id FROM big ORDER BY place') {
    my $session = $single->session;
    value($single, $session, "BEGIN; DECLARE c CURSOR FOR $query");
    isnt(value($single, $session, 'FETCH 1 IN c'), '', "one server: the first row of $query");
    is($single->sql('SELECT count(*) FROM pg_ls_tmpdir()'), 0, '... without a temporary file');
    value($single, $session, 'COMMIT');
    $single->finish($session);
}

done_testing();
