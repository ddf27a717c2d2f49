#include "graph/path.h"
