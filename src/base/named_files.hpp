// Files by name, wherever they lie: in a folder, or inside another file. What reads several files
// that belong together, a model's description for example, takes these and need not know.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace parley {

// Thread-safe; a folder is looked at anew each time.
class NamedFiles {
 public:
  // Those of a folder, none where there is no such folder. A path stands for them.
  NamedFiles(std::filesystem::path folder);
  // The bytes of each; `owner` keeps them in place. `where` is what errors call the file they are
  // in.
  NamedFiles(std::map<std::string, std::string_view> files, std::shared_ptr<const void> owner,
             std::string where);

  const std::string& where() const { return where_; }
  // What errors call a file: "WHERE/NAME".
  std::string path_of(const std::string& name) const { return where_ + "/" + name; }

  // Names are relative: "tokenizer.json", "1_Pooling/config.json".
  bool has(const std::string& name) const;
  // Nothing where there is no such file. Errors: kIo, kLimit (larger than `max_bytes`).
  std::optional<std::string> read(const std::string& name,
                                  std::size_t max_bytes = 256u << 20) const;
  // A file's JSON object, an empty one where there is no such file; names given twice count as the
  // programs of others read them. Errors: as read(), and kInvalidInput.
  Json read_object(const std::string& name) const;
  // The names in `folder` ("" for the top) that end in `suffix`, sorted.
  std::vector<std::string> list(const std::string& folder, std::string_view suffix) const;

 private:
  std::string where_;
  std::optional<std::filesystem::path> folder_;
  std::map<std::string, std::string_view> files_;  // without a folder
  std::shared_ptr<const void> owner_;
};

}  // namespace parley
