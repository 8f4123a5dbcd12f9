#include "citus/monitor/table_statistics.hpp"

#include "citus/executor/run_as.hpp"
#include "citus/executor/tasks.hpp"
#include "citus/monitor/shell_figures.hpp"

#include <cmath>

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "catalog/index.h"
#include "catalog/indexing.h"
#include "catalog/pg_statistic.h"
#include "commands/vacuum.h"
#include "executor/executor.h"
#include "nodes/execnodes.h"
#include "pgstat.h"
#include "statistics/statistics.h"
#include "utils/attoptcache.h"
#include "utils/datum.h"
#include "utils/jsonb.h"
}

namespace citus {

namespace {

/// PostgreSQL looks at no value wider than this; such values do not travel.
constexpr int kMaxWidth = 1024;
/// A sample of fewer rows tells nothing; the least that PostgreSQL takes, too.
constexpr int kMinRows = 100;

/// Statistics of some columns of one relation (the table, or one of its indexes).
using ColumnStats = std::pmr::vector<VacAttrStats *>;

// ---------------------------------------------------------------- which columns

/// What there is to know about a column before rows are looked at; nullptr when it has no statistics.
VacAttrStats *examine_column(Relation relation, int attnum, ::Node *index_expr) {
    const Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(relation), attnum - 1);
    if (attribute->attisdropped || attribute->attstattarget == 0)
        return nullptr;
    auto *stats = static_cast<VacAttrStats *>(palloc0(sizeof(VacAttrStats)));
    stats->attr = static_cast<Form_pg_attribute>(palloc(ATTRIBUTE_FIXED_PART_SIZE));
    memcpy(stats->attr, attribute, ATTRIBUTE_FIXED_PART_SIZE);
    stats->attrtypid = attribute->atttypid;
    stats->attrtypmod = attribute->atttypmod;
    stats->attrcollid = attribute->attcollation;
    if (index_expr != nullptr) {
        // The column of the index may have the storage type of its operator class.
        stats->attrtypid = exprType(index_expr);
        stats->attrtypmod = exprTypmod(index_expr);
        const Oid collation = relation->rd_indcollation[attnum - 1];
        stats->attrcollid = OidIsValid(collation) ? collation : exprCollation(index_expr);
    }
    HeapTuple type = SearchSysCacheCopy1(TYPEOID, ObjectIdGetDatum(stats->attrtypid));
    if (!HeapTupleIsValid(type))
        elog(ERROR, "cache lookup failed for type %u", stats->attrtypid);
    stats->attrtype = reinterpret_cast<Form_pg_type>(GETSTRUCT(type));
    stats->anl_context = CurrentMemoryContext;
    stats->tupattnum = attnum;
    for (int i = 0; i < STATISTIC_NUM_SLOTS; i++) {
        stats->statypid[i] = stats->attrtypid;
        stats->statyplen[i] = stats->attrtype->typlen;
        stats->statypbyval[i] = stats->attrtype->typbyval;
        stats->statypalign[i] = stats->attrtype->typalign;
    }
    const Oid function = stats->attrtype->typanalyze;
    const bool ok = OidIsValid(function) ? DatumGetBool(OidFunctionCall1(function, PointerGetDatum(stats)))
                                         : std_typanalyze(stats);
    return ok && stats->compute_stats != nullptr && stats->minrows > 0 ? stats : nullptr;
}

ColumnStats examine_columns(Relation relation, const List *columns) {
    ColumnStats all;
    const auto add = [&](int attnum) {
        if (VacAttrStats *stats = examine_column(relation, attnum, nullptr); stats != nullptr)
            all.push_back(stats);
    };
    ListCell *cell;
    foreach (cell, columns)
        add(get_attnum(RelationGetRelid(relation), strVal(lfirst(cell))));
    for (int attnum = 1; columns == NIL && attnum <= RelationGetNumberOfAttributes(relation); attnum++)
        add(attnum);
    return all;
}

/// An index with expressions, whose values get statistics as well.
struct ExpressionIndex {
    Relation relation;
    IndexInfo *info;
    ColumnStats stats;
};

std::pmr::vector<ExpressionIndex> expression_indexes(Relation relation) {
    std::pmr::vector<ExpressionIndex> indexes;
    ListCell *cell;
    foreach (cell, RelationGetIndexList(relation)) {
        Relation index = index_open(lfirst_oid(cell), AccessShareLock);
        ExpressionIndex entry{index, BuildIndexInfo(index), {}};
        ListCell *next = list_head(entry.info->ii_Expressions);
        for (int i = 0; next != nullptr && i < entry.info->ii_NumIndexAttrs; i++) {
            if (entry.info->ii_IndexAttrNumbers[i] != 0)
                continue;
            VacAttrStats *stats = examine_column(index, i + 1, static_cast<::Node *>(lfirst(next)));
            if (stats != nullptr)
                entry.stats.push_back(stats);
            next = lnext(entry.info->ii_Expressions, next);
        }
        if (entry.stats.empty())
            index_close(index, AccessShareLock);
        else
            indexes.push_back(entry);
    }
    return indexes;
}

// ---------------------------------------------------------------- the sample

/// A value that stands for one too wide to be looked at, or 0 when the type has none.
Datum wide_value(Oid type) {
    constexpr int size = VARHDRSZ + kMaxWidth + 1;
    auto *value = static_cast<varlena *>(palloc(size));
    SET_VARSIZE(value, size);
    memset(VARDATA(value), ' ', size - VARHDRSZ);
    switch (type) {
    case TEXTOID:
    case VARCHAROID:
    case BPCHAROID:
    case BYTEAOID:
        return PointerGetDatum(value);
    case JSONOID:
        memcpy(VARDATA(value), "[]", 2);
        return PointerGetDatum(value);
    case JSONBOID:
        reinterpret_cast<Jsonb *>(value)->root.header = JB_FARRAY;
        return PointerGetDatum(value);
    default:
        return 0;
    }
}

/// The rows of a sample as they come from the shards.
class SampleReader {
public:
    explicit SampleReader(Relation relation) : relation_(relation) {
        const TupleDesc desc = RelationGetDescr(relation);
        for (AttrNumber attno = 1; attno <= desc->natts; attno++) {
            const Form_pg_attribute attribute = TupleDescAttr(desc, attno - 1);
            if (attribute->attisdropped)
                continue;
            const char *name = quote_identifier(NameStr(attribute->attname));
            const Datum wide = wide_value(attribute->atttypid);
            if (wide == 0) {
                add_source(attno, wide, psprintf("t.%s", name));
                continue;
            }
            add_source(attno, wide,
                       psprintf("CASE WHEN pg_catalog.pg_column_size(t.%s) <= %d THEN t.%s END", name,
                                kMaxWidth, name));
            appendStringInfo(columns_, ", pg_catalog.pg_column_size(t.%s) > %d", name, kMaxWidth);
        }
        if (columns_->len == 0)
            appendStringInfoString(columns_, "NULL::boolean");
    }

    /// What a shard of these figures is asked for when it gives `wanted` rows: some of its pages, as many as
    /// the rows, and of these a share of the rows, as ANALYZE does.
    const char *query(const char *shard, ShardFigures figures, double wanted) const {
        const bool whole = relation_->rd_rel->relkind == RELKIND_PARTITIONED_TABLE;
        const double page_share = whole || wanted >= figures.pages ? 1 : wanted / figures.pages;
        const double row_share = wanted / (figures.rows * page_share);
        StringInfoData sql;
        initStringInfo(&sql);
        appendStringInfo(&sql, "SELECT %s FROM %s t", columns_->data, shard);
        if (page_share < 1)
            appendStringInfo(&sql, " TABLESAMPLE system (%.9f)", 100 * page_share);
        if (row_share < 1)
            appendStringInfo(&sql, " WHERE pg_catalog.random() < %.9f", row_share);
        return sql.data;
    }

    TupleDesc row_type() const {
        TupleDesc desc = CreateTemplateTupleDesc(std::max(list_length(sources_) + wide_count_, 1));
        AttrNumber column = 1;
        TupleDescInitEntry(desc, 1, "none", BOOLOID, -1, 0);
        ListCell *cell;
        foreach (cell, sources_) {
            const AttrNumber attno = static_cast<AttrNumber>(lfirst_int(cell));
            TupleDescCopyEntry(desc, column, RelationGetDescr(relation_), attno);
            TupleDescAttr(desc, column++ - 1)->attnotnull = false;
            if (wide_[static_cast<size_t>(attno)] != 0)
                TupleDescInitEntry(desc, column++, "wide", BOOLOID, -1, 0);
        }
        return desc;
    }

    /// The row as one of the table.
    HeapTuple take(TupleTableSlot *slot) const {
        const TupleDesc desc = RelationGetDescr(relation_);
        const auto count = static_cast<size_t>(desc->natts);
        std::pmr::vector<Datum> values(count, 0);
        auto *nulls = static_cast<bool *>(palloc(count + 1));
        std::fill_n(nulls, count, true);
        slot_getallattrs(slot);
        size_t column = 0;
        ListCell *cell;
        foreach (cell, sources_) {
            const auto i = static_cast<size_t>(lfirst_int(cell) - 1);
            values[i] = slot->tts_values[column];
            nulls[i] = slot->tts_isnull[column++];
            const Datum wide = wide_[i + 1];
            if (wide == 0)
                continue;
            if (!slot->tts_isnull[column] && DatumGetBool(slot->tts_values[column])) {
                values[i] = wide;
                nulls[i] = false;
            }
            column++;
        }
        HeapTuple tuple = heap_form_tuple(desc, values.data(), nulls);
        pfree(nulls);
        return tuple;
    }

private:
    void add_source(AttrNumber attno, Datum wide, const char *column) {
        sources_ = lappend_int(sources_, attno);
        wide_.resize(static_cast<size_t>(attno) + 1, 0);
        wide_[static_cast<size_t>(attno)] = wide;
        wide_count_ += wide != 0;
        appendStringInfo(columns_, "%s%s", columns_->len > 0 ? ", " : "", column);
    }

    Relation relation_;
    StringInfo columns_ = makeStringInfo();
    List *sources_ = NIL;          ///< attribute numbers in the order in which they come
    std::pmr::vector<Datum> wide_; ///< by attribute number
    int wide_count_ = 0;
};

/// A row and where in its shard it stood, from 0 to 1.
struct SampleRow {
    int task;
    double place;
    HeapTuple tuple;
};

/// Rows of different shards that stand at the same place of theirs become neighbours: then the correlation of
/// the sample's order with a column is that within the shards.
void order_by_place(std::pmr::vector<SampleRow> &rows, size_t tasks) {
    std::pmr::vector<double> counts(tasks, 0);
    for (SampleRow &row : rows)
        row.place = counts[static_cast<size_t>(row.task)]++;
    for (SampleRow &row : rows)
        row.place /= counts[static_cast<size_t>(row.task)];
    std::stable_sort(rows.begin(), rows.end(),
                     [](const SampleRow &a, const SampleRow &b) { return a.place < b.place; });
}

std::pmr::vector<HeapTuple> draw_sample(Relation relation, const DistTable &table,
                                        const TableFigures &figures, double wanted) {
    const ShardFigures total = sum_of(figures);
    const SampleReader reader(relation);
    std::pmr::vector<Task> tasks;
    for (size_t i = 0; i < figures.size(); i++) {
        if (figures[i].pages <= 0)
            continue;
        const double share = total.rows > 0 ? figures[i].rows / total.rows : 1;
        const Shard &shard = table.shards[i];
        const char *name = qualified_shard_name(table.relid, shard.shard_id);
        const ShardFigures counted{std::max(figures[i].rows, 1.0), figures[i].pages};
        tasks.push_back({shard.placements.front().group_id, shard.shard_id,
                         reader.query(name, counted, std::max(1.0, wanted * share))});
    }
    std::pmr::vector<SampleRow> rows;
    std::pmr::vector<HeapTuple> tuples;
    if (tasks.empty())
        return tuples;
    TaskSet set{};
    set.tasks = tasks;
    set.access = Access::Read;
    set.result = reader.row_type();
    set.run_as = effective_user(relation->rd_rel->relowner, list_make1_oid(table.relid), ACL_SELECT);
    TupleTableSlot *slot = MakeSingleTupleTableSlot(set.result, &TTSOpsVirtual);
    TaskStream *stream = TaskStream::open(CurrentMemoryContext, set);
    int task = 0;
    while (stream->next(slot, &task)) {
        vacuum_delay_point();
        rows.push_back({task, 0, reader.take(slot)});
    }
    stream->close();
    ExecDropSingleTupleTableSlot(slot);
    order_by_place(rows, tasks.size());
    for (const SampleRow &row : rows)
        tuples.push_back(row.tuple);
    return tuples;
}

// ---------------------------------------------------------------- what the shards know better

/// Numbers of distinct values of one column, as the shards' own statistics have them.
struct ShardDistinct {
    double most = 0, sum = 0;
    int shards = 0; ///< that know it
};

std::pmr::vector<ShardDistinct> read_distinct(Relation relation, const DistTable &table,
                                              const TableFigures &figures) {
    std::pmr::vector<ShardDistinct> known(static_cast<size_t>(RelationGetNumberOfAttributes(relation)) + 1);
    const bool inherited = relation->rd_rel->relkind == RELKIND_PARTITIONED_TABLE;
    for (const int32 group_id : first_groups(table)) {
        const char *sql = psprintf("SELECT s.i, p.attname, p.n_distinct FROM %s "
                                   "JOIN pg_catalog.pg_stats p ON p.schemaname = n.nspname "
                                   "AND p.tablename = c.relname AND p.inherited = %s",
                                   shards_as_relations(table, group_id), inherited ? "true" : "false");
        ListCell *cell;
        foreach (cell, query_on_group(group_id, sql, Access::Read)) {
            const List *row = lfirst_node(List, cell);
            const AttrNumber attno = get_attnum(table.relid, strVal(lsecond(row)));
            const auto shard = static_cast<size_t>(strtoul(strVal(linitial(row)), nullptr, 10));
            const double value = strtod(strVal(lthird(row)), nullptr);
            if (attno <= 0 || shard >= figures.size())
                continue;
            const double distinct = value < 0 ? -value * figures[shard].rows : value;
            ShardDistinct &column = known[static_cast<size_t>(attno)];
            column.sum += distinct;
            column.most = std::max(column.most, distinct);
            column.shards++;
        }
    }
    return known;
}

/// Each key is in one shard: their numbers add up. Another column has at least as many values as its richest
/// shard, and at most as many as all together. Each shard has looked at a sample of its own size, so these
/// bounds are better than what one sample over all tells.
void correct_distinct(VacAttrStats *stats, const ShardDistinct &known, bool is_key, double total_rows) {
    if (!stats->stats_valid || stats->stadistinct == 0 || total_rows <= 0)
        return;
    double distinct = stats->stadistinct < 0 ? -stats->stadistinct * total_rows : stats->stadistinct;
    const double highest = std::min(known.sum, total_rows * (1.0 - stats->stanullfrac));
    if (is_key)
        distinct = highest;
    else
        distinct = std::clamp(distinct, std::min(known.most, highest), highest);
    if (distinct < 1)
        return;
    // As PostgreSQL does: what grows with the table is stored as a fraction.
    stats->stadistinct =
        static_cast<float4>(distinct > 0.1 * total_rows ? -distinct / total_rows : std::rint(distinct));
}

// ---------------------------------------------------------------- computing

struct Sample {
    std::pmr::vector<HeapTuple> rows;
    double total_rows;
};

Datum fetch_column(VacAttrStatsP stats, int row, bool *is_null) {
    return heap_getattr(stats->rows[row], stats->tupattnum, stats->tupDesc, is_null);
}

Datum fetch_expression(VacAttrStatsP stats, int row, bool *is_null) {
    const int i = row * stats->rowstride;
    *is_null = stats->exprnulls[i];
    return stats->exprvals[i];
}

/// The user's ALTER TABLE ... SET (n_distinct = ...).
void apply_options(VacAttrStats *stats, Oid relid, bool inherited) {
    const AttributeOpts *options = get_attribute_options(relid, stats->attr->attnum);
    if (options == nullptr)
        return;
    const double distinct = inherited ? options->n_distinct_inherited : options->n_distinct;
    if (distinct != 0.0)
        stats->stadistinct = static_cast<float4>(distinct);
}

/// Values of an index's expressions over the rows of the sample that are in it.
void compute_index(ExpressionIndex &index, Relation table, const Sample &sample, MemoryContext scratch) {
    const auto width = index.stats.size();
    std::pmr::vector<Datum> values;
    auto *nulls = static_cast<bool *>(palloc(sizeof(bool) * (sample.rows.size() * width + 1)));
    EState *estate = CreateExecutorState();
    ExprContext *econtext = GetPerTupleExprContext(estate);
    TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(table), &TTSOpsHeapTuple);
    econtext->ecxt_scantuple = slot;
    ExprState *predicate = ExecPrepareQual(index.info->ii_Predicate, estate);
    int rows = 0;
    for (HeapTuple tuple : sample.rows) {
        ResetExprContext(econtext);
        ExecStoreHeapTuple(tuple, slot, false);
        if (!ExecQual(predicate, econtext))
            continue;
        Datum all[INDEX_MAX_KEYS];
        bool all_nulls[INDEX_MAX_KEYS];
        FormIndexDatum(index.info, slot, estate, all, all_nulls);
        for (const VacAttrStats *stats : index.stats) {
            const int i = stats->attr->attnum - 1;
            nulls[values.size()] = all_nulls[i];
            values.push_back(all_nulls[i]
                                 ? Datum{0}
                                 : datumCopy(all[i], stats->attrtype->typbyval, stats->attrtype->typlen));
        }
        rows++;
    }
    const double share = rows / static_cast<double>(sample.rows.size());
    for (size_t i = 0; i < width && rows > 0; i++) {
        VacAttrStats *stats = index.stats[i];
        stats->exprvals = values.data() + i;
        stats->exprnulls = nulls + i;
        stats->rowstride = static_cast<int>(width);
        ContextScope scope(scratch);
        stats->compute_stats(stats, fetch_expression, rows, std::ceil(share * sample.total_rows));
        MemoryContextResetAndDeleteChildren(scratch);
    }
    ExecDropSingleTupleTableSlot(slot);
    FreeExecutorState(estate);
}

// ---------------------------------------------------------------- pg_statistic

void fill_slot(const VacAttrStats *stats, int slot, Datum *values, bool *nulls) {
    values[Anum_pg_statistic_stakind1 - 1 + slot] = Int16GetDatum(stats->stakind[slot]);
    values[Anum_pg_statistic_staop1 - 1 + slot] = ObjectIdGetDatum(stats->staop[slot]);
    values[Anum_pg_statistic_stacoll1 - 1 + slot] = ObjectIdGetDatum(stats->stacoll[slot]);
    const int numbers = Anum_pg_statistic_stanumbers1 - 1 + slot;
    const int entries = Anum_pg_statistic_stavalues1 - 1 + slot;
    nulls[numbers] = stats->numnumbers[slot] <= 0;
    nulls[entries] = stats->numvalues[slot] <= 0;
    if (!nulls[numbers]) {
        const auto count = static_cast<size_t>(stats->numnumbers[slot]);
        auto *datums = static_cast<Datum *>(palloc(sizeof(Datum) * count));
        for (size_t i = 0; i < count; i++)
            datums[i] = Float4GetDatum(stats->stanumbers[slot][i]);
        values[numbers] = PointerGetDatum(
            construct_array(datums, stats->numnumbers[slot], FLOAT4OID, sizeof(float4), true, TYPALIGN_INT));
    }
    if (!nulls[entries])
        values[entries] = PointerGetDatum(
            construct_array(stats->stavalues[slot], stats->numvalues[slot], stats->statypid[slot],
                            stats->statyplen[slot], stats->statypbyval[slot], stats->statypalign[slot]));
}

void store_column(Relation catalog, Oid relid, bool inherited, const VacAttrStats *stats) {
    Datum values[Natts_pg_statistic] = {};
    bool nulls[Natts_pg_statistic] = {};
    bool replaces[Natts_pg_statistic];
    std::fill(std::begin(replaces), std::end(replaces), true);
    values[Anum_pg_statistic_starelid - 1] = ObjectIdGetDatum(relid);
    values[Anum_pg_statistic_staattnum - 1] = Int16GetDatum(stats->attr->attnum);
    values[Anum_pg_statistic_stainherit - 1] = BoolGetDatum(inherited);
    values[Anum_pg_statistic_stanullfrac - 1] = Float4GetDatum(stats->stanullfrac);
    values[Anum_pg_statistic_stawidth - 1] = Int32GetDatum(stats->stawidth);
    values[Anum_pg_statistic_stadistinct - 1] = Float4GetDatum(stats->stadistinct);
    for (int slot = 0; slot < STATISTIC_NUM_SLOTS; slot++)
        fill_slot(stats, slot, values, nulls);
    HeapTuple old = SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(relid),
                                    Int16GetDatum(stats->attr->attnum), BoolGetDatum(inherited));
    if (HeapTupleIsValid(old)) {
        HeapTuple changed = heap_modify_tuple(old, RelationGetDescr(catalog), values, nulls, replaces);
        ReleaseSysCache(old);
        CatalogTupleUpdate(catalog, &changed->t_self, changed);
    } else {
        CatalogTupleInsert(catalog, heap_form_tuple(RelationGetDescr(catalog), values, nulls));
    }
}

void store_columns(Oid relid, bool inherited, const ColumnStats &all) {
    Relation catalog = table_open(StatisticRelationId, RowExclusiveLock);
    for (const VacAttrStats *stats : all)
        if (stats->stats_valid)
            store_column(catalog, relid, inherited, stats);
    table_close(catalog, RowExclusiveLock);
}

int rows_wanted(Relation relation, ColumnStats &stats, std::span<const ExpressionIndex> indexes) {
    int rows =
        std::max(kMinRows, ComputeExtStatisticsRows(relation, static_cast<int>(stats.size()), stats.data()));
    for (const VacAttrStats *column : stats)
        rows = std::max(rows, column->minrows);
    for (const ExpressionIndex &index : indexes)
        for (const VacAttrStats *column : index.stats)
            rows = std::max(rows, column->minrows);
    return rows;
}

/// Computes and stores everything that follows from the sample. Runs as the table's owner.
void compute_and_store(Relation relation, const DistTable &table, Sample &sample, ColumnStats &stats,
                       std::span<ExpressionIndex> indexes, std::span<const ShardDistinct> distinct,
                       int filled_shards) {
    const Oid relid = RelationGetRelid(relation);
    const bool inherited = relation->rd_rel->relkind == RELKIND_PARTITIONED_TABLE;
    MemoryContext scratch =
        AllocSetContextCreate(CurrentMemoryContext, "citus analyze column", ALLOCSET_DEFAULT_SIZES);
    for (VacAttrStats *column : stats) {
        column->rows = sample.rows.data();
        column->tupDesc = RelationGetDescr(relation);
        {
            ContextScope scope(scratch);
            column->compute_stats(column, fetch_column, static_cast<int>(sample.rows.size()),
                                  sample.total_rows);
        }
        MemoryContextResetAndDeleteChildren(scratch);
        const ShardDistinct &known = distinct[static_cast<size_t>(column->attr->attnum)];
        if (known.shards >= filled_shards)
            correct_distinct(column, known, column->attr->attnum == table.key_attno, sample.total_rows);
        apply_options(column, relid, inherited);
    }
    for (ExpressionIndex &index : indexes)
        compute_index(index, relation, sample, scratch);
    store_columns(relid, inherited, stats);
    for (const ExpressionIndex &index : indexes)
        store_columns(RelationGetRelid(index.relation), false, index.stats);
    BuildRelationExtStatistics(relation, inherited, sample.total_rows, static_cast<int>(sample.rows.size()),
                               sample.rows.data(), static_cast<int>(stats.size()), stats.data());
}

void analyze_sample(Relation relation, const List *columns) {
    const DistTable &table = *require_dist_table(RelationGetRelid(relation));
    const TableFigures figures = read_figures(relation, table);
    const auto distinct = read_distinct(relation, table, figures);
    ColumnStats stats = examine_columns(relation, columns);
    auto indexes = columns == NIL ? expression_indexes(relation) : std::pmr::vector<ExpressionIndex>();
    Sample sample{draw_sample(relation, table, figures, rows_wanted(relation, stats, indexes)),
                  sum_of(figures).rows};
    const auto filled = std::count_if(figures.begin(), figures.end(),
                                      [](const ShardFigures &shard) { return shard.rows > 0; });
    // Functions of indexes and types run as the owner, and may do nothing else, as in PostgreSQL's ANALYZE.
    Oid user;
    int security;
    GetUserIdAndSecContext(&user, &security);
    SetUserIdAndSecContext(relation->rd_rel->relowner, security | SECURITY_RESTRICTED_OPERATION);
    const int level = NewGUCNestLevel();
    if (!sample.rows.empty())
        compute_and_store(relation, table, sample, stats, indexes, distinct, static_cast<int>(filled));
    AtEOXact_GUC(false, level);
    SetUserIdAndSecContext(user, security);
    for (const ExpressionIndex &index : indexes)
        index_close(index.relation, NoLock);
    CommandCounterIncrement();
    store_figures(relation, sum_of(figures), true);
    pgstat_report_analyze(relation, static_cast<PgStat_Counter>(sample.total_rows), 0, columns == NIL);
}

} // namespace

void gather_statistics(Relation relation, List *columns) {
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "citus analyze", ALLOCSET_DEFAULT_SIZES);
    {
        ContextScope scope(context);
        analyze_sample(relation, columns);
    }
    MemoryContextDelete(context);
}

} // namespace citus
