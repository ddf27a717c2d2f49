// Formulas as mathematics sets them, in the markup of scene_text.
#ifndef BAUER_SHOW_NOTATION_H
#define BAUER_SHOW_NOTATION_H

#include "base/text.h"

// A formula of graph_formula or graph_partial_formula as markup: names italic with true subscripts, functions upright,
// "*" as a dot, "-" as a minus sign, powers raised where the exponent is a number or a name.
void notation_formula(struct buffer *out, const char *formula);
// Whether a formula is a sum or difference (or begins with a sign) and so wants parentheses as a factor.
bool notation_is_sum(const char *formula);

#endif
