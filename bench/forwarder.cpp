// The least that a process between a client and a server costs, for `bench/run`: each connection has a process here that passes
// the bytes on to the PostgreSQL behind it and back, and knows of the protocol only where an answer ends. A coordinator cannot
// have fewer messages than this, so what it takes is a bound for a routed statement (docs/developing.md, Bench).
//
//   forwarder PORT      forwards to PORT on 127.0.0.1; prints the port that it listens on, and serves until it is killed
//
// It waits for one side at a time, so it is no proxy: a client that sends while it receives would wait for ever.
#include <arpa/inet.h>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

int new_socket() {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0) {
        perror("forwarder: socket");
        exit(1);
    }
    return fd;
}

/// A server's answer ends with ReadyForQuery ('Z', length 5, status), or is the one byte that refuses TLS.
bool ends_answer(const char *bytes, ssize_t size) {
    return size == 1 || (size >= 6 && memcmp(bytes + size - 6, "Z\0\0\0\5", 5) == 0);
}

[[noreturn]] void forward(int client, int server_port) {
    const int server = new_socket();
    const sockaddr_in address = loopback(server_port);
    const int on = 1;
    if (connect(server, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
        exit(1);
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    static char buffer[65536];
    for (;;) {
        ssize_t size = recv(client, buffer, sizeof buffer, 0);
        if (size <= 0 || send(server, buffer, static_cast<size_t>(size), MSG_NOSIGNAL) != size)
            exit(0);
        do {
            size = recv(server, buffer, sizeof buffer, 0);
            if (size <= 0 || send(client, buffer, static_cast<size_t>(size), MSG_NOSIGNAL) != size)
                exit(0);
        } while (!ends_answer(buffer, size));
    }
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: forwarder PORT\n");
        return 2;
    }
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    signal(SIGCHLD, SIG_IGN);
    const int listener = new_socket();
    sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    if (bind(listener, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0 || listen(listener, 64) != 0 ||
        getsockname(listener, reinterpret_cast<sockaddr *>(&address), &length) != 0) {
        perror("forwarder");
        return 1;
    }
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        const int client = accept(listener, nullptr, nullptr);
        if (client >= 0 && fork() == 0)
            forward(client, atoi(argv[1]));
        close(client);
    }
}
