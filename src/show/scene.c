#include "show/scene.h"
