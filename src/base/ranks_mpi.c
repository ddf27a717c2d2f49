// The MPI module: loaded by base/ranks.c when mpirun started the program.
#include <limits.h>
#include <mpi.h>

#include "base/ranks_module.h"

extern const struct ranks_module bauer_ranks_module;

// Threads of a rank compute; one of them alone talks to the others.
static bool begin(unsigned *count, unsigned *mine) {
    int provided, size, rank;
    if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS) return false;
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    *count = (unsigned)size;
    *mine = (unsigned)rank;
    return true;
}

static void end(void) { MPI_Finalize(); }

static bool gather(const void *mine, void *all, size_t size) {
    if (size > INT_MAX) return false;
    return MPI_Allgather(mine, (int)size, MPI_BYTE, all, (int)size, MPI_BYTE, MPI_COMM_WORLD) == MPI_SUCCESS;
}

const struct ranks_module bauer_ranks_module = {RANKS_MODULE_VERSION, begin, end, gather};
