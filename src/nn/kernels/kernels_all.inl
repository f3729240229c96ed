// Every kernel, in the order in which the parts build on each other. Expects V, I, Acc8, Acc4 and
// the tile sizes. REQUIRES: included inside an anonymous namespace of parley::nn.
// clang-format off
#include "nn/kernels/kernels_float.inl"
#include "nn/kernels/kernels_linear.inl"
#include "nn/kernels/kernels_attention.inl"
#include "nn/kernels/kernels_table.inl"
// clang-format on
