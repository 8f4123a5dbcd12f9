#include "citus/executor/merged_streams.hpp"

#include "citus/executor/row_spill.hpp"
#include "citus/guc.hpp"
#include "citus/net/wire.hpp"
#include "citus/pg/counters.hpp"
#include "citus/pg/memory.hpp"
#include "citus/transaction/remote_transaction.hpp"
#include "nodes_turn.hpp"

extern "C" {
#include "lib/binaryheap.h"
#include "utils/sortsupport.h"
}

namespace citus {

bool have_a_node_twice(std::span<const Task> tasks) {
    for (size_t i = 0; i < tasks.size(); i++)
        for (size_t j = 0; j < i; j++)
            if (tasks[i].group_id == tasks[j].group_id)
                return true;
    return false;
}

namespace {

/// A task and the row of it that comes next.
struct Source {
    TaskStream *stream;
    TupleTableSlot *slot;
};

class RunningMerge final : public MergedStreams {
public:
    RunningMerge(MemoryContext context, const TaskSet &set, List *merge_keys)
        : context_(context), resource_(context), sources_(&resource_), tasks_(&resource_) {
        start(set, merge_keys);
    }

    bool next_row(TupleTableSlot *slot, int *task_index);
    std::span<const Source> sources() const { return sources_; }
    int compare(size_t a, size_t b) const;
    void end_turn() { turn_.end(); }

private:
    void start(const TaskSet &set, List *merge_keys);
    static std::pmr::vector<Connection *> connect(const TaskSet &set);
    void prepare_keys(List *merge_keys);
    void fill_heap();

    MemoryContext context_;
    MemoryContextResource resource_;
    std::pmr::vector<Source> sources_;
    std::pmr::vector<Task> tasks_;
    std::span<SortSupportData> keys_;
    binaryheap *heap_ = nullptr; ///< positions of sources that have a row; nullptr before the first row
    NodesTurn turn_;
    bool advance_first_ = false; ///< the first source's row was handed out
};

/// The heap has its greatest element first.
int compare_sources(Datum a, Datum b, void *merge) {
    return -static_cast<RunningMerge *>(merge)->compare(static_cast<size_t>(a), static_cast<size_t>(b));
}

void RunningMerge::prepare_keys(List *merge_keys) {
    const auto count = static_cast<size_t>(list_length(merge_keys));
    keys_ = {static_cast<SortSupportData *>(palloc0(count * sizeof(SortSupportData))), count};
    for (size_t i = 0; i < count; i++) {
        const MergeKey key = unpack_merge_key(list_nth_node(List, merge_keys, static_cast<int>(i)));
        SortSupportData &support = keys_[i];
        support.ssup_cxt = context_;
        support.ssup_collation = key.collation;
        support.ssup_nulls_first = key.nulls_first;
        support.ssup_attno = key.column;
        PrepareSortSupportFromOrderingOp(key.sort_operator, &support);
    }
}

/// All connections at once; each stream finds its own then.
std::pmr::vector<Connection *> RunningMerge::connect(const TaskSet &set) {
    std::pmr::vector<int32> groups;
    for (const Task &task : set.tasks)
        if (!(guc::enable_local_execution && is_local_group(task.group_id)) &&
            std::find(groups.begin(), groups.end(), task.group_id) == groups.end())
            groups.push_back(task.group_id);
    std::pmr::vector<Connection *> connections(groups.size());
    if (!groups.empty())
        establish_connections(groups, connections, set.run_as);
    return connections;
}

void RunningMerge::start(const TaskSet &set, List *merge_keys) {
    prepare_keys(merge_keys);
    const std::pmr::vector<Connection *> connections = connect(set);
    // The statement is counted once, and each stream is about a part of it.
    if (set.tasks[0].anchor_shard_id != 0)
        count(Counter::MultiShard);
    tasks_.assign(set.tasks.begin(), set.tasks.end());
    sources_.reserve(tasks_.size());
    if (set.takes_turn)
        turn_.wait_for(context_, set.tasks);
    // What goes to one node is one batch, which is one transaction there, and so sees one snapshot.
    const bool together = have_a_node_twice(tasks_);
    for (Task &task : tasks_) {
        task.anchor_shard_id = 0;
        TaskSet part = set;
        part.tasks = {&task, 1};
        part.waits_for_others = together;
        sources_.push_back(
            {TaskStream::open(context_, part), MakeSingleTupleTableSlot(set.result, &TTSOpsVirtual)});
    }
    for (size_t i = 0; together && i < connections.size(); i++) {
        Connection *connection = connections[i];
        connection->queue_sync();
        connection->send();
    }
}

int RunningMerge::compare(size_t a, size_t b) const {
    const TupleTableSlot *left = sources_[a].slot, *right = sources_[b].slot;
    for (SortSupportData &key : keys_) {
        const int column = key.ssup_attno - 1;
        const int order = ApplySortComparator(left->tts_values[column], left->tts_isnull[column],
                                              right->tts_values[column], right->tts_isnull[column], &key);
        if (order != 0)
            return order;
    }
    return a < b ? -1 : 1; // the same order each time
}

void RunningMerge::fill_heap() {
    ContextScope scope(context_);
    heap_ = binaryheap_allocate(static_cast<int>(sources_.size()), compare_sources, this);
    for (size_t i = 0; i < sources_.size(); i++)
        if (sources_[i].stream->next(sources_[i].slot))
            binaryheap_add_unordered(heap_, static_cast<Datum>(i));
    binaryheap_build(heap_);
}

bool RunningMerge::next_row(TupleTableSlot *slot, int *task_index) {
    if (heap_ == nullptr)
        fill_heap();
    if (advance_first_) {
        advance_first_ = false;
        const Datum first = binaryheap_first(heap_);
        const Source &source = sources_[static_cast<size_t>(first)];
        if (source.stream->next(source.slot))
            binaryheap_replace_first(heap_, first);
        else
            (void)binaryheap_remove_first(heap_);
    }
    if (binaryheap_empty(heap_)) {
        turn_.end();
        ExecClearTuple(slot);
        return false;
    }
    const auto first = static_cast<size_t>(binaryheap_first(heap_));
    const TupleTableSlot *row = sources_[first].slot;
    store_values(slot, row->tts_values, row->tts_isnull);
    *task_index = static_cast<int>(first);
    advance_first_ = true;
    return true;
}

const RunningMerge *running(const MergedStreams *merge) {
    return static_cast<const RunningMerge *>(merge);
}

} // namespace

MergedStreams *MergedStreams::open(MemoryContext context, const TaskSet &set, List *merge_keys) {
    MemoryContext own = AllocSetContextCreate(context, "citus merged streams", ALLOCSET_DEFAULT_SIZES);
    ContextScope scope(own);
    return make_in<RunningMerge>(own, own, set, merge_keys);
}

bool MergedStreams::next(TupleTableSlot *slot, int *task_index) {
    return static_cast<RunningMerge *>(this)->next_row(slot, task_index);
}

uint64 MergedStreams::received_bytes() const {
    uint64 bytes = 0;
    for (const Source &source : running(this)->sources())
        bytes += source.stream->received_bytes();
    return bytes;
}

uint64 MergedStreams::received_bytes(int task) const {
    return running(this)->sources()[static_cast<size_t>(task)].stream->received_bytes();
}

void MergedStreams::close() {
    for (const Source &source : running(this)->sources())
        source.stream->close();
    static_cast<RunningMerge *>(this)->end_turn();
}

} // namespace citus
