// Where a project keeps what: parley.yaml and what people write stand beside .parley/, which holds
// everything derived or recorded.
#pragma once

#include <filesystem>

namespace parley {

struct ProjectFolder {
  std::filesystem::path root;  // absolute

  std::filesystem::path file() const { return root / "parley.yaml"; }
  std::filesystem::path derived() const { return root / ".parley"; }
  std::filesystem::path dataset_dir() const { return derived() / "dataset"; }
  // Token files, runs and their checkpoints.
  std::filesystem::path training_dir() const { return derived() / "training"; }
  // One folder for each content address.
  std::filesystem::path models_dir() const { return derived() / "models"; }
  // A link to the one in use.
  std::filesystem::path current_model() const { return models_dir() / "current"; }
  std::filesystem::path store_file() const { return derived() / "store" / "parley.db"; }
};

}  // namespace parley
