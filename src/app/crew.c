#include "app/crew.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/parallel.h"
#include "base/task.h"

enum { PIECE_SECONDS = 1, SAVE_SECONDS = 30, MOST_THREADS = 256 };

uint64_t run_iteration(const struct training *run) {
    return run->reactor ? reactor_iteration(run->reactor) : train_iteration(run->train);
}

bool run_done(const struct training *run) { return run->reactor ? reactor_done(run->reactor) : train_done(run->train); }

struct crew {
    pthread_mutex_t lock;
    pthread_cond_t changed; // a run may be taken, or all is to end
    pthread_cond_t news;    // for crew_wait
    struct training *run;
    uint32_t count;
    pthread_t thread[MOST_THREADS];
    unsigned threads;
    bool paused, quit, unread;
    atomic_bool halt;     // interrupts the work in hand
    double begun, worked; // when it was last set going; seconds before that
    double done_before;   // iterations when it began
};

static void tell(struct crew *crew) {
    crew->unread = true;
    pthread_cond_broadcast(&crew->changed);
    pthread_cond_broadcast(&crew->news);
}

// ---- a thread -----------------------------------------------------------------------------------------------------

// Saved although everything may be ending: a checkpoint is not cut short by what stops the work.
static void save(struct training *run) {
    static const atomic_bool never;
    struct error error = {0};
    if (!*run->checkpoint) return;
    task_follow(&never);
    bool ok = run->reactor ? reactor_save(run->reactor, run->checkpoint, &error)
                           : train_save(run->train, run->checkpoint, &error);
    run->saved_at = clock_now();
    run->behind = !ok;
    if (!ok && !run->unsaved) run->unsaved_error = error;
    if (!ok) run->unsaved = true;
}

static size_t reports_of(const struct training *run) {
    size_t count = 0;
    if (!run->reactor) train_reports(run->train, &count);
    return count;
}

static bool go_on(struct training *run, struct error *error) {
    if (!run->reactor) return train_on(run->train, PIECE_SECONDS, error);
    double until = clock_now() + PIECE_SECONDS / 4.0; // its pictures are to move
    bool ok = true;
    while (ok && !reactor_done(run->reactor) && clock_now() < until) ok = reactor_iterate(run->reactor, error);
    return ok;
}

// A piece of work on one run; its state afterwards.
static enum run_state work(struct crew *crew, struct training *run) {
    struct error error = {0};
    size_t before = reports_of(run);
    task_follow(&crew->halt);
    bool ok = go_on(run, &error), interrupted = error.kind == ERROR_INTERRUPT;
    if (!ok && !interrupted) {
        run->error = error;
        return RUN_FAILED;
    }
    if (interrupted || reports_of(run) > before || clock_now() > run->saved_at + SAVE_SECONDS || run_done(run))
        save(run);
    return run_done(run) ? RUN_DONE : RUN_WAITS;
}

static struct training *furthest_behind(struct crew *crew, bool *busy) {
    struct training *found = NULL;
    *busy = false;
    for (uint32_t i = 0; i < crew->count; i++) {
        struct training *run = &crew->run[i];
        *busy |= run->state == RUN_WAITS || run->state == RUN_GOES;
        if (run->state == RUN_WAITS && (!found || run_iteration(run) < run_iteration(found))) found = run;
    }
    return found;
}

static void *worker(void *context) {
    struct crew *crew = context;
    bool busy = true;
    pthread_mutex_lock(&crew->lock);
    while (!crew->quit && busy) {
        struct training *run = furthest_behind(crew, &busy);
        if (!run || crew->paused) {
            if (busy) pthread_cond_wait(&crew->changed, &crew->lock);
            continue;
        }
        run->state = RUN_GOES;
        pthread_mutex_unlock(&crew->lock);
        enum run_state state = work(crew, run);
        pthread_mutex_lock(&crew->lock);
        run->state = state;
        tell(crew);
    }
    pthread_cond_broadcast(&crew->changed);
    pthread_mutex_unlock(&crew->lock);
    mem_leave();
    return NULL;
}

// ---- the crew -----------------------------------------------------------------------------------------------------

// Signals belong to the thread that talks to the person.
static void start_workers(struct crew *crew, unsigned wanted) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (crew->threads < wanted && crew->threads < MOST_THREADS &&
           pthread_create(&crew->thread[crew->threads], NULL, worker, crew) == 0)
        crew->threads++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static double iterations(const struct crew *crew) {
    double done = 0;
    for (uint32_t i = 0; i < crew->count; i++) done += (double)run_iteration(&crew->run[i]);
    return done;
}

struct crew *crew_new(struct training *run, uint32_t count, struct error *error) {
    struct crew *crew = mem_zero(1, sizeof *crew);
    pthread_condattr_t steady;
    if (!crew) return error_memory(error), NULL;
    *crew = (struct crew){.run = run, .count = count, .begun = clock_now()};
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->changed, NULL);
    pthread_cond_init(&crew->news, &steady);
    pthread_condattr_destroy(&steady);
    crew->done_before = iterations(crew);
    for (uint32_t i = 0; i < count; i++)
        if (run[i].state != RUN_FAILED) run[i].state = run_done(&run[i]) ? RUN_DONE : RUN_WAITS;
    unsigned wanted = parallel_threads();
    start_workers(crew, wanted < count ? wanted : count);
    if (crew->threads || !count) return crew;
    crew_free(crew);
    return error_set(error, ERROR_OTHER, SPAN_NONE, "no thread can be started to train on"), NULL;
}

void crew_free(struct crew *crew) {
    if (!crew) return;
    pthread_mutex_lock(&crew->lock);
    crew->quit = true;
    crew->halt = true;
    pthread_cond_broadcast(&crew->changed);
    pthread_mutex_unlock(&crew->lock);
    for (unsigned i = 0; i < crew->threads; i++) pthread_join(crew->thread[i], NULL);
    pthread_cond_destroy(&crew->changed);
    pthread_cond_destroy(&crew->news);
    pthread_mutex_destroy(&crew->lock);
    mem_free(crew);
}

void crew_pause(struct crew *crew, bool pause) {
    pthread_mutex_lock(&crew->lock);
    if (pause && !crew->paused) crew->worked += clock_now() - crew->begun;
    if (!pause && crew->paused) crew->begun = clock_now();
    crew->paused = pause;
    crew->halt = pause;
    pthread_cond_broadcast(&crew->changed);
    pthread_mutex_unlock(&crew->lock);
}

bool crew_paused(const struct crew *crew) { return crew->paused; }

bool crew_busy(struct crew *crew) {
    bool busy;
    pthread_mutex_lock(&crew->lock);
    furthest_behind(crew, &busy);
    pthread_mutex_unlock(&crew->lock);
    return busy;
}

void crew_wait(struct crew *crew, double seconds) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    long nanoseconds = until.tv_nsec + (long)(fmod(seconds, 1) * 1e9);
    until.tv_sec += (time_t)seconds + nanoseconds / 1000000000;
    until.tv_nsec = nanoseconds % 1000000000;
    pthread_mutex_lock(&crew->lock);
    if (!crew->unread) pthread_cond_timedwait(&crew->news, &crew->lock, &until);
    crew->unread = false;
    pthread_mutex_unlock(&crew->lock);
}

void crew_progress(struct crew *crew, double *done, double *total, double *left) {
    *done = *total = 0;
    for (uint32_t i = 0; i < crew->count; i++) {
        double now = (double)run_iteration(&crew->run[i]), all = (double)crew->run[i].options.iterations;
        *done += now;
        *total += crew->run[i].state == RUN_FAILED || now > all ? now : all;
    }
    double worked = crew->worked + (crew->paused ? 0 : clock_now() - crew->begun);
    double since = *done - crew->done_before;
    *left = since > 0 ? (*total - *done) * worked / since : (double)NAN;
}
