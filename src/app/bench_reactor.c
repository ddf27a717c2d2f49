#include "app/bench_reactor.h"

#include <math.h>
#include <pthread.h>

#include "base/clock.h"
#include "lab/reactor.h"

struct timed {
    struct reactor *reactor;
    double seconds;
};

static struct reactor *made(double fraction) {
    struct reactor_options options = reactor_recipe;
    options.fraction = fraction;
    return reactor_new(&options, NULL);
}

// The first touches fresh pages; an optimisation does that once in 800 gradients.
static bool warm(struct reactor *r) {
    double loss, gradient[GRID_SOURCES];
    return r && reactor_gradient(r, reactor_recipe.start, 0, &loss, gradient, NULL);
}

static void *gradient_of(void *context) {
    struct timed *t = context;
    double loss, gradient[GRID_SOURCES], start = clock_now();
    bool ok = reactor_gradient(t->reactor, reactor_recipe.start, 1, &loss, gradient, NULL);
    t->seconds = ok ? clock_now() - start : (double)NAN;
    return NULL;
}

static double one(double fraction) {
    struct timed t = {made(fraction), (double)NAN};
    if (warm(t.reactor)) gradient_of(&t);
    reactor_free(t.reactor);
    return t.seconds;
}

bool measure_reactor(double *value, double *peer) {
    *peer = 0;
    *value = one(1);
    return isfinite(*value);
}

bool measure_reactor_sampled(double *value, double *peer) {
    *value = one(0.01);
    *peer = one(1);
    return isfinite(*value) && isfinite(*peer);
}

bool measure_reactors(double *value, double *peer) {
    struct timed t[2] = {{made(1), (double)NAN}, {made(1), (double)NAN}};
    pthread_t thread;
    bool ok = warm(t[0].reactor) && warm(t[1].reactor);
    if (ok) gradient_of(&t[0]);
    *peer = t[0].seconds;
    ok = ok && pthread_create(&thread, NULL, gradient_of, &t[1]) == 0;
    if (ok) gradient_of(&t[0]);
    if (ok) pthread_join(thread, NULL);
    *value = fmax(t[0].seconds, t[1].seconds);
    reactor_free(t[0].reactor);
    reactor_free(t[1].reactor);
    return ok && isfinite(*value) && isfinite(*peer);
}
