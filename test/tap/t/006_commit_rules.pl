# A transaction is committed on all nodes or on none, whichever of them refuses, for every order of reads and writes
# over two and three nodes: a deferred foreign key, a serialization failure, a backend that was killed. And locks
# are held until the writers have committed.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use CitusCluster;
use Test::More;
use Time::HiRes qw(sleep time);

my $cluster = CitusCluster->new(workers => 3, conf => 'max_connections = 50');
$cluster->sql(q{
    CREATE TABLE parent (id int PRIMARY KEY);
    CREATE TABLE child (id int PRIMARY KEY REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED, v int DEFAULT 0);
    SELECT create_distributed_table('parent', 'id');
    SELECT create_distributed_table('child', 'id');
    INSERT INTO parent SELECT i FROM generate_series(1, 9999) i WHERE i % 4 <> 0;
});

# Keys with and without a parent, by worker.
my (%good, %bad);
for my $row (split /\n/, $cluster->sql(<<'END')) {
SELECT k, s.nodeport FROM generate_series(1, 9999) k JOIN citus_shards s
  ON s.shardid = get_shard_id_for_distribution_column('child', k)
END
    my ($key, $port) = split /\|/, $row;
    my $keys = $key % 4 == 0 ? \%bad : \%good;
    push @{ $keys->{$port} }, $key;
}
my @ports = map { $cluster->node($_)->port } $cluster->workers;

# All sequences of reads and writes of a length over some nodes; each is a list of [node, is write].
sub sequences {
    my ($length, $nodes) = @_;
    return ([]) if $length == 0;
    my @shorter = sequences($length - 1, $nodes);
    my @all;
    for my $node (0 .. $nodes - 1) {
        for my $write (0, 1) { push @all, map { [ @$_, [ $node, $write ] ] } @shorter }
    }
    return @all;
}

sub read_of { my $key = $good{ $ports[ $_[0] ] }[0]; return "SELECT count(*) FROM child WHERE id = $key" }
sub write_of { my ($node, $keys) = @_; return 'INSERT INTO child (id) VALUES (' . shift(@{ $keys->{ $ports[$node] } }) . ')' }

# One script with all transactions; returns the errors.
sub run_all {
    my ($setup, @transactions) = @_;
    my $script = join "\n", $setup, map { join(";\n", 'BEGIN', @$_, 'COMMIT') . ';' } @transactions;
    my ($out, $err) = $cluster->try_sql($script);
    return $err;
}

my @two = map { sequences($_, 2) } 1 .. 3;
my @three = sequences(3, 3);
my @plans = grep { grep { $_->[1] } @$_ } @two, @three; # that write at all

for my $level ('read committed', 'serializable') {
    my $setup = "SET default_transaction_isolation TO '$level';";
    my (@failing, @fine);
    for my $plan ($level eq 'serializable' ? (grep { @$_ == 3 } @plans) : @plans) {
        # Each node that is written is once the one that refuses.
        my %writers = map { $_->[0] => 1 } grep { $_->[1] } @$plan;
        for my $refusing (sort keys %writers) {
            my $refused = 0;
            push @failing, [
                map {
                    my ($node, $write) = @$_;
                    !$write ? read_of($node) : write_of($node, $node == $refusing && !$refused++ ? \%bad : \%good);
                } @$plan
            ];
        }
        push @fine, [ map { $_->[1] ? write_of($_->[0], \%good) : read_of($_->[0]) } @$plan ] if @fine < 60;
    }
    my $err = run_all($setup, @failing);
    my $refusals = () = $err =~ /violates foreign key constraint "child_id_fkey"/g;
    is($refusals, scalar @failing, scalar(@failing) . " transactions at $level are refused by one node");
    is($cluster->sql('SELECT count(*) FROM child'), 0, '... and leave nothing on the others');
    my $expected = 0;
    $expected += grep { /INSERT/ } @$_ for @fine;
    is(run_all($setup, @fine), '', scalar(@fine) . ' are not refused');
    is($cluster->sql('SELECT count(*) FROM child'), $expected, '... and all of them is there');
    $cluster->sql('DELETE FROM child');
}

# A backend that wrote on one of the nodes is killed before COMMIT.
{
    my (@transactions, $count);
    for my $plan (grep { @$_ == 3 } @plans) {
        my %writers = map { $_->[0] => 1 } grep { $_->[1] } @$plan;
        for my $victim (sort keys %writers) {
            next if ++$count % 3; # some of them: each needs connections of its own
            push @transactions, [
                (map { $_->[1] ? write_of($_->[0], \%good) : read_of($_->[0]) } @$plan), <<"END"
SELECT run_command_on_workers(\$\$SELECT count(pg_terminate_backend(pid, 1000)) FROM pg_stat_activity
  WHERE application_name LIKE 'citus_internal%' AND state LIKE 'idle in transaction%' AND current_setting('port') = '$ports[$victim]'\$\$)
END
            ];
        }
    }
    my $err = run_all('', @transactions);
    my $lost = () = $err =~ /ERROR/g;
    is($lost, scalar @transactions, scalar(@transactions) . ' transactions lose a backend before COMMIT');
    is($cluster->sql('SELECT count(*) FROM child'), 0, '... and leave nothing');
}

# A serialization failure at COMMIT on one node: x and y are on worker1.
{
    my ($x, $y) = splice @{ $good{ $ports[0] } }, 0, 2;
    my $other = $good{ $ports[1] }[0];
    $cluster->sql("INSERT INTO child VALUES ($x, 0), ($y, 0), ($other, 0)");
    my $write_other = "UPDATE child SET v = v + 1 WHERE id = $other";
    my @core = ("SELECT sum(v) FROM child WHERE id IN ($x)", "UPDATE child SET v = v + 1 WHERE id = $y");
    for my $place (0 .. 2) {
        my @statements = @core;
        splice @statements, $place, 0, $write_other;
        my ($one, $two) = ($cluster->session, $cluster->session);
        $cluster->run($_, 'BEGIN ISOLATION LEVEL SERIALIZABLE') for $one, $two;
        $cluster->run($two, "SELECT v FROM child WHERE id = $y");
        $cluster->run($one, $_) for @statements;
        $cluster->run($two, "UPDATE child SET v = v + 1 WHERE id = $x");
        my (undef, $first) = $cluster->run($two, 'COMMIT');
        my (undef, $second) = $cluster->run($one, 'COMMIT');
        is($first, '', "write skew, $place: the first commits");
        like($second, qr/could not serialize access/, '... and the second is refused');
        is($cluster->sql("SELECT v FROM child WHERE id = $other"), 0, '... on all nodes');
        $cluster->sql("UPDATE child SET v = 0");
        $cluster->finish($_) for $one, $two;
    }
}

# A row that is locked on one node stays locked until what was written on another is committed there.
{
    my $locked = $good{ $ports[0] }[2];
    my $written = $good{ $ports[1] }[2];
    $cluster->sql("INSERT INTO child VALUES ($locked, 0), ($written, 0)");
    # COMMIT on worker2 takes a while.
    for my $shard (split /\n/, $cluster->sql(q{SELECT relname FROM pg_class WHERE relname ~ '^child_\d+$'}, 'worker2')) {
        $cluster->sql(<<"END", 'worker2');
CREATE FUNCTION slow_$shard() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(1); RETURN NULL; END';
CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON $shard DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION slow_$shard();
END
    }
    for my $lock ("SELECT v FROM child WHERE id = $locked FOR UPDATE", 'LOCK TABLE child IN SHARE ROW EXCLUSIVE MODE') {
        my ($old) = $cluster->sql("SELECT v FROM child WHERE id = $written");
        my ($one, $two) = ($cluster->session, $cluster->session);
        $cluster->run($one, 'BEGIN');
        $cluster->run($one, $lock);
        $cluster->run($one, "UPDATE child SET v = v + 1 WHERE id = $written");
        $cluster->begin_query($one, 'COMMIT');
        sleep 0.2;
        $cluster->run($two, "UPDATE child SET v = v + 1 WHERE id = $locked");
        my ($seen) = $cluster->run($two, "SELECT v FROM child WHERE id = $written");
        is($seen, $old + 1, "$lock is kept until the writer has committed");
        $cluster->await($one);
        $cluster->finish($_) for $one, $two;
    }
}

done_testing();
