/*
 * Namespaces; see namespace.h and namespaces(7), user_namespaces(7). A child makes them, the parent keeps them alive by
 * their files under /proc, and the child is gone again before namespace_open returns.
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

/* In the child: 0 or -errno. */
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
