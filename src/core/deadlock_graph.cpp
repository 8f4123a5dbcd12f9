#include "citus/core/deadlock_graph.hpp"

#include <algorithm>
#include <unordered_map>

namespace citus::core {

namespace {

/// Adjacency by position; sessions are numbered in order of appearance.
class Graph {
public:
    explicit Graph(std::span<const WaitEdge> waits) {
        for (const WaitEdge &wait : waits) {
            const size_t from = number_of(wait.waiter);
            const size_t to = number_of(wait.blocker);
            if (std::find(blockers_[from].begin(), blockers_[from].end(), to) == blockers_[from].end())
                blockers_[from].push_back(to);
        }
        removed_.assign(sessions_.size(), false);
    }

    void remove(size_t vertex) { removed_[vertex] = true; }
    size_t size() const { return sessions_.size(); }
    int64_t session(size_t vertex) const { return sessions_[vertex]; }

    /// Components (each a list of vertices) that contain a cycle.
    std::pmr::vector<std::pmr::vector<size_t>> tangles() {
        index_.assign(size(), kUnseen);
        low_.assign(size(), 0);
        on_stack_.assign(size(), false);
        next_index_ = 0;
        found_.clear();
        for (size_t vertex = 0; vertex < size(); vertex++)
            if (!removed_[vertex] && index_[vertex] == kUnseen)
                search(vertex);
        return std::move(found_);
    }

private:
    static constexpr size_t kUnseen = static_cast<size_t>(-1);

    struct Step {
        size_t vertex;
        size_t next; ///< position in its blockers
    };

    size_t number_of(int64_t session) {
        auto [at, is_new] = numbers_.try_emplace(session, sessions_.size());
        if (is_new) {
            sessions_.push_back(session);
            blockers_.emplace_back();
        }
        return at->second;
    }

    void enter(size_t vertex) {
        index_[vertex] = low_[vertex] = next_index_++;
        stack_.push_back(vertex);
        on_stack_[vertex] = true;
        path_.push_back({vertex, 0});
    }

    /// Tarjan's search for strongly connected components, without recursion.
    void search(size_t root) {
        enter(root);
        while (!path_.empty()) {
            const size_t vertex = path_.back().vertex;
            if (path_.back().next < blockers_[vertex].size()) {
                const size_t blocker = blockers_[vertex][path_.back().next++];
                if (removed_[blocker])
                    continue;
                if (index_[blocker] == kUnseen)
                    enter(blocker);
                else if (on_stack_[blocker])
                    low_[vertex] = std::min(low_[vertex], index_[blocker]);
                continue;
            }
            path_.pop_back();
            if (!path_.empty())
                low_[path_.back().vertex] = std::min(low_[path_.back().vertex], low_[vertex]);
            if (low_[vertex] == index_[vertex])
                take_component(vertex);
        }
    }

    void take_component(size_t root) {
        std::pmr::vector<size_t> component;
        for (bool last = false; !last;) {
            const size_t vertex = stack_.back();
            stack_.pop_back();
            on_stack_[vertex] = false;
            component.push_back(vertex);
            last = vertex == root;
        }
        const auto &blockers = blockers_[root];
        if (component.size() > 1 || std::find(blockers.begin(), blockers.end(), root) != blockers.end())
            found_.push_back(std::move(component));
    }

    std::pmr::vector<int64_t> sessions_;
    std::pmr::vector<std::pmr::vector<size_t>> blockers_;
    std::pmr::unordered_map<int64_t, size_t> numbers_;
    std::pmr::vector<bool> removed_;

    std::pmr::vector<size_t> index_, low_, stack_;
    std::pmr::vector<bool> on_stack_;
    std::pmr::vector<Step> path_;
    std::pmr::vector<std::pmr::vector<size_t>> found_;
    size_t next_index_ = 0;
};

const Candidate *find_candidate(std::span<const Candidate> candidates, int64_t session) {
    auto found = std::find_if(candidates.begin(), candidates.end(),
                              [&](const Candidate &candidate) { return candidate.session == session; });
    return found == candidates.end() ? nullptr : &*found;
}

} // namespace

std::pmr::vector<WaitEdge> lasting_waits(std::span<const WaitEdge> first, std::span<const WaitEdge> second) {
    std::pmr::vector<WaitEdge> lasting;
    for (const WaitEdge &wait : first)
        if (std::find(second.begin(), second.end(), wait) != second.end())
            lasting.push_back(wait);
    return lasting;
}

std::pmr::vector<WaitEdge> waits_between_nodes(std::span<const WaitEdge> waits,
                                               std::span<const WaitEdge> known) {
    std::pmr::vector<WaitEdge> result(waits.begin(), waits.end());
    std::pmr::vector<int64_t> nodes;
    for (const WaitEdge &wait : waits)
        if (std::find(nodes.begin(), nodes.end(), wait.node) == nodes.end())
            nodes.push_back(wait.node);
    for (const int64_t node : nodes) {
        std::pmr::vector<WaitEdge> here;
        for (const WaitEdge &wait : waits)
            if (wait.node == node)
                here.push_back(wait);
        Graph graph(here);
        for (const auto &tangle : graph.tangles()) {
            auto is_in_tangle = [&](int64_t session) {
                return std::any_of(tangle.begin(), tangle.end(),
                                   [&](size_t vertex) { return graph.session(vertex) == session; });
            };
            std::erase_if(result, [&](const WaitEdge &wait) {
                return wait.node == node && is_in_tangle(wait.waiter) && is_in_tangle(wait.blocker) &&
                       std::find(known.begin(), known.end(), wait) == known.end();
            });
        }
    }
    return result;
}

std::pmr::vector<int64_t> choose_victims(std::span<const WaitEdge> waits,
                                         std::span<const Candidate> candidates) {
    std::pmr::vector<int64_t> victims;
    Graph graph(waits);
    for (bool progress = true; progress;) {
        progress = false;
        for (const auto &tangle : graph.tangles()) {
            const Candidate *youngest = nullptr;
            size_t at = 0;
            for (const size_t vertex : tangle) {
                const Candidate *candidate = find_candidate(candidates, graph.session(vertex));
                const bool is_younger =
                    candidate != nullptr &&
                    (youngest == nullptr || candidate->started > youngest->started ||
                     (candidate->started == youngest->started && candidate->session > youngest->session));
                if (is_younger) {
                    youngest = candidate;
                    at = vertex;
                }
            }
            if (youngest == nullptr)
                continue;
            victims.push_back(youngest->session);
            graph.remove(at);
            progress = true;
        }
    }
    return victims;
}

} // namespace citus::core
