// Sorts more elements than memory should hold: full buffers are sorted and written as runs to a
// folder, then merged. What fits one buffer never touches the disk. T is trivially copyable and has
// operator<.
#pragma once

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <queue>
#include <string>
#include <type_traits>
#include <vector>

#include "base/error.hpp"

namespace parley::data {

template <class T>
class SpillSorter {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  // `folder` must exist; run files in it are unlinked as soon as they are open. `buffer_bytes`
  // bounds the memory.
  SpillSorter(std::filesystem::path folder, std::size_t buffer_bytes)
      : folder_(std::move(folder)),
        capacity_(std::max<std::size_t>(buffer_bytes / sizeof(T), 16)) {}

  void add(const T& element) {
    if (buffer_.size() == capacity_) spill();
    buffer_.push_back(element);  // grows by doubling: small inputs take little memory
    ++size_;
  }

  std::uint64_t size() const { return size_; }

  // Hands every element to `visit` in ascending order, once; the sorter is empty afterwards.
  // Errors: kIo.
  template <class Visit>
  void drain(Visit&& visit) {
    std::sort(buffer_.begin(), buffer_.end());
    if (runs_.empty()) {
      for (const T& element : buffer_) visit(element);
    } else {
      spill();
      merge(visit);
    }
    std::vector<T>().swap(buffer_);
    runs_.clear();
    size_ = 0;
  }

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  using File = std::unique_ptr<std::FILE, Closer>;

  struct Run {
    File file;
    std::vector<T> block;
    std::size_t at = 0;

    bool refill(std::size_t elements) {
      block.resize(elements);
      const std::size_t got = std::fread(block.data(), sizeof(T), elements, file.get());
      if (got < elements && std::ferror(file.get())) {
        fail(ErrorKind::kIo, "cannot read back a sorted run", "check the disk");
      }
      block.resize(got);
      at = 0;
      return got > 0;
    }
  };

  void spill() {
    if (buffer_.empty()) return;
    std::sort(buffer_.begin(), buffer_.end());
    std::string path = (folder_ / "run-XXXXXX").string();
    const int descriptor = ::mkostemp(path.data(), O_CLOEXEC);
    File file(descriptor < 0 ? nullptr : ::fdopen(descriptor, "w+b"));
    if (!file) fail_errno("cannot create " + path, errno, "check the disk");
    ::unlink(path.c_str());
    if (std::fwrite(buffer_.data(), sizeof(T), buffer_.size(), file.get()) != buffer_.size() ||
        std::fflush(file.get()) != 0) {
      fail_errno("cannot write " + path, errno,
                 "free some disk space and run the command again; nothing was lost");
    }
    std::rewind(file.get());
    runs_.push_back({std::move(file), {}, 0});
    buffer_.clear();
  }

  template <class Visit>
  void merge(Visit&& visit) {
    std::vector<T>().swap(buffer_);
    const std::size_t block =
        std::clamp<std::size_t>(capacity_ / runs_.size(), 16, (1u << 20) / sizeof(T));
    const auto later = [this](std::size_t a, std::size_t b) {
      return runs_[b].block[runs_[b].at] < runs_[a].block[runs_[a].at];
    };
    std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(later)> heads(later);
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      if (runs_[i].refill(block)) heads.push(i);
    }
    while (!heads.empty()) {
      const std::size_t i = heads.top();
      heads.pop();
      Run& run = runs_[i];
      visit(run.block[run.at]);
      if (++run.at < run.block.size() || run.refill(block)) heads.push(i);
    }
  }

  std::filesystem::path folder_;
  std::size_t capacity_;
  std::vector<T> buffer_;
  std::vector<Run> runs_;
  std::uint64_t size_ = 0;
};

}  // namespace parley::data
