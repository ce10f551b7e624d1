/* Preloaded into PostgreSQL: while the file named by ALLIANCE_SLOW_DISK exists, every flush to the disk takes
   two milliseconds longer, as on a plain SSD or a network volume. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static void wait_when_slow(void)
{
    const char *path = getenv("ALLIANCE_SLOW_DISK");
    if (path && access(path, F_OK) == 0)
        usleep(2000);
}

int fsync(int file)
{
    static int (*real)(int);
    if (!real)
        real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    wait_when_slow();
    return real(file);
}

int fdatasync(int file)
{
    static int (*real)(int);
    if (!real)
        real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    wait_when_slow();
    return real(file);
}
