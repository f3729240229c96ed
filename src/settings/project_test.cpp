#include "settings/project.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cstdlib>
#include <functional>
#include <set>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/test_support.hpp"
#include "base/yaml.hpp"
#include "settings/project_schema.hpp"

namespace parley::settings {
namespace project_test {

Project load_text(const std::string& text) {
  test::TempDir dir;
  write_file_atomically(dir.path() / "parley.yaml", text);
  return load_project(dir.path());
}

// The message of the error that loading `text` gives, or "" when it loads.
std::string error_of(const std::string& text) {
  try {
    load_text(text);
    return {};
  } catch (const Error& e) {
    return e.message();
  }
}

bool schema_accepts(const Json& document) {
  static const auto schema = [] {
    auto made = std::make_unique<valijson::Schema>();
    static const auto text = nlohmann::json::parse(to_text(project_schema()));
    valijson::SchemaParser(valijson::SchemaParser::kDraft7)
        .populateSchema(valijson::adapters::NlohmannJsonAdapter(text), *made);
    return made;
  }();
  const auto same = nlohmann::json::parse(to_text(document));  // the adapter knows no other
  return valijson::Validator().validate(*schema, valijson::adapters::NlohmannJsonAdapter(same),
                                        nullptr);
}

const char* const kFull = R"(name: Example
use_case: Help people
objectives:
  - {metric: scenario_pass_rate, target: 0.8}
  - {metric: bits_per_byte, target: 0.9, window: 7d}
  - {metric: satisfaction, compare: ">=", target: 0.9, window: 24h}
persona:
  name: Robin
  voice: Warm.
  tagline: Ask me
  greeting: Hello
  suggestions: ["One?", "Two?"]
  system_prompt: ""
data:
  sources:
    - {path: data/*.jsonl, format: openai}
    - {path: faq.csv, format: csv, columns: "user=q,assistant=a"}
    - {grammar: data/g.yaml, count: 100, seed: 3}
  validation: 0.1
  near_duplicates: 1
model: {size: micro, width: 192, layers: 4, heads: 4, kv_heads: 2, hidden: 512, vocabulary: 2048, context: 256}
training: {minutes: 2.5, steps: 10, learning_rate: 0.001, batch: 8, seed: 9, early_stop: false}
serving:
  host: 0.0.0.0
  port: 9000
  allow_hosts: [Chat.example.org]
  cors_origins: ["https://app.example:8443", "*"]
  temperature: 0
  top_p: 0.9
  min_p: 0
  top_k: 40
  repetition_penalty: 1.1
  max_tokens: 99
  threads: 2
  max_concurrent: 4
  max_queue: 0
)";

TEST(Project, ReadsEveryKey) {
  const Project p = load_text(kFull);
  EXPECT_EQ(p.name, "Example");
  ASSERT_EQ(p.objectives.size(), 3u);
  EXPECT_EQ(p.objectives[0].compare, ">=");
  EXPECT_EQ(p.objectives[0].window, "release");
  EXPECT_EQ(p.objectives[1].compare, "<=");
  EXPECT_EQ(p.objectives[1].window, "7d");
  EXPECT_EQ(p.persona.suggestions.size(), 2u);
  ASSERT_EQ(p.data.sources.size(), 3u);
  EXPECT_EQ(p.data.sources[1].columns, "user=q,assistant=a");
  EXPECT_EQ(p.data.sources[2].count, 100);
  EXPECT_EQ(p.data.sources[2].seed, 3u);
  EXPECT_DOUBLE_EQ(p.data.near_duplicates, 1);
  EXPECT_EQ(p.model.kv_heads, 2);
  EXPECT_DOUBLE_EQ(p.training.minutes.value(), 2.5);
  EXPECT_FALSE(p.training.early_stop);
  EXPECT_EQ(p.serving.server.port, 9000);
  EXPECT_EQ(p.serving.server.allowed_hosts, (std::vector<std::string>{"Chat.example.org"}));
  EXPECT_EQ(p.serving.server.cors_origins,
            (std::vector<std::string>{"https://app.example:8443", "*"}));
  EXPECT_EQ(p.serving.reply.top_k, 40);
  EXPECT_EQ(p.serving.reply.max_tokens, 99);
  EXPECT_EQ(p.serving.engine.threads, 2);
  EXPECT_EQ(p.serving.engine.max_concurrent, 4);
  EXPECT_EQ(p.serving.engine.max_queue, 0);
  EXPECT_TRUE(p.folder.root.is_absolute());
}

TEST(Project, LeavesDefaultsAlone) {
  const Project p = load_text("name: x\n");
  EXPECT_EQ(p.model.size, "mini");
  EXPECT_FALSE(p.training.minutes.has_value());
  EXPECT_EQ(p.serving.server.port, 8080);
  EXPECT_DOUBLE_EQ(p.serving.reply.top_p, 0.95);
  EXPECT_EQ(p.serving.engine.max_concurrent, 32);
}

TEST(Project, ErrorsNameLineFieldAndNearestName) {
  EXPECT_EQ(error_of("name: x\ntraining:\n  minuets: 3\n"),
            "parley.yaml:3: training.minuets: unknown key; did you mean 'minutes'?");
  EXPECT_EQ(error_of("name: x\nmodel:\n  size: mni\n"),
            "parley.yaml:3: model.size: expected one of nano, micro, mini, small, base; found the "
            "text 'mni'; did you "
            "mean 'mini'?");
  EXPECT_EQ(error_of("name: x\nserving: {port: eighty}\n"),
            "parley.yaml:2: serving.port: expected a whole number, found the text 'eighty'");
  EXPECT_EQ(error_of("name: x\nserving:\n  port: 70000\n"),
            "parley.yaml:3: serving.port: expected a whole number from 1 to 65535, found the "
            "number 70000");
  EXPECT_EQ(
      error_of("name: x\nserving: {top_p: 0}\n"),
      "parley.yaml:2: serving.top_p: expected a number above 0 and at most 1, found the number 0");
  EXPECT_EQ(error_of("name: x\nserving:\n  allow_hosts: [a.example, \"https://b.example\"]\n"),
            "parley.yaml:3: serving.allow_hosts[1]: expected a host name without scheme, port or "
            "path, such as chat.example.org, found the text 'https://b.example'");
  EXPECT_EQ(error_of("name: x\nserving:\n  cors_origins:\n    - app.example\n"),
            "parley.yaml:4: serving.cors_origins[0]: expected an origin without a path, such as "
            "https://app.example, or '*', found the text 'app.example'");
  EXPECT_EQ(error_of("name: x\nserving: {allow_hosts: chat.example.org}\n"),
            "parley.yaml:2: serving.allow_hosts: expected a list of texts, found the text "
            "'chat.example.org'");
  EXPECT_EQ(error_of("name: 7\n"), "parley.yaml:1: name: expected text, found the number 7");
  EXPECT_EQ(error_of("model: {size: mini}\n"),
            "parley.yaml:1: name: missing, expected the project's name");
  EXPECT_EQ(error_of("nam: x\n"), "parley.yaml:1: nam: unknown key; did you mean 'name'?");
  EXPECT_EQ(error_of("name: x\npersona:\n"),
            "parley.yaml:2: persona: has no value, expected who the assistant is");
  EXPECT_EQ(error_of("name: x\ndata:\n  sources: a.csv\n"),
            "parley.yaml:3: data.sources: expected a list, found the text 'a.csv'");
  EXPECT_EQ(error_of("name: x\ndata:\n  sources:\n    - {path: a}\n    - {format: csv}\n"),
            "parley.yaml:5: data.sources[1]: expected either 'path' or 'grammar', found neither");
  EXPECT_EQ(error_of("name: x\ndata:\n  sources:\n    - {grammar: g.yaml}\n"),
            "parley.yaml:4: data.sources[0]: 'grammar' needs 'count' beside it");
  EXPECT_EQ(
      error_of("name: x\nobjectives:\n  - {metric: scenario_pass_rate, target: 1, window: soon}\n"),
      "parley.yaml:3: objectives[0].window: expected a duration like 24h or 7d, or 'release', "
      "found the text "
      "'soon'");
  EXPECT_EQ(error_of("name: x\ntraining: {early_stop: yes}\n"),
            "parley.yaml:2: training.early_stop: expected true or false, found the text 'yes'");
  EXPECT_EQ(error_of("- a\n"), "parley.yaml:1: expected a map of 'key: value' lines, found a list");
  EXPECT_EQ(error_of(""), "parley.yaml:1: expected a map of 'key: value' lines, found nothing");
  EXPECT_NE(error_of("name: x\nmodel: {size: mini\n").find("parley.yaml:"), std::string::npos);
  EXPECT_NE(error_of("name: x\nname: y\n").find("parley.yaml:2: key 'name' appears twice"),
            std::string::npos);
}

TEST(Project, SaysHowToMakeOneWhereThereIsNone) {
  test::TempDir dir;
  try {
    load_project(dir.path());
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::kNotFound);
    EXPECT_NE(e.hint().find("parley new"), std::string::npos);
  }
}

TEST(ProjectSchema, IsThePublishedFile) {
  const auto path = std::filesystem::path(PARLEY_SOURCE_DIR) / "docs" / "parley.schema.json";
  const std::string made = to_text(project_schema(), 2) + "\n";
  if (std::getenv("PARLEY_UPDATE_DOCS")) write_file_atomically(path, made);
  EXPECT_EQ(read_file(path), made) << "run settings_tests with PARLEY_UPDATE_DOCS=1";
}

TEST(ProjectSchema, AcceptsTheTemplates) {
  int seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(
           std::filesystem::path(PARLEY_SOURCE_DIR) / "templates")) {
    const auto file = entry.path() / "parley.yaml";
    EXPECT_TRUE(schema_accepts(yaml::to_json(yaml::load(file)))) << file;
    EXPECT_NO_THROW(load_project(entry.path())) << file;
    ++seen;
  }
  EXPECT_GE(seen, 2);
}

// Every place in a document, as a pointer: "/serving/port".
void pointers(const Json& value, const std::string& at, std::vector<std::string>& out) {
  if (!at.empty()) out.push_back(at);
  if (value.is_object()) {
    for (const auto& [key, child] : value.items()) pointers(child, at + "/" + key, out);
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i)
      pointers(value[i], at + "/" + std::to_string(i), out);
  }
}

TEST(ProjectSchema, KnowsExactlyTheKeysTheLoaderReads) {
  // kFull uses every key, and "x" added to any map is refused by both; what the schema lists is in
  // kFull.
  const Json full = yaml::to_json(yaml::parse(kFull, "full"));
  ASSERT_TRUE(schema_accepts(full));
  std::set<std::string> in_schema, in_full;
  const std::function<void(const Json&, const std::string&)> walk = [&](const Json& schema,
                                                                        const std::string& at) {
    if (schema.contains("items")) walk(schema["items"], at);
    if (!schema.contains("properties")) return;
    for (const auto& [key, child] : schema["properties"].items()) {
      in_schema.insert(at + "/" + key);
      walk(child, at + "/" + key);
    }
  };
  walk(Json::parse(to_text(project_schema())), "");
  const std::function<void(const Json&, const std::string&)> collect = [&](const Json& value,
                                                                           const std::string& at) {
    if (value.is_array()) {
      for (const Json& item : value) collect(item, at);
    } else if (value.is_object()) {
      for (const auto& [key, child] : value.items()) {
        in_full.insert(at + "/" + key);
        collect(child, at + "/" + key);
      }
    }
  };
  collect(full, "");
  EXPECT_EQ(in_schema, in_full);
}

// Loader and schema give the same verdict on a full document with one value replaced, removed or
// added.
RC_GTEST_PROP(ProjectSchema, AgreesWithTheLoader, ()) {
  Json document = yaml::to_json(yaml::parse(kFull, "full"));
  std::vector<std::string> places;
  pointers(document, "", places);
  const Json::json_pointer place(*rc::gen::elementOf(places));
  const std::vector<Json> values = {Json("text"),
                                    Json(""),
                                    Json(-1),
                                    Json(0),
                                    Json(1),
                                    Json(0.5),
                                    Json(3),
                                    Json(100000),
                                    Json(1e12),
                                    Json(true),
                                    Json("7d"),
                                    Json("mini"),
                                    Json(">="),
                                    Json("csv"),
                                    Json("*"),
                                    Json::array(),
                                    Json::array({1}),
                                    Json::object(),
                                    Json::array({"a"}),
                                    Json::array({"https://a.example"}),
                                    Json::array({"https://a.example/"}),
                                    Json(std::string(5000, 'x'))};
  switch (*rc::gen::inRange(0, 3)) {
    case 0:
      document[place] = *rc::gen::elementOf(values);
      break;
    case 1:
      document = document.patch({{{"op", "remove"}, {"path", place.to_string()}}});
      break;
    case 2:
      if (document[place].is_object()) document[place]["unknown"] = 1;
      break;
  }
  const std::string text = to_text(document);  // JSON is YAML
  const std::string error = error_of(text);
  RC_LOG() << text << "\n" << error;
  RC_ASSERT(schema_accepts(document) == error.empty());
}

}  // namespace project_test
}  // namespace parley::settings
