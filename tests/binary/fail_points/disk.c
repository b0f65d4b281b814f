/* A disk that a test holds, put in front of the C library by LD_PRELOAD. It looks at the files of a store only: names that
 * end in .db, .db-wal or .incr.aof. The rule: a file is told apart by its name, and a fault by a file in the working folder.
 *
 *   disk-full      holds a number: so many more writes go through, and then there is no space left
 *   flush-fails    a flush is an I/O error
 *   flush-lies     a flush is a success and nothing is flushed
 *
 * With DISK_COPIES set, a flush that is none of these leaves a copy of the file as NAME.flushed: after a power cut that is
 * what is left of it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), part = strlen(end);
    return length >= part && strcmp(text + length - part, end) == 0;
}

static int is_store(int file, char path[4096])
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, 4095);
    if (length <= 0) return 0;
    path[length] = 0;
    return ends_with(path, ".db") || ends_with(path, ".db-wal") || ends_with(path, ".incr.aof");
}

/* Whether a write to the store finds no space. */
static int is_full(int file)
{
    static long passed;
    char path[4096], text[32] = "";
    if (!is_store(file, path)) return 0;
    int control = open("disk-full", O_RDONLY);
    if (control < 0) {
        passed = 0;
        return 0;
    }
    ssize_t length = read(control, text, sizeof text - 1);
    close(control);
    return length >= 0 && passed++ >= atol(text);
}

static void copy(const char *path)
{
    char to[4200], next[4200], buffer[65536];
    snprintf(to, sizeof to, "%s.flushed", path);
    snprintf(next, sizeof next, "%s.next", path);
    ssize_t (*real_write)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
    int from = open(path, O_RDONLY), out = open(next, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ssize_t length;
    while ((length = read(from, buffer, sizeof buffer)) > 0) {
        if (real_write(out, buffer, (size_t)length) != length) abort();
    }
    close(from);
    close(out);
    rename(next, to);
}

static int flush(int file, const char *name)
{
    char path[4096];
    int (*real)(int) = dlsym(RTLD_NEXT, name);
    if (!is_store(file, path)) return real(file);
    if (access("flush-fails", F_OK) == 0) {
        errno = EIO;
        return -1;
    }
    if (access("flush-lies", F_OK) == 0) return 0;
    int result = real(file);
    if (result == 0 && getenv("DISK_COPIES")) copy(path);
    return result;
}

int fsync(int file)
{
    char path[4096];
    if (access("fsync-fails", F_OK) == 0 && is_store(file, path)) {
        errno = EIO;
        return -1;
    }
    return flush(file, "fsync");
}

int fdatasync(int file) { return flush(file, "fdatasync"); }

ssize_t write(int file, const void *bytes, size_t length)
{
    ssize_t (*real)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
    if (is_full(file)) {
        errno = ENOSPC;
        return -1;
    }
    return real(file, bytes, length);
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t place)
{
    ssize_t (*real)(int, const void *, size_t, off64_t) = dlsym(RTLD_NEXT, "pwrite64");
    if (is_full(file)) {
        errno = ENOSPC;
        return -1;
    }
    return real(file, bytes, length, place);
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t place) { return pwrite64(file, bytes, length, place); }
