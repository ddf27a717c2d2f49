// Loaded before the C library (LD_PRELOAD), makes the system's calls fail as they may, and clocks jump.
//
//     FAULT_SEED=N          seed of what follows; each thread draws from the same counter
//     FAULT_SHORT=P         write and read handle only a part, with probability P
//     FAULT_EINTR=P         read, write, poll, open, fsync, close... are interrupted with probability P
//     FAULT_FULL=N          from the N-th write, fsync, close or rename to a file on, the disk is full (ENOSPC): a part
//     is
//                           written once
//     FAULT_FAIL=N          the N-th write, open for writing, fsync, rename, close, fchmod or unlink fails once (EIO)
//     FAULT_KILL=N          the process is killed (SIGKILL) at the N-th of these, before it does anything, and at a
//     write
//                           after a part of it
//     FAULT_CLOCK=P         with probability P, a look at a clock finds it moved by up to a day, back or forth
//     FAULT_COUNT=FILE      how many calls that FAULT_FAIL counts there were is written here at the end
//
//     FAULT_STEADY=1        the steady clock jumps too, which by rights it never does
//
// Counts and kills only in the process that FAULT_PROGRAM names (the end of /proc/self/exe), if it is given, and of its
// calls only those that the program makes itself: fontconfig, for one, takes an interrupted read for a broken file.
// Only calls for regular files are counted and fail; sockets and terminals are interrupted and cut short.
#undef _FILE_OFFSET_BITS // open and open64 are both to be defined here

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

int open64(const char *path, int flags, ...);

static atomic_uint_fast64_t draws;
static atomic_long calls;
static atomic_bool full_told;
static bool here, steady;
static uintptr_t program_begin, program_end;
static double short_rate, eintr_rate, clock_rate;
static long full_at, fail_at, kill_at;
static uint64_t seed;

static double rate(const char *name) {
    const char *text = getenv(name);
    return text ? strtod(text, NULL) : 0;
}

static bool is_here(void) {
    const char *program = getenv("FAULT_PROGRAM");
    char path[4096];
    if (!program) return true;
    ssize_t size = readlink("/proc/self/exe", path, sizeof path - 1);
    if (size <= 0) return false;
    path[size] = '\0';
    size_t length = strlen(program);
    return (size_t)size >= length && strcmp(path + size - length, program) == 0;
}

// The first object is the program.
static int note_program(struct dl_phdr_info *info, size_t size, void *context) {
    (void)size, (void)context;
    program_begin = UINTPTR_MAX;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t at = info->dlpi_addr + part->p_vaddr;
        if (part->p_type != PT_LOAD) continue;
        if (at < program_begin) program_begin = at;
        if (at + part->p_memsz > program_end) program_end = at + part->p_memsz;
    }
    return 1;
}

static bool is_program(const void *caller) {
    return (uintptr_t)caller >= program_begin && (uintptr_t)caller < program_end;
}

#define OURS (here && is_program(__builtin_return_address(0)))

__attribute__((constructor)) static void begin(void) {
    if (!is_here()) return;
    dl_iterate_phdr(note_program, NULL);
    steady = getenv("FAULT_STEADY") != NULL;
    short_rate = rate("FAULT_SHORT");
    eintr_rate = rate("FAULT_EINTR");
    clock_rate = rate("FAULT_CLOCK");
    full_at = (long)rate("FAULT_FULL");
    fail_at = (long)rate("FAULT_FAIL");
    kill_at = (long)rate("FAULT_KILL");
    seed = (uint64_t)rate("FAULT_SEED");
    here = true;
}

__attribute__((destructor)) static void end(void) {
    const char *path = getenv("FAULT_COUNT");
    if (!here || !path) return;
    here = false;
    FILE *file = fopen(path, "w");
    if (!file) return;
    fprintf(file, "%ld\n", atomic_load(&calls));
    fclose(file);
}

// SplitMix64, as it was published.
static double draw(void) {
    uint64_t x = seed * 0x9E3779B97F4A7C15u + (atomic_fetch_add(&draws, 1) + 1) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return (double)((x ^ x >> 31) >> 11) * 0x1p-53;
}

static bool chance(double p) { return p > 0 && draw() < p; }

static bool interrupted(void) {
    if (!chance(eintr_rate)) return false;
    errno = EINTR;
    return true;
}

static bool is_regular(int file) {
    struct stat status;
    return fstat(file, &status) == 0 && S_ISREG(status.st_mode);
}

enum fate { GO, FAIL, DIE };

// What becomes of the next call that counts.
static enum fate next_fate(bool grows) {
    long n = atomic_fetch_add(&calls, 1) + 1;
    if (n == kill_at) return DIE;
    if (n == fail_at) return errno = EIO, FAIL;
    if (full_at && n >= full_at && grows) return errno = ENOSPC, FAIL;
    return GO;
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

// At `at`, or, if that is negative, where the file is.
static ssize_t put(int file, const void *data, size_t size, off_t at) {
    return at < 0 ? syscall(SYS_write, file, data, size) : syscall(SYS_pwrite64, file, data, size, at);
}

static ssize_t write_as(int file, const void *data, size_t size, off_t at, bool ours) {
    if (!ours) return put(file, data, size, at);
    if (interrupted()) return -1;
    size_t part = size > 1 && chance(short_rate) ? 1 + (size_t)(draw() * (double)(size - 1)) : size;
    if (is_regular(file)) {
        enum fate fate = next_fate(true);
        bool first = fate == FAIL && errno == ENOSPC && !atomic_exchange(&full_told, true);
        if (fate == DIE) put(file, data, size / 2, at), die();
        if (first && size > 1) return put(file, data, size / 2, at);
        if (fate == FAIL) return -1;
    }
    return put(file, data, part, at);
}

ssize_t write(int file, const void *data, size_t size) { return write_as(file, data, size, -1, OURS); }

ssize_t pwrite(int file, const void *data, size_t size, off_t at) { return write_as(file, data, size, at, OURS); }

ssize_t pwrite64(int file, const void *data, size_t size, off_t at) { return write_as(file, data, size, at, OURS); }

static ssize_t read_as(int file, void *data, size_t size, off_t at, bool ours) {
    if (ours && interrupted()) return -1;
    if (ours && size > 1 && chance(short_rate)) size = 1 + (size_t)(draw() * (double)(size - 1));
    return at < 0 ? syscall(SYS_read, file, data, size) : syscall(SYS_pread64, file, data, size, at);
}

ssize_t read(int file, void *data, size_t size) { return read_as(file, data, size, -1, OURS); }

ssize_t pread(int file, void *data, size_t size, off_t at) { return read_as(file, data, size, at, OURS); }

ssize_t pread64(int file, void *data, size_t size, off_t at) { return read_as(file, data, size, at, OURS); }

static int open_as(const char *path, int flags, mode_t mode, bool ours) {
    if (!ours) return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    if (interrupted()) return -1;
    if ((flags & O_ACCMODE) != O_RDONLY && strncmp(path, "/dev/", 5) != 0 && strncmp(path, "/proc/", 6) != 0) {
        enum fate fate = next_fate((flags & O_CREAT) != 0);
        if (fate == DIE) die();
        if (fate == FAIL) return -1;
    }
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;
    va_end(list);
    return open_as(path, flags, mode, OURS);
}

int open64(const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;
    va_end(list);
    return open_as(path, flags, mode, OURS);
}

int fsync(int file) {
    if (!OURS) return (int)syscall(SYS_fsync, file);
    if (interrupted()) return -1;
    enum fate fate = next_fate(true);
    if (fate == DIE) die();
    return fate == FAIL ? -1 : (int)syscall(SYS_fsync, file);
}

int close(int file) {
    if (OURS && is_regular(file) && (fcntl(file, F_GETFL) & O_ACCMODE) != O_RDONLY) {
        enum fate fate = next_fate(true);
        if (fate == DIE) die();
        int result = (int)syscall(SYS_close, file);
        if (fate == FAIL) return errno = full_at ? ENOSPC : EIO, -1;
        return interrupted() ? -1 : result; // Linux closes it all the same
    }
    return (int)syscall(SYS_close, file);
}

int rename(const char *from, const char *to) {
    if (!OURS) return (int)syscall(SYS_rename, from, to);
    enum fate fate = next_fate(true);
    if (fate == DIE) die();
    return fate == FAIL ? -1 : (int)syscall(SYS_rename, from, to);
}

int fchmod(int file, mode_t mode) {
    if (!OURS) return (int)syscall(SYS_fchmod, file, mode);
    enum fate fate = next_fate(false);
    if (fate == DIE) die();
    return fate == FAIL ? -1 : (int)syscall(SYS_fchmod, file, mode);
}

int unlink(const char *path) {
    if (!OURS) return (int)syscall(SYS_unlink, path);
    enum fate fate = next_fate(false);
    if (fate == DIE) die();
    return fate == FAIL ? -1 : (int)syscall(SYS_unlink, path);
}

int poll(struct pollfd *list, nfds_t count, int timeout) {
    if (OURS && interrupted()) return -1;
    return (int)syscall(SYS_poll, list, count, timeout);
}

int ppoll(struct pollfd *list, nfds_t count, const struct timespec *timeout, const sigset_t *mask) {
    struct timespec left = timeout ? *timeout : (struct timespec){0};
    if (OURS && interrupted()) return -1;
    return (int)syscall(SYS_ppoll, list, count, timeout ? &left : NULL, mask, (size_t)8);
}

// ---- clocks -------------------------------------------------------------------------------------------------------

static _Atomic int64_t moved; // seconds

static int64_t offset(void) {
    if (chance(clock_rate)) atomic_store(&moved, (int64_t)((draw() - 0.5) * 2 * 86400));
    return atomic_load(&moved);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    bool wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
    bool monotonic = clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE;
    if (result == 0 && here && (wall || (steady && monotonic))) now->tv_sec += offset() + (monotonic ? 2 * 86400 : 0);
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    int result = (int)syscall(SYS_gettimeofday, now, zone);
    if (result == 0 && here) now->tv_sec += offset();
    return result;
}

time_t time(time_t *at) {
    struct timespec now;
    syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
    time_t value = now.tv_sec + (here ? offset() : 0);
    if (at) *at = value;
    return value;
}
