#include "lang/environment.h"
