#include "graph/check.h"
