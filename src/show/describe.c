#include "show/describe.h"
