#include "base/sandbox.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/arena.h"

// The kernel's interface (linux/landlock.h), as far as it is used: numbers that the system's header may not know yet.
enum {
    RULE_PATH_BENEATH = 1,
    ASK_VERSION = 1,
    EXECUTE = 1 << 0,
    WRITE_FILE = 1 << 1,
    READ_FILE = 1 << 2,
    READ_FOLDER = 1 << 3,
    TRUNCATE = 1 << 14,
    CONTROL_DEVICE = 1 << 15,
};
struct ruleset {
    uint64_t files, network, scope;
};
struct __attribute__((packed)) path_rule {
    uint64_t allowed;
    int32_t folder;
};

#if defined(SYS_landlock_create_ruleset)
static long version(void) { return syscall(SYS_landlock_create_ruleset, NULL, 0, ASK_VERSION); }
static long create(const struct ruleset *rules, size_t size) {
    return syscall(SYS_landlock_create_ruleset, rules, size, 0);
}
static long add_rule(int set, const struct path_rule *rule) {
    return syscall(SYS_landlock_add_rule, set, RULE_PATH_BENEATH, rule, 0);
}
static long restrict_self(int set) { return syscall(SYS_landlock_restrict_self, set, 0); }
#else
static long version(void) { return -1; }
static long create(const struct ruleset *rules, size_t size) { return (void)rules, (void)size, -1; }
static long add_rule(int set, const struct path_rule *rule) { return (void)set, (void)rule, -1; }
static long restrict_self(int set) { return (void)set, -1; }
#endif

bool sandbox_there(void) { return version() >= 1; }

// All rights over files that this version of Landlock can take away.
static uint64_t all_rights(long abi) {
    int count = abi >= 5 ? 16 : abi >= 3 ? 15 : abi >= 2 ? 14 : 13;
    return ((uint64_t)1 << count) - 1;
}

// A rule for a single file may only name what can be done with files.
static uint64_t rights_over(int file, uint64_t rights) {
    struct stat status;
    if (fstat(file, &status) == 0 && S_ISDIR(status.st_mode)) return rights;
    return rights & (EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE);
}

static bool allow(int set, const char *const *folder, size_t count, uint64_t rights) {
    for (size_t i = 0; i < count; i++) {
        struct path_rule rule = {rights, open(folder[i], O_PATH | O_CLOEXEC)};
        if (rule.folder < 0) continue;
        rule.allowed = rights_over(rule.folder, rights);
        bool ok = add_rule(set, &rule) == 0;
        close(rule.folder);
        if (!ok) return false;
    }
    return true;
}

bool sandbox_enter(const char *const *read, size_t read_count, const char *const *write, size_t write_count) {
    long abi = version();
    if (abi < 1) return false;
    uint64_t all = all_rights(abi);
    struct ruleset rules = {.files = all, .network = abi >= 4 ? 3 : 0};
    int set = (int)create(&rules, abi >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t));
    if (set < 0) return false;
    bool ok = allow(set, read, read_count, (EXECUTE | READ_FILE | READ_FOLDER) & all) &&
              allow(set, write, write_count, all & ~(uint64_t)CONTROL_DEVICE) &&
              prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && restrict_self(set) == 0;
    close(set);
    return ok;
}

// ---- a thread with few rights -------------------------------------------------------------------------------------

enum { ROOM_STACK = 64 << 20, ROOM_FOLDERS = 24 };

struct sandbox_room {
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    const char *read[ROOM_FOLDERS]; // the caller's, until the room is ready
    size_t read_count;
    void (*work)(void *context); // what is to be done; NULL: nothing
    void *context;
    bool restricted, ready, end;
    bool lacked; // memory ran out at work: the caller is told
};

static void *serve(void *context) {
    struct sandbox_room *room = context;
    bool restricted = sandbox_enter(room->read, room->read_count, NULL, 0);
    pthread_mutex_lock(&room->lock);
    room->restricted = restricted;
    room->ready = true;
    pthread_cond_broadcast(&room->changed);
    while (restricted && !room->end) {
        if (room->work) {
            void (*work)(void *) = room->work;
            pthread_mutex_unlock(&room->lock);
            work(room->context);
            pthread_mutex_lock(&room->lock);
            room->lacked = mem_forget();
            room->work = NULL;
            pthread_cond_broadcast(&room->changed);
        } else {
            pthread_cond_wait(&room->changed, &room->lock);
        }
    }
    pthread_mutex_unlock(&room->lock);
    mem_leave();
    return NULL;
}

static bool start(struct sandbox_room *room) {
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) return false;
    bool ok = pthread_attr_setstacksize(&attributes, ROOM_STACK) == 0 &&
              pthread_create(&room->thread, &attributes, serve, room) == 0;
    pthread_attr_destroy(&attributes);
    return ok;
}

struct sandbox_room *sandbox_room_new(const char *const *read, size_t read_count) {
    struct sandbox_room *room = mem_zero(1, sizeof *room);
    if (!room) return NULL;
    pthread_mutex_init(&room->lock, NULL);
    pthread_cond_init(&room->changed, NULL);
    for (size_t i = 0; i < read_count && i < ROOM_FOLDERS; i++) room->read[room->read_count++] = read[i];
    room->started = sandbox_there() && start(room);
    pthread_mutex_lock(&room->lock);
    while (room->started && !room->ready) pthread_cond_wait(&room->changed, &room->lock);
    pthread_mutex_unlock(&room->lock);
    return room;
}

void sandbox_room_call(struct sandbox_room *room, void (*work)(void *context), void *context) {
    if (!room->restricted) {
        work(context);
        return;
    }
    pthread_mutex_lock(&room->lock);
    room->work = work;
    room->context = context;
    pthread_cond_broadcast(&room->changed);
    while (room->work) pthread_cond_wait(&room->changed, &room->lock);
    if (room->lacked) mem_note();
    pthread_mutex_unlock(&room->lock);
}

void sandbox_room_free(struct sandbox_room *room) {
    if (!room) return;
    pthread_mutex_lock(&room->lock);
    room->end = true;
    pthread_cond_broadcast(&room->changed);
    pthread_mutex_unlock(&room->lock);
    if (room->started) pthread_join(room->thread, NULL);
    pthread_cond_destroy(&room->changed);
    pthread_mutex_destroy(&room->lock);
    mem_free(room);
}

uint64_t sandbox_limit(int resource, uint64_t value) {
    struct rlimit limit;
    if (getrlimit((__rlimit_resource_t)resource, &limit) != 0) return RLIM_INFINITY;
    uint64_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max == RLIM_INFINITY || value < limit.rlim_max ? (rlim_t)value : limit.rlim_max;
    setrlimit((__rlimit_resource_t)resource, &limit);
    return before;
}
