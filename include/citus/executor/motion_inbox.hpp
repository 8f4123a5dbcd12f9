/// Rows on their way from worker to worker, without the coordinator.
///
/// The backend that produces rows (PeerSender, on the source node) opens a connection of its own to the node
/// that needs them. The backend at its other end writes them to a temporary file, its inbox, and the
/// session's backend on that node reads the file: it learns the name, which nobody can guess, from the
/// coordinator. A file lives as long as the connection that fills it, that is up to the end of the source's
/// transaction; what a crash leaves, the server removes when it starts. Nothing that is read from an inbox is
/// trusted (motion_rows.hpp checks every row).
#pragma once

#include "citus/executor/motion_rows.hpp"

extern "C" {
#include "storage/fd.h"
}

namespace citus {

// ---------------------------------------------------------------- on the node that needs the rows

/// Makes an inbox of this backend and returns its handle.
bytea *open_motion_inbox();

/// Adds a chunk to an inbox of this backend.
void deliver_to_inbox(const bytea *handle, const char *bytes, size_t size, int limit_kb);

/// Opens an inbox of another backend for reading. The caller closes it, at the latest when the transaction
/// ends.
File open_delivered_inbox(const bytea *handle);

/// Ends all inboxes of this backend at the end of each transaction. Called once, from _PG_init.
void install_motion_inboxes();

// ---------------------------------------------------------------- on the node that produces them

/// A node that can be sent to.
struct Peer {
    int32 group_id;
    const char *host;
    int port;
};

/// Sends the chunks of one result to other nodes. Connections are shared by all results of a transaction and
/// end with it. Raises the errors of the nodes.
class PeerSender {
public:
    /// Tells the coordinator about inboxes, and about nodes that cannot be reached.
    class Listener {
    public:
        virtual void inbox_opened(int32 group, const bytea *handle) = 0;
        virtual void unreachable(int32 group, const char *reason) = 0;

    protected:
        ~Listener() = default;
    };

    PeerSender(std::span<const Peer> peers, int limit_kb, Listener *listener);

    /// False when the node is not one of the peers or can't be reached: the chunk must go another way.
    bool send(int32 group, const char *bytes, size_t size);
    /// Waits until all is delivered.
    void finish();

    uint64 sent_bytes() const { return sent_bytes_; }

private:
    struct Target {
        Peer peer;
        struct PeerLink *link;
        bytea *handle;
        bool tried;
    };

    bool open(Target *target);

    std::span<Target> targets_;
    int limit_kb_;
    Listener *listener_;
    uint64 sent_bytes_ = 0;
};

/// Closes the connections to peers; registered for the end of each transaction. Called once, from _PG_init.
void install_motion_peers();

} // namespace citus
