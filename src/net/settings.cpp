/// Session settings that change results, kept in line on the connections.
#include "citus/net/wire.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/pg_ts_config.h"
#include "parser/parser.h"
#include "pgtime.h"
#include "storage/proc.h"
#include "tsearch/ts_cache.h"
#include "utils/bytea.h"
#include "utils/float.h"
#include "utils/pg_locale.h"
#include "utils/xml.h"
}

namespace citus {

namespace {

/// Settings that follow the session. All may be set by every user.
constexpr const char *kFollowed[] = {
    "TimeZone",           "DateStyle",
    "IntervalStyle",      "extra_float_digits",
    "bytea_output",       "lc_monetary",
    "lc_numeric",         "lc_time",
    "xmloption",          "standard_conforming_strings",
    "lock_timeout",       "client_min_messages",
    "synchronous_commit", "default_text_search_config",
};

/// Settings that a link has whatever the session has: names are resolved in pg_catalog only, and time limits
/// are the coordinator's business. client_connection_check_interval ends what runs when the coordinator
/// vanishes. What is compiled would be compiled again for each shard: 16 shards in one statement took 12 s of
/// compiling and one of work. The isolation level counts where no BEGIN was sent, which always says one: for
/// single reads, and for a write that is committed with its statement.
constexpr const char *kFixed[][2] = {
    {"search_path", "pg_catalog"},
    {"statement_timeout", "0"},
    {"idle_in_transaction_session_timeout", "0"},
    {"idle_session_timeout", "0"},
    {"client_connection_check_interval", "2000"},
    {"default_transaction_isolation", "read committed"},
    {"default_transaction_read_only", "off"},
    {"default_transaction_deferrable", "off"},
    {"jit", "off"},
    {"citus.row_batches", "on"},
};

/// What the followed settings depend on, cheap to compare.
struct Fingerprint {
    pg_tz *timezone;
    int date_style, date_order, interval_style, float_digits, bytea, xml, lock_timeout, messages, sync_commit;
    bool conforming_strings;
    const char *monetary, *numeric, *time, *text_search;

    bool operator==(const Fingerprint &o) const {
        return timezone == o.timezone && date_style == o.date_style && date_order == o.date_order &&
               interval_style == o.interval_style && float_digits == o.float_digits && bytea == o.bytea &&
               xml == o.xml && lock_timeout == o.lock_timeout && messages == o.messages &&
               sync_commit == o.sync_commit && conforming_strings == o.conforming_strings &&
               strcmp(monetary, o.monetary) == 0 && strcmp(numeric, o.numeric) == 0 &&
               strcmp(time, o.time) == 0 && strcmp(text_search, o.text_search) == 0;
    }
};

Fingerprint current_fingerprint() {
    return {session_timezone,
            DateStyle,
            DateOrder,
            IntervalStyle,
            extra_float_digits,
            bytea_output,
            xmloption,
            LockTimeout,
            client_min_messages,
            synchronous_commit,
            standard_conforming_strings,
            locale_monetary ? locale_monetary : "",
            locale_numeric ? locale_numeric : "",
            locale_time ? locale_time : "",
            TSCurrentConfig ? TSCurrentConfig : ""};
}

Fingerprint known;
uint64 epoch = 0;

/// The text search configuration is found through the session's search_path, which the link does not have.
const char *qualified_text_search_config(const char *value) {
    if (!IsTransactionState())
        return value;
    const Oid config = getTSCurrentConfig(false);
    HeapTuple tuple = OidIsValid(config) ? SearchSysCache1(TSCONFIGOID, ObjectIdGetDatum(config)) : nullptr;
    if (!HeapTupleIsValid(tuple))
        return value;
    auto form = reinterpret_cast<Form_pg_ts_config>(GETSTRUCT(tuple));
    const char *name =
        quote_qualified_identifier(get_namespace_name(form->cfgnamespace), NameStr(form->cfgname));
    ReleaseSysCache(tuple);
    return name;
}

const char *value_of(const char *name) {
    const char *value = GetConfigOption(name, true, false);
    if (value == nullptr)
        return nullptr;
    if (strcmp(name, "default_text_search_config") == 0)
        return qualified_text_search_config(value);
    return value;
}

void append_option(StringInfo out, const char *name, const char *value) {
    appendStringInfo(out, " -c %s=", name);
    for (; *value != '\0'; value++) {
        if (*value == ' ' || *value == '\\' || *value == '\t' || *value == '\n')
            appendStringInfoChar(out, '\\');
        appendStringInfoChar(out, *value);
    }
}

} // namespace

uint64 current_settings_epoch() {
    const Fingerprint now = current_fingerprint();
    if (epoch != 0 && now == known)
        return epoch;
    auto keep = [](const char *&text) { text = MemoryContextStrdup(TopMemoryContext, text); };
    Fingerprint copy = now;
    keep(copy.monetary);
    keep(copy.numeric);
    keep(copy.time);
    keep(copy.text_search);
    if (epoch != 0)
        for (const char *text : {known.monetary, known.numeric, known.time, known.text_search})
            pfree(const_cast<char *>(text));
    known = copy;
    return ++epoch;
}

char *session_settings_as_options() {
    StringInfoData out;
    initStringInfo(&out);
    for (auto &[name, value] : kFixed)
        append_option(&out, name, value);
    for (const char *name : kFollowed)
        if (const char *value = value_of(name))
            append_option(&out, name, value);
    return out.data;
}

void queue_session_settings(Connection *connection) {
    const uint64 now = current_settings_epoch();
    if (connection->settings_epoch == now)
        return;
    StringInfoData sql;
    initStringInfo(&sql);
    appendStringInfoString(&sql, "SELECT ");
    bool first = true;
    for (const char *name : kFollowed)
        if (const char *value = value_of(name)) {
            appendStringInfo(&sql, "%spg_catalog.set_config(%s, %s, false)", first ? "" : ", ",
                             quote_literal_cstr(name), quote_literal_cstr(value));
            first = false;
        }
    connection->queue(sql.data, nullptr, 0);
    pfree(sql.data);
    connection->settings_epoch = now;
    if (connection->transaction.open)
        connection->transaction.settings_changed = true;
    else
        connection->queue_sync(); // a BEGIN that follows sets the isolation level: nothing may run before it
}

} // namespace citus
