#include "base/ranks.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/ranks_module.h"

static struct {
    const struct ranks_module *module;
    unsigned count, mine;
    bool failed; // a rank has failed, and all know
} job = {.count = 1};

unsigned ranks_count(void) { return job.count; }
unsigned ranks_mine(void) { return job.mine; }

// What mpirun and its like tell the processes that they start.
static bool started_by_mpirun(void) {
    static const char *const names[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_RANK"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (getenv(names[i])) return true;
    return false;
}

// The library's own symbols must be found by the parts that it loads itself: RTLD_GLOBAL.
static const struct ranks_module *load(const char *const *path) {
    for (; *path; path++) {
        void *handle = dlopen(*path, RTLD_NOW | RTLD_GLOBAL);
        const struct ranks_module *module = handle ? dlsym(handle, RANKS_MODULE_SYMBOL) : NULL;
        if (module && module->version == RANKS_MODULE_VERSION) return module;
    }
    return NULL;
}

bool ranks_begin(const char *const *path, struct error *error) {
    if (!started_by_mpirun()) return true;
    job.module = load(path);
    if (!job.module) {
        const char *why = dlerror();
        error_set(error, ERROR_OTHER, SPAN_NONE, "mpirun started this, but bauer's MPI module cannot be loaded%s%.200s",
                  why ? ": " : "", why ? why : "");
        error_hint(error, "build bauer with libopenmpi-dev installed, or run it without mpirun");
        return false;
    }
    if (job.module->begin(&job.count, &job.mine)) return true;
    job.module = NULL;
    return error_set(error, ERROR_OTHER, SPAN_NONE, "this process cannot join the MPI job");
}

void ranks_end(void) {
    if (job.module) job.module->end();
    job.module = NULL;
}

bool ranks_gather(const void *mine, void *all, size_t size, struct error *error) {
    if (!job.module) return memcpy(all, mine, size), true;
    return job.module->gather(mine, all, size) ||
           error_set(error, ERROR_OTHER, SPAN_NONE, "rank %u of %u lost the connection to the others", job.mine,
                     job.count);
}

// What a rank says of its part of the work.
struct verdict {
    enum error_kind kind;
    char message[512], hint[384];
};

static bool judge(const struct verdict *all, struct error *error) {
    for (unsigned r = 0; r < job.count; r++) {
        if (all[r].kind == ERROR_NONE) continue;
        job.failed = true;
        bool same = all[r].kind == ERROR_INTERRUPT;
        for (unsigned other = 0; other < job.count; other++) same &= all[other].kind == all[r].kind;
        if (same)
            error_set(error, all[r].kind, SPAN_NONE, "%s", all[r].message);
        else
            error_set(error, all[r].kind, SPAN_NONE, "rank %u of %u: %s", r, job.count, all[r].message);
        if (all[r].hint[0]) error_hint(error, "%s", all[r].hint);
        return false;
    }
    return true;
}

bool ranks_agree(bool ok, const struct error *mine, struct error *error) {
    if (!job.module || job.failed) {
        if (!ok && error && error->kind == ERROR_NONE) *error = *mine;
        return ok && !job.failed;
    }
    struct verdict said = {.kind = ok ? ERROR_NONE : mine->kind};
    struct verdict *all = mem_alloc(job.count, sizeof *all);
    if (!all) return error_memory(error);
    if (!ok) memcpy(said.message, mine->message, sizeof said.message), memcpy(said.hint, mine->hint, sizeof said.hint);
    bool good = ranks_gather(&said, all, sizeof said, error) && judge(all, error);
    mem_free(all);
    return good;
}
