/*
 * Landlock and seccomp; see sandbox.h. Facts: landlock(7) and include/uapi/linux/landlock.h for what each version of
 * the interface knows (asked of the kernel as it runs), seccomp(2). What libraries call on the way out of a process is
 * allowed; all else fails with EPERM, so that a parser that tries says so instead of dying.
 */
#include "system/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "base/banned.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

/* Headers of a Debian may be older than the kernel it runs on. */
struct ruleset {
    uint64_t files;
    uint64_t net;   /* from version 4 */
    uint64_t scope; /* from version 6 */
};

#define CREATE_RULESET 444 /* landlock_create_ruleset, the same on all machines */
#define RESTRICT_SELF 446
#define ASK_VERSION 1u

/* Every right that a version of the interface can take away. */
static size_t all_rights(long version, struct ruleset *ruleset)
{
    /* version 1: 13 rights about files, 2: linking, 3: truncating, 5: ioctl of devices */
    unsigned files = version >= 5 ? 16 : version >= 3 ? 15 : version >= 2 ? 14 : 13;

    *ruleset = (struct ruleset){.files = (1u << files) - 1};
    if (version < 4)
        return offsetof(struct ruleset, net);
    ruleset->net = 3; /* bind and connect TCP */
    if (version < 6)
        return offsetof(struct ruleset, scope);
    ruleset->scope = 3; /* abstract sockets, signals */
    return sizeof *ruleset;
}

static bool lock_files(void)
{
    long version = syscall(CREATE_RULESET, NULL, 0, ASK_VERSION);
    struct ruleset ruleset;
    size_t size;
    int fd;
    bool locked;

    if (version < 1)
        return false;
    size = all_rights(version, &ruleset);
    fd = (int)syscall(CREATE_RULESET, &ruleset, size, 0);
    if (fd < 0)
        return false;
    locked = syscall(RESTRICT_SELF, fd, 0) == 0;
    close(fd);
    return locked;
}

static const int allowed[] = {
    SCMP_SYS(read),           SCMP_SYS(write),       SCMP_SYS(readv),         SCMP_SYS(writev),
    SCMP_SYS(pread64),        SCMP_SYS(pwrite64),    SCMP_SYS(lseek),         SCMP_SYS(close),
    SCMP_SYS(fstat),          SCMP_SYS(ftruncate),   SCMP_SYS(fsync),         SCMP_SYS(munmap),
    SCMP_SYS(mremap),         SCMP_SYS(madvise),     SCMP_SYS(brk),           SCMP_SYS(futex),
    SCMP_SYS(exit),           SCMP_SYS(exit_group),  SCMP_SYS(rt_sigreturn),  SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask), SCMP_SYS(sigaltstack), SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday),
    SCMP_SYS(getrandom),      SCMP_SYS(getpid),      SCMP_SYS(gettid),        SCMP_SYS(tgkill),
    SCMP_SYS(poll),           SCMP_SYS(ppoll),       SCMP_SYS(sched_yield),   SCMP_SYS(restart_syscall),
    SCMP_SYS(getrusage),      SCMP_SYS(rseq),        SCMP_SYS(dup),           SCMP_SYS(clock_nanosleep),
};

/* For who serves: what is done with sockets, but for making, binding and connecting them. */
static const int allowed_sockets[] = {
    SCMP_SYS(accept4),    SCMP_SYS(recvfrom),    SCMP_SYS(recvmsg),     SCMP_SYS(sendto),     SCMP_SYS(sendmsg),
    SCMP_SYS(shutdown),   SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(setsockopt), SCMP_SYS(getsockopt),
    SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_ctl),
};

static int allow(scmp_filter_ctx filter, const int *calls, size_t n)
{
    int error = 0;

    for (size_t i = 0; error == 0 && i < n; i++)
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
    return error;
}

/* Calls of which only some are harmless: memory that is not run, questions about what is open. */
static int allow_in_part(scmp_filter_ctx filter)
{
    struct scmp_arg_cmp no_code = {.arg = 2, .op = SCMP_CMP_MASKED_EQ, .datum_a = PROT_EXEC, .datum_b = 0};
    struct scmp_arg_cmp is_terminal = {.arg = 1, .op = SCMP_CMP_EQ, .datum_a = TCGETS};
    struct scmp_arg_cmp window = {.arg = 1, .op = SCMP_CMP_EQ, .datum_a = TIOCGWINSZ};
    int error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, no_code);

    error = error != 0 ? error : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, no_code);
    error = error != 0 ? error : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, is_terminal);
    return error != 0 ? error : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, window);
}

/* glibc asks fstat as newfstatat with an empty name; names that are not empty cannot be told apart, and only say
 * whether a file is there, which Landlock does not hide either. */
static bool filter_calls(bool sockets)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int error = filter == NULL ? -ENOMEM : allow_in_part(filter);

    if (error == 0)
        error = allow(filter, allowed, sizeof allowed / sizeof *allowed);
    if (error == 0 && sockets)
        error = allow(filter, allowed_sockets, sizeof allowed_sockets / sizeof *allowed_sockets);
    if (error == 0)
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 0);
    if (error == 0)
        error = seccomp_load(filter);
    if (filter != NULL)
        seccomp_release(filter);
    return error == 0;
}

unsigned sandbox_enter(unsigned wanted)
{
    unsigned held = 0;

#ifdef SANITIZED
    wanted = 0;
#endif
    if (wanted == 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return 0;
    if ((wanted & SANDBOX_LANDLOCK) != 0 && lock_files())
        held |= SANDBOX_LANDLOCK;
    if ((wanted & SANDBOX_SECCOMP) != 0 && filter_calls((wanted & SANDBOX_SOCKETS) != 0))
        held |= SANDBOX_SECCOMP;
    return held;
}

/* "nobody" and "nogroup" of Debian, and the kernel's own number for who has none. */
#define NOBODY 65534

static int drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

    return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}

int sandbox_drop_privileges(void)
{
    if (geteuid() == 0 && setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0) {
        if (setresuid(NOBODY, NOBODY, NOBODY) < 0)
            return -errno;
#ifdef SANITIZED
        prctl(PR_SET_DUMPABLE, 1); /* the search for leaks looks at its own process */
#endif
    }
    return drop_capabilities();
}
