#include "citus/executor/motion.hpp"

namespace citus {

namespace {

/// A source is a plan of its own, with its own tables and columns: what EXPLAIN knows of the statement's plan
/// must be there again afterwards.
void explain_source(PlannedStmt *source, ParamListInfo params, const ExplainState *outer) {
    ExplainState es = *outer;
    // Its run was part of the statement's: a plan without figures.
    es.analyze = es.buffers = es.wal = es.timing = es.summary = false;
    es.indent += es.format == EXPLAIN_FORMAT_TEXT ? 2 : 0;
    ExplainOpenGroup("Source", "Source", false, &es);
    ExplainOnePlan(source, nullptr, &es, "", params, nullptr, nullptr, nullptr);
    ExplainCloseGroup("Source", "Source", false, &es);
}

} // namespace

void explain_motions(const Fragment &fragment, ParamListInfo params, uint64 moved_bytes, uint64 direct_bytes,
                     ExplainState *es) {
    if (fragment.motions == NIL)
        return;
    ExplainOpenGroup("Motions", "Motions", false, es);
    ListCell *cell;
    foreach (cell, fragment.motions) {
        const Motion motion = Motion::unpack(lfirst_node(List, cell));
        const char *kind = motion.is_broadcast() ? "Broadcast" : "Repartition";
        if (es->format == EXPLAIN_FORMAT_TEXT) {
            appendStringInfoSpaces(es->str, es->indent * 2);
            appendStringInfo(es->str, "Motion: %s of %s%s\n", kind, motion.from,
                             motion.is_broadcast() ? " to all nodes" : " by its join key");
        } else {
            ExplainOpenGroup("Motion", nullptr, true, es);
            ExplainPropertyText("Kind", kind, es);
            ExplainPropertyText("Relation", motion.from, es);
        }
        explain_source(motion.source, params, es);
        if (es->format != EXPLAIN_FORMAT_TEXT)
            ExplainCloseGroup("Motion", nullptr, true, es);
    }
    ExplainCloseGroup("Motions", "Motions", false, es);
    if (es->analyze)
        ExplainPropertyText("Rows moved",
                            psprintf(UINT64_FORMAT " bytes through this node, " UINT64_FORMAT
                                                   " bytes from node to node",
                                     moved_bytes, direct_bytes),
                            es);
}

} // namespace citus
