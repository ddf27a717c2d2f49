#include "show/record.h"
