#include "show/style.h"
