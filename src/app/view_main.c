// bauer-view's main, apart from the rest of it so that tests can link that.
#include "app/view.h"

int main(void) { return view_run(); }
