#include "citus/net/cancel.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

extern "C" {
#include "libpq-fe.h"
#include "libpq/pqcomm.h"
#include "port/pg_bswap.h"
#include "utils/timestamp.h"
}

namespace citus {

namespace {

/// A node whose server runs takes note within milliseconds.
constexpr int kTimeoutMs = 2000;
constexpr size_t kAtOnce = 32;

/// One request: a connection of its own, on which the server says nothing and which it closes when it has
/// sent the signal.
class Request {
public:
    void start(Connection *connection) {
        connection_ = connection;
        sockaddr_storage address;
        socklen_t length = sizeof(address);
        const int socket_of_session = connection->is_open() ? PQsocket(connection->pg) : -1;
        if (connection->unresponsive || !connection->knows_cancel_key || socket_of_session < 0 ||
            getpeername(socket_of_session, reinterpret_cast<sockaddr *>(&address), &length) != 0)
            return;
        socket_ = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (socket_ >= 0 && connect(socket_, reinterpret_cast<sockaddr *>(&address), length) != 0 &&
            errno != EINPROGRESS)
            end();
    }

    bool runs() const { return socket_ >= 0; }
    bool answered() const { return answered_; }
    Connection *connection() const { return connection_; }
    pollfd wanted() const { return {socket_, static_cast<short>(sent_ ? POLLIN : POLLOUT), 0}; }

    /// The socket is ready for what was wanted.
    void go_on() {
        if (!sent_) {
            send_packet();
            return;
        }
        char byte;
        const ssize_t got = recv(socket_, &byte, 1, 0);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            return;
        answered_ = got == 0 || (got < 0 && errno == ECONNRESET);
        end();
    }

    void end() {
        if (socket_ >= 0)
            ::close(socket_);
        socket_ = -1;
    }

private:
    void send_packet() {
        struct {
            uint32 length;
            CancelRequestPacket packet;
        } message;
        message.length = pg_hton32(sizeof(message));
        message.packet.cancelRequestCode = static_cast<MsgType>(pg_hton32(CANCEL_REQUEST_CODE));
        message.packet.backendPID = pg_hton32(static_cast<uint32>(PQbackendPID(connection_->pg)));
        message.packet.cancelAuthCode = pg_hton32(static_cast<uint32>(connection_->cancel_key));
        const ssize_t sent = ::send(socket_, &message, sizeof(message), MSG_NOSIGNAL);
        if (sent < 0 && (errno == EINTR || errno == EAGAIN))
            return;
        sent_ = sent == static_cast<ssize_t>(sizeof(message));
        if (!sent_)
            end();
    }

    Connection *connection_ = nullptr;
    int socket_ = -1;
    bool sent_ = false;
    bool answered_ = false;
};

void wait_for_answers(std::span<Request> requests, TimestampTz deadline) {
    for (;;) {
        std::array<pollfd, kAtOnce> sockets;
        std::array<Request *, kAtOnce> owners;
        size_t count = 0;
        for (Request &request : requests)
            if (request.runs()) {
                sockets[count] = request.wanted();
                owners[count++] = &request;
            }
        const long left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), deadline);
        if (count == 0 || left <= 0)
            return;
        poll(sockets.data(), count, static_cast<int>(left)); // a signal ends it early: it is repeated
        for (size_t i = 0; i < count; i++)
            if (sockets[i].revents != 0)
                owners[i]->go_on();
    }
}

} // namespace

size_t cancel_all(std::span<Connection *const> connections) {
    const TimestampTz deadline = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), kTimeoutMs);
    size_t answered = 0;
    for (size_t first = 0; first < connections.size(); first += kAtOnce) {
        const auto some = connections.subspan(first, std::min(kAtOnce, connections.size() - first));
        std::array<Request, kAtOnce> requests;
        for (size_t i = 0; i < some.size(); i++)
            requests[i].start(some[i]);
        wait_for_answers({requests.data(), some.size()}, deadline);
        for (size_t i = 0; i < some.size(); i++) {
            requests[i].end();
            answered += requests[i].answered() ? 1 : 0;
            if (!requests[i].answered())
                some[i]->unresponsive = some[i]->close_at_end = true;
        }
    }
    return answered;
}

} // namespace citus
