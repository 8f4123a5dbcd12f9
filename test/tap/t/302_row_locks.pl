# Row locks of SELECT ... FOR UPDATE over many shards, as a second session sees them: the same statement runs on a
# distributed table and on a plain one, and what is locked afterwards is compared. Where a distributed table locks more
# (docs/limits.md), the test says how much more. Queues with workers in parallel: 303_queues.pl.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use CitusCluster;
use Test::More;
use Time::HiRes qw(sleep);

my $cluster = CitusCluster->new(workers => 2);
my @kinds = ('plain', 'dist');
for my $kind (@kinds) {
    my $distribute = $kind eq 'plain' ? '' : q{
        SET citus.shard_count = 4;
        SELECT create_distributed_table('dist.jobs', 'id');
        SELECT create_distributed_table('dist.parts', 'job', colocate_with => 'dist.jobs');};
    $cluster->sql(qq{
        CREATE SCHEMA $kind;
        CREATE TABLE $kind.jobs (id int PRIMARY KEY, state text, rank int);
        CREATE TABLE $kind.parts (job int, no int, what text, PRIMARY KEY (job, no));
        $distribute
        INSERT INTO $kind.jobs SELECT g, CASE WHEN g % 3 = 0 THEN 'done' ELSE 'open' END, 100 - g FROM generate_series(1, 40) AS g;
        INSERT INTO $kind.parts SELECT g % 40 + 1, g, 'part ' || g % 7 FROM generate_series(1, 80) AS g;
    });
}

my %session = map { $_ => $cluster->session } @kinds;
my %second = map { $_ => $cluster->session } @kinds;
for my $kind (@kinds) {
    $cluster->run($_, "SET search_path = $kind") for $session{$kind}, $second{$kind};
}

sub words { return [ split /\n/, $_[0] ] }

# The ids that the first session holds locked: those that the second one, which waits for nobody, is not given.
# Asked for with the weakest lock that the one of the first does not allow.
sub locked {
    my ($kind, $table, $column, $lock) = @_;
    my $session = $second{$kind};
    my ($all) = $cluster->run($session, "SELECT $column FROM $table ORDER BY $column");
    my ($free, $error) =
      $cluster->run($session, "SELECT $column FROM $table ORDER BY $column FOR $lock SKIP LOCKED");
    is($error, '', "$kind: the second session looks without waiting");
    my %free = map { $_ => 1 } @{ words($free) };
    return [ grep { !$free{$_} } @{ words($all) } ];
}

# Rows and locks of a statement on one kind of table.
sub observe {
    my ($kind, $query, $lock) = @_;
    $cluster->run($session{$kind}, 'BEGIN');
    my ($rows, $error) = $cluster->run($session{$kind}, $query);
    is($error, '', "$kind: $query");
    my %result = (
        rows => $rows,
        jobs => locked($kind, 'jobs', 'id', $lock),
        parts => locked($kind, 'parts', 'no', $lock));
    $cluster->run($session{$kind}, 'ROLLBACK');
    is_deeply(locked($kind, 'jobs', 'id', 'UPDATE'), [], "$kind: the end of the transaction unlocks");
    return \%result;
}

sub contains {
    my ($more, $less) = @_;
    my %there = map { $_ => 1 } @$more;
    return !grep { !$there{$_} } @$less;
}

# ---------------------------------------------------------------- exactly what plain PostgreSQL locks
for my $case (
    [ 'SELECT id FROM jobs WHERE id = 4 FOR UPDATE', 'UPDATE' ],
    [ 'SELECT id FROM jobs WHERE id IN (4, 5, 6, 7) ORDER BY id FOR UPDATE', 'UPDATE' ],
    [ q{SELECT id FROM jobs WHERE state = 'open' AND rank > 80 ORDER BY id FOR UPDATE}, 'KEY SHARE' ],
    [ q{SELECT id FROM jobs WHERE state = 'open' ORDER BY id FOR SHARE}, 'NO KEY UPDATE' ],
    [ q{SELECT id FROM jobs WHERE state = 'open' ORDER BY id FOR SHARE}, 'SHARE' ],
    [ 'SELECT id FROM jobs WHERE rank < 70 ORDER BY id FOR NO KEY UPDATE', 'KEY SHARE' ],
    [ 'SELECT id FROM jobs WHERE rank < 70 ORDER BY id FOR NO KEY UPDATE', 'SHARE' ],
    [ 'SELECT id FROM jobs WHERE rank < 70 ORDER BY id FOR KEY SHARE', 'UPDATE' ],
    [ 'SELECT id FROM jobs WHERE id = 4 ORDER BY id LIMIT 1 FOR UPDATE', 'UPDATE' ],
    [ 'SELECT count(*) FROM (SELECT 1 FROM jobs WHERE rank < 70 FOR UPDATE) AS l', 'UPDATE' ],
    # Joins on the key run on the shards.
    [ q{SELECT p.no FROM jobs j JOIN parts p ON p.job = j.id WHERE j.state = 'open' AND p.what = 'part 3'
        ORDER BY p.no FOR UPDATE}, 'UPDATE' ],
    [ q{SELECT p.no FROM jobs j JOIN parts p ON p.job = j.id WHERE j.state = 'open' AND p.what = 'part 3'
        ORDER BY p.no FOR UPDATE OF p}, 'UPDATE' ],
    [ q{SELECT j.id FROM jobs j WHERE EXISTS (SELECT 1 FROM parts p WHERE p.job = j.id AND p.what = 'part 3')
        ORDER BY j.id FOR UPDATE}, 'UPDATE' ],
) {
    my ($query, $lock) = @$case;
    my ($plain, $dist) = map { observe($_, $query, $lock) } @kinds;
    is_deeply($dist, $plain, '... the same rows are given and locked');
    ok($lock ne 'UPDATE' || @{ $plain->{jobs} } + @{ $plain->{parts} } > 0, '... and some are');
}

# ---------------------------------------------------------------- LIMIT: what is returned is what is locked
for my $case (
    (map { [ "SELECT id FROM jobs WHERE state = 'open' ORDER BY rank LIMIT $_ FOR UPDATE SKIP LOCKED", 'UPDATE' ] } 0, 1, 3, 26, 27, 100),
    [ q{SELECT id FROM jobs WHERE state = 'open' ORDER BY rank DESC LIMIT 3 FOR UPDATE}, 'KEY SHARE' ],
    [ q{SELECT id FROM jobs WHERE state = 'open' ORDER BY rank LIMIT 3 FOR SHARE NOWAIT}, 'NO KEY UPDATE' ],
    [ q{SELECT id FROM jobs WHERE state = 'open' ORDER BY rank LIMIT 3 OFFSET 2 FOR UPDATE}, 'UPDATE' ],
    [ q{SELECT id FROM jobs WHERE state = 'open' ORDER BY rank LIMIT 2 + 1 FOR NO KEY UPDATE}, 'SHARE' ],
    [ q{SELECT id FROM jobs WHERE state = 'open' ORDER BY state, rank % 5, id DESC LIMIT 4 FOR UPDATE}, 'UPDATE' ],
    [ q{SELECT id FROM (SELECT id FROM jobs ORDER BY rank LIMIT 3 FOR UPDATE) AS l ORDER BY id}, 'UPDATE' ],
    [ q{SELECT p.no FROM jobs j JOIN parts p ON p.job = j.id WHERE j.state = 'open' ORDER BY p.no LIMIT 3 FOR UPDATE OF j}, 'UPDATE' ],
    [ q{SELECT j.id, p.no FROM jobs j JOIN parts p ON p.job = j.id ORDER BY j.rank, p.no LIMIT 3 FOR UPDATE OF j SKIP LOCKED}, 'UPDATE' ],
    [ q{SELECT j.id, p.no FROM jobs j JOIN parts p ON p.job = j.id ORDER BY p.no, j.rank LIMIT 5 FOR UPDATE OF p SKIP LOCKED}, 'UPDATE' ],
    [ q{SELECT j.id FROM jobs j WHERE EXISTS (SELECT 1 FROM parts p WHERE p.job = j.id AND p.what = 'part 3')
        ORDER BY j.id LIMIT 2 FOR UPDATE SKIP LOCKED}, 'UPDATE' ],
    [ q{UPDATE jobs SET state = 'taken' WHERE id IN (SELECT id FROM jobs WHERE state = 'open'
        ORDER BY rank LIMIT 20 FOR UPDATE SKIP LOCKED)}, 'UPDATE' ],
    [ q{UPDATE jobs SET state = 'taken' WHERE id = (SELECT id FROM jobs WHERE state = 'open'
        ORDER BY rank LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id}, 'UPDATE' ],
    [ q{WITH c AS (SELECT id FROM jobs WHERE state = 'open' ORDER BY rank LIMIT 20 FOR UPDATE SKIP LOCKED)
        UPDATE jobs j SET state = 'taken' FROM c WHERE j.id = c.id}, 'UPDATE' ],
    [ q{WITH c AS (SELECT id FROM jobs WHERE state = 'open' ORDER BY rank LIMIT 1 FOR UPDATE SKIP LOCKED)
        UPDATE jobs j SET rank = 0 FROM c WHERE j.id = c.id RETURNING j.id}, 'UPDATE' ],
    [ q{DELETE FROM parts USING (SELECT no FROM parts WHERE what = 'part 3' ORDER BY no LIMIT 3 FOR UPDATE SKIP LOCKED) AS c
        WHERE parts.no = c.no}, 'UPDATE' ],
    [ q{SELECT id FROM jobs WHERE state = (SELECT 'open') ORDER BY rank LIMIT (SELECT 1) FOR UPDATE}, 'UPDATE' ],
) {
    my ($query, $lock) = @$case;
    my ($plain, $dist) = map { observe($_, $query, $lock) } @kinds;
    is_deeply($dist, $plain, '... the same rows are given and locked');
}

# A second session gets the best of what the first one left, and waits for nobody.
for my $limit (1, 2, 5) {
    my %got;
    for my $kind (@kinds) {
        $cluster->run($_, 'BEGIN') for $session{$kind}, $second{$kind};
        for my $round (1 .. 3) {
            for my $worker ($session{$kind}, $second{$kind}) {
                my ($rows, $error) = $cluster->run($worker, "SELECT id FROM jobs WHERE state = 'open' AND rank > 40 ORDER BY rank LIMIT $limit FOR UPDATE SKIP LOCKED");
                is($error, '', "$kind: no wait");
                push @{ $got{$kind} }, join ' ', @{ words($rows) };
            }
        }
        $cluster->run($_, 'ROLLBACK') for $session{$kind}, $second{$kind};
    }
    is_deeply($got{dist}, $got{plain}, "LIMIT $limit: two sessions take what the other left");
    is($got{plain}[0], $got{plain}[2], '... each its own again');
}

# More rows are locked than a shard is asked for at first.
for my $kind (@kinds) {
    $cluster->run($session{$kind}, q{INSERT INTO jobs SELECT g, 'many', g FROM generate_series(1001, 3000) AS g});
    $cluster->run($session{$kind}, 'BEGIN');
    $cluster->run($session{$kind}, q{SELECT count(*) FROM (SELECT 1 FROM jobs WHERE state = 'many' ORDER BY rank LIMIT 1990 FOR UPDATE) AS l});
    my ($rows, $error) = $cluster->run($second{$kind}, q{SELECT id FROM jobs WHERE state = 'many' ORDER BY rank LIMIT 3 FOR UPDATE SKIP LOCKED});
    is("$rows$error", "2991\n2992\n2993", "$kind: the first rows behind many that are locked");
    ($rows, $error) = $cluster->run($second{$kind}, q{SELECT count(*) FROM (SELECT 1 FROM jobs WHERE state = 'many' ORDER BY rank LIMIT 100 FOR UPDATE SKIP LOCKED) AS l});
    is("$rows$error", "10", '... all that are left');
    $cluster->run($session{$kind}, q{ROLLBACK; DELETE FROM jobs WHERE state = 'many'});
}

# A cursor locks what is fetched.
for my $kind (@kinds) {
    $cluster->run($session{$kind}, q{BEGIN; DECLARE c CURSOR FOR SELECT id FROM jobs WHERE state = 'open' ORDER BY rank LIMIT 5 FOR UPDATE});
    is_deeply(locked($kind, 'jobs', 'id', 'UPDATE'), [], "$kind: a cursor that was not read locks nothing");
    my ($rows) = $cluster->run($session{$kind}, 'FETCH 2 FROM c');
    is_deeply(locked($kind, 'jobs', 'id', 'UPDATE'), [ sort { $a <=> $b } @{ words($rows) } ], '... then what was fetched');
    $cluster->run($session{$kind}, 'ROLLBACK');
}

# Rows that another session changes while they are waited for.
for my $isolation ('READ COMMITTED', 'REPEATABLE READ') {
    my %rows;
    for my $kind (@kinds) {
        $cluster->run($session{$kind}, q{BEGIN; UPDATE jobs SET rank = 1000 WHERE id = 40; UPDATE jobs SET state = 'taken' WHERE id = 38});
        $cluster->run($second{$kind}, "BEGIN ISOLATION LEVEL $isolation; SELECT count(*) FROM jobs");
        $cluster->run($second{$kind}, '\set VERBOSITY verbose');
        $cluster->begin_query($second{$kind}, q{SELECT id, rank FROM jobs WHERE state = 'open' ORDER BY rank LIMIT 3 FOR UPDATE});
        my $where = $kind eq 'plain' ? ['coordinator'] : [ $cluster->workers ];
        my $waits = 0;
        for (1 .. 200) {
            $waits = 0;
            $waits += $cluster->sql(q{SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'}, $_) for @$where;
            last if $waits;
            sleep 0.1;
        }
        cmp_ok($waits, '>', 0, "$isolation, $kind: the second session waits");
        $cluster->run($session{$kind}, 'COMMIT');
        my ($rows, $error) = $cluster->await($second{$kind});
        $rows{$kind} = $rows . ($error =~ /(40001: [^\n]*)/ ? $1 : $error);
        $cluster->run($second{$kind}, 'ROLLBACK');
        $cluster->run($session{$kind}, q{UPDATE jobs SET rank = 100 - id, state = 'open' WHERE id IN (38, 40)});
    }
    is($rows{dist}, $rows{plain}, '... and gets what it gets from a plain table');
    like($rows{plain}, $isolation eq 'READ COMMITTED' ? qr/^40\|1000\n37\|63\n35\|65/ : qr/40001/, '... as expected');
}

# ---------------------------------------------------------------- joins on the coordinator: what passes the filters
{
    my $query = q{SELECT j.id, p.no FROM jobs j JOIN parts p ON p.no = j.id
        WHERE j.state = 'open' AND p.what = 'part 3' ORDER BY j.id FOR UPDATE};
    my ($plain, $dist) = map { observe($_, $query, 'UPDATE') } @kinds;
    is($dist->{rows}, $plain->{rows}, 'join on other columns: the same rows');
    my %passes = (
        jobs => q{SELECT id FROM jobs WHERE state = 'open' ORDER BY id},
        parts => q{SELECT no FROM parts WHERE what = 'part 3' ORDER BY no});
    for my $table (sort keys %passes) {
        ok(contains($dist->{$table}, $plain->{$table}), "... $table: all rows that a plain table locks");
        my ($filtered) = $cluster->run($session{dist}, $passes{$table});
        ok(contains(words($filtered), $dist->{$table}), '... and none that the filter of the table keeps out');
    }
    my ($of_plain, $of_dist) = map { observe($_, "$query OF p", 'UPDATE') } @kinds;
    is($of_dist->{rows}, $of_plain->{rows}, 'FOR UPDATE OF one of the tables: the same rows');
    is_deeply($of_dist->{jobs}, [], '... and the other table is not locked');
    is_deeply($of_plain->{jobs}, [], '... nor is it among plain tables');
    ok(contains($of_dist->{parts}, $of_plain->{parts}), '... the one named is');
}

# ---------------------------------------------------------------- two workers of a queue
for my $kind (@kinds) {
    my $take = q{UPDATE jobs SET state = 'taken' WHERE id IN (SELECT id FROM jobs WHERE state = 'open'
        ORDER BY rank LIMIT 2 FOR UPDATE SKIP LOCKED) RETURNING id};
    my (%taken, $idle);
    for my $round (1 .. 20) {
        my @got;
        for my $worker ($session{$kind}, $second{$kind}) {
            $cluster->run($worker, 'BEGIN');
            my ($rows, $error) = $cluster->run($worker, $take);
            is($error, '', "$kind, round $round: a worker takes jobs without waiting");
            push @got, @{ words($rows) };
        }
        $cluster->run($_, 'COMMIT') for $session{$kind}, $second{$kind};
        $taken{$_}++ for @got;
        my $left = 27 - keys %taken;
        is(scalar @got, 4, '... each as many as it asked for') if $left > 0;
        last if $idle = !@got;
    }
    ok($idle, "$kind: the queue runs empty");
    my ($open) = $cluster->run($session{$kind}, q{SELECT count(*) FROM jobs WHERE state = 'open'});
    is($open, 0, '... no job is left');
    is(scalar keys %taken, 27, '... all were handed out');
    is(scalar(grep { $_ != 1 } values %taken), 0, '... each once');
}

# ---------------------------------------------------------------- a row that is locked, or changed meanwhile
for my $kind (@kinds) {
    $cluster->run($session{$kind}, 'BEGIN');
    $cluster->run($session{$kind}, 'UPDATE jobs SET rank = 1000 WHERE id = 4');
    $cluster->run($second{$kind}, '\set VERBOSITY verbose');
    my (undef, $error) = $cluster->run($second{$kind}, 'SELECT id FROM jobs ORDER BY id LIMIT 5 FOR UPDATE NOWAIT');
    like($error, qr/55P03: could not obtain lock on row in relation "jobs"/, "$kind: NOWAIT names the table");
    for my $case (
        [ 'alone', 'SELECT id, rank FROM jobs WHERE rank > 90 AND id < 7 ORDER BY id FOR UPDATE' ],
        [ 'joined', 'SELECT j.id, j.rank, p.no FROM jobs j JOIN parts p ON p.no = j.id
            WHERE j.rank > 90 AND j.id < 7 ORDER BY j.id FOR UPDATE OF j' ],
    ) {
        my ($what, $query) = @$case;
        $cluster->run($session{$kind}, 'ROLLBACK; BEGIN');
        $cluster->run($session{$kind}, 'UPDATE jobs SET rank = 2000 WHERE id = 4; UPDATE jobs SET rank = 0 WHERE id = 5');
        $cluster->begin_query($second{$kind}, $query);
        my $waits = 0;
        my $where = $kind eq 'plain' ? ['coordinator'] : [ $cluster->workers ];
        for (1 .. 200) {
            $waits = 0;
            $waits += $cluster->sql(q{SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'}, $_) for @$where;
            last if $waits;
            sleep 0.1;
        }
        cmp_ok($waits, '>', 0, "$kind, $what: the second session waits");
        $cluster->run($session{$kind}, 'COMMIT');
        my ($rows, $failed) = $cluster->await($second{$kind});
        is($failed, '', '... goes on');
        chomp $rows;
        my $expected = $what eq 'alone' ? "1|99\n2|98\n3|97\n4|2000\n6|94" : "1|99|1\n2|98|2\n3|97|3\n4|2000|4\n6|94|6";
        is($rows, $expected, '... with the row as it is now, and without the one that no longer qualifies');
        $cluster->run($session{$kind}, 'UPDATE jobs SET rank = 100 - id WHERE id IN (4, 5)');
    }
}

# ---------------------------------------------------------------- WHERE CURRENT OF a row that others change meanwhile
for my $isolation ('READ COMMITTED', 'REPEATABLE READ') {
    for my $change ('UPDATE jobs SET rank = rank + 1 WHERE id IN (5, 6)', 'DELETE FROM jobs WHERE id IN (5, 6)') {
        my %seen;
        for my $kind (@kinds) {
            $cluster->run($session{$kind}, "BEGIN ISOLATION LEVEL $isolation; DECLARE c CURSOR FOR SELECT id FROM jobs WHERE id IN (4, 5) ORDER BY id DESC; FETCH 1 FROM c");
            $cluster->run($second{$kind}, $change);
            # The places of the old versions are free for other rows, unless the cursor holds them.
            # (A plain cursor keeps its page from VACUUM.)
            for my $node ($kind eq 'plain' ? () : $cluster->workers) {
                my $tables = $cluster->sql(q{SELECT string_agg(format('VACUUM %s;', oid::regclass), ' ') FROM pg_class WHERE relname ~ '^jobs_[0-9]+$'}, $node);
                $cluster->sql($_, $node) for split /(?<=;) /, $tables;
            }
            $cluster->run($second{$kind}, 'INSERT INTO jobs SELECT g, $$new$$, g FROM generate_series(5001, 5100) AS g');
            my ($rows, $error) = $cluster->run($session{$kind}, 'UPDATE jobs SET state = $$current$$ WHERE CURRENT OF c RETURNING id, rank');
            $seen{$kind} = $rows . ($error =~ /(could not serialize access)/ ? $1 : $error);
            $cluster->run($session{$kind}, 'ROLLBACK');
            $cluster->run($second{$kind}, q{DELETE FROM jobs WHERE id > 5000 OR id IN (5, 6); INSERT INTO jobs VALUES (5, 'open', 95), (6, 'done', 94)});
        }
        is($seen{dist}, $seen{plain}, "$isolation: CURRENT OF after $change");
    }
}

$cluster->finish($_) for values %session, values %second;
done_testing();
