#include "settings/project.hpp"

#include <utility>

#include "base/error.hpp"
#include "base/yaml.hpp"
#include "settings/project_schema.hpp"

namespace parley::settings {
namespace {

void describe(Fields& at, Serving& s) {
  describe(at, s.server);
  describe(at, s.reply);
  describe(at, s.engine);
}

void describe(Fields& at, Project& p) {
  at.text("name", "the project's name", {.required = true, .max_bytes = 80}, into(p.name));
  at.text("use_case", "what the assistant is for", {.may_be_empty = true}, into(p.use_case));
  at.list("objectives", "what success means, in numbers", 50, [&p](Fields& item) {
    eval::Objective objective;
    describe(item, objective);
    p.objectives.push_back(std::move(objective));
  });
  at.map("persona", "who the assistant is", [&p](Fields& in) { describe(in, p.persona); });
  at.map("data", "what it learns from", [&p](Fields& in) { describe(in, p.data); });
  at.map("model", "how big the model is", [&p](Fields& in) { describe(in, p.model); });
  at.map("training", "how it is trained", [&p](Fields& in) { describe(in, p.training); });
  at.map("serving", "how it is served", [&p](Fields& in) { describe(in, p.serving); });
}

}  // namespace

Project load_project(const std::filesystem::path& dir) {
  Project project;
  project.folder.root = std::filesystem::absolute(dir).lexically_normal();
  const std::filesystem::path file = project.folder.file();
  if (!std::filesystem::exists(file)) {
    fail(ErrorKind::kNotFound, file.string() + ": no such file",
         "run this in a project folder, name one with --project DIR, or make one: parley new DIR");
  }
  // 1 MB is a hundred times the largest sensible project file.
  const yaml::Value root = yaml::load(file, "parley.yaml", {.bytes = 1u << 20, .nodes = 50'000});
  load_fields(root, "parley.yaml", "", [&project](Fields& at) { describe(at, project); });
  return project;
}

Json project_schema() {
  Json schema = {
      {"$schema", "http://json-schema.org/draft-07/schema#"},
      {"title", "parley.yaml"},
      {"description", "A Parley project: one assistant. docs/project.md explains every key."}};
  Project scratch;
  const Json fields = schema_of_fields([&scratch](Fields& at) { describe(at, scratch); });
  for (const auto& [key, value] : fields.items()) schema[key] = value;
  return schema;
}

}  // namespace parley::settings
