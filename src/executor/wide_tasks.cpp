#include "wide_tasks.hpp"

#include "citus/guc.hpp"
#include "citus/net/cancel.hpp"
#include "citus/net/remote_error.hpp"
#include "citus/transaction/statement_snapshot.hpp"

extern "C" {
#include "common/hashfn.h"
#include "libpq-fe.h"
#include "utils/timestamp.h"
}

namespace citus {

namespace {

/// Tasks that a connection has at a time: one runs, the other one waits at the node.
constexpr int kWindow = 2;

enum ControlTag : int { kExport, kImport, kEnd };

/// Statements whose tasks, other than expected, were short the last time: for some runs they are not tried so
/// again. By hash of a shard's SQL without its numbers and strings.
struct ShortStatement {
    uint64 shape;
    int runs_left;
};
constexpr size_t kRemembered = 256;
constexpr int kRunsBelieved = 50;
std::array<ShortStatement, kRemembered> short_statements = {};

uint64 shape_of(const char *sql) {
    std::pmr::string shape;
    bool quoted = false;
    for (; *sql != '\0'; sql++) {
        if (*sql == '\'')
            quoted = !quoted;
        else if (!quoted && (*sql < '0' || *sql > '9'))
            shape.push_back(*sql);
    }
    return hash_bytes_extended(reinterpret_cast<const unsigned char *>(shape.data()),
                               static_cast<int>(shape.size()), 0) |
           1;
}

bool was_short(const char *sql) {
    const uint64 shape = shape_of(sql);
    ShortStatement &known = short_statements[shape % kRemembered];
    return known.shape == shape && known.runs_left-- > 0;
}

void remember(const char *sql, bool is_short) {
    const uint64 shape = shape_of(sql);
    ShortStatement &known = short_statements[shape % kRemembered];
    if (is_short)
        known = {shape, kRunsBelieved};
    else if (known.shape == shape)
        known = {};
}

int64 slow_start_us() {
    return static_cast<int64>(guc::executor_slow_start_interval) * 1000;
}

} // namespace

/// A connection in use for the tasks of a node.
class WideTasks::Lane final : public ResultConsumer {
public:
    enum class State {
        Opening,
        Importing, ///< begins a transaction with the snapshot
        Ready,     ///< takes tasks
        Ending,
        Gone ///< returned, or lost without harm
    };

    Lane(Node *of, Connection *its, State initial) : node(of), connection(its), state(initial) {}

    void take_row(int tag, const PGresult *result, int row) override;
    void command_done(int tag, const PGresult *) override;
    void command_failed(Connection *of, int tag, const PGresult *result) override {
        failed = true;
        if (tag == kExport) // with it the tasks behind
            raise_remote_error(of, result);
    }
    void command_skipped(int) override { failed = true; }
    bool connection_lost(Connection *, int, const char *) override {
        failed = true;
        return false;
    }

    bool is_extra() const { return connection->is_extra; }
    bool is_waited_for() const {
        return state == State::Opening || state == State::Importing || state == State::Ending;
    }
    void begin_import();
    void end_transaction();

    Node *const node;
    Connection *const connection;
    State state;
    const bool is_new = connection->connecting; ///< not kept from an earlier statement
    int link = -1;
    bool ended = false;  ///< its transaction
    bool failed = false; ///< what it was told besides tasks
};

class WideTasks::Node final : public OpenBatch {
public:
    Node(WideTasks &owner, Connection *connection, std::span<const int> tasks)
        : owner_(owner), primary(connection), tasks_(tasks.begin(), tasks.end(), &owner.resource_),
          lanes(&owner.resource_) {}

    void start();
    /// Another command is going to be queued on the session's connection.
    void complete() override;
    bool advance();
    bool has_unsent() const { return next_ < tasks_.size(); }
    bool may_grow() const;
    TimestampTz growth_time() const;
    bool finished() const;

private:
    void queue_task(Lane *lane);
    bool refill(Lane *lane);
    bool advance_lane(Lane *lane);
    bool grow();
    void close_batch();
    int window(const Lane *lane) const;
    int &pending(const Lane *lane) const { return owner_.links_[static_cast<size_t>(lane->link)].pending; }

    WideTasks &owner_;

public:
    Connection *const primary;
    char snapshot[64] = {};

private:
    std::pmr::vector<int> tasks_;
    size_t next_ = 0;      ///< the first that was not sent
    bool closed_ = false;  ///< the batch on the session's connection is complete
    bool refused_ = false; ///< no more connections were to be had
    int step_ = 0;         ///< how often connections were added
    int64 grown_at_us_ = 0;

public:
    int done = 0;
    std::pmr::vector<Lane *> lanes; ///< the first is the session's connection
};

// ---------------------------------------------------------------- a lane

void WideTasks::Lane::take_row(int tag, const PGresult *result, int row) {
    if (tag == kExport)
        strlcpy(node->snapshot, PQgetvalue(result, row, 0), sizeof(node->snapshot));
}

void WideTasks::Lane::command_done(int tag, const PGresult *) {
    if (tag == kImport)
        state = State::Ready;
    else if (tag == kEnd)
        ended = true;
}

void WideTasks::Lane::begin_import() {
    state = State::Importing;
    if (is_new)
        finish_extra_connection(connection);
    connection->queue("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ WRITE", this, -1);
    connection->queue(psprintf("SET TRANSACTION SNAPSHOT %s", quote_literal_cstr(node->snapshot)), this,
                      kImport);
    connection->queue_sync();
    connection->send();
}

void WideTasks::Lane::end_transaction() {
    state = State::Ending;
    connection->queue("COMMIT", this, kEnd);
    connection->queue_sync();
    connection->send();
}

// ---------------------------------------------------------------- a node

void WideTasks::Node::start() {
    auto *lane = make_in<Lane>(owner_.context_, this, primary, Lane::State::Ready);
    lane->link = static_cast<int>(owner_.links_.size()) - 1;
    lanes.push_back(lane);
    primary->queue_repeatable("SELECT pg_catalog.pg_export_snapshot()", lane, kExport, nullptr, false,
                              owner_.level_);
    refill(lane);
}

void WideTasks::Node::queue_task(Lane *lane) {
    const int task = tasks_[next_++];
    owner_.link_of_task_[static_cast<size_t>(task)] = lane->link;
    pending(lane)++;
    lane->connection->queue_repeatable(owner_.set_.tasks[static_cast<size_t>(task)].sql, owner_.rows_, task,
                                       owner_.params_, owner_.binary_, owner_.level_);
}

/// Short tasks are sent ahead, about as many as take half of the time after which another connection may be
/// worthwhile; an extra connection takes one at a time, so that none is left with more than its share.
int WideTasks::Node::window(const Lane *lane) const {
    if (lane->is_extra())
        return 1;
    const int64 elapsed = GetCurrentTimestamp() - owner_.started_;
    if (done == 0 || guc::force_max_query_parallelization)
        return kWindow;
    const int64 each = std::max<int64>(elapsed / done, 1);
    return static_cast<int>(std::clamp<int64>(slow_start_us() / 2 / each, kWindow, 256));
}

bool WideTasks::Node::refill(Lane *lane) {
    if (!has_unsent())
        return false;
    const int limit = window(lane);
    if (pending(lane) > limit / 2)
        return false;
    if (!lane->is_extra())
        primary->open_batch = nullptr;
    while (has_unsent() && pending(lane) < limit)
        queue_task(lane);
    if (lane->is_extra())
        lane->connection->queue_sync();
    else
        primary->open_batch = this;
    lane->connection->send();
    return true;
}

/// The snapshot's transaction may end: nobody is going to import it.
void WideTasks::Node::close_batch() {
    closed_ = true;
    primary->open_batch = nullptr;
    primary->queue_sync();
    primary->send();
}

void WideTasks::Node::complete() {
    while (has_unsent())
        queue_task(lanes[0]);
    // Those that import just now fail, without harm.
    close_batch();
}

bool WideTasks::Node::finished() const {
    return closed_ && std::all_of(lanes.begin(), lanes.end(), [](const Lane *lane) {
               return !lane->is_extra() || lane->state == Lane::State::Gone;
           });
}

bool WideTasks::Node::may_grow() const {
    return !closed_ && !refused_ && has_unsent() && snapshot[0] != '\0' &&
           static_cast<int>(lanes.size()) < guc::max_adaptive_executor_pool_size;
}

/// The wait, in sum, after which connections are added.
TimestampTz WideTasks::Node::growth_time() const {
    return guc::force_max_query_parallelization ? 0 : grown_at_us_ + slow_start_us();
}

bool WideTasks::Node::grow() {
    if (!may_grow() || owner_.waited_us_ < growth_time())
        return false;
    grown_at_us_ = owner_.waited_us_;
    const bool at_once = guc::force_max_query_parallelization || guc::executor_slow_start_interval == 0;
    const auto coming =
        std::count_if(lanes.begin(), lanes.end(), [](const Lane *lane) { return lane->is_waited_for(); });
    int64 wanted = static_cast<int64>(tasks_.size() - next_) - coming;
    if (!at_once)
        wanted = std::min<int64>(wanted, ++step_);
    const size_t before = lanes.size();
    for (; wanted > 0 && may_grow(); wanted--)
        if (Connection *connection = begin_extra_connection(primary))
            lanes.push_back(make_in<Lane>(owner_.context_, this, connection, Lane::State::Opening));
        else
            refused_ = true;
    return lanes.size() > before;
}

bool WideTasks::Node::advance_lane(Lane *lane) {
    Connection *connection = lane->connection;
    switch (lane->state) {
    case Lane::State::Opening:
        if (!connection->is_open() || (!has_unsent() && connection->connecting)) {
            owner_.give_up(lane);
            refused_ = refused_ || has_unsent();
            return true;
        }
        if (connection->connecting)
            return false;
        if (closed_)
            owner_.give_up(lane);
        else
            lane->begin_import();
        return true;
    case Lane::State::Importing:
    case Lane::State::Ending: {
        const Lane::State before = lane->state;
        while (lane->state == before && !lane->failed && connection->pump())
            ;
        if (lane->failed) {
            owner_.give_up(lane);
        } else if (lane->ended && connection->idle()) {
            lane->state = Lane::State::Gone;
            connection->is_lent = false;
        } else if (lane->state == Lane::State::Ready) {
            lane->link = static_cast<int>(owner_.links_.size());
            owner_.links_.push_back({connection, 0});
        }
        return lane->state != before;
    }
    case Lane::State::Ready:
        if (!lane->is_extra())
            return !closed_ && refill(lane);
        if (has_unsent())
            return refill(lane);
        if (pending(lane) > 0)
            return false;
        lane->end_transaction();
        return true;
    case Lane::State::Gone:
        return false;
    }
    return false;
}

bool WideTasks::Node::advance() {
    bool changed = grow();
    for (size_t i = 0; i < lanes.size(); i++)
        changed |= advance_lane(lanes[i]);
    const bool somebody_imports = std::any_of(lanes.begin(), lanes.end(), [](const Lane *lane) {
        return lane->state == Lane::State::Opening || lane->state == Lane::State::Importing;
    });
    if (!closed_ && !has_unsent() && !somebody_imports) {
        close_batch();
        changed = true;
    }
    return changed;
}

// ---------------------------------------------------------------- all nodes

WideTasks::WideTasks(MemoryContext context, const TaskSet &set, ResultConsumer *rows,
                     const BoundParams *params, bool binary, std::pmr::vector<TaskLink> &links)
    : context_(context), set_(set), rows_(rows), params_(params), binary_(binary), links_(links),
      resource_(context), nodes_(&resource_), link_of_task_(set.tasks.size(), -1, &resource_),
      level_(set.level > 0 ? set.level : GetCurrentTransactionNestLevel()), started_(GetCurrentTimestamp()) {}

bool WideTasks::is_worthwhile(const TaskSet &set) {
    if (set.statement != kOneSetOfReads || set.in_transaction || set.waits_for_others ||
        set.result == nullptr || set.tasks.size() < 2 || guc::max_adaptive_executor_pool_size < 2)
        return false;
    if (guc::force_max_query_parallelization)
        return true;
    return set.may_take_long && !was_short(set.tasks[0].sql);
}

bool WideTasks::can_use(const Connection *connection) {
    return !connection->transaction.open && connection->wanted_role == connection->login_role &&
           connection->copy_owner == nullptr && connection->open_batch == nullptr;
}

void WideTasks::start_on_node(std::span<const int> tasks) {
    auto *node = make_in<Node>(context_, *this, links_.back().connection, tasks);
    nodes_.push_back(node);
    node->start();
}

bool WideTasks::task_done(int task) {
    const int number = link_of_task_[static_cast<size_t>(task)];
    if (number < 0)
        return false;
    const auto link = static_cast<size_t>(number);
    links_[link].pending--;
    stirred_ = true;
    for (Node *node : nodes_)
        if (node->primary->group_id == links_[link].connection->group_id)
            node->done++;
    return true;
}

bool WideTasks::is_wide(const Connection *connection) const {
    for (const Node *node : nodes_)
        if (node->primary->group_id == connection->group_id)
            return true;
    return false;
}

bool WideTasks::advance() {
    stirred_ = false;
    bool changed = false;
    for (Node *node : nodes_)
        changed |= node->advance();
    return changed;
}

void WideTasks::note_duration() const {
    remember(set_.tasks[0].sql, GetCurrentTimestamp() - started_ < slow_start_us());
}

bool WideTasks::finished() const {
    return std::all_of(nodes_.begin(), nodes_.end(), [](const Node *node) { return node->finished(); });
}

void WideTasks::add_waiting(std::pmr::vector<Connection *> &waiting) const {
    for (const Node *node : nodes_)
        for (const Lane *lane : node->lanes)
            if (lane->is_extra() && lane->is_waited_for())
                waiting.push_back(lane->connection);
}

TimestampTz WideTasks::deadline() const {
    TimestampTz earliest = 0;
    for (const Node *node : nodes_)
        if (node->may_grow()) {
            const TimestampTz at =
                GetCurrentTimestamp() + std::max<int64>(node->growth_time() - waited_us_, 1000);
            earliest = earliest == 0 ? at : std::min(earliest, at);
        }
    return earliest;
}

void WideTasks::waited(TimestampTz since) {
    waited_us_ += GetCurrentTimestamp() - since;
}

/// An extra connection that is of no more use here.
void WideTasks::give_up(Lane *lane) {
    lane->state = Lane::State::Gone;
    lane->connection->close_at_end = true;
    lane->connection->close();
}

void WideTasks::stop() {
    std::pmr::vector<Connection *> running;
    for (Node *node : nodes_)
        for (Lane *lane : node->lanes) {
            Connection *connection = lane->connection;
            if (lane->state == Lane::State::Gone || !is_own_connection(connection))
                continue;
            const bool is_open_batch = connection->open_batch == node;
            if (is_open_batch)
                connection->open_batch = nullptr;
            (void)connection->forget(rows_);
            (void)connection->forget(lane);
            const bool runs =
                connection->is_open() && !connection->connecting && connection->runs_only_discards();
            if (is_open_batch && connection->is_open()) {
                connection->queue_sync();
                connection->send();
            }
            if (runs && !connection->transaction.open)
                running.push_back(connection);
        }
    cancel_all(running);
    for (Node *node : nodes_)
        for (Lane *lane : node->lanes)
            if (lane->is_extra() && lane->state != Lane::State::Gone && is_own_connection(lane->connection))
                give_up(lane);
    nodes_.clear();
}

} // namespace citus
