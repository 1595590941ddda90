/* Counts what a process asks of the system's allocator: loaded before it, it adds to two numbers
 * in a file that others read. */
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

struct counted {
    atomic_ulong calls;
    atomic_ulong bytes;
};

static struct counted before_start;
static struct counted *counted = &before_start;

__attribute__((constructor)) static void share(void) {
    const char *path = getenv("COUNT_FILE");
    int file = path ? open(path, O_RDWR) : -1;
    if (file < 0) return;
    void *shared = mmap(NULL, sizeof *counted, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (shared != MAP_FAILED) counted = shared;
    close(file);
}

static void count(size_t bytes) {
    atomic_fetch_add_explicit(&counted->calls, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&counted->bytes, bytes, memory_order_relaxed);
}

void *malloc(size_t bytes) {
    count(bytes);
    return __libc_malloc(bytes);
}

void *calloc(size_t many, size_t bytes) {
    count(many * bytes);
    return __libc_calloc(many, bytes);
}

void *realloc(void *old, size_t bytes) {
    count(bytes);
    return __libc_realloc(old, bytes);
}
