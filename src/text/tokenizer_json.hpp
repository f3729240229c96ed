// tokenizer.json, tokenizer_config.json and generation_config.json as Hugging Face's libraries
// write and read them.
#pragma once

#include <filesystem>
#include <string_view>

#include "text/bpe.hpp"

namespace parley::text {

// Errors: kInvalidInput "PATH: model.merges[12]: …" naming the field and what is supported.
BpeModel read_tokenizer_json(const std::filesystem::path& path);
BpeModel parse_tokenizer_json(std::string_view text, std::string_view where);
void write_tokenizer_json(const BpeModel& model, const std::filesystem::path& path);

// tokenizer_config.json with the chat template, for a byte-level model with the special tokens of
// chat_format.hpp.
void write_tokenizer_config(const std::filesystem::path& path, int context);
void write_generation_config(const std::filesystem::path& path, TokenId bos, TokenId eos,
                             double temperature, double top_p);

}  // namespace parley::text
