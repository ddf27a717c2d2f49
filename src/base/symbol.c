#include "base/symbol.h"
