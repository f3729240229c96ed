// Models of real shapes with random weights, and a tokenizer whose every token is one letter: speed
// does not depend on what the weights say.
#pragma once

#include <memory>
#include <string>

#include "nn/model/model.hpp"
#include "tokenizer/tokenizer.hpp"

namespace parley::bench {

nn::ModelConfig smollm2_135m();
nn::ModelConfig llama32_1b();

std::unique_ptr<nn::Model> random_model(const nn::ModelConfig& config,
                                        const nn::ModelOptions& options);
std::unique_ptr<text::Tokenizer> letters(int vocabulary);
// The same weights as a Hugging Face folder in bfloat16.
void write_random_model(const nn::ModelConfig& config, const std::string& folder);

}  // namespace parley::bench
