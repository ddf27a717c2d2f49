#include "show/paint.h"
