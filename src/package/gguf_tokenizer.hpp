// The tokenizer that a GGUF file carries.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "nn/files/gguf.hpp"
#include "tokenizer/tokenizer.hpp"

namespace parley::engine {

// Errors: kInvalidInput "FILE: tokenizer.ggml.FIELD …".
std::unique_ptr<text::Tokenizer> gguf_tokenizer(const nn::GgufFile& file);

}  // namespace parley::engine
