#include "locus_terms.hpp"

#include "citus/planner/shippable.hpp"

extern "C" {
#include "access/hash.h"
#include "optimizer/optimizer.h"
#include "utils/typcache.h"
}

namespace citus {

namespace {

/// Whether the expression has one value for the whole statement.
bool is_value(::Node *expr) {
    return !is_bound_to_query(expr) && !contain_volatile_functions(expr) && !expression_returns_set(expr);
}

std::optional<uint32> hash_of_constant(::Node *expr, Oid opfamily) {
    // Strings are compared as expressions: their hashes depend on the collation of the key.
    if (!IsA(expr, Const) || castNode(Const, expr)->constisnull ||
        OidIsValid(castNode(Const, expr)->constcollid))
        return std::nullopt;
    const auto *constant = castNode(Const, expr);
    const Oid type = getBaseType(constant->consttype);
    const Oid function = get_opfamily_proc(opfamily, type, type, HASHSTANDARD_PROC);
    if (!OidIsValid(function))
        return std::nullopt;
    return DatumGetUInt32(OidFunctionCall1(function, constant->constvalue));
}

} // namespace

Oid hash_family_of_type(Oid type) {
    return lookup_type_cache(getBaseType(type), TYPECACHE_HASH_OPFAMILY)->hash_opf;
}

::Node *strip_relabels(::Node *expr) {
    while (expr != nullptr && IsA(expr, RelabelType))
        expr = reinterpret_cast<::Node *>(castNode(RelabelType, expr)->arg);
    return expr;
}

core::Term TermTable::column(const Block *block, int varno, AttrNumber attno) {
    const uint64 key = (static_cast<uint64>(block->id) << 40) | (static_cast<uint64>(varno) << 16) |
                       static_cast<uint64>(static_cast<uint16>(attno));
    const auto [found, is_new] = columns_.try_emplace(key, next_);
    if (is_new)
        next_++;
    return found->second;
}

/// Notes in all blocks between the place of use and the owner that they depend on a column from outside.
core::Term TermTable::use_from(Block *block, Block *owner, core::Term term) {
    for (Block *each = block; each != owner; each = each->parent)
        if (std::find(each->externals.begin(), each->externals.end(), term) == each->externals.end())
            each->externals.push_back(term);
    return term;
}

std::optional<core::Term> TermTable::column_expression(Block *block, ::Node *expr) {
    return expression(block, expr, hash_family_of_type(exprType(expr)));
}

std::optional<core::Term> TermTable::expression(Block *block, ::Node *expr, Oid opfamily) {
    if (!OidIsValid(opfamily))
        return std::nullopt;
    ::Node *bare = strip_relabels(expr);
    if (!IsA(bare, Var))
        return value(block, expr, opfamily);
    const Var *var = castNode(Var, bare);
    if (var->varattno <= 0 || hash_family_of_type(var->vartype) != opfamily)
        return std::nullopt;
    Block *owner = block;
    for (Index level = 0; level < var->varlevelsup && owner != nullptr; level++)
        owner = owner->parent;
    if (owner == nullptr)
        return std::nullopt;
    return use_from(block, owner, column(owner, var->varno, var->varattno));
}

std::optional<core::Term> TermTable::value(Block *block, ::Node *expr, Oid opfamily) {
    if (!is_value(expr))
        return std::nullopt;
    const auto hash = hash_of_constant(expr, opfamily);
    for (const Value &known : values_)
        if (known.opfamily == opfamily && (hash.has_value() ? known.hash == hash : equal(known.expr, expr)))
            return use_from(block, nullptr, known.term);
    values_.push_back({fresh(), reinterpret_cast<Expr *>(expr), opfamily, hash});
    return use_from(block, nullptr, values_.back().term);
}

core::Term TermTable::null_value(Block *block) {
    if (null_value_ < 0)
        null_value_ = fresh();
    return use_from(block, nullptr, null_value_);
}

core::Term TermTable::single_shard_group(Block *block, int colocation) {
    for (const auto &[id, term] : single_shard_groups_)
        if (id == colocation)
            return use_from(block, nullptr, term);
    single_shard_groups_.emplace_back(colocation, fresh());
    return use_from(block, nullptr, single_shard_groups_.back().second);
}

Expr *TermTable::value_of(core::Term term) const {
    for (const Value &value : values_)
        if (value.term == term)
            return value.expr;
    return nullptr;
}

} // namespace citus
