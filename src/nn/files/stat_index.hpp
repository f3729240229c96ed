// Remembers what was found out about files, for as long as the files stay as they are: a hash of
// gigabytes is not computed again at every start.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace parley::nn {

// One small JSON file in `folder` for each list of files. Any number of processes may use a folder.
class StatIndex {
 public:
  explicit StatIndex(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // How the files are now: canonical path, size, device, inode, and when content and status changed
  // last, to the nanosecond. Empty when one cannot be asked.
  static std::string snapshot(const std::vector<std::filesystem::path>& files);
  // What was remembered for these files; nothing when one of them is not as it was then.
  std::optional<std::string> find(const std::vector<std::filesystem::path>& files) const;
  // Remembers `value` for the files, unless they are not, or no longer, as `before` says. With
  // `settled`, neither when one changed in the last two seconds: another write within the clock's
  // tick would not show. Failing to write is not an error.
  void remember(const std::vector<std::filesystem::path>& files, const std::string& before,
                const std::string& value, bool settled) const;

 private:
  std::filesystem::path entry(const std::vector<std::filesystem::path>& files) const;
  std::filesystem::path folder_;
};

}  // namespace parley::nn
