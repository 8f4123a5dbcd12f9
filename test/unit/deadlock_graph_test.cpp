#include "citus/core/deadlock_graph.hpp"

#include <gtest/gtest.h>

using namespace citus::core;

namespace {

using Sessions = std::pmr::vector<int64_t>;

std::vector<WaitEdge> waits(std::initializer_list<std::pair<int64_t, int64_t>> pairs) {
    std::vector<WaitEdge> edges;
    for (auto [waiter, blocker] : pairs)
        edges.push_back({waiter, blocker, 0, 0});
    return edges;
}

/// Session n started at time n: the larger, the younger.
std::vector<Candidate> sessions(int64_t count) {
    std::vector<Candidate> all;
    for (int64_t i = 1; i <= count; i++)
        all.push_back({i, i});
    return all;
}

} // namespace

TEST(DeadlockGraph, NoWaitsNoVictims) {
    EXPECT_TRUE(choose_victims({}, sessions(3)).empty());
}

TEST(DeadlockGraph, QueuesAreNoDeadlocks) {
    EXPECT_TRUE(choose_victims(waits({{1, 2}, {2, 3}, {1, 3}, {4, 3}, {5, 4}}), sessions(5)).empty());
}

TEST(DeadlockGraph, YoungestOfTwo) {
    EXPECT_EQ(choose_victims(waits({{1, 2}, {2, 1}}), sessions(2)), Sessions({2}));
}

TEST(DeadlockGraph, YoungestOfFive) {
    EXPECT_EQ(choose_victims(waits({{1, 2}, {2, 3}, {3, 5}, {5, 4}, {4, 1}}), sessions(5)), Sessions({5}));
}

TEST(DeadlockGraph, WhoOnlyWaitsForTheCycleIsSpared) {
    EXPECT_EQ(choose_victims(waits({{9, 1}, {1, 2}, {2, 1}, {8, 9}}), sessions(9)), Sessions({2}));
}

TEST(DeadlockGraph, WaitForItself) {
    EXPECT_EQ(choose_victims(waits({{1, 1}, {2, 1}}), sessions(2)), Sessions({1}));
}

TEST(DeadlockGraph, TwoCyclesNeedTwoVictims) {
    const auto victims = choose_victims(waits({{1, 2}, {2, 1}, {3, 4}, {4, 3}}), sessions(4));
    EXPECT_EQ(victims.size(), 2u);
    EXPECT_NE(std::find(victims.begin(), victims.end(), 2), victims.end());
    EXPECT_NE(std::find(victims.begin(), victims.end(), 4), victims.end());
}

TEST(DeadlockGraph, OneVictimMayEndSeveralCycles) {
    EXPECT_EQ(choose_victims(waits({{1, 5}, {5, 1}, {2, 5}, {5, 2}, {3, 5}, {5, 3}}), sessions(5)),
              Sessions({5}));
}

TEST(DeadlockGraph, TangleIsTakenApartUntilNothingIsLeft) {
    // 4 is the youngest, but 1 and 2 wait for each other without it.
    const auto victims = choose_victims(waits({{1, 2}, {2, 1}, {2, 4}, {4, 1}}), sessions(4));
    EXPECT_EQ(victims, Sessions({4, 2}));
}

TEST(DeadlockGraph, OnlyCandidatesAreChosen) {
    const std::vector<Candidate> one = {{1, 1}};
    EXPECT_EQ(choose_victims(waits({{1, 2}, {2, 1}}), one), Sessions({1}));
    EXPECT_TRUE(choose_victims(waits({{3, 2}, {2, 3}}), one).empty());
}

TEST(DeadlockGraph, LongChainNeedsNoStack) {
    std::vector<WaitEdge> edges;
    for (int64_t i = 1; i < 20000; i++)
        edges.push_back({i, i + 1, 0, 0});
    edges.push_back({20000, 1, 0, 0});
    const std::vector<Candidate> some = {{7, 1}, {19, 3}, {5, 2}};
    EXPECT_EQ(choose_victims(edges, some), Sessions({19}));
}

TEST(DeadlockGraph, OnlyWaitsThatLastCount) {
    const std::vector<WaitEdge> first = {{1, 2, 7, 100}, {2, 1, 8, 100}, {3, 1, 7, 5}};
    const std::vector<WaitEdge> second = {{2, 1, 8, 100}, {1, 2, 7, 101}, {3, 1, 8, 5}};
    EXPECT_EQ(lasting_waits(first, second), (std::pmr::vector<WaitEdge>{{2, 1, 8, 100}}));
}

TEST(DeadlockGraph, ACycleWithinANodeIsLeftToItFirst) {
    const std::vector<WaitEdge> within = {{1, 2, 7, 1}, {2, 1, 7, 2}, {3, 1, 7, 3}};
    EXPECT_EQ(waits_between_nodes(within, {}), (std::pmr::vector<WaitEdge>{{3, 1, 7, 3}}));
    EXPECT_EQ(waits_between_nodes(within, within).size(), 3u);
    const std::vector<WaitEdge> across = {{1, 2, 7, 1}, {2, 1, 8, 2}};
    EXPECT_EQ(waits_between_nodes(across, {}).size(), 2u);
}
