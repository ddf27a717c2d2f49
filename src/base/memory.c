#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

// The first number in a file; infinity where there is none ("max").
static double number_in(const char *path) {
    double value = INFINITY;
    FILE *file = fopen(path, "re");
    if (!file) return INFINITY;
    if (fscanf(file, "%lf", &value) != 1) value = INFINITY;
    fclose(file);
    return value;
}

static double of_system(void) {
    char line[200];
    double kilobytes = INFINITY;
    FILE *file = fopen("/proc/meminfo", "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "MemAvailable: %lf", &kilobytes) == 1) break;
    if (file) fclose(file);
    return 1024 * kilobytes;
}

static double of_group(void) {
    double limit = number_in("/sys/fs/cgroup/memory.max"), used = number_in("/sys/fs/cgroup/memory.current");
    return isfinite(limit) && isfinite(used) ? limit - used : INFINITY;
}

static double of_process(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return INFINITY;
    double pages = number_in("/proc/self/statm");
    return (double)limit.rlim_cur - (isfinite(pages) ? pages * (double)sysconf(_SC_PAGESIZE) : 0);
}

double memory_available(void) { return fmax(fmin(of_system(), fmin(of_group(), of_process())), 0); }
