#include "lang/ast.h"
