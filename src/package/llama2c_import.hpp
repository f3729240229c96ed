// Turns a checkpoint in llama2.c's legacy layout into a Hugging Face folder. The layout: seven
// int32 (dim, hidden_dim, n_layers, n_heads, n_kv_heads, vocab_size, negative when the output is
// not tied, seq_len), then float32 for all layers each: token embedding, attention norm, wq, wk,
// wv, wo, feed-forward norm, w1 (gate), w2 (down), w3 (up), final norm, two unused RoPE tables
// [seq_len][head_dim / 2], and the output matrix if not tied. llama2.c rotates adjacent pairs; the
// rows of wq and wk are reordered to the half-split pairs that Hugging Face folders use. The
// tokenizer file: int32 longest token, then per token float32 score, int32 length, bytes
// (SentencePiece BPE).
#pragma once

#include <filesystem>

namespace parley::package {

// Errors: kNotFound, kInvalidInput naming the file and what does not fit; nothing is written then.
void import_llama2c(const std::filesystem::path& weights, const std::filesystem::path& tokenizer,
                    const std::filesystem::path& out_dir);

}  // namespace parley::package
