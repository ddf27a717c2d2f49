#include "show/layout.h"
