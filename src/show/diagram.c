#include "show/diagram.h"
