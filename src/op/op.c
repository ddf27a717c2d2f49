#include "op/op.h"
