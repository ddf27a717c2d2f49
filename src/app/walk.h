// Walking: the evaluation, the sweeps, the paths and the elimination, one step at a time, at the prompt and in the
// window alike.
//
// A walk is a list of steps fixed when it starts; step n is a function of n, so going back and jumping cost nothing.
#ifndef BAUER_APP_WALK_H
#define BAUER_APP_WALK_H

#include "app/session.h"

enum walk_kind { WALK_PRIMAL, WALK_FORWARD, WALK_REVERSE, WALK_PATHS, WALK_ELIMINATE };

struct walk_step {
    uint32_t number, count; // from 1
    vertex vertex;          // in hand
    const uint32_t *edge;   // lit edges
    uint32_t edge_count;
    struct span span; // the program's matching line
    char *title;      // "step 3 of 5: c = b*x2"
    char *arithmetic; // in numbers: "0.932 * 1.2 = 1.118"
    char *words;      // in words; "2 of 3 contributions in"
    double running;   // the running value (value, tangent, adjoint, product, or sum)
};

struct walk *walk_new(struct session *session, enum walk_kind kind, struct error *error);
void walk_free(struct walk *walk);
uint32_t walk_count(const struct walk *walk);
uint32_t walk_at(const struct walk *walk); // 0 before the first step
bool walk_go(struct walk *walk, struct session *session, uint32_t number, struct error *error);
bool walk_step(struct walk *walk, struct session *session, struct walk_step *step,
               struct error *error); // the current step
void walk_report(struct walk *walk,
                 struct session *session); // prints the current step, text or JSON {"kind":"step",...}
// Running values at the current step for every visible vertex (NAN where not known yet), for state dumps.
const double *walk_values(const struct walk *walk);

// The rows of the command table that live here: :walk, :next, :back, :goto, :why, :describe.
struct words;
bool walk_command(struct session *session, const struct words *words, struct error *error);
bool walk_command_next(struct session *session, const struct words *words, struct error *error);
bool walk_command_back(struct session *session, const struct words *words, struct error *error);
bool walk_command_goto(struct session *session, const struct words *words, struct error *error);
bool walk_command_why(struct session *session, const struct words *words, struct error *error);

#endif
