/*
 * Namespaces; see namespace.h and namespaces(7), user_namespaces(7). They are kept alive by their files under /proc,
 * and by nothing else: none has a name. Of namespace_open a child makes them, which is gone again before it returns. A
 * settled process makes them itself: entering a network namespace takes the right over the user namespace that owns it,
 * and over one's own, so an ordinary user's process has to live in the user namespace that owns them all.
 */
#include "system/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/banned.h"

static int write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    int error = 0;

    if (fd < 0)
        return -errno;
    if (write(fd, text, strlen(text)) < 0)
        error = -errno;
    close(fd);
    return error;
}

static int map_user(unsigned uid, unsigned gid)
{
    char line[64];
    int error = write_file("/proc/self/setgroups", "deny");

    if (error < 0)
        return error;
    snprintf(line, sizeof line, "0 %u 1\n", uid);
    error = write_file("/proc/self/uid_map", line);
    if (error < 0)
        return error;
    snprintf(line, sizeof line, "0 %u 1\n", gid);
    return write_file("/proc/self/gid_map", line);
}

/* Moves the calling process: 0 or -errno. */
static int make(bool user)
{
    unsigned uid = (unsigned)geteuid();
    unsigned gid = (unsigned)getegid();

    if (unshare(CLONE_NEWNET | (user ? CLONE_NEWUSER : 0)) != 0)
        return -errno;
    return user ? map_user(uid, gid) : 0;
}

static int open_file(pid_t pid, const char *kind)
{
    char path[64];
    int fd;

    snprintf(path, sizeof path, "/proc/%ld/ns/%s", (long)pid, kind);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int open_files(pid_t pid, bool user, struct namespace *made)
{
    struct namespace files = {-1, -1};

    files.net = open_file(pid, "net");
    if (files.net < 0)
        return files.net;
    if (user) {
        files.user = open_file(pid, "user");
        if (files.user < 0) {
            close(files.net);
            return files.user;
        }
    }
    *made = files;
    return 0;
}

static void end_child(pid_t pid)
{
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

static int open_with(bool user, struct namespace *made)
{
    int ready[2];
    int error = -EIO;
    pid_t pid;

    if (pipe2(ready, O_CLOEXEC) != 0)
        return -errno;
    pid = fork();
    if (pid == 0) {
        error = make(user);
        if (write(ready[1], &error, sizeof error) == (ssize_t)sizeof error)
            pause();
        _exit(0);
    }
    if (pid < 0) {
        error = -errno;
        close(ready[0]);
        close(ready[1]);
        return error;
    }
    close(ready[1]);
    if (read(ready[0], &error, sizeof error) != (ssize_t)sizeof error)
        error = -EIO;
    close(ready[0]);
    if (error == 0)
        error = open_files(pid, user, made);
    end_child(pid);
    return error;
}

int namespace_open(struct namespace *made)
{
    int error = open_with(false, made);

    return error == -EPERM ? open_with(true, made) : error;
}

void namespace_close(struct namespace *namespace)
{
    if (namespace->user >= 0)
        close(namespace->user);
    if (namespace->net >= 0)
        close(namespace->net);
    *namespace = (struct namespace){-1, -1};
}

int namespace_enter(const struct namespace *namespace)
{
    if (namespace->user >= 0 && setns(namespace->user, CLONE_NEWUSER) != 0)
        return -errno;
    if (setns(namespace->net, CLONE_NEWNET) != 0)
        return -errno;
    return 0;
}

int namespace_here(struct namespace *here)
{
    int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    *here = (struct namespace){-1, fd};
    return 0;
}

int namespace_add(struct namespace *made)
{
    struct namespace here;
    struct namespace added = {-1, -1};
    int error = namespace_here(&here);

    if (error < 0)
        return error;
    error = make(false);
    if (error == 0) {
        int back;

        error = namespace_here(&added);
        back = namespace_enter(&here);
        error = error < 0 ? error : back;
    }
    namespace_close(&here);
    if (error == 0)
        *made = added;
    else
        namespace_close(&added);
    return error;
}

int namespace_settle(void)
{
    struct namespace trial;
    int error = namespace_add(&trial);

    if (error == -EPERM)
        return make(true);
    if (error == 0)
        namespace_close(&trial);
    return error;
}

static bool setting_is(const char *path, char value)
{
    char first = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool is = fd >= 0 && read(fd, &first, 1) == 1 && first == value;

    if (fd >= 0)
        close(fd);
    return is;
}

const char *namespace_hint(void)
{
    if (setting_is("/proc/sys/user/max_net_namespaces", '0'))
        return "let processes make network namespaces: sysctl user.max_net_namespaces=10000";
    if (setting_is("/proc/sys/user/max_user_namespaces", '0'))
        return "run as root, or let users make namespaces: sysctl user.max_user_namespaces=10000";
    if (setting_is("/proc/sys/kernel/unprivileged_userns_clone", '0'))
        return "run as root, or let users make namespaces: sysctl kernel.unprivileged_userns_clone=1";
    if (setting_is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", '1'))
        return "run as root, or let users make namespaces: sysctl kernel.apparmor_restrict_unprivileged_userns=0";
    return "run as root (in a container with CAP_SYS_ADMIN, or with a seccomp profile that allows unshare)";
}
