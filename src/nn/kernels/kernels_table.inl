// The table of everything the other .inl files define.
#define PARLEY_KERNEL_TABLE(label) \
  {label,                          \
   quantize,                       \
   linear,                         \
   linear_f32,                     \
   rms_norm,                       \
   layer_norm,                     \
   activate,                       \
   add,                            \
   scale_all,                      \
   divide,                         \
   softcap,                        \
   rotate,                         \
   store_key,                      \
   store_value,                    \
   attention_scores,               \
   attention_weights,              \
   attention_values,               \
   attention_f32,                  \
   exp_sum,                        \
   argmax}
