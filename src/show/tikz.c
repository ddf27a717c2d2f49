#include "show/export.h"
