#include "base/sandbox.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

// The kernel's interface (linux/landlock.h), as far as it is used: numbers that the system's header may not know yet.
enum {
    RULE_PATH_BENEATH = 1,
    ASK_VERSION = 1,
    EXECUTE = 1 << 0,
    READ_FILE = 1 << 2,
    READ_FOLDER = 1 << 3,
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

static bool allow(int set, const char *const *folder, size_t count, uint64_t rights) {
    for (size_t i = 0; i < count; i++) {
        struct path_rule rule = {rights, open(folder[i], O_PATH | O_CLOEXEC)};
        if (rule.folder < 0) continue;
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

uint64_t sandbox_limit(int resource, uint64_t value) {
    struct rlimit limit;
    if (getrlimit((__rlimit_resource_t)resource, &limit) != 0) return RLIM_INFINITY;
    uint64_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max == RLIM_INFINITY || value < limit.rlim_max ? (rlim_t)value : limit.rlim_max;
    setrlimit((__rlimit_resource_t)resource, &limit);
    return before;
}
