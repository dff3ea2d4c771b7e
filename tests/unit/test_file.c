/* A file's text replaced: mode, links and byte order mark stay, and what somebody else wrote in between does, too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "system/file.h"

struct work {
    struct arena *arena;
    char *folder;
    struct str path;
    struct str link; /* to it */
    struct diags diags;
};

static void put(const struct work *work, struct str text, mode_t mode)
{
    FILE *file = fopen(str_cstr(work->arena, work->path), "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(text.p, 1, text.n, file), text.n);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(str_cstr(work->arena, work->path), mode), 0);
}

static void assert_holds(const struct work *work, struct str text, mode_t mode)
{
    char bytes[64];
    FILE *file = fopen(str_cstr(work->arena, work->path), "rb");
    size_t n = fread(bytes, 1, sizeof bytes, file);
    struct stat status;

    assert_int_equal(fstat(fileno(file), &status), 0);
    fclose(file);
    assert_int_equal(n, text.n);
    assert_memory_equal(bytes, text.p, n);
    assert_int_equal(status.st_mode & 07777, mode);
}

static int begin(void **state)
{
    struct arena *arena = arena_new();
    struct work *work = arena_new_object(arena, struct work);

    work->arena = arena;
    work->folder =
        (char *)str_printf(arena, "%s/portolan-file-XXXXXX", getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp").p;
    diags_init(&work->diags, arena);
    *state = work;
    if (mkdtemp(work->folder) == NULL)
        return -1;
    work->path = str_printf(arena, "%s/f", work->folder);
    work->link = str_printf(arena, "%s/l", work->folder);
    return symlink("f", work->link.p);
}

static int end(void **state)
{
    struct work *work = *state;
    int left;

    unlink(work->path.p);
    unlink(work->link.p);
    left = rmdir(work->folder); /* nothing else is in it */
    arena_free(work->arena);
    return left;
}

static void replaced(void **state)
{
    struct work *work = *state;
    const struct source *before;
    struct stat status;

    put(work, STR("\xef\xbb\xbfold\r\n"), 0640);
    before = file_read(work->arena, work->link, FILE_LIMIT_TEXT, &work->diags);
    assert_true(file_replace(before, STR("a longer one\r\n"), &work->diags));
    assert_holds(work,
                 STR("\xef\xbb\xbf"
                     "a longer one\r\n"),
                 0640);
    assert_int_equal(lstat(work->link.p, &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_int_equal(work->diags.n, 0);
}

static void assert_left(struct work *work, const struct source *before, const char *message)
{
    size_t said = work->diags.n;

    assert_false(file_replace(before, STR("new"), &work->diags));
    assert_int_equal(work->diags.n, said + 1);
    assert_true(str_ends(work->diags.v[said].message, message));
}

static void left(void **state)
{
    static const struct str others[] = {STR("new\n"), STR("old\nand more"), STR("ol"), STR("")};
    struct work *work = *state;
    const struct source *before;

    put(work, STR("old\n"), 0600);
    before = file_read(work->arena, work->path, FILE_LIMIT_TEXT, &work->diags);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        put(work, others[i], 0600);
        assert_left(work, before, "has changed since it was read, and is left as it is");
        assert_holds(work, others[i], 0600);
    }
    put(work, STR("old\n"), 0444);
    assert_left(work, before, "it is read-only");
    assert_false(file_replaceable(work->link, &work->diags));
    assert_holds(work, STR("old\n"), 0444);
    unlink(work->path.p);
    assert_left(work, before, "No such file or directory");
    assert_left(work, source_new(work->arena, str_of(work->folder), STR("")), "it is no regular file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(replaced, begin, end),
        cmocka_unit_test_setup_teardown(left, begin, end),
    };

    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
