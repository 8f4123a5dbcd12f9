#include "citus/net/connect.hpp"

#include "citus/guc.hpp"
#include "citus/monitor/global_pid.hpp"
#include "citus/net/remote_error.hpp"

extern "C" {
#include "libpq-fe.h"
#include "mb/pg_wchar.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "utils/timestamp.h"
}

namespace citus {

namespace {

constexpr const char *kAllowedOptions[] = {
    "host",
    "sslmode",
    "sslrootcert",
    "sslcrl",
    "sslcert",
    "sslkey",
    "sslcompression",
    "sslnegotiation",
    "connect_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
    "krbsrvname",
    "gsslib",
    "gssencmode",
    "sslpassword",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
    "passfile",
};

/// Keyword/value arrays for PQconnectStartParams; a later entry of a keyword wins.
class Parameters {
public:
    void add(const char *keyword, const char *value) {
        keywords_.push_back(keyword);
        values_.push_back(value);
    }
    /// All options set in a conninfo string (validated when it was set); the strings are copied.
    void add_conninfo(const char *conninfo) {
        if (conninfo == nullptr || *conninfo == '\0')
            return;
        PQconninfoOption *options = PQconninfoParse(conninfo, nullptr);
        if (options == nullptr)
            return;
        for (PQconninfoOption *option = options; option->keyword != nullptr; option++)
            if (option->val != nullptr)
                add(pstrdup(option->keyword), pstrdup(option->val));
        PQconninfoFree(options);
    }
    PGconn *start() {
        add(nullptr, nullptr);
        return PQconnectStartParams(keywords_.data(), values_.data(), 0);
    }

private:
    std::pmr::vector<const char *> keywords_, values_;
};

/// pg_dist_authinfo's entry for a role: the node's own, else the one for all nodes (0); nullptr without any.
const char *find_authinfo(int32 node_id, const char *role) {
    if (!IsTransactionState() || !extension_is_ready())
        return nullptr;
    const Oid relid = get_relname_relid("pg_dist_authinfo", PG_CATALOG_NAMESPACE);
    if (!OidIsValid(relid))
        return nullptr;
    const AttrNumber node_column = get_attnum(relid, "nodeid");
    const AttrNumber role_column = get_attnum(relid, "rolename");
    const AttrNumber info_column = get_attnum(relid, "authinfo");
    const char *best = nullptr;
    Relation relation = table_open(relid, AccessShareLock);
    SysScanDesc scan = systable_beginscan(relation, InvalidOid, false, nullptr, 0, nullptr);
    for (HeapTuple tuple; HeapTupleIsValid(tuple = systable_getnext(scan));) {
        bool null1, null2, null3;
        const int32 id = DatumGetInt32(heap_getattr(tuple, node_column, RelationGetDescr(relation), &null1));
        const Datum name = heap_getattr(tuple, role_column, RelationGetDescr(relation), &null2);
        const Datum info = heap_getattr(tuple, info_column, RelationGetDescr(relation), &null3);
        if (null1 || null2 || null3 || strcmp(NameStr(*DatumGetName(name)), role) != 0)
            continue;
        if (id == node_id || (id == 0 && best == nullptr))
            best = TextDatumGetCString(info);
        if (id == node_id)
            break;
    }
    systable_endscan(scan);
    table_close(relation, AccessShareLock);
    return best;
}

int32 node_id_of(const char *host, int port) {
    if (!IsTransactionState() || !extension_is_ready())
        return -1;
    for (const ClusterNode &node : all_nodes())
        if (node.port == port && strcmp(node.name, host) == 0)
            return node.node_id;
    return -1;
}

/// The server divides options at blanks.
const char *role_option(const char *role) {
    StringInfoData option;
    initStringInfo(&option);
    appendStringInfoString(&option, "-c role=");
    for (const char *c = role; *c != '\0'; c++) {
        if (*c == '\\' || isspace(static_cast<unsigned char>(*c)))
            appendStringInfoChar(&option, '\\');
        appendStringInfoChar(&option, *c);
    }
    return option.data;
}

void start_attempt(ConnectAttempt &attempt) {
    Parameters parameters;
    // A node that vanished without a word is noticed within half a minute, also while a result is waited for.
    parameters.add("keepalives_idle", "10");
    parameters.add("keepalives_interval", "5");
    parameters.add("keepalives_count", "4");
    parameters.add("tcp_user_timeout", "30000");
    // Looking for Kerberos tickets costs each connection a tenth of a millisecond; node_conninfo can ask for
    // it.
    parameters.add("gssencmode", "disable");
    parameters.add_conninfo(guc::node_conninfo);
    parameters.add("host", attempt.host); // a later one wins: that of the node
    parameters.add("port", psprintf("%d", attempt.port));
    parameters.add("dbname", attempt.database);
    parameters.add("user", attempt.user);
    parameters.add("application_name",
                   psprintf("citus_%s gpid=" INT64_FORMAT, attempt.pinned ? "internal" : "run_command",
                            own_global_pid()));
    parameters.add("client_encoding", GetDatabaseEncodingName());
    if (attempt.pinned)
        parameters.add("options", session_settings_as_options());
    else if (attempt.role != nullptr)
        parameters.add("options", role_option(attempt.role));
    parameters.add_conninfo(find_authinfo(node_id_of(attempt.host, attempt.port), attempt.user));
    *attempt.pg = parameters.start();
    PQsetErrorVerbosity(*attempt.pg, PQERRORS_VERBOSE); // to see the SQLSTATE of a refusal
    if (*attempt.pg == nullptr)
        ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
}

/// "FATAL:  53300: text" without the code, and whether it says that there are too many clients.
const char *without_sqlstate(char *text, bool &is_full) {
    char *colon = strstr(text, ":  ");
    char *code = colon == nullptr ? nullptr : colon + 3;
    if (code == nullptr || strspn(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 5 ||
        strncmp(code + 5, ": ", 2) != 0)
        return text;
    is_full = strncmp(code, "53300", 5) == 0;
    memmove(code, code + 7, strlen(code + 7) + 1);
    return text;
}

struct Progress {
    ConnectAttempt *attempt;
    PostgresPollingStatusType status;
};

void fail(Progress &progress, const char *reason) {
    progress.attempt->error = reason;
    PQfinish(*progress.attempt->pg);
    *progress.attempt->pg = nullptr;
    progress.status = PGRES_POLLING_FAILED;
}

/// Waits until one of the sockets is ready for what its attempt waits for.
void wait_for_progress(std::span<Progress> all, long timeout_ms) {
    WaitEventSet *set = CreateWaitEventSet(CurrentMemoryContext, static_cast<int>(all.size()) + 2);
    AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, nullptr);
    AddWaitEventToSet(set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, nullptr, nullptr);
    for (Progress &progress : all)
        if (progress.status == PGRES_POLLING_READING || progress.status == PGRES_POLLING_WRITING)
            AddWaitEventToSet(
                set, progress.status == PGRES_POLLING_READING ? WL_SOCKET_READABLE : WL_SOCKET_WRITEABLE,
                PQsocket(*progress.attempt->pg), nullptr, &progress);
    std::array<WaitEvent, 32> events;
    const int occurred =
        WaitEventSetWait(set, timeout_ms, events.data(), static_cast<int>(events.size()), PG_WAIT_EXTENSION);
    FreeWaitEventSet(set);
    for (int i = 0; i < occurred; i++)
        if (auto *progress = static_cast<Progress *>(events[static_cast<size_t>(i)].user_data))
            progress->status = PQconnectPoll(*progress->attempt->pg);
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
}

} // namespace

void connect_all(std::span<ConnectAttempt> attempts, int limit_ms) {
    std::pmr::vector<Progress> progress;
    for (ConnectAttempt &attempt : attempts) {
        attempt.error = nullptr;
        attempt.refused_as_full = false;
        start_attempt(attempt);
        progress.push_back({&attempt, PGRES_POLLING_WRITING});
    }
    const int timeout_ms =
        limit_ms < 0 ? guc::node_connection_timeout : std::min(guc::node_connection_timeout, limit_ms);
    const TimestampTz deadline = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), timeout_ms);
    for (;;) {
        bool waiting = false;
        for (Progress &one : progress) {
            PGconn *pg = *one.attempt->pg;
            if (pg == nullptr || one.status == PGRES_POLLING_OK)
                continue;
            if (one.status == PGRES_POLLING_FAILED || PQstatus(pg) == CONNECTION_BAD || PQsocket(pg) < 0)
                fail(one, without_sqlstate(connection_error_text(pg), one.attempt->refused_as_full));
            else
                waiting = true;
        }
        if (!waiting)
            return;
        const long left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), deadline);
        if (left > 0) {
            wait_for_progress(progress, left);
            continue;
        }
        for (Progress &one : progress)
            if (*one.attempt->pg != nullptr && one.status != PGRES_POLLING_OK)
                fail(one, psprintf("timeout after %d ms", timeout_ms));
        return;
    }
}

void begin_connecting(ConnectAttempt &attempt) {
    start_attempt(attempt);
}

bool check_node_conninfo(char **value, void **, GucSource) {
    if (*value == nullptr)
        return true;
    char *message = nullptr;
    PQconninfoOption *options = PQconninfoParse(*value, &message);
    if (options == nullptr) {
        GUC_check_errdetail("%s", message != nullptr ? pstrdup(message) : "out of memory");
        if (message != nullptr)
            PQfreemem(message);
        return false;
    }
    bool valid = true;
    for (PQconninfoOption *option = options; valid && option->keyword != nullptr; option++) {
        if (option->val == nullptr)
            continue;
        valid = std::any_of(std::begin(kAllowedOptions), std::end(kAllowedOptions),
                            [&](const char *allowed) { return strcmp(allowed, option->keyword) == 0; });
        if (!valid)
            GUC_check_errdetail("Prohibited conninfo keyword detected: %s", option->keyword);
    }
    PQconninfoFree(options);
    return valid;
}

} // namespace citus
