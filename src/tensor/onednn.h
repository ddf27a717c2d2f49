// Convolutions in float by oneDNN, in whatever layout it is fastest with. Internal to the room.
//
// A few images at a time are put into its layout, convolved and put back, all within the processor's cache: what the
// rest of the program sees is row-major, and nothing of a call is kept for another.
#ifndef BAUER_TENSOR_ONEDNN_H
#define BAUER_TENSOR_ONEDNN_H

#include "tensor/kernels.h"

// y = x * w + bias (NULL: none).   dx = or += ..., dw += ...   false: there is no oneDNN, or it cannot do this one.
bool onednn_conv(struct conv_size size, const float *x, const float *w, float *y, void *scratch);
bool onednn_conv_by_input(struct conv_size size, const float *dy, const float *w, float *dx, bool add, void *scratch);
bool onednn_conv_by_filter(struct conv_size size, const float *dy, const float *x, float *dw, void *scratch);
size_t onednn_scratch(struct conv_size size); // bytes; 0: none of these works
void onednn_set_threads(unsigned threads);

#endif
