#include "citus/core/motion_cost.hpp"

#include <gtest/gtest.h>

namespace citus::core {

TEST(MotionCost, SmallSidesAreBroadcastAndLargeOnesRepartitioned) {
    const MovedRows small{100, 20, true}, large{200000, 20, true};
    // The other side would have to move, too, for a repartition.
    EXPECT_LT(broadcast_cost(small, 2, 32), repartition_cost(small, 2) + repartition_cost(large, 2));
    EXPECT_GT(broadcast_cost(large, 2, 32), 2 * repartition_cost(large, 2));
}

TEST(MotionCost, RowsThatTheCoordinatorMustReadFirstCostMore) {
    EXPECT_GT(repartition_cost({1000, 20, false}, 2), repartition_cost({1000, 20, true}, 2));
    EXPECT_GT(broadcast_cost({1000, 20, false}, 2, 4), broadcast_cost({1000, 20, true}, 2, 4));
}

TEST(MotionCost, WideRowsCostMore) {
    EXPECT_GT(gathered_row_cost(1000), gathered_row_cost(10));
    EXPECT_GT(repartition_cost({1000, 1000, true}, 2), repartition_cost({1000, 10, true}, 2));
}

TEST(MotionCost, MovingLargeSidesIsCheaperThanGatheringThemButNotSmallOnes) {
    const auto moved = [](double rows) {
        return 2 * repartition_cost({rows, 20, true}, 2) + motion_overhead(2, 2);
    };
    EXPECT_LT(moved(200000), 2 * 200000 * gathered_row_cost(20));
    EXPECT_GT(moved(50), 2 * 50 * gathered_row_cost(20));
}

TEST(MotionCost, ABroadcastThatEachTaskReadsIsForSmallSides) {
    // Measured: 100,000 rows to 32 tasks took four times as long as gathering them and 800,000 others.
    EXPECT_GT(broadcast_cost({100000, 8, true}, 2, 32), 900000 * gathered_row_cost(8));
    EXPECT_LT(broadcast_cost({10000, 8, true}, 2, 32), 400000 * gathered_row_cost(8));
}

TEST(MotionCost, RowsThatAreReadForEachOuterRowDoNotMoveWhenTheyAreMany) {
    EXPECT_LT(rescan_cost(300, 300, 32), motion_overhead(2, 2));
    EXPECT_GT(rescan_cost(400000, 400000, 32), 100 * 800000 * gathered_row_cost(20));
}

TEST(MotionCost, RowsThatAreLookedUpByAKeyMayMoveWhenTheyAreMany) {
    EXPECT_LT(lookup_cost(400000, 400000, 32), 800000 * gathered_row_cost(20));
    EXPECT_LE(lookup_cost(3, 1000, 32), rescan_cost(3, 1000, 32));
}

} // namespace citus::core
