/*
 * The sandbox as the kernel keeps it: in a child for each part of it, what is open still works, and opening,
 * connecting, starting programs and making processes fail. Exit status 77 where the kernel has neither part.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "system/sandbox.h"

static int failed;

/* Written at once: the buffers of stdio would be written twice by parent and child. */
static void check(bool holds, unsigned part, const char *what)
{
    if (!holds) {
        fprintf(stderr, "sandbox %u: %s\n", part, what);
        failed = 1;
    }
}

static void open_things_work(unsigned part, int file, int out)
{
    char text[4];
    char *block = malloc(64u << 20);

    check(read(file, text, sizeof text) == 4, part, "an open file cannot be read");
    check(write(out, text, sizeof text) == 4, part, "an open pipe cannot be written");
    check(block != NULL, part, "there is no memory");
    if (block != NULL)
        memset(block, 1, 64u << 20);
    free(block);
}

static void no_files(unsigned part)
{
    check(open("/etc/passwd", O_RDONLY) < 0, part, "a file can be opened");
    check(open("/tmp/portolan-sandbox-test", O_WRONLY | O_CREAT, 0600) < 0, part, "a file can be made");
    check(open("/proc/self/mem", O_RDWR) < 0, part, "a process's memory can be opened");
    check(mkdirat(AT_FDCWD, "/tmp/portolan-sandbox-test", 0700) < 0, part, "a folder can be made");
}

static void no_calls(unsigned part, int connected)
{
    char program[] = "/bin/true";
    char *argv[] = {program, NULL};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    pid_t child;

    check(socket(AF_INET, SOCK_STREAM, 0) < 0 && errno == EPERM, part, "a socket can be made");
    check(socket(AF_UNIX, SOCK_STREAM, 0) < 0 && errno == EPERM, part, "a local socket can be made");
    check(sendto(connected, "x", 1, 0, (struct sockaddr *)&to, sizeof to) < 0 && errno == EPERM, part,
          "an open socket can send elsewhere");
    check(execv(argv[0], argv) < 0 && errno == EPERM, part, "a program can be started");
    check(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED, part,
          "memory can be made to run");
    check(kill(getppid(), 0) < 0, part, "another process can be signalled");
    child = fork();
    if (child == 0)
        _exit(0);
    check(child < 0, part, "a process can be made");
}

/* In a child. 77: the kernel has not got this part. */
static int inside(unsigned part)
{
    int file = open("/proc/self/exe", O_RDONLY);
    int udp = socket(AF_INET, SOCK_DGRAM, 0);
    int ends[2];

    if (file < 0 || udp < 0 || pipe(ends) != 0)
        return 1;
    if (sandbox_enter(part) != part)
        return 77;
    open_things_work(part, file, ends[1]);
    no_files(part);
    if ((part & SANDBOX_SECCOMP) != 0)
        no_calls(part, udp);
    return failed;
}

int main(void)
{
    static const unsigned parts[] = {SANDBOX_LANDLOCK, SANDBOX_SECCOMP, SANDBOX_ALL};
    int passed = 0;
    int broken = 0;
    bool outside = open("/etc/passwd", O_RDONLY) >= 0;

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        int status = 0;
        pid_t child = fork();

        if (child == 0)
            _exit(inside(parts[i]));
        if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
            broken++;
        else if (WEXITSTATUS(status) == 77)
            printf("part %u: this kernel or build does not have it\n", parts[i]);
        else if (WEXITSTATUS(status) == 0)
            passed++;
        else
            broken++;
    }
    if (!outside) { /* or the tests above prove nothing */
        fprintf(stderr, "a file could not be opened outside either\n");
        broken++;
    }
    printf("%d passed, %d failed\n", passed, broken);
    if (passed == 0 && broken == 0) {
        printf("skipped: neither Landlock nor seccomp can be used here\n");
        return 77;
    }
    return broken > 0;
}
