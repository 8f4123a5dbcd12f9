#include "row_locks.hpp"

#include "citus/executor/merged_streams.hpp"
#include "citus/pg/memory.hpp"
#include "citus/planner/fragment.hpp"
#include "nodes_turn.hpp"

namespace citus {

namespace {

/// Rows that are locked at once.
constexpr int64 kMaxBatch = 100;

/// Each shard is asked for as many candidates as rows are wanted and some more, for those that are locked. If
/// that was not enough, for so many times more.
constexpr int64 kSpareCandidates = 32;
constexpr int64 kGrowth = 8;
constexpr int64 kAllCandidates = int64{1} << 62;

/// Columns before those of the rows: ctid and tableoid.
constexpr int kRowPlace = 2;

/// A row of a shard.
struct RowPlace {
    int task;
    Oid table;
    ItemPointerData tid;

    bool operator==(const RowPlace &other) const {
        return task == other.task && table == other.table &&
               ItemPointerEquals(const_cast<ItemPointer>(&tid), const_cast<ItemPointer>(&other.tid));
    }
};

struct HashPlace {
    size_t operator()(const RowPlace &place) const {
        const uint64 tid = (uint64{ItemPointerGetBlockNumberNoCheck(&place.tid)} << 16) |
                           ItemPointerGetOffsetNumberNoCheck(&place.tid);
        return std::hash<uint64>()(tid * 31 + place.table + (static_cast<uint64>(place.task) << 48));
    }
};

/// What became of a row. Where it is joined with several others, the candidates have it several times, and
/// its lock gives as many rows.
struct KnownRow {
    bool is_locked = false;       ///< or was passed over
    int seen = 0;                 ///< candidates that were dealt with
    int seen_again = 0;           ///< of these, how many the current stream of candidates has given
    size_t given = 0;             ///< of the rows below
    TaskStream *stream = nullptr; ///< that locks it
    std::pmr::vector<MinimalTuple> rows;
};

TupleDesc describe_candidates(TupleDesc rows) {
    TupleDesc desc = CreateTemplateTupleDesc(rows->natts + kRowPlace);
    TupleDescInitEntry(desc, 1, "ctid", TIDOID, -1, 0);
    TupleDescInitEntry(desc, 2, "tableoid", OIDOID, -1, 0);
    for (AttrNumber i = 1; i <= rows->natts; i++)
        TupleDescCopyEntry(desc, static_cast<AttrNumber>(i + kRowPlace), rows, i);
    return desc;
}

/// The keys by which candidates are sorted.
List *keys_of_candidates(const List *merge_keys) {
    List *keys = NIL;
    ListCell *cell;
    foreach (cell, merge_keys) {
        MergeKey key = unpack_merge_key(lfirst_node(List, cell));
        key.column = static_cast<AttrNumber>(key.column + kRowPlace);
        keys = lappend(keys, pack_merge_key(key));
    }
    return keys;
}

/// Parameters with others in the place of the last.
TaskParams replace_last(const TaskParams &params, std::span<const Oid> types, std::span<const Datum> values) {
    const size_t kept = params.types.size() - 1, count = kept + types.size();
    auto *new_types = static_cast<Oid *>(palloc(sizeof(Oid) * count));
    auto *new_values = static_cast<Datum *>(palloc(sizeof(Datum) * count));
    auto *new_nulls = static_cast<bool *>(palloc0(sizeof(bool) * count));
    std::copy_n(params.types.data(), kept, new_types);
    std::copy_n(params.values.data(), kept, new_values);
    std::copy_n(params.nulls.data(), kept, new_nulls);
    std::copy(types.begin(), types.end(), new_types + kept);
    std::copy(values.begin(), values.end(), new_values + kept);
    return {{new_types, count}, {new_values, count}, {new_nulls, count}};
}

/// The candidates of all shards, in order. Where a shard was asked for too few, all are asked again, and
/// those that were dealt with are passed over.
class Candidates {
public:
    Candidates(MemoryContext context, const RowLocksSet &set, int64 limit)
        : context_(context), set_(set), limit_(limit), keys_(keys_of_candidates(set.merge_keys)),
          slot_(MakeSingleTupleTableSlot(describe_candidates(set.rows), &TTSOpsVirtual)),
          counts_(set.candidates.size(), 0), bytes_(set.candidates.size(), 0) {}

    /// Sends the queries: what the session changes from now on is not seen.
    void open();
    /// False at the end. *restarted: the places come again from the first one on.
    bool next(RowPlace *place, bool *restarted);
    uint64 received_bytes(int task) const { return bytes_[static_cast<size_t>(task)] + open_bytes(task); }
    void close();

private:
    bool fetch(int *task) {
        return merge_ != nullptr ? merge_->next(slot_, task) : stream_->next(slot_, task);
    }
    uint64 open_bytes(int task) const {
        if (merge_ != nullptr)
            return merge_->received_bytes(task);
        return stream_ != nullptr ? stream_->received_bytes(task) : 0;
    }

    MemoryContext context_;
    const RowLocksSet &set_;
    int64 limit_;
    List *keys_;
    TupleTableSlot *slot_;
    std::pmr::vector<int64> counts_; ///< of rows that each shard has given
    MemoryContext stream_context_ = nullptr;
    TaskStream *stream_ = nullptr;
    MergedStreams *merge_ = nullptr;
    bool is_cut_ = false;            ///< a shard has given all that it was asked for, and may have more
    std::pmr::vector<uint64> bytes_; ///< by task, of the streams before
};

void Candidates::open() {
    stream_context_ = AllocSetContextCreate(context_, "citus lock candidates", ALLOCSET_DEFAULT_SIZES);
    ContextScope scope(stream_context_);
    const Oid type = INT8OID;
    const Datum limit = Int64GetDatum(limit_);
    const TaskSet set{.tasks = set_.candidates,
                      .params = replace_last(set_.params, {&type, 1}, {&limit, 1}),
                      .access = Access::Read,
                      .result = slot_->tts_tupleDescriptor,
                      .run_as = set_.run_as,
                      .level = set_.level,
                      .in_transaction = true,
                      .statement = set_.statement};
    if (keys_ != NIL && set.tasks.size() > 1)
        merge_ = MergedStreams::open(stream_context_, set, keys_);
    else
        stream_ = TaskStream::open(stream_context_, set);
}

void Candidates::close() {
    for (size_t i = 0; i < bytes_.size(); i++)
        bytes_[i] += open_bytes(static_cast<int>(i));
    if (merge_ != nullptr)
        merge_->close();
    if (stream_ != nullptr)
        stream_->close();
    merge_ = nullptr;
    stream_ = nullptr;
    ExecClearTuple(slot_);
    if (stream_context_ != nullptr)
        MemoryContextDelete(std::exchange(stream_context_, nullptr));
}

bool Candidates::next(RowPlace *place, bool *restarted) {
    *restarted = is_cut_;
    if (is_cut_) {
        close();
        is_cut_ = false;
        limit_ = limit_ > kAllCandidates / kGrowth ? kAllCandidates : limit_ * kGrowth;
        std::fill(counts_.begin(), counts_.end(), 0);
        open();
    }
    int task = 0;
    if (!fetch(&task))
        return false;
    is_cut_ = ++counts_[static_cast<size_t>(task)] == limit_;
    bool is_null;
    place->task = task;
    place->tid = *reinterpret_cast<ItemPointer>(DatumGetPointer(slot_getattr(slot_, 1, &is_null)));
    place->table = DatumGetObjectId(slot_getattr(slot_, 2, &is_null));
    return true;
}

class RunningLocks final : public RowLocks {
public:
    RunningLocks(MemoryContext context, const RowLocksSet &set)
        : context_(context), resource_(context), set_(set), wanted_(rows_wanted(set.params)),
          one_by_one_(set.one_by_one || is_unknown(set.params)),
          candidates_(context, set_, kSpareCandidates + (is_unknown(set.params) ? 0 : wanted_)),
          known_(&resource_), locks_(set.locks.begin(), set.locks.end(), &resource_), batch_(&resource_),
          row_slot_(MakeSingleTupleTableSlot(set.rows, &TTSOpsVirtual)),
          ready_slot_(MakeSingleTupleTableSlot(set.rows, &TTSOpsMinimalTuple)),
          bytes_(set.locks.size(), 0, &resource_) {
        batch_context_ = AllocSetContextCreate(context, "citus row locks", ALLOCSET_DEFAULT_SIZES);
        for (Task &task : locks_)
            task.anchor_shard_id = 0; // the statement was counted with the candidates
        candidates_.open();
    }

    bool next_row(TupleTableSlot *slot, int *task_index);
    uint64 bytes(int task) const {
        return bytes_[static_cast<size_t>(task)] + candidates_.received_bytes(task);
    }
    int task_count() const { return static_cast<int>(locks_.size()); }
    void stop() {
        candidates_.close();
        turn_.end();
    }

private:
    /// A candidate that is dealt with, and what is known of its row.
    struct Candidate {
        KnownRow *row;
        int task;
    };

    static bool is_unknown(const TaskParams &params) {
        return !params.nulls.back() && DatumGetInt64(params.values.back()) == kUnknownLimit;
    }
    static int64 rows_wanted(const TaskParams &params);
    bool next_candidate(RowPlace *place, KnownRow **row);
    bool must_wait_for_batch(const RowPlace &place) const;
    void fill_batch();
    void start_lock(const RowPlace &place, KnownRow *row);
    void finish_lock(KnownRow *row, int task);

    MemoryContext context_;
    MemoryContextResource resource_;
    RowLocksSet set_;
    int64 wanted_;
    bool one_by_one_;
    Candidates candidates_;
    std::pmr::unordered_map<RowPlace, KnownRow, HashPlace> known_; ///< its elements stay where they are
    std::pmr::vector<Task> locks_;
    std::pmr::vector<Candidate> batch_;
    size_t batch_next_ = 0; ///< the first that was not looked at since its row was locked
    RowPlace put_back_{};   ///< a candidate that comes first in the next batch
    KnownRow *put_back_row_ = nullptr;
    bool exhausted_ = false;
    bool began_ = false;
    NodesTurn turn_;
    TupleTableSlot *row_slot_;
    TupleTableSlot *ready_slot_;
    MemoryContext batch_context_;
    std::pmr::vector<uint64> bytes_; ///< by task, of the locks
};

int64 RunningLocks::rows_wanted(const TaskParams &params) {
    constexpr int64 kAll = kAllCandidates - kSpareCandidates;
    return params.nulls.back() || is_unknown(params)
               ? kAll
               : std::clamp<int64>(DatumGetInt64(params.values.back()), 0, kAll);
}

/// The next candidate that was not dealt with.
bool RunningLocks::next_candidate(RowPlace *place, KnownRow **row) {
    if (put_back_row_ != nullptr) {
        *place = put_back_;
        *row = std::exchange(put_back_row_, nullptr);
        return true;
    }
    bool restarted = false;
    while (candidates_.next(place, &restarted)) {
        CHECK_FOR_INTERRUPTS();
        if (restarted)
            for (auto &[other, known] : known_)
                known.seen_again = 0;
        KnownRow &known = known_[*place];
        if (++known.seen_again <= known.seen)
            continue;
        known.seen++;
        *row = &known;
        return true;
    }
    return false;
}

/// One node locks rows one after the other; several would at the same time.
bool RunningLocks::must_wait_for_batch(const RowPlace &place) const {
    const auto group = [this](int task) { return locks_[static_cast<size_t>(task)].group_id; };
    return set_.waits && !batch_.empty() && group(place.task) != group(batch_.front().task);
}

void RunningLocks::start_lock(const RowPlace &place, KnownRow *row) {
    ContextScope scope(batch_context_);
    row->is_locked = true;
    auto *tid = static_cast<ItemPointer>(palloc(sizeof(ItemPointerData)));
    *tid = place.tid;
    const Oid types[] = {TIDOID, OIDOID};
    const Datum values[] = {PointerGetDatum(tid), ObjectIdGetDatum(place.table)};
    row->stream = TaskStream::open(batch_context_, {.tasks = {&locks_[static_cast<size_t>(place.task)], 1},
                                                    .params = replace_last(set_.params, types, values),
                                                    .access = Access::Write,
                                                    .result = set_.rows,
                                                    .run_as = set_.run_as});
}

/// Waits for the lock, and takes the rows that it gives.
void RunningLocks::finish_lock(KnownRow *row, int task) {
    TaskStream *stream = std::exchange(row->stream, nullptr);
    if (stream == nullptr)
        return;
    while (stream->next(row_slot_)) {
        ContextScope scope(context_);
        row->rows.push_back(ExecCopySlotMinimalTuple(row_slot_));
    }
    bytes_[static_cast<size_t>(task)] += stream->received_bytes();
    stream->close();
}

/// Locks the rows of the next candidates, no more than are wanted.
void RunningLocks::fill_batch() {
    batch_.clear();
    batch_next_ = 0;
    const int64 size = one_by_one_ ? 1 : std::min(wanted_, kMaxBatch);
    RowPlace place{};
    KnownRow *row = nullptr;
    while (static_cast<int64>(batch_.size()) < size) {
        if (!next_candidate(&place, &row)) {
            exhausted_ = true;
            break;
        }
        if (must_wait_for_batch(place)) {
            put_back_ = place;
            put_back_row_ = row;
            break;
        }
        if (!row->is_locked)
            start_lock(place, row);
        batch_.push_back({row, place.task});
    }
    for (const Candidate &candidate : batch_)
        finish_lock(candidate.row, candidate.task);
    ExecClearTuple(row_slot_);
    MemoryContextReset(batch_context_);
}

bool RunningLocks::next_row(TupleTableSlot *slot, int *task_index) {
    for (;;) {
        while (batch_next_ < batch_.size()) {
            const Candidate &candidate = batch_[batch_next_++];
            KnownRow *row = candidate.row;
            if (row->given >= row->rows.size())
                continue;
            ExecStoreMinimalTuple(row->rows[row->given++], ready_slot_, true);
            ExecCopySlot(slot, ready_slot_);
            *task_index = candidate.task;
            wanted_--;
            return true;
        }
        if (exhausted_ || wanted_ <= 0) {
            turn_.end();
            return false;
        }
        ContextScope scope(context_);
        if (!std::exchange(began_, true) && set_.waits && !set_.one_by_one)
            turn_.wait_for(context_, set_.locks);
        fill_batch();
    }
}

} // namespace

RowLocks *RowLocks::open(MemoryContext context, const RowLocksSet &set) {
    ContextScope scope(context);
    return make_in<RunningLocks>(context, context, set);
}

bool RowLocks::next(TupleTableSlot *slot, int *task_index) {
    return static_cast<RunningLocks *>(this)->next_row(slot, task_index);
}

uint64 RowLocks::received_bytes() const {
    uint64 bytes = 0;
    for (int task = 0; task < static_cast<const RunningLocks *>(this)->task_count(); task++)
        bytes += received_bytes(task);
    return bytes;
}

uint64 RowLocks::received_bytes(int task) const {
    return static_cast<const RunningLocks *>(this)->bytes(task);
}

void RowLocks::close() {
    static_cast<RunningLocks *>(this)->stop();
}

} // namespace citus
