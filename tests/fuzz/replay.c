/* SPDX-License-Identifier: EUPL-1.2
 * Feeds every file of the folders named as arguments to the fuzz target: the
 * seeds are part of every test run, under whatever sanitizer it has. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *folder, const char *name)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return 0;
    (void)fseek(f, 0, SEEK_END);
    long size = ftell(f);
    rewind(f);
    /* Exactly as large as the input: a read past the end is seen by the sanitizer. */
    uint8_t *data = size > 0 ? malloc((size_t)size) : NULL;
    if (size > 0 && (data == NULL || fread(data, 1, (size_t)size, f) != (size_t)size))
        abort();
    (void)fclose(f);
    (void)LLVMFuzzerTestOneInput(data, size > 0 ? (size_t)size : 0);
    free(data);
    return 1;
}

int main(int argc, char **argv)
{
    int replayed = 0;

    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        if (folder == NULL) {
            (void)fprintf(stderr, "no seeds: %s\n", argv[i]);
            return 1;
        }
        for (struct dirent *e; (e = readdir(folder)) != NULL;)
            if (e->d_name[0] != '.')
                replayed += replay(argv[i], e->d_name);
        (void)closedir(folder);
    }
    (void)printf("%d seeds replayed\n", replayed);
    return replayed == 0;
}
