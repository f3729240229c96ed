// From the dataset to token files: learns the tokenizer (cached by dataset and vocabulary), encodes
// both splits once.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/project_folder.hpp"
#include "tokenizer/bpe.hpp"
#include "train/tokens/token_file.hpp"

namespace parley::train {

struct PreparedData {
  std::string dataset;  // content address
  std::string key;      // of the cache folder
  text::BpeModel bpe;
  std::unique_ptr<TokenFile> train, validation;
  std::int64_t targets = 0;  // in the training split
};

// Errors: kNotFound "run `parley data add` first"; kInvalidInput when there is too little text for
// a tokenizer, or nothing to predict.
PreparedData prepare_data(const ProjectFolder& project, int vocabulary, int threads);

}  // namespace parley::train
