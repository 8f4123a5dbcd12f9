#include "nodes_turn.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/transaction/remote_transaction.hpp"
#include "citus/transaction/write_turns.hpp"

namespace citus {

namespace {

bool are_on_several_nodes(std::span<const Task> tasks) {
    return std::any_of(tasks.begin(), tasks.end(),
                       [&](const Task &task) { return task.group_id != tasks.front().group_id; });
}

} // namespace

void NodesTurn::wait_for(MemoryContext context, std::span<const Task> tasks) {
    if (!are_on_several_nodes(tasks) || tasks.front().anchor_shard_id == 0 || distributed_transaction_wrote())
        return;
    const Oid relation = relation_of_shard(tasks.front().anchor_shard_id);
    if (!OidIsValid(relation))
        return;
    if (!std::exchange(is_watched_, true)) {
        callback_.func = [](void *self) { static_cast<NodesTurn *>(self)->end(); };
        callback_.arg = this;
        MemoryContextRegisterResetCallback(context, &callback_);
    }
    is_held_ = take_write_turn(static_cast<uint32>(require_dist_table(relation)->colocation_id));
}

void NodesTurn::end() {
    if (std::exchange(is_held_, false))
        end_write_turn();
}

} // namespace citus
