#include "graph/lcg.h"
