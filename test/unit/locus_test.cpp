// The rules of the locus algebra. Each test is the definition of a rule; names of terms read like columns.
#include "citus/core/locus.hpp"

#include <gtest/gtest.h>

namespace {

using namespace citus::core;

// Columns of tables a, b, c (distributed in group 1), r (reference); values five and six; column o of an
// outer block.
enum : Term { a_k, a_x, b_k, b_x, c_k, r_x, five, six, o };

class LocusTest : public testing::Test {
protected:
    Equivalences facts;
    Terms externals{five, six, o};
    Context context{facts, externals};

    const Locus a = Locus::hashed(1, a_k), b = Locus::hashed(1, b_k), c = Locus::hashed(1, c_k);
    const Locus elsewhere = Locus::hashed(2, b_k);
    const Locus r = Locus::anywhere(), once = Locus::anywhere(true);
    const Locus at_five = Locus::one_group(1, five), at_six = Locus::one_group(1, six);
    const Locus coordinator = Locus::coordinator();

    Place place_of(JoinKind kind, const Locus &left, const Locus &right) {
        return join(kind, left, right, context).place;
    }
};

TEST_F(LocusTest, EquivalencesAreTransitive) {
    facts.unite(a_k, b_k);
    facts.unite(c_k, b_k);
    EXPECT_TRUE(facts.same(a_k, c_k));
    EXPECT_FALSE(facts.same(a_k, a_x));
    EXPECT_TRUE(facts.same(o, o));
    Equivalences copy = facts;
    copy.unite(a_k, a_x);
    EXPECT_FALSE(facts.same(a_k, a_x));
}

TEST_F(LocusTest, AKeyThatEqualsAValuePinsToOneGroup) {
    EXPECT_EQ(pinned(a, context).place, Place::Hashed);
    facts.unite(a_k, five);
    EXPECT_EQ(pinned(a, context).place, Place::OneGroup);
    EXPECT_EQ(pinned(a, context).pins, Terms{five});
    EXPECT_EQ(pinned(r, context).place, Place::Anywhere);
}

TEST_F(LocusTest, AWeakKeyDoesNotPin) {
    Locus weak = a;
    std::swap(weak.keys, weak.weak_keys);
    facts.unite(a_k, five);
    EXPECT_EQ(pinned(weak, context).place, Place::Hashed);
}

TEST_F(LocusTest, CoLocatedJoinsStayOnTheShards) {
    for (const JoinKind kind : {JoinKind::Inner, JoinKind::Left, JoinKind::Full})
        EXPECT_EQ(place_of(kind, a, b), Place::Coordinator);
    facts.unite(a_k, b_k);
    for (const JoinKind kind : {JoinKind::Inner, JoinKind::Left, JoinKind::Full}) {
        EXPECT_EQ(place_of(kind, a, b), Place::Hashed);
        EXPECT_EQ(place_of(kind, a, elsewhere), Place::Coordinator);
        EXPECT_EQ(place_of(kind, a, coordinator), Place::Coordinator);
    }
}

TEST_F(LocusTest, OuterJoinsWeakenKeysOfTheirNullableSide) {
    facts.unite(a_k, b_k);
    const Locus left = join(JoinKind::Left, a, b, context);
    EXPECT_EQ(left.keys, Terms{a_k});
    EXPECT_EQ(left.weak_keys, Terms{b_k});
    const Locus full = join(JoinKind::Full, a, b, context);
    EXPECT_TRUE(full.keys.empty());
    // A weak key is good for further joins, since NULL joins nothing ...
    Equivalences more;
    more.unite(b_k, c_k);
    EXPECT_EQ(join(JoinKind::Left, full, c, {more, externals}).place, Place::Hashed);
    // ... but not for grouping, since NULLs of one group are in many places.
    Equivalences none;
    EXPECT_EQ(grouped(left, {b_k}, {none, externals}).place, Place::Coordinator);
    EXPECT_EQ(grouped(left, {a_x, a_k}, {none, externals}).place, Place::Hashed);
}

TEST_F(LocusTest, AReplicatedSideMayNotBePreserved) {
    EXPECT_EQ(place_of(JoinKind::Inner, a, r), Place::Hashed);
    EXPECT_EQ(place_of(JoinKind::Inner, r, a), Place::Hashed);
    EXPECT_EQ(place_of(JoinKind::Left, a, r), Place::Hashed);
    EXPECT_EQ(place_of(JoinKind::Left, r, a), Place::Coordinator);
    EXPECT_EQ(place_of(JoinKind::Full, a, r), Place::Coordinator);
    EXPECT_EQ(place_of(JoinKind::Full, r, r), Place::Anywhere);
    EXPECT_EQ(place_of(JoinKind::Inner, a, once), Place::Coordinator);
    EXPECT_TRUE(join(JoinKind::Inner, r, once, context).once);
}

TEST_F(LocusTest, AnInnerJoinMakesAReplicatedColumnAKey) {
    facts.unite(a_k, r_x);
    const Locus joined = join(JoinKind::Inner, r, a, context);
    EXPECT_EQ(grouped(joined, {r_x}, context).place, Place::Hashed);
}

TEST_F(LocusTest, OneGroupTakesEverythingThatIsThereToo) {
    for (const JoinKind kind : {JoinKind::Inner, JoinKind::Left, JoinKind::Full}) {
        EXPECT_EQ(place_of(kind, at_five, at_five), Place::OneGroup);
        EXPECT_EQ(place_of(kind, at_five, at_six), Place::Coordinator);
        EXPECT_EQ(place_of(kind, at_five, r), Place::OneGroup);
        EXPECT_EQ(place_of(kind, once, at_five), Place::OneGroup);
        EXPECT_EQ(place_of(kind, at_five, a), Place::Coordinator);
        EXPECT_EQ(place_of(kind, at_five, Locus::one_group(2, five)), Place::Coordinator);
    }
    EXPECT_EQ(grouped(at_five, {}, context).place, Place::OneGroup);
    EXPECT_EQ(limited(at_five).place, Place::OneGroup);
    EXPECT_EQ(with_volatile(at_five).place, Place::OneGroup);
}

TEST_F(LocusTest, RowsOfOneGroupPullTheirPartnersIn) {
    Locus sub = at_five;
    sub.keys = {b_k};
    facts.unite(a_k, b_k);
    EXPECT_EQ(place_of(JoinKind::Inner, a, sub), Place::OneGroup);
    EXPECT_EQ(place_of(JoinKind::Inner, sub, a), Place::OneGroup);
    EXPECT_EQ(place_of(JoinKind::Left, sub, a), Place::OneGroup);
    EXPECT_EQ(place_of(JoinKind::Left, a, sub), Place::Coordinator);
}

TEST_F(LocusTest, LateralPiecesFollowTheKeyOfTheirRow) {
    const Locus lateral = Locus::one_group(1, a_k);
    EXPECT_EQ(place_of(JoinKind::Inner, a, lateral), Place::Hashed);
    EXPECT_EQ(place_of(JoinKind::Left, a, lateral), Place::Hashed);
    EXPECT_EQ(place_of(JoinKind::Inner, b, lateral), Place::Coordinator);
    EXPECT_EQ(place_of(JoinKind::Inner, r, Locus::one_group(1, r_x)), Place::Coordinator);
}

TEST_F(LocusTest, SublinksMustBeWhereTheirRowIs) {
    EXPECT_EQ(with_sublink(a, r, context).place, Place::Hashed);
    EXPECT_EQ(with_sublink(a, once, context).place, Place::Coordinator);
    EXPECT_TRUE(with_sublink(r, once, context).once);
    EXPECT_EQ(with_sublink(a, b, context).place, Place::Coordinator);
    EXPECT_EQ(with_sublink(a, Locus::one_group(1, a_k), context).place, Place::Hashed);
    EXPECT_EQ(with_sublink(a, Locus::one_group(1, a_x), context).place, Place::Coordinator);
    EXPECT_EQ(with_sublink(a, Locus::one_group(2, a_k), context).place, Place::Coordinator);
    EXPECT_EQ(with_sublink(a, at_five, context).place, Place::Coordinator);
    EXPECT_EQ(with_sublink(at_five, at_five, context).place, Place::OneGroup);
    EXPECT_EQ(with_sublink(at_five, at_six, context).place, Place::Coordinator);
    EXPECT_EQ(with_sublink(r, at_five, context).place, Place::OneGroup);
    EXPECT_EQ(with_sublink(r, Locus::one_group(1, r_x), context).place, Place::Coordinator);
    EXPECT_EQ(with_sublink(a, coordinator, context).place, Place::Coordinator);
}

TEST_F(LocusTest, SemiJoinsMeetOnTheKey) {
    EXPECT_EQ(with_semi_join(a, b, a_k, true, context).place, Place::Hashed);
    EXPECT_EQ(with_semi_join(a, b, a_x, true, context).place, Place::Coordinator);
    EXPECT_EQ(with_semi_join(a, b, a_k, false, context).place, Place::Coordinator);
    EXPECT_EQ(with_semi_join(a, elsewhere, a_k, true, context).place, Place::Coordinator);
    EXPECT_EQ(with_semi_join(r, b, r_x, true, context).place, Place::Hashed);
    EXPECT_EQ(with_semi_join(r, b, r_x, true, context).keys, Terms{r_x});
    EXPECT_EQ(with_semi_join(once, b, r_x, true, context).place, Place::Coordinator);
    EXPECT_EQ(with_semi_join(at_five, b, five, true, context).place, Place::OneGroup);
    EXPECT_EQ(with_semi_join(at_five, b, a_x, true, context).place, Place::Coordinator);
}

TEST_F(LocusTest, GroupsNeedAKey) {
    EXPECT_EQ(grouped(a, {a_x, a_k}, context).place, Place::Hashed);
    EXPECT_EQ(grouped(a, {a_x}, context).place, Place::Coordinator);
    EXPECT_EQ(grouped(a, {}, context).place, Place::Coordinator);
    EXPECT_EQ(grouped(r, {}, context).place, Place::Anywhere);
    facts.unite(a_x, a_k);
    EXPECT_EQ(grouped(a, {a_x}, context).place, Place::Hashed);
}

TEST_F(LocusTest, LimitsAndVolatileFunctionsNeedOneRun) {
    EXPECT_EQ(limited(a).place, Place::Coordinator);
    EXPECT_TRUE(limited(r).once);
    EXPECT_EQ(with_volatile(a).place, Place::Coordinator);
}

class SetOperationTest : public LocusTest {
protected:
    Output output(const Locus &locus, std::initializer_list<bool> keys) {
        return {locus, std::pmr::vector<bool>(keys), std::pmr::vector<bool>(keys.size(), false)};
    }
    Place place(SetOperation operation, const Output &left, const Output &right) {
        return combine(operation, left, right, context).locus.place;
    }
};

TEST_F(SetOperationTest, HashedSidesNeedAKeyInTheSameColumn) {
    const Output x = output(a, {true, false}), y = output(b, {true, false}), z = output(b, {false, true});
    for (const SetOperation operation :
         {SetOperation::Union, SetOperation::Intersect, SetOperation::IntersectAll, SetOperation::Except,
          SetOperation::ExceptAll}) {
        EXPECT_EQ(place(operation, x, y), Place::Hashed);
        EXPECT_EQ(place(operation, x, z), Place::Coordinator);
    }
    EXPECT_EQ(place(SetOperation::UnionAll, x, z), Place::Hashed);
    EXPECT_EQ(combine(SetOperation::UnionAll, x, z, context).keys, (std::pmr::vector<bool>{false, false}));
    EXPECT_EQ(combine(SetOperation::Union, x, y, context).keys, (std::pmr::vector<bool>{true, false}));
    EXPECT_EQ(place(SetOperation::UnionAll, x, output(elsewhere, {true, false})), Place::Coordinator);
}

TEST_F(SetOperationTest, AReplicatedSideMayOnlyTakeAway) {
    const Output x = output(a, {true}), everywhere = output(r, {false}), no_key = output(a, {false});
    EXPECT_EQ(place(SetOperation::UnionAll, x, everywhere), Place::Coordinator);
    EXPECT_EQ(place(SetOperation::Union, everywhere, x), Place::Coordinator);
    EXPECT_EQ(place(SetOperation::Except, x, everywhere), Place::Hashed);
    EXPECT_EQ(place(SetOperation::Except, everywhere, x), Place::Coordinator);
    EXPECT_EQ(place(SetOperation::Intersect, x, everywhere), Place::Hashed);
    EXPECT_EQ(place(SetOperation::Intersect, everywhere, x), Place::Hashed);
    EXPECT_EQ(place(SetOperation::Intersect, no_key, everywhere), Place::Coordinator);
    EXPECT_EQ(place(SetOperation::Except, x, output(once, {false})), Place::Coordinator);
}

TEST_F(SetOperationTest, OneGroupCombinesWithItselfAndWithReplicated) {
    const Output x = output(at_five, {true}), y = output(at_six, {true}), everywhere = output(once, {false});
    EXPECT_EQ(place(SetOperation::Union, x, x), Place::OneGroup);
    EXPECT_EQ(place(SetOperation::UnionAll, x, everywhere), Place::OneGroup);
    EXPECT_EQ(place(SetOperation::UnionAll, x, y), Place::Coordinator);
    EXPECT_EQ(place(SetOperation::UnionAll, x, output(a, {true})), Place::Coordinator);
}

} // namespace
