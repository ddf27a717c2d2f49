#include "graph/eliminate.h"
