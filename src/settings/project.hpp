// parley.yaml as a whole: each section is described by the floor that uses it, in its settings.hpp,
// and is a struct of that floor. The published JSON Schema is docs/parley.schema.json; the loader
// checks every key and reports FILE:LINE, the field, what was expected and the nearest known name.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/project_folder.hpp"
#include "chat/settings.hpp"
#include "data/settings.hpp"
#include "engine/settings.hpp"
#include "eval/settings.hpp"
#include "server/settings.hpp"
#include "train/run/settings.hpp"

namespace parley::settings {

// The `serving` section, whose keys three floors use.
struct Serving {
  server::ServerSettings server;
  chat::ReplyDefaults reply;
  engine::Options engine;
};

struct Project {
  ProjectFolder folder;
  std::string name;
  std::string use_case;
  std::vector<eval::Objective> objectives;
  chat::Persona persona;
  data::DataSettings data;
  train::ModelSettings model;
  train::TrainSettings training;
  Serving serving;
};

// Loads and checks DIR/parley.yaml. Errors: kNotFound, kInvalidInput ("parley.yaml:12:
// training.minuets: unknown key; did you mean 'minutes'?").
Project load_project(const std::filesystem::path& dir);

}  // namespace parley::settings
