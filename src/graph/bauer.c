#include "graph/bauer.h"
