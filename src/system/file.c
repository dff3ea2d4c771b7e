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

#define MARK "\xef\xbb\xbf"

/* Everything that is read here is text. A byte order mark, which editors hide, is none of it. */
static const struct source *text_source(struct arena *arena, struct str name, struct str bytes, struct diags *diags)
{
    struct str text = str_from(bytes, str_starts(bytes, MARK) ? strlen(MARK) : 0);
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

/* Owner before mode: a change of owner takes bits away. */
static bool become(int fd, const struct stat *like)
{
    struct stat own;

    if (fstat(fd, &own) != 0)
        return false;
    if ((own.st_uid != like->st_uid || own.st_gid != like->st_gid) && fchown(fd, like->st_uid, like->st_gid) != 0)
        return false;
    return fchmod(fd, like->st_mode & 07777) == 0 && fsync(fd) == 0;
}

/* With mode and owner of the file that it replaces, or (NULL) those of a new one. */
static bool write_beside(const char *path, struct str text, const struct stat *like)
{
    struct arena *arena = arena_new();
    char *temporary = (char *)str_printf(arena, "%s.XXXXXX", path).p;
    mode_t mask = umask(0);
    int fd = mkstemp(temporary);
    bool good = fd >= 0;
    int error;

    umask(mask);
    good = good && write_all(fd, text) && (like == NULL ? fchmod(fd, 0666 & ~mask) == 0 : become(fd, like));
    if (fd >= 0 && close(fd) != 0)
        good = false;
    good = good && rename(temporary, path) == 0;
    error = errno;
    if (!good && fd >= 0)
        unlink(temporary);
    arena_free(arena);
    errno = error;
    return good;
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
        good = write_beside(cstr, text, NULL);
    if (!good)
        report(diags, path, "write", errno);
    arena_free(arena);
    return good;
}

bool file_replaceable(struct str path, struct diags *diags)
{
    struct arena *arena = arena_new();
    const char *cstr = str_cstr(arena, path);
    const char *why = NULL;
    struct stat status;

    if (stat(cstr, &status) != 0)
        why = strerror(errno);
    else if (!S_ISREG(status.st_mode))
        why = "it is no regular file";
    else if ((status.st_mode & 0222) == 0 || access(cstr, W_OK) != 0)
        why = "it is read-only";
    if (why != NULL)
        diag_error(diags, SPAN_NONE, "cannot write %.*s: %s", STR_ARG(path), why);
    arena_free(arena);
    return why == NULL;
}

/* What the file holds now; false with errno, EFBIG where that is more than before. */
static bool read_again(struct arena *arena, const char *path, size_t limit, struct stat *status, struct str *bytes)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool good = fd >= 0 && fstat(fd, status) == 0 && read_all(arena, fd, limit, limit, bytes);

    if (fd >= 0)
        close(fd);
    return good;
}

static bool replace(const char *path, const struct source *before, struct str text, bool *changed)
{
    struct arena *arena = arena_new();
    struct buf out = BUF_EMPTY;
    struct stat status;
    struct str bytes;
    bool good = read_again(arena, path, before->text.n + strlen(MARK), &status, &bytes);
    bool mark = good && str_starts(bytes, MARK);

    *changed = good ? !str_eq(str_from(bytes, mark ? strlen(MARK) : 0), before->text) : errno == EFBIG;
    buf_adds(&out, mark ? MARK : "");
    buf_add(&out, text);
    good = good && !*changed && buf_ok(&out) && write_beside(path, buf_str(&out), &status);
    buf_free(&out);
    arena_free(arena);
    return good;
}

bool file_replace(const struct source *before, struct str text, struct diags *diags)
{
    struct arena *arena = arena_new();
    char *path = realpath(str_cstr(arena, before->name), NULL);
    bool changed = false;
    bool good = file_replaceable(before->name, diags);

    if (good && !(path != NULL && replace(path, before, text, &changed))) {
        if (changed)
            diag_error(diags, SPAN_NONE, "%.*s has changed since it was read, and is left as it is",
                       STR_ARG(before->name));
        else
            report(diags, before->name, "write", errno);
        good = false;
    }
    free(path);
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
