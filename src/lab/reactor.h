// Steering a reactor: a field that diffuses and reacts for many steps, seven numbers theta that say how it reacts, and
// Adam, which changes them until the field swings as its target does. (Oktay et al., Randomized Automatic
// Differentiation, ICLR 2021, section 5.)
//
//   loss(theta) = sum over steps of dt misfit(phi after the step, t)
//
// A step, and the misfit, are the operations react and misfit of the table; their rows' values are run forwards and
// their rows' adjoints backwards here, in a loop without a graph, since the graph of 40,961 steps would take more room
// than what they remember. Forward is always exact. Backward has the fields only as far as they were kept:
//
//   exact      the interior of all of them
//   unbiased   other points at every step and iteration, `kept` of the interior without replacement, times
//              interior/kept. The field after a step serves that step's misfit and the next step's sources: two factors
//              of one path have different fields, so they are independent, and the mean is the gradient.
//   published  what the authors' program does: the same points at all iterations, drawn from the whole grid and not
//              scaled, and the step's misfit computed again from the very points that the sources are. Its mean is not
//              the gradient.
//
// While one thread iterates, others may read the options, iteration, losses, theta, frames and what is held.
#ifndef BAUER_LAB_REACTOR_H
#define BAUER_LAB_REACTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "tensor/grid.h"

enum reactor_estimator { REACTOR_UNBIASED, REACTOR_PUBLISHED, REACTOR_ESTIMATORS };
extern const char *const reactor_estimators[REACTOR_ESTIMATORS]; // "unbiased", "published"

struct reactor_options {
    uint32_t side;        // points along an edge, with the boundary
    double dt, diffusion; // of a step
    double horizon;       // the last step starts then: horizon/dt + 1 steps
    double fraction;      // of the points that backward remembers; 1: exact
    enum reactor_estimator estimator;
    enum number_type type; // of the fields; the sums over steps are double
    uint64_t iterations, seed;
    double rate;                // Adam's
    double start[GRID_SOURCES]; // theta
};
// The paper's: side 33, dt 1/4096, D 1/4, horizon 10, exact, float, 800 iterations at rate 0.01, its theta.
extern const struct reactor_options reactor_recipe;

struct reactor;
enum { REACTOR_ITERATIONS = 1000000 }; // at most
// ERROR_DOMAIN: the step is not stable; ERROR_USAGE: the fraction keeps no point; ERROR_MEMORY.
struct reactor *reactor_new(const struct reactor_options *options, struct error *error);
void reactor_free(struct reactor *reactor); // NULL is allowed

uint32_t reactor_steps(const struct reactor *reactor);
uint32_t reactor_kept(const struct reactor *reactor); // points of a step
size_t reactor_held(const struct reactor *reactor);   // bytes asked for what backward remembers, so far
const struct reactor_options *reactor_options_of(const struct reactor *reactor);
const struct grid *reactor_grid(const struct reactor *reactor);

// The loss, and (NULL: not wanted) its gradient, or an estimate of that; `run` numbers the sample.
// ERROR_DOMAIN: the field is not finite, from which step on; ERROR_INTERRUPT; ERROR_MEMORY.
bool reactor_gradient(struct reactor *reactor, const double theta[GRID_SOURCES], uint64_t run, double *loss,
                      double gradient[GRID_SOURCES], struct error *error);

// An iteration of Adam, with a sample of its own; the loss is that before it. Errors are reactor_gradient's, and leave
// all as it was.
bool reactor_iterate(struct reactor *reactor, struct error *error);
uint64_t reactor_iteration(const struct reactor *reactor);
bool reactor_done(const struct reactor *reactor);
const double *reactor_losses(const struct reactor *reactor); // one for each iteration done; they stay where they are
void reactor_theta(struct reactor *reactor, double theta[GRID_SOURCES]);
double reactor_seconds(const struct reactor *reactor); // of all iterations, those before a checkpoint too
// Gives back what was asked for; the next gradient asks again.
void reactor_settle(struct reactor *reactor);

// The fields at these times are set aside by each forward: those at the beginning of the step that begins then or just
// before. To be said before the first; at most REACTOR_FRAMES.
enum { REACTOR_FRAMES = 16 };
void reactor_watch(struct reactor *reactor, const double *time, uint32_t count);
uint32_t reactor_frames(const struct reactor *reactor);
double reactor_frame_time(const struct reactor *reactor, uint32_t frame);
// The field of the last gradient or iteration that was finished, side x side numbers. false: there is none so far.
bool reactor_frame(struct reactor *reactor, uint32_t frame, double *out);
void reactor_target(const struct reactor *reactor, double time, double *out);
// The cells (row * side + column) that were kept of that field; at most `most`. Returns how many.
uint32_t reactor_frame_cells(struct reactor *reactor, uint32_t frame, uint32_t *cell, uint32_t most);

// All that going on depends on. ERROR_FILE: it is of other options or another version, or damaged.
bool reactor_save(const struct reactor *reactor, const char *path, struct error *error);
bool reactor_load(struct reactor *reactor, const char *path, struct error *error);

#endif
