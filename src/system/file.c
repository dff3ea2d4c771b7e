/* Reading and writing files; see file.h. */
#include "system/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNKNOWN_SIZE 65536

static void report(struct diags *diags, struct str path, const char *what, int error)
{
    diag_error(diags, SPAN_NONE, "cannot %s %.*s: %s", what, STR_ARG(path), strerror(error));
}

/* Straight into the arena; `expected` bytes, or as many as there are. */
static bool read_all(struct arena *arena, int fd, size_t limit, size_t expected, struct str *bytes)
{
    size_t capacity = expected > 0 ? expected + 1 : UNKNOWN_SIZE;
    char *p = arena_alloc(arena, capacity);
    size_t n = 0;

    for (;;) {
        ssize_t got = read(fd, p + n, capacity - n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        if (got == 0) {
            *bytes = (struct str){p, n};
            return true;
        }
        n += (size_t)got;
        if (n > limit) {
            errno = EFBIG;
            return false;
        }
        if (n == capacity) {
            char *larger = arena_alloc(arena, capacity *= 2);

            memcpy(larger, p, n);
            p = larger;
        }
    }
}

/* Everything that is read here is text. A byte order mark, which editors hide, is none of it. */
static const struct source *text_source(struct arena *arena, struct str name, struct str bytes, struct diags *diags)
{
    struct str text = str_starts(bytes, "\xef\xbb\xbf") ? str_from(bytes, 3) : bytes;
    const struct source *source = source_new(arena, name, text);
    const char *nul = text.n == 0 ? NULL : memchr(text.p, '\0', text.n);

    if (nul == NULL)
        return source;
    diag_error(diags, span_at(source, (size_t)(nul - text.p), 1), "not a text file: there is a NUL byte in it");
    return NULL;
}

static const struct source *read_file(struct arena *arena, struct str path, size_t limit, bool missing_is_fine,
                                      struct diags *diags)
{
    bool standard = str_is(path, "-");
    int fd = standard ? STDIN_FILENO : open(str_cstr(arena, path), O_RDONLY | O_CLOEXEC);
    struct stat status;
    struct str bytes;
    bool good = false;
    size_t expected = 0;

    if (fd < 0) {
        if (!missing_is_fine || errno != ENOENT)
            report(diags, path, "open", errno);
        return NULL;
    }
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
        expected = (size_t)status.st_size;
    if (expected > limit) {
        diag_error(diags, SPAN_NONE, "%.*s is larger than %zu MB", STR_ARG(path), limit >> 20);
    } else {
        good = read_all(arena, fd, limit, expected, &bytes);
        if (!good && errno == EFBIG)
            diag_error(diags, SPAN_NONE, "%.*s is larger than %zu MB", STR_ARG(path), limit >> 20);
        else if (!good)
            report(diags, path, "read", errno);
    }
    if (!standard)
        close(fd);
    return good ? text_source(arena, standard ? STR("<stdin>") : str_dup(arena, path), bytes, diags) : NULL;
}

const struct source *file_read(struct arena *arena, struct str path, size_t limit, struct diags *diags)
{
    return read_file(arena, path, limit, false, diags);
}

const struct source *file_read_if_there(struct arena *arena, struct str path, size_t limit, struct diags *diags)
{
    return read_file(arena, path, limit, true, diags);
}

static bool write_all(int fd, struct str text)
{
    while (text.n > 0) {
        ssize_t put = write(fd, text.p, text.n);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        text = str_from(text, (size_t)put);
    }
    return true;
}

/* Something that is there and is no regular file (a pipe, a terminal) is written to as it is. */
static bool write_in_place(const char *path, struct str text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool good = fd >= 0 && write_all(fd, text);

    if (fd >= 0 && close(fd) != 0)
        good = false;
    return good;
}

static bool write_beside(const char *path, char *temporary, struct str text)
{
    mode_t mask = umask(0);
    int fd = mkstemp(temporary);
    bool good = fd >= 0;

    umask(mask);
    if (!good)
        return false;
    good = write_all(fd, text) && fchmod(fd, 0666 & ~mask) == 0;
    if (close(fd) != 0)
        good = false;
    if (good && rename(temporary, path) == 0)
        return true;
    mask = (mode_t)errno;
    unlink(temporary);
    errno = (int)mask;
    return false;
}

bool file_write(struct str path, struct str text, struct diags *diags)
{
    struct arena *arena = arena_new();
    const char *cstr = str_cstr(arena, path);
    struct stat status;
    bool good;

    if (stat(cstr, &status) == 0 && !S_ISREG(status.st_mode))
        good = write_in_place(cstr, text);
    else
        good = write_beside(cstr, (char *)str_printf(arena, "%s.XXXXXX", cstr).p, text);
    if (!good)
        report(diags, path, "write", errno);
    arena_free(arena);
    return good;
}

bool file_is_there(struct str path)
{
    struct arena *arena = arena_new();
    struct stat status;
    bool is = stat(str_cstr(arena, path), &status) == 0;

    arena_free(arena);
    return is;
}

bool file_is_directory(struct str path)
{
    struct arena *arena = arena_new();
    struct stat status;
    bool is = stat(str_cstr(arena, path), &status) == 0 && S_ISDIR(status.st_mode);

    arena_free(arena);
    return is;
}

bool file_make_directory(struct str path, struct diags *diags)
{
    struct arena *arena = arena_new();
    bool good = file_is_directory(path) || mkdir(str_cstr(arena, path), 0777) == 0;

    if (!good)
        report(diags, path, "create", errno);
    arena_free(arena);
    return good;
}

static int by_name(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

struct str *file_list(struct arena *arena, struct str directory, const char *ending, size_t *n, struct diags *diags)
{
    struct {
        struct str *v;
        size_t n;
        size_t capacity;
    } names = {0};
    DIR *dir = opendir(str_cstr(arena, directory));
    const struct dirent *entry;

    *n = 0;
    if (dir == NULL) {
        report(diags, directory, "open", errno);
        return NULL;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.' && str_ends(str_of(entry->d_name), ending))
            *vec_push(arena, &names) = str_printf(arena, "%.*s/%s", STR_ARG(directory), entry->d_name);
    }
    closedir(dir);
    if (names.n > 0)
        qsort(names.v, names.n, sizeof *names.v, by_name);
    *n = names.n;
    return names.v;
}

struct str file_beside(struct arena *arena, struct str beside, struct str path)
{
    size_t n = beside.n;

    while (n > 0 && beside.p[n - 1] != '/')
        n--;
    if (n == 0 || str_starts(path, "/"))
        return path;
    return str_printf(arena, "%.*s%.*s", (int)n, beside.p, STR_ARG(path));
}
