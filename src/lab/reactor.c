#include "lab/reactor.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/large.h"
#include "base/task.h"
#include "op/op.h"
#include "tensor/kernels.h"

const char *const reactor_estimators[REACTOR_ESTIMATORS] = {"unbiased", "published"};

// theta: near the steady state 2 D pi^2, the rest as the authors' program draws them.
const struct reactor_options reactor_recipe = {
    .side = 33,
    .dt = 1.0 / 4096,
    .diffusion = 0.25,
    .horizon = 10,
    .fraction = 1,
    .type = NUMBER_FLOAT,
    .iterations = 800,
    .rate = 0.01,
    .start = {4.932000160217285, .0523650125, .0646851137, .0770118907, .0523408428, -.0419166796, -.0315796882}};

enum { LOOK = 1024 }; // steps between two looks whether the work is interrupted

struct reactor {
    struct reactor_options options;
    struct grid *grid;
    const struct grid_row *react, *misfit; // the table's
    const struct grid_kernels *points;
    size_t size; // of a number
    uint32_t steps, kept;
    struct rng_key key;
    char *store; // kept numbers of each step's field
    atomic_size_t held;
    void *field, *next, *adjoint, *other; // side x side
    void *first;                          // the interior of the first field
    uint32_t *place[2], *seen;
    double frame_time[REACTOR_FRAMES];
    uint32_t frame_step[REACTOR_FRAMES], frames;
    double *frame; // frames x side x side: those of the forward at hand
    pthread_mutex_t lock;
    double *shown; // behind the lock: the frames of the last that was finished, its sample, and theta after it
    uint64_t shown_run;
    bool has_shown;
    double shown_theta[GRID_SOURCES];
    double theta[GRID_SOURCES], mean[GRID_SOURCES], square[GRID_SOURCES]; // Adam's
    _Atomic uint64_t iteration;
    double *loss; // room for all iterations
    _Atomic double seconds;
};

static bool is_exact(const struct reactor *r) { return r->options.fraction >= 1; }
static bool is_published(const struct reactor *r) { return !is_exact(r) && r->options.estimator == REACTOR_PUBLISHED; }
static size_t count_of(const struct reactor *r) { return (size_t)r->options.side * r->options.side; }
static double time_of(const struct reactor *r, uint32_t step) { return r->options.dt * step; }

// ---- made and freed -----------------------------------------------------------------------------------------------

static bool check_options(const struct reactor_options *o, struct error *error) {
    struct shape field = {2, {o->side, o->side}}, theta = {1, {GRID_SOURCES}}, out;
    struct op_setting setting = {.dt = o->dt, .diffusion = o->diffusion};
    if (!op_tensor_shape(OP_REACT, field, theta, setting, &out, error)) return false;
    if (!(o->horizon >= 0) || o->horizon / o->dt > 1e8)
        return error_set(error, ERROR_USAGE, SPAN_NONE, "a horizon of %g is not between 0 and 10^8 steps", o->horizon);
    if (o->iterations > REACTOR_ITERATIONS)
        return error_set(error, ERROR_USAGE, SPAN_NONE, "over %d iterations", REACTOR_ITERATIONS);
    if (o->fraction >= 1 || grid_count(o->side, o->fraction)) return true;
    uint32_t points = o->side * o->side;
    error_set(error, ERROR_USAGE, SPAN_NONE, "%g keeps none of the %u points of a field", o->fraction, points);
    error_hint(error, "the smallest fraction is 1/%u, about %.2g", points, 1.0 / points);
    return false;
}

static bool make_room(struct reactor *r) {
    size_t count = count_of(r);
    r->field = mem_zero(count, r->size);
    r->next = mem_zero(count, r->size);
    r->adjoint = mem_zero(count, r->size);
    r->other = mem_zero(count, r->size);
    r->first = mem_zero(count, r->size);
    r->place[0] = mem_zero(count, sizeof(uint32_t));
    r->place[1] = mem_zero(count, sizeof(uint32_t));
    r->seen = mem_zero(count / 32 + 1, sizeof *r->seen);
    r->frame = mem_zero(count * REACTOR_FRAMES, sizeof *r->frame);
    r->shown = mem_zero(count * REACTOR_FRAMES, sizeof *r->shown);
    r->loss = mem_zero(r->options.iterations + 1, sizeof *r->loss);
    return r->field && r->next && r->adjoint && r->other && r->first && r->place[0] && r->place[1] && r->seen &&
           r->frame && r->shown && r->loss;
}

struct reactor *reactor_new(const struct reactor_options *options, struct error *error) {
    static const char name[] = "reactor";
    if (!check_options(options, error)) return NULL;
    struct reactor *r = mem_zero(1, sizeof *r);
    if (!r) return error_memory(error), NULL;
    pthread_mutex_init(&r->lock, NULL);
    r->options = *options;
    r->grid = grid_new(options->side, options->dt, options->diffusion, options->type);
    r->react = op_grid(OP_REACT, options->type);
    r->misfit = op_grid(OP_MISFIT, options->type);
    r->points = grid_kernels_of(options->type);
    r->size = options->type == NUMBER_FLOAT ? sizeof(float) : sizeof(double);
    r->steps = (uint32_t)(options->horizon / options->dt + 0.5) + 1;
    r->key = rng_key(options->seed, rng_hash(name, sizeof name, 0));
    memcpy(r->theta, options->start, sizeof r->theta);
    memcpy(r->shown_theta, options->start, sizeof r->theta);
    if (!r->grid || !make_room(r)) return reactor_free(r), error_memory(error), NULL;
    // Published: of all slots, the boundary's too.
    r->kept = is_exact(r)       ? r->grid->interior
              : is_published(r) ? (uint32_t)fmin(floor((double)count_of(r) * options->fraction * (1 + 1e-12)), 1e9)
                                : grid_count(options->side, options->fraction);
    return r;
}

void reactor_free(struct reactor *r) {
    if (!r) return;
    grid_free(r->grid);
    mem_free(r->store);
    mem_free(r->field);
    mem_free(r->next);
    mem_free(r->adjoint);
    mem_free(r->other);
    mem_free(r->first);
    mem_free(r->place[0]);
    mem_free(r->place[1]);
    mem_free(r->seen);
    mem_free(r->frame);
    mem_free(r->shown);
    mem_free(r->loss);
    pthread_mutex_destroy(&r->lock);
    mem_free(r);
}

uint32_t reactor_steps(const struct reactor *r) { return r->steps; }
uint32_t reactor_kept(const struct reactor *r) { return r->kept; }
size_t reactor_held(const struct reactor *r) { return r->held; }
const struct reactor_options *reactor_options_of(const struct reactor *r) { return &r->options; }
const struct grid *reactor_grid(const struct reactor *r) { return r->grid; }
uint64_t reactor_iteration(const struct reactor *r) { return r->iteration; }
bool reactor_done(const struct reactor *r) { return r->iteration >= r->options.iterations; }
const double *reactor_losses(const struct reactor *r) { return r->loss; }
double reactor_seconds(const struct reactor *r) { return r->seconds; }

// ---- which points -------------------------------------------------------------------------------------------------

// The points of the field at the beginning of `step` into `place`; NULL: all of the interior.
static const uint32_t *draw_with(const struct reactor *r, uint64_t run, uint32_t step, uint32_t *place,
                                 uint32_t *seen) {
    if (r->kept == r->grid->interior && !is_published(r)) return NULL;
    struct sampling s = {.key = r->key, .rows = 1, .length = r->grid->interior, .kept = r->kept, .distinct = true};
    s.call = run * ((uint64_t)r->steps + 1) + step;
    if (is_published(r)) s.length = (uint32_t)count_of(r), s.call = step;
    sampling_row(&s, 0, place, seen);
    return place;
}

static const uint32_t *draw(const struct reactor *r, uint64_t run, uint32_t step, uint32_t *place) {
    return draw_with(r, run, step, place, r->seen);
}

// ---- forward ------------------------------------------------------------------------------------------------------

static char *stored(const struct reactor *r, uint32_t i) { return r->store + (size_t)i * r->kept * r->size; }

static double number_at(const struct reactor *r, const void *field, size_t i) {
    return r->options.type == NUMBER_FLOAT ? (double)((const float *)field)[i] : ((const double *)field)[i];
}

static void put_number(const struct reactor *r, void *field, size_t i, double value) {
    if (r->options.type == NUMBER_FLOAT)
        ((float *)field)[i] = (float)value;
    else
        ((double *)field)[i] = value;
}

// Published: slots of the whole grid.
static void gather_slots(const struct reactor *r, const void *field, const uint32_t *slot, void *number) {
    for (uint32_t i = 0; i < r->kept; i++) put_number(r, number, i, number_at(r, field, slot[i]));
}

// Remembers the field after `step` (what misfit and the next step's sources need) or, published, before it.
static void hold(struct reactor *r, uint64_t run, uint32_t step) {
    if (is_published(r))
        gather_slots(r, r->field, draw(r, run, step, r->place[0]), stored(r, step));
    else
        r->points->gather(r->grid, r->next, draw(r, run, step + 1, r->place[0]), r->kept, stored(r, step));
}

static void set_aside(struct reactor *r, uint32_t step, uint32_t *frame) {
    size_t count = count_of(r);
    for (; *frame < r->frames && r->frame_step[*frame] <= step; ++*frame)
        for (size_t i = 0; i < count; i++) r->frame[*frame * count + i] = number_at(r, r->field, i);
}

static void swap(void **a, void **b) {
    void *kept = *a;
    *a = *b;
    *b = kept;
}

static bool blown_up(const struct reactor *r, const double *theta, uint32_t step, struct error *error) {
    error_set(error, ERROR_DOMAIN, SPAN_NONE, "the field grows beyond all numbers: after step %u of %u, t = %.4g",
              step + 1, r->steps, time_of(r, step));
    error_hint(error, "theta is (%.3g, %.3g, %.3g, %.3g, ...): a smaller rate (lr) keeps it nearer to where it began",
               theta[0], theta[1], theta[2], theta[3]);
    return false;
}

static bool forward(struct reactor *r, const double *theta, uint64_t run, bool remember, double *loss,
                    struct error *error) {
    uint32_t frame = 0;
    double number = 0;
    *loss = 0;
    r->points->target(r->grid, 0, r->field);
    r->points->gather(r->grid, r->field, NULL, r->grid->interior, r->first);
    for (uint32_t step = 0; step < r->steps; step++) {
        double t = time_of(r, step);
        if (step % LOOK == 0 && task_interrupted()) return error_interrupt(error);
        set_aside(r, step, &frame);
        r->react->value(r->grid, t, r->field, theta, r->next);
        r->misfit->value(r->grid, t, r->next, NULL, &number);
        number = number_at(r, &number, 0);
        if (!isfinite(number)) return blown_up(r, theta, step, error);
        *loss += r->options.dt * number;
        if (remember) hold(r, run, step);
        swap(&r->field, &r->next);
    }
    set_aside(r, UINT32_MAX, &frame);
    return true;
}

// ---- backward -----------------------------------------------------------------------------------------------------

static void clear(const struct reactor *r, void *field) { memset(field, 0, count_of(r) * r->size); }

static struct grid_points all_of(const struct reactor *r, const void *number) {
    return (struct grid_points){.number = number, .kept = r->grid->interior, .factor = 1};
}

// What is known of the field at the beginning of `step`. The first is known anyway.
static struct grid_points points_before(struct reactor *r, uint64_t run, uint32_t step) {
    if (!step) return all_of(r, r->first);
    struct grid_points points = {.number = stored(r, step - 1), .kept = r->kept};
    points.place = draw(r, run, step, r->place[step % 2]);
    points.factor = (double)r->grid->interior / r->kept;
    return points;
}

static bool backward(struct reactor *r, const double *theta, uint64_t run, double *gradient, struct error *error) {
    double dt = 0;
    put_number(r, &dt, 0, r->options.dt);
    clear(r, r->adjoint);
    struct grid_points after = points_before(r, run, r->steps);
    for (uint32_t step = r->steps; step-- > 0;) {
        double t = time_of(r, step);
        if (step % LOOK == 0 && task_interrupted()) return error_interrupt(error);
        struct grid_points before = points_before(r, run, step);
        r->misfit->adjoint(r->grid, t, &after, NULL, &dt, r->adjoint, NULL);
        clear(r, r->other);
        r->react->adjoint(r->grid, t, &before, theta, r->adjoint, step ? r->other : NULL, gradient);
        swap(&r->adjoint, &r->other);
        after = before;
    }
    return true;
}

// The slots of the interior among those that are kept, in the rows' way of counting.
static struct grid_points published_points(struct reactor *r, uint32_t step, void *number) {
    const uint32_t *slot = draw(r, 0, step, r->place[0]);
    uint32_t side = r->options.side, kept = 0;
    for (uint32_t i = 0; i < r->kept; i++) {
        uint32_t y = slot[i] / side, x = slot[i] % side;
        if (!y || !x || y == side - 1 || x == side - 1) continue;
        r->place[1][kept] = (y - 1) * (side - 2) + x - 1;
        put_number(r, number, kept++, number_at(r, stored(r, step), i));
    }
    return (struct grid_points){.number = number, .place = r->place[1], .kept = kept, .factor = 1};
}

// adjoint += 2 dt/n^2 (A phi - target), phi and the target only where they are kept.
static void published_misfit(struct reactor *r, const double *theta, double t, const struct grid_points *points) {
    size_t count = count_of(r);
    uint32_t width = r->options.side - 2;
    double weight = 2 * r->options.dt / (double)count;
    r->points->scatter(r->grid, points, r->field);
    r->react->value(r->grid, t, r->field, theta, r->other);
    r->points->target(r->grid, t, r->field);
    for (uint32_t i = 0; i < points->kept; i++) {
        size_t at = (size_t)(points->place[i] / width + 1) * r->options.side + points->place[i] % width + 1;
        put_number(r, r->other, at, number_at(r, r->other, at) - number_at(r, r->field, at));
    }
    for (size_t i = 0; i < count; i++)
        put_number(r, r->adjoint, i, number_at(r, r->adjoint, i) + weight * number_at(r, r->other, i));
}

static bool backward_published(struct reactor *r, const double *theta, double *gradient, struct error *error) {
    clear(r, r->adjoint);
    for (uint32_t step = r->steps; step-- > 0;) {
        double t = time_of(r, step);
        if (step % LOOK == 0 && task_interrupted()) return error_interrupt(error);
        struct grid_points points = published_points(r, step, r->next);
        published_misfit(r, theta, t, &points);
        clear(r, r->other);
        r->react->adjoint(r->grid, t, &points, theta, r->adjoint, r->other, gradient);
        swap(&r->adjoint, &r->other);
    }
    return true;
}

static bool make_store(struct reactor *r, struct error *error) {
    if (r->store) return true;
    size_t bytes = (size_t)r->steps * r->kept * r->size;
    r->store = large_alloc(bytes, 1);
    if (!r->store) return error_memory(error);
    r->held = bytes;
    return true;
}

void reactor_settle(struct reactor *r) {
    mem_free(r->store);
    r->store = NULL;
}

// What others may see: the frames, the sample they were kept by, theta.
static void publish(struct reactor *r, uint64_t run, const double *theta) {
    pthread_mutex_lock(&r->lock);
    memcpy(r->shown, r->frame, r->frames * count_of(r) * sizeof *r->shown);
    memcpy(r->shown_theta, theta, sizeof r->shown_theta);
    r->shown_run = run;
    r->has_shown = true;
    pthread_mutex_unlock(&r->lock);
}

bool reactor_gradient(struct reactor *r, const double theta[GRID_SOURCES], uint64_t run, double *loss,
                      double gradient[GRID_SOURCES], struct error *error) {
    if (gradient && !make_store(r, error)) return false;
    if (!forward(r, theta, run, gradient, loss, error)) return false;
    if (gradient) memset(gradient, 0, GRID_SOURCES * sizeof *gradient);
    bool ok = !gradient         ? true
              : is_published(r) ? backward_published(r, theta, gradient, error)
                                : backward(r, theta, run, gradient, error);
    if (ok) publish(r, run, theta);
    return ok;
}

// ---- Adam ---------------------------------------------------------------------------------------------------------

static void update(struct reactor *r, const double *gradient) {
    double n = (double)r->iteration + 1, first = 1 - pow(0.9, n), second = 1 - pow(0.999, n);
    for (int i = 0; i < GRID_SOURCES; i++) {
        r->mean[i] = 0.9 * r->mean[i] + 0.1 * gradient[i];
        r->square[i] = 0.999 * r->square[i] + 0.001 * gradient[i] * gradient[i];
        r->theta[i] -= r->options.rate * r->mean[i] / first / (sqrt(r->square[i] / second) + 1e-8);
    }
}

bool reactor_iterate(struct reactor *r, struct error *error) {
    double loss, gradient[GRID_SOURCES], begin = clock_now();
    if (reactor_done(r)) return true;
    if (!reactor_gradient(r, r->theta, r->iteration, &loss, gradient, error)) return false;
    update(r, gradient);
    r->loss[r->iteration] = loss;
    r->seconds = r->seconds + (clock_now() - begin);
    r->iteration++;
    pthread_mutex_lock(&r->lock);
    memcpy(r->shown_theta, r->theta, sizeof r->theta);
    pthread_mutex_unlock(&r->lock);
    return true;
}

void reactor_theta(struct reactor *r, double theta[GRID_SOURCES]) {
    pthread_mutex_lock(&r->lock);
    memcpy(theta, r->shown_theta, sizeof r->shown_theta);
    pthread_mutex_unlock(&r->lock);
}

// ---- pictures -----------------------------------------------------------------------------------------------------

void reactor_watch(struct reactor *r, const double *time, uint32_t count) {
    r->frames = count < REACTOR_FRAMES ? count : REACTOR_FRAMES;
    for (uint32_t i = 0; i < r->frames; i++) {
        double step = floor(time[i] / r->options.dt + 1e-6);
        r->frame_step[i] = step < 0 ? 0 : step > r->steps ? r->steps : (uint32_t)step;
        r->frame_time[i] = time_of(r, r->frame_step[i]);
    }
}

uint32_t reactor_frames(const struct reactor *r) { return r->frames; }

bool reactor_frame(struct reactor *r, uint32_t frame, double *out) {
    size_t count = count_of(r);
    pthread_mutex_lock(&r->lock);
    bool there = r->has_shown && frame < r->frames;
    if (there) memcpy(out, r->shown + frame * count, count * sizeof *out);
    pthread_mutex_unlock(&r->lock);
    return there;
}

double reactor_frame_time(const struct reactor *r, uint32_t frame) { return r->frame_time[frame]; }

void reactor_target(const struct reactor *r, double time, double *out) {
    size_t count = count_of(r);
    for (size_t i = 0; i < count; i++)
        out[i] = number_at(r, r->grid->start, i) + sin(M_PI * time) * number_at(r, r->grid->mode, i);
}

uint32_t reactor_frame_cells(struct reactor *r, uint32_t frame, uint32_t *cell, uint32_t most) {
    uint32_t width = r->options.side - 2, count = r->kept < most ? r->kept : most;
    uint32_t *place = mem_zero(r->kept, sizeof *place), *seen = mem_zero(count_of(r) / 32 + 1, sizeof *seen);
    pthread_mutex_lock(&r->lock);
    uint64_t run = r->shown_run;
    pthread_mutex_unlock(&r->lock);
    const uint32_t *drawn = place && seen ? draw_with(r, run, r->frame_step[frame], place, seen) : NULL;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t p = drawn ? drawn[i] : i;
        cell[i] = is_published(r) ? p : (p / width + 1) * r->options.side + p % width + 1;
    }
    count = place && seen ? count : 0;
    mem_free(place);
    mem_free(seen);
    return count;
}

// ---- checkpoints --------------------------------------------------------------------------------------------------

static const char magic[8] = "bauRCT1";

// Of all that going on depends on, but for how far.
static uint64_t identity(const struct reactor *r) {
    const struct reactor_options *o = &r->options;
    char text[400];
    int size = snprintf(text, sizeof text, "%u %.17g %.17g %.17g %.17g %d %d %llu %.17g", o->side, o->dt, o->diffusion,
                        o->horizon, o->fraction, is_published(r), (int)o->type, (unsigned long long)o->seed, o->rate);
    return rng_hash(o->start, sizeof o->start, rng_hash(text, (size_t)size, 0));
}

bool reactor_save(const struct reactor *r, const char *path, struct error *error) {
    struct buffer out = {0};
    uint64_t id = identity(r), iteration = r->iteration;
    double seconds = r->seconds;
    buffer_add(&out, magic, sizeof magic);
    buffer_add(&out, (const char *)&id, sizeof id);
    buffer_add(&out, (const char *)&iteration, sizeof iteration);
    buffer_add(&out, (const char *)&seconds, sizeof seconds);
    buffer_add(&out, (const char *)r->theta, sizeof r->theta);
    buffer_add(&out, (const char *)r->mean, sizeof r->mean);
    buffer_add(&out, (const char *)r->square, sizeof r->square);
    buffer_add(&out, (const char *)r->loss, iteration * sizeof *r->loss);
    uint64_t check = out.failed ? 0 : rng_hash(out.data, out.size, 0);
    buffer_add(&out, (const char *)&check, sizeof check);
    bool ok = (!out.failed || error_memory(error)) && file_write(path, out.data, out.size, error);
    buffer_free(&out);
    return ok;
}

enum { HEAD = 8 + 8 + 8 + 8 + 3 * GRID_SOURCES * 8, CHECK = 8 };

// NULL if `data` can be gone on with, else why not.
static const char *refusal(const struct reactor *r, const char *data, size_t size) {
    uint64_t check, id, iteration;
    if (size < sizeof magic || memcmp(data, magic, sizeof magic) != 0)
        return "this is no checkpoint of a reactor by this version of bauer";
    if (size < HEAD + CHECK) return "the checkpoint is damaged";
    memcpy(&check, data + size - CHECK, sizeof check);
    memcpy(&id, data + 8, sizeof id);
    memcpy(&iteration, data + 16, sizeof iteration);
    if (rng_hash(data, size - CHECK, 0) != check || iteration != (size - HEAD - CHECK) / sizeof(double))
        return "the checkpoint is damaged";
    if (id != identity(r)) return "it is of other options or another seed";
    return iteration > r->options.iterations ? "it has more iterations than are asked for" : NULL;
}

bool reactor_load(struct reactor *r, const char *path, struct error *error) {
    size_t size;
    char *data = file_read(path, &size, error);
    if (!data) return false;
    const char *wrong = refusal(r, data, size);
    if (wrong) {
        mem_free(data);
        error_set(error, ERROR_FILE, SPAN_NONE, "%s: %s", path, wrong);
        error_hint(error, "resume with the line that made it, or name a file that is not there yet");
        return false;
    }
    uint64_t iteration;
    double seconds;
    memcpy(&iteration, data + 16, sizeof iteration);
    memcpy(&seconds, data + 24, sizeof seconds);
    memcpy(r->theta, data + 32, sizeof r->theta);
    memcpy(r->mean, data + 32 + sizeof r->theta, sizeof r->mean);
    memcpy(r->square, data + 32 + 2 * sizeof r->theta, sizeof r->square);
    memcpy(r->loss, data + HEAD, iteration * sizeof *r->loss);
    memcpy(r->shown_theta, r->theta, sizeof r->theta);
    r->seconds = seconds;
    r->iteration = iteration;
    mem_free(data);
    return true;
}
