#include "sql_scanner.hpp"

extern "C" {
#include "common/keywords.h"
#include "parser/gramparse.h"
}

namespace citus {

namespace {

core::TokenKind kind_of(int token, char first) {
    switch (token) {
    case IDENT:
    case UIDENT:
        return core::TokenKind::Name;
    case '.':
        return core::TokenKind::Dot;
    case '*':
        return core::TokenKind::Star;
    case TYPECAST:
        return core::TokenKind::Typecast;
    case COLLATE:
        return core::TokenKind::Collate;
    case SCONST:
    case USCONST:
    case BCONST:
    case XCONST:
        return core::TokenKind::Other;
    default:
        // Keywords print bare where they name a table or a schema.
        return (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') ? core::TokenKind::Name
                                                                                : core::TokenKind::Other;
    }
}

} // namespace

std::pmr::vector<core::SqlToken> scan_sql(const char *text) {
    core_yy_extra_type extra;
    core_yyscan_t scanner = scanner_init(text, &extra, &ScanKeywords, ScanKeywordTokens);
    std::pmr::vector<core::SqlToken> tokens;
    core_YYSTYPE value;
    YYLTYPE location;
    for (int token = core_yylex(&value, &location, scanner); token != 0;
         token = core_yylex(&value, &location, scanner)) {
        const auto start = static_cast<size_t>(location);
        if (!tokens.empty())
            tokens.back().end = start;
        const core::TokenKind kind = kind_of(token, text[start]);
        std::string_view name;
        if (kind == core::TokenKind::Name)
            name = token == IDENT || token == UIDENT ? value.str : value.keyword;
        tokens.push_back({kind, name, start, strlen(text)});
    }
    scanner_finish(scanner);
    return tokens;
}

} // namespace citus
