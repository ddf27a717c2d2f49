#include "tensor/shape.h"
