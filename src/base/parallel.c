#include "base/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include "base/arena.h"
#include "base/task.h"

enum { THREADS_MOST = 256 };

static unsigned threads_wanted;

void parallel_set_threads(unsigned threads) { threads_wanted = threads < THREADS_MOST ? threads : THREADS_MOST; }

unsigned parallel_wanted(void) { return threads_wanted; }

unsigned parallel_threads(void) {
    if (threads_wanted) return threads_wanted;
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    int count = CPU_COUNT(&set);
    return count < 1 ? 1 : count < THREADS_MOST ? (unsigned)count : THREADS_MOST;
}

struct crew {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t count, begun, taken;  // taken: tasks that `done` was called for
    bool finished[PARALLEL_AHEAD]; // of the tasks from `taken` on, by task modulo PARALLEL_AHEAD
    bool stop;
    bool lacked;        // memory ran out in a worker: the caller is told
    uint64_t failed;    // the lowest task that failed, or UINT64_MAX
    struct error error; // its error
    parallel_task *work, *done;
    void *context;
};

static void fail(struct crew *crew, uint64_t task, const struct error *error) {
    crew->stop = true;
    if (task >= crew->failed) return;
    crew->failed = task;
    crew->error = *error;
}

static bool may_begin(const struct crew *crew) {
    return !crew->stop && crew->begun < crew->count && crew->begun < crew->taken + PARALLEL_AHEAD;
}

// Begins and ends one task; the lock is held before and after.
static void one_task(struct crew *crew) {
    uint64_t task = crew->begun++;
    struct error error = {0};
    pthread_mutex_unlock(&crew->lock);
    bool ok = task_interrupted() ? error_interrupt(&error) : crew->work(crew->context, task, &error);
    pthread_mutex_lock(&crew->lock);
    if (!ok) fail(crew, task, &error);
    crew->finished[task % PARALLEL_AHEAD] = ok;
    pthread_cond_broadcast(&crew->changed);
}

static void *worker(void *context) {
    struct crew *crew = context;
    pthread_mutex_lock(&crew->lock);
    while (!crew->stop && crew->begun < crew->count) {
        if (may_begin(crew))
            one_task(crew);
        else
            pthread_cond_wait(&crew->changed, &crew->lock);
    }
    crew->lacked |= mem_lacked();
    pthread_mutex_unlock(&crew->lock);
    mem_leave();
    return NULL;
}

// Hands finished tasks to `done`, as far as they are complete.
static void take_finished(struct crew *crew) {
    while (crew->taken < crew->count && crew->taken < crew->failed && crew->finished[crew->taken % PARALLEL_AHEAD]) {
        uint64_t task = crew->taken;
        struct error error = {0};
        pthread_mutex_unlock(&crew->lock);
        bool ok = !crew->done || crew->done(crew->context, task, &error);
        pthread_mutex_lock(&crew->lock);
        crew->finished[task % PARALLEL_AHEAD] = false;
        crew->taken++;
        if (!ok) fail(crew, task, &error);
        pthread_cond_broadcast(&crew->changed);
    }
}

// The caller works as the others do, and takes results in between.
static void lead(struct crew *crew) {
    pthread_mutex_lock(&crew->lock);
    while (crew->taken < crew->count) {
        take_finished(crew);
        if (crew->stop || crew->taken == crew->count) break;
        if (may_begin(crew))
            one_task(crew);
        else if (!crew->finished[crew->taken % PARALLEL_AHEAD])
            pthread_cond_wait(&crew->changed, &crew->lock);
    }
    pthread_mutex_unlock(&crew->lock);
}

// Signals belong to the thread that talks to the person.
static unsigned start_workers(struct crew *crew, pthread_t *thread, unsigned wanted) {
    unsigned started = 0;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (started < wanted && pthread_create(&thread[started], NULL, worker, crew) == 0) started++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

bool parallel_run(uint64_t count, parallel_task *work, parallel_task *done, void *context, struct error *error) {
    pthread_t thread[THREADS_MOST];
    struct crew crew = {.count = count, .failed = UINT64_MAX, .work = work, .done = done, .context = context};
    unsigned threads = parallel_threads();
    pthread_mutex_init(&crew.lock, NULL);
    pthread_cond_init(&crew.changed, NULL);
    if (threads > count) threads = (unsigned)count;
    unsigned started = start_workers(&crew, thread, threads ? threads - 1 : 0);
    lead(&crew);
    for (unsigned i = 0; i < started; i++) pthread_join(thread[i], NULL);
    pthread_mutex_lock(&crew.lock);
    take_finished(&crew);
    pthread_mutex_unlock(&crew.lock);
    pthread_cond_destroy(&crew.changed);
    pthread_mutex_destroy(&crew.lock);
    if (crew.lacked) mem_note();
    if (crew.failed != UINT64_MAX && error && error->kind == ERROR_NONE) *error = crew.error;
    return crew.failed == UINT64_MAX;
}
