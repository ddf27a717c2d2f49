// Walking: the evaluation, the sweeps, the paths and the elimination, one step at a time, at the prompt and in the
// window alike.
//
// A walk is a list of steps fixed when it starts; step n is a function of n, so one may go back and jump at will. What
// a step is:
//
//     primal     one vertex gets its value
//     forward    one vertex gets its tangent with respect to a chosen input (a sum over its operands)
//     reverse    one edge hands a contribution to the adjoint of its source; the first step seeds the output with 1
//     paths      one path is lit; its product builds up and joins the sum of Bauer's formula
//     eliminate  one vertex of the LCG is eliminated
#ifndef BAUER_APP_WALK_H
#define BAUER_APP_WALK_H

#include "app/session.h"

enum walk_kind { WALK_PRIMAL, WALK_FORWARD, WALK_REVERSE, WALK_PATHS, WALK_ELIMINATE };

// One step as it is told. Everything is the walk's and valid until it moves or tells again.
struct walk_step {
    uint32_t number, count; // from 1
    vertex vertex;          // in hand
    const uint32_t *edge;   // lit edges
    uint32_t edge_count;
    struct span span;       // the program's matching line
    const char *title;      // "step 3 of 6: d = a*c"
    const char *arithmetic; // in symbols and numbers, a line each: "c * ∂a/∂x1 = 1.11845 * 1.64872 = 1.84401"
    const char *words;      // in words: "2 of 3 contributions are in"
    double running;         // the running value (value, tangent, adjoint, product)
    double sum;             // WALK_PATHS: the sum of the products so far between this path's ends, else NAN
};

// `words` (count of them) choose: the input (forward), the output (reverse), FROM -> TO (paths), the order or "greedy"
// (eliminate). With none: the first input, the first output, all paths, reverse order. The walk stands before step 1.
struct walk *walk_new(struct session *session, enum walk_kind kind, const char *const *words, uint32_t count,
                      struct error *error);
void walk_free(struct walk *walk);            // NULL is allowed
uint32_t walk_count(const struct walk *walk); // UINT32_MAX stands for that many and more (paths)
uint32_t walk_at(const struct walk *walk);    // 0 before the first step
enum walk_kind walk_kind(const struct walk *walk);
// Moves to step `number` and makes it what is shown (session->shown), so that :export draws it. On failure (beyond the
// ends: ERROR_USAGE; interrupted) the walk stays where it was.
bool walk_go(struct walk *walk, struct session *session, uint32_t number, struct error *error);
bool walk_step(struct walk *walk, struct walk_step *step, struct error *error); // the current step
// Prints the current step, as text or as JSON {"kind":"step",...}.
bool walk_report(struct walk *walk, struct session *session, struct error *error);
// The lines that bring a session to this walk and step: ":walk forward x1\n:goto 3\n".
void walk_script(const struct walk *walk, struct buffer *out);
// Running values at the current step, one for each vertex of the graph (NAN where not known yet): values, tangents,
// adjoints as far as contributions are in, products along the lit path. For WALK_ELIMINATE all are NAN.
const double *walk_values(const struct walk *walk);
// Whether the walk's graph is still as it was, and this one; false for NULL.
bool walk_is_on(const struct walk *walk, const struct graph *graph);
// What is lit at the current step, to be drawn, and its words ("step 3 of 9: ..."); the edges and the words are the
// walk's. For WALK_PATHS it is the path in hand, else `input` and `output` are both the vertex in hand. false before
// the first step.
bool walk_lit(struct walk *walk, struct lit_path *lit, const char **words);
// The edges left at the current step of an elimination, to be drawn: `fill` and `before` tell what this step did to an
// edge. Sets *count; mem_free the result. NULL with error on failure.
struct eliminate_edge *walk_rest(const struct walk *walk, uint32_t *count, struct error *error);
// The LCG as far as it is eliminated at the current step; NULL for other walks.
const struct eliminate *walk_eliminate(const struct walk *walk);

// The rows of the command table that live here: :walk, :next, :back, :goto, :why.
struct words;
bool walk_command(struct session *session, const struct words *words, struct error *error);
bool walk_command_next(struct session *session, const struct words *words, struct error *error);
bool walk_command_back(struct session *session, const struct words *words, struct error *error);
bool walk_command_goto(struct session *session, const struct words *words, struct error *error);
bool walk_command_why(struct session *session, const struct words *words, struct error *error); // why.c

#endif
