/*
 * A fuzz target's main in every build that is not for fuzzing: runs the target once for each file of the folders and
 * files named as arguments, so that each input that once failed is a test for ever.
 *
 * An empty or missing corpus is a failure: a target that ran on nothing has tested nothing. Each input is copied to a
 * block of exactly its size, so that ASan sees one byte read too much.
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return -1;
    }
    int r = -1;
    uint8_t *data = NULL;
    struct stat st;
    if (fstat(fileno(file), &st) != 0 || st.st_size < 0)
        goto out;
    size_t size = (size_t)st.st_size;
    data = malloc(size ? size : 1);
    if (!data || fread(data, 1, size, file) != size)
        goto out;
    printf("%s (%zu bytes)\n", path, size);
    fflush(stdout);
    LLVMFuzzerTestOneInput(data, size);
    r = 0;
out:
    if (r != 0)
        fprintf(stderr, "%s: cannot be read whole\n", path);
    free(data);
    fclose(file);
    return r;
}

static int is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* The number of inputs run, or -1. */
static int replay_folder(const char *path)
{
    struct dirent **entries;
    int n = scandir(path, &entries, is_input, alphasort);
    if (n < 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return -1;
    }
    int failed = 0;
    for (int i = 0; i < n; i++) {
        char *name;
        if (asprintf(&name, "%s/%s", path, entries[i]->d_name) < 0)
            abort();
        failed |= replay_file(name) != 0;
        free(name);
        free(entries[i]);
    }
    free(entries);
    return failed ? -1 : n;
}

int main(int argc, char **argv)
{
    int run = 0;
    for (int i = 1; i < argc; i++) {
        struct stat st;
        int folder = stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode);
        int n = folder ? replay_folder(argv[i]) : replay_file(argv[i]) == 0 ? 1 : -1;
        if (n < 0)
            return 1;
        run += n;
    }
    if (run == 0) {
        fprintf(stderr, "no input: a fuzz target needs a corpus\n");
        return 1;
    }
    return 0;
}
