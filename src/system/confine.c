/* A child, a pipe, a sandbox; see confine.h. The child writes a head of three numbers, then both texts. */
#include "system/confine.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "system/sandbox.h"

struct head {
    int64_t status;
    uint64_t out_n;
    uint64_t said_n;
};

static bool put(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t written = write(fd, p, n);

        if (written < 0 && errno != EINTR)
            return false;
        p += written > 0 ? written : 0;
        n -= written > 0 ? (size_t)written : 0;
    }
    return true;
}

/* All n bytes, or false. */
static bool get(int fd, char *p, size_t n)
{
    while (n > 0) {
        ssize_t had = read(fd, p, n);

        if (had == 0 || (had < 0 && errno != EINTR))
            return false;
        p += had > 0 ? had : 0;
        n -= had > 0 ? (size_t)had : 0;
    }
    return true;
}

static _Noreturn void child(confined_work *work, void *context, int fd)
{
    struct buf out = BUF_EMPTY;
    struct buf said = BUF_EMPTY;
    struct head head;

    sandbox_enter(SANDBOX_ALL);
    head.status = work(context, &out, &said);
    head.out_n = out.n;
    head.said_n = said.n;
    if (!buf_ok(&out) || !buf_ok(&said) || !put(fd, (const char *)&head, sizeof head) || !put(fd, out.p, out.n) ||
        !put(fd, said.p, said.n))
        _exit(1);
    _exit(0);
}

/* A buffer of n bytes out of the pipe. */
static bool get_buf(int fd, struct buf *buf, uint64_t n)
{
    *buf = BUF_EMPTY;
    buf_fill(buf, '\0', n);
    return buf_ok(buf) && get(fd, buf->p, n);
}

static bool get_all(int fd, struct confined *result)
{
    struct head head;

    *result = (struct confined){.out = BUF_EMPTY, .said = BUF_EMPTY};
    if (!get(fd, (char *)&head, sizeof head))
        return false;
    result->status = (int)head.status;
    return get_buf(fd, &result->out, head.out_n) && get_buf(fd, &result->said, head.said_n);
}

int confine(confined_work *work, void *context, struct confined *result)
{
    int fds[2];
    int status = 0;
    pid_t pid;
    bool good;

    if (pipe(fds) != 0)
        return -errno;
    pid = fork();
    if (pid < 0) {
        int error = errno;

        close(fds[0]);
        close(fds[1]);
        return -error;
    }
    if (pid == 0) {
        close(fds[0]);
        child(work, context, fds[1]);
    }
    close(fds[1]);
    good = get_all(fds[0], result);
    close(fds[0]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (good && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    buf_free(&result->out);
    buf_free(&result->said);
    return -EFAULT;
}
