/*
 * Child processes; see process.h. Standard input is an anonymous file rather than a pipe: nft opens it again by its
 * name, and nobody waits for a program that does not read it.
 */
#include "system/process.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct pipes {
    int input;
    int output[2];
    int errors[2];
    int failure[2]; /* errno of the child when it could not begin */
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_pipes(struct pipes *pipes)
{
    close_fd(&pipes->input);
    for (size_t i = 0; i < 2; i++) {
        close_fd(&pipes->output[i]);
        close_fd(&pipes->errors[i]);
        close_fd(&pipes->failure[i]);
    }
}

static int input_file(struct str input)
{
    int fd = memfd_create("input", MFD_CLOEXEC);
    size_t done = 0;

    if (fd < 0)
        return -errno;
    while (done < input.n) {
        ssize_t n = write(fd, input.p + done, input.n - done);

        if (n < 0 && errno != EINTR) {
            int error = -errno;

            close(fd);
            return error;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    if (lseek(fd, 0, SEEK_SET) < 0) {
        close(fd);
        return -EIO;
    }
    return fd;
}

static int open_pipes(struct pipes *pipes, struct str input)
{
    int error;

    *pipes = (struct pipes){-1, {-1, -1}, {-1, -1}, {-1, -1}};
    pipes->input = input_file(input);
    if (pipes->input < 0)
        return pipes->input;
    if (pipe2(pipes->output, O_CLOEXEC) == 0 && pipe2(pipes->errors, O_CLOEXEC) == 0 &&
        pipe2(pipes->failure, O_CLOEXEC) == 0)
        return 0;
    error = -errno;
    close_pipes(pipes);
    return error;
}

static void execute(const char *const *argv)
{
    static const char *const folders[] = {"/usr/sbin/", "/sbin/"};
    char path[256];

    execvp(argv[0], (char *const *)argv);
    for (size_t i = 0; errno == ENOENT && strchr(argv[0], '/') == NULL && i < 2; i++) {
        if (snprintf(path, sizeof path, "%s%s", folders[i], argv[0]) < (int)sizeof path)
            execv(path, (char *const *)argv);
    }
}

/* In the child; comes back only on failure, with errno. */
static void begin(const struct process *process, const struct pipes *pipes)
{
    sigset_t none;

    sigemptyset(&none);
    if (sigprocmask(SIG_SETMASK, &none, NULL) != 0 || signal(SIGPIPE, SIG_DFL) == SIG_ERR)
        return;
    if (dup2(pipes->input, 0) < 0 || dup2(pipes->output[1], 1) < 0 || dup2(pipes->errors[1], 2) < 0)
        return;
    if (process->directory != NULL && chdir(process->directory) != 0)
        return;
    if (process->namespace != NULL) {
        int error = namespace_enter(process->namespace);

        if (error < 0) {
            errno = -error;
            return;
        }
    }
    execute(process->argv);
}

static long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Reads what is there; closes *fd at its end. */
static int take(int *fd, struct buf *to, size_t max)
{
    char block[65536];
    ssize_t n = read(*fd, block, sizeof block);

    if (n < 0)
        return errno == EINTR || errno == EAGAIN ? 0 : -errno;
    if (n == 0) {
        close_fd(fd);
        return 0;
    }
    if (to->n + (size_t)n > max)
        return -EFBIG;
    buf_add(to, (struct str){block, (size_t)n});
    return buf_ok(to) ? 0 : -ENOMEM;
}

static int collect(const struct process *process, struct pipes *pipes, struct process_result *result)
{
    long long end = now_ms() + process->timeout_ms;
    int error = 0;

    while (error == 0 && (pipes->output[0] >= 0 || pipes->errors[0] >= 0)) {
        struct pollfd fds[2] = {{pipes->output[0], POLLIN, 0}, {pipes->errors[0], POLLIN, 0}};
        long long left = process->timeout_ms == 0 ? -1 : end - now_ms();
        int ready;

        if (process->timeout_ms != 0 && left <= 0)
            return -ETIMEDOUT;
        ready = poll(fds, 2, (int)left);
        if (ready < 0 && errno != EINTR)
            return -errno;
        if (ready > 0 && fds[0].revents != 0)
            error = take(&pipes->output[0], &result->output, process->output_max);
        if (error == 0 && ready > 0 && fds[1].revents != 0)
            error = take(&pipes->errors[0], &result->errors, process->output_max);
    }
    return error;
}

static int wait_for(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return -errno;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int process_run(const struct process *process, struct process_result *result)
{
    struct pipes pipes;
    struct process_result made = {0};
    int failure = 0;
    int error = open_pipes(&pipes, process->input);
    pid_t pid;

    assert(process->argv[0] != NULL);
    if (error < 0)
        return error;
    pid = fork();
    if (pid < 0) {
        error = -errno;
        close_pipes(&pipes);
        return error;
    }
    if (pid == 0) {
        begin(process, &pipes);
        failure = errno;
        _exit(write(pipes.failure[1], &failure, sizeof failure) < 0 ? 126 : 127);
    }
    close_fd(&pipes.output[1]);
    close_fd(&pipes.errors[1]);
    close_fd(&pipes.failure[1]);
    if (read(pipes.failure[0], &failure, sizeof failure) == (ssize_t)sizeof failure)
        error = -failure;
    else
        error = collect(process, &pipes, &made);
    if (error < 0)
        kill(pid, SIGKILL);
    made.status = wait_for(pid);
    close_pipes(&pipes);
    if (error == 0 && made.status < 0)
        error = made.status;
    if (error < 0)
        process_result_free(&made);
    else
        *result = made;
    return error;
}

void process_result_free(struct process_result *result)
{
    buf_free(&result->output);
    buf_free(&result->errors);
}
