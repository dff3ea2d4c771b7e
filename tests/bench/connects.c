/*
 * What the engine is measured against: connections by a bare epoll loop, with nothing around it.
 *
 *     connects ADDRESS FIRST-PORT LAST-PORT TIMES IN-FLIGHT TIMEOUT-MS
 *
 * Connects to each port, TIMES over, with so many at once, one try each, and prints how many were open, refused, and
 * silent. Time is kept in one queue, for all have the same timeout.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct connection {
    int fd; /* -1: over */
    uint64_t ends_us;
};

static uint64_t clock_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int begin(struct in_addr address, unsigned port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = address};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS) {
        close(fd);
        return -1;
    }
    return fd;
}

int main(int argc, char **argv)
{
    struct epoll_event events[512];
    struct rlimit limit = {1 << 20, 1 << 20};
    size_t open_n = 0;
    size_t refused_n = 0;
    size_t silent_n = 0;
    size_t begun = 0;
    size_t oldest = 0;
    size_t in_flight = 0;
    int epoll = epoll_create1(0);
    struct connection *connections;
    struct in_addr address;
    unsigned long n;
    unsigned long numbers[5];

    if (argc != 7 || inet_pton(AF_INET, argv[1], &address) != 1)
        return 2;
    for (int i = 0; i < 5; i++)
        numbers[i] = strtoul(argv[2 + i], NULL, 10);
    setrlimit(RLIMIT_NOFILE, &limit);
    n = (numbers[1] - numbers[0] + 1) * numbers[2];
    connections = calloc(n, sizeof *connections);
    while (oldest < n) {
        uint64_t now_us = clock_us();
        int ready;

        while (begun < n && in_flight < numbers[3]) {
            struct connection *connection = &connections[begun];
            struct epoll_event event = {EPOLLOUT, {.u64 = begun}};

            connection->fd = begin(address, (unsigned)(numbers[0] + begun % (numbers[1] - numbers[0] + 1)));
            if (connection->fd < 0)
                break;
            connection->ends_us = now_us + numbers[4] * 1000;
            epoll_ctl(epoll, EPOLL_CTL_ADD, connection->fd, &event);
            begun++;
            in_flight++;
        }
        ready = epoll_wait(epoll, events, 512, 10);
        for (int i = 0; i < ready; i++) {
            struct connection *connection = &connections[events[i].data.u64];
            int error = 0;
            socklen_t length = sizeof error;

            getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &length);
            *(error == 0 ? &open_n : &refused_n) += 1;
            close(connection->fd);
            connection->fd = -1;
            in_flight--;
        }
        now_us = clock_us();
        for (; oldest < begun && (connections[oldest].fd < 0 || connections[oldest].ends_us <= now_us); oldest++) {
            if (connections[oldest].fd < 0)
                continue;
            close(connections[oldest].fd);
            connections[oldest].fd = -1;
            in_flight--;
            silent_n++;
        }
    }
    printf("open %zu refused %zu silent %zu\n", open_n, refused_n, silent_n);
    free(connections);
    return 0;
}
