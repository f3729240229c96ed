#include "train/tokens/token_file.hpp"

#include <cstring>

#include "base/error.hpp"
#include "base/file.hpp"

namespace parley::train {
namespace {
constexpr char kTokenFileMagic[] = {'P', 'A', 'R', 'L', 'E', 'Y', 'T', '1'};
}

void TokenFileWriter::add(const text::EncodedChat& document) {
  for (std::size_t i = 0; i < document.ids.size(); ++i) {
    tokens_.push_back(static_cast<std::uint32_t>(document.ids[i]) |
                      (document.is_target[i] ? kTargetBit : 0u));
  }
  offsets_.push_back(static_cast<std::int64_t>(tokens_.size()));
}

void TokenFileWriter::save(const std::filesystem::path& path) const {
  AtomicFile file(path);
  const std::int64_t counts[2] = {documents(), tokens()};
  file.write(kTokenFileMagic, sizeof kTokenFileMagic);
  file.write(counts, sizeof counts);
  file.write(offsets_.data(), offsets_.size() * sizeof(std::int64_t));
  file.write(tokens_.data(), tokens_.size() * sizeof(std::uint32_t));
  file.commit();
}

struct TokenFile::Map {
  MappedFile file;
};

TokenFile::~TokenFile() = default;

TokenFile::TokenFile(const std::filesystem::path& path, int vocabulary)
    : map_(new Map{MappedFile(path)}) {
  const auto bytes = map_->file.bytes();
  const auto bad = [&] {
    fail(ErrorKind::kInvalidInput, path.string() + ": damaged token file",
         "delete it and run `parley train` again");
  };
  if (bytes.size() < 32 || std::memcmp(bytes.data(), kTokenFileMagic, sizeof kTokenFileMagic) != 0)
    bad();
  std::memcpy(&documents_, bytes.data() + 8, 8);
  std::memcpy(&token_count_, bytes.data() + 16, 8);
  const auto size = static_cast<std::int64_t>(bytes.size());
  if (documents_ < 0 || token_count_ < 0 || documents_ > size / 8 || token_count_ > size / 4 ||
      24 + (documents_ + 1) * 8 + token_count_ * 4 != size) {
    bad();
  }
  offsets_ = reinterpret_cast<const std::int64_t*>(bytes.data() + 24);
  tokens_ = reinterpret_cast<const std::uint32_t*>(bytes.data() + 24 + (documents_ + 1) * 8);
  if (offsets_[0] != 0 || offsets_[documents_] != token_count_) bad();
  for (std::int64_t i = 0; i < documents_; ++i) {
    if (offsets_[i + 1] < offsets_[i]) bad();
  }
  for (std::int64_t i = 0; i < token_count_; ++i) {
    if ((tokens_[i] & ~kTargetBit) >= static_cast<std::uint32_t>(vocabulary)) bad();
  }
}

}  // namespace parley::train
