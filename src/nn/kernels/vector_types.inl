// The compiler's vectors of four lanes that vector_quads.inl and the kernels around it name.
// REQUIRES: included inside an anonymous namespace of parley::nn.
using F4 = float __attribute__((vector_size(16)));
using I4 = std::int32_t __attribute__((vector_size(16)));
using U4 = std::uint32_t __attribute__((vector_size(16)));
using H4 = std::uint16_t __attribute__((vector_size(8)));
using B4 = std::int8_t __attribute__((vector_size(4)));
