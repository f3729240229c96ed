#include "train/tokens/prepare.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/progress.hpp"
#include "data/dataset.hpp"
#include "tokenizer/bpe_trainer.hpp"
#include "tokenizer/files/tokenizer_json.hpp"

namespace parley::train {
namespace {
namespace fs = std::filesystem;

// Fewer different tokens than this cannot spell words; a model of them would learn letters.
constexpr int kSmallestUseful = 300;

text::BpeModel learn_tokenizer(const fs::path& dataset, std::uint64_t records, int vocabulary,
                               int threads) {
  data::DatasetReader reader(dataset);
  data::Record record;
  std::uint64_t bytes = 0, done = 0;
  Progress progress("tokenizer", records, "records");
  const text::TextSource source = [&](std::string& out) {
    while (reader.next(record)) {
      progress.update(++done);
      if (record.split != data::Split::kTrain) continue;
      out = record.text;
      for (const auto& message : record.messages) out += message.content + "\n";
      bytes += out.size();
      return true;
    }
    return false;
  };
  text::BpeTrainOptions options;
  options.special_tokens = text::kSpecialTokens;
  options.vocabulary = vocabulary;
  options.threads = threads;
  text::BpeModel model = text::train_bpe(source, options);
  // The bf16 kernels want a multiple of 32; the rarest merges, which came last, give way.
  if (const std::size_t surplus = model.tokens.size() % 32; surplus <= model.merges.size()) {
    model.tokens.resize(model.tokens.size() - surplus);
    model.special.resize(model.tokens.size());
    model.merges.resize(model.merges.size() - surplus);
  }
  const int learned = static_cast<int>(model.tokens.size());
  if (learned < std::min(vocabulary, kSmallestUseful)) {
    fail(ErrorKind::kInvalidInput,
         fmt::format(
             "the dataset is too small for its tokenizer: {} of text gave {} tokens of {} asked",
             human_bytes(double(bytes)), learned, vocabulary),
         "add more data with `parley data add`, or set a smaller model.vocabulary in parley.yaml");
  }
  progress.finish(
      fmt::format("{} tokens from {} of text{}", learned, human_bytes(double(bytes)),
                  learned < vocabulary
                      ? fmt::format(" (asked {}; the data has no more repeated pieces)", vocabulary)
                      : ""));
  return model;
}

void encode_dataset(const fs::path& dataset, std::uint64_t records,
                    const text::Tokenizer& tokenizer, const fs::path& train_path,
                    const fs::path& validation_path) {
  data::DatasetReader reader(dataset);
  data::Record record;
  TokenFileWriter train, validation;
  Progress progress("tokens", records, "records");
  std::uint64_t done = 0;
  while (reader.next(record)) {
    progress.update(++done);
    TokenFileWriter& to = record.split == data::Split::kTrain ? train : validation;
    to.add(record.is_document() ? text::encode_document(tokenizer, record.text)
                                : text::encode_chat(tokenizer, record.messages));
  }
  validation.save(validation_path);
  train.save(train_path);
  progress.finish(fmt::format("{} for training, {} held out", human_count(double(train.tokens())),
                              human_count(double(validation.tokens()))));
}

}  // namespace

PreparedData prepare_data(const ProjectFolder& project, int vocabulary, int threads) {
  PreparedData out;
  std::uint64_t records = 0;
  {
    const data::DatasetReader reader(project.dataset_dir());
    out.dataset = reader.address();
    records = reader.records();
  }
  out.key = out.dataset.substr(0, 12) + "-" + std::to_string(vocabulary);
  const fs::path folder = project.training_dir() / ("tokens-" + out.key);
  const fs::path tokenizer = folder / "tokenizer.json", train = folder / "train.tokens",
                 validation = folder / "validation.tokens";
  if (!fs::exists(tokenizer)) {
    out.bpe = learn_tokenizer(project.dataset_dir(), records, vocabulary, threads);
    text::write_tokenizer_json(out.bpe, tokenizer);
  } else {
    out.bpe = text::read_tokenizer_json(tokenizer);
  }
  if (!fs::exists(train)) {
    encode_dataset(project.dataset_dir(), records, text::BpeTokenizer(out.bpe), train, validation);
  }
  const int learned = static_cast<int>(out.bpe.tokens.size());
  out.train = std::make_unique<TokenFile>(train, learned);
  out.validation = std::make_unique<TokenFile>(validation, learned);
  for (std::int64_t d = 0; d < out.train->documents(); ++d) {
    const std::uint32_t* tokens = out.train->document(d);
    for (std::int64_t i = 0; i < out.train->length(d); ++i)
      out.targets += (tokens[i] & kTargetBit) != 0;
  }
  if (out.targets == 0) {
    fail(ErrorKind::kInvalidInput,
         "the dataset's training split holds nothing to learn: no assistant message, no document",
         "add conversations with assistant replies, or documents, with `parley data add`");
  }
  return out;
}

}  // namespace parley::train
