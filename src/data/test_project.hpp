// A project in a temporary folder, for the tests of this floor.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/test_support.hpp"
#include "data/add.hpp"
#include "data/dataset.hpp"

namespace parley::data {

class ProjectTest : public ::testing::Test {
 protected:
  ProjectTest() {
    project_.root = dir_.path();
    settings_.validation = 0.2;
  }
  void write(const std::string& name, const std::string& text) {
    write_file_atomically(dir_.path() / name, text);
  }

  AddResult add(std::vector<std::string> paths, bool skip_bad = false) {
    AddRequest request;
    request.paths = std::move(paths);
    request.skip_bad = skip_bad;
    return add_data(project_, settings_, request);
  }

  // The error that adding `name` with this content gives; it must leave the dataset as it was.
  Error failure(const std::string& name, const std::string& text, AddRequest request = {}) {
    write(name, text);
    request.paths = {name};
    return failure_of(request);
  }
  Error failure_of(const AddRequest& request) {
    const auto manifest = project_.dataset_dir() / "manifest.json";
    const bool existed = std::filesystem::exists(manifest);
    const std::string before = existed ? read_file(manifest) : "";
    try {
      add_data(project_, settings_, request);
    } catch (const Error& e) {
      EXPECT_EQ(std::filesystem::exists(manifest), existed);
      if (existed) {
        EXPECT_EQ(read_file(manifest), before);
      }
      EXPECT_FALSE(std::filesystem::exists(project_.dataset_dir() / ".importing"));
      return e;
    }
    ADD_FAILURE() << "no error";
    return Error(ErrorKind::kInternal, "", "");
  }

  std::vector<Record> records() {
    std::vector<Record> all;
    DatasetReader reader(project_.dataset_dir());
    Record record;
    while (reader.next(record)) all.push_back(record);
    EXPECT_EQ(all.size(), reader.records());
    return all;
  }

  // A line of OpenAI chat JSONL.
  static std::string chat(const std::string& user, const std::string& assistant) {
    return R"({"messages":[{"role":"user","content":")" + user +
           R"("},{"role":"assistant","content":")" + assistant + "\"}]}\n";
  }

  test::TempDir dir_;
  ProjectFolder project_;
  DataSettings settings_;
};

}  // namespace parley::data
