// One model says the same of itself in every form that it may have.
#include "package/model_package.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sha256.hpp"
#include "nn/files/gguf_test_support.hpp"
#include "package/pack_model.hpp"
#include "package/test_model.hpp"
#include "tokenizer/reference_test_support.hpp"

namespace parley::package {
namespace model_package_test {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using text::TokenId;

constexpr const char* kText = "Hello there <|user|> <|end|> the sea~end~";

// A folder with a small model, and what else a test puts there.
struct Folder {
  test::TempDir dir;
  fs::path path = dir.path() / "mine";
  Folder() { test::write_random_model(path); }
  void write(const std::string& name, const std::string& text) const {
    write_file_atomically(path / name, text);
  }
  // Changes one key of a file that is there; null takes it out.
  void set(const std::string& name, const char* key, const Json& value) const {
    Json root = read_json_file(path / name);
    root.erase(key);
    if (!value.is_null()) root[key] = value;
    write(name, to_text(root));
  }
  ModelPackage open() const { return ModelPackage(path); }
  ModelPackage packed(const fs::path& from) const {
    const fs::path to = dir.path() / "packed" / "mine.parley";
    fs::create_directories(to.parent_path());
    fs::remove(to);
    pack_model(ModelPackage(from), to, {});
    return ModelPackage(to);
  }
};

// All that a model says, as one text that can be compared.
std::string said(const ModelPackage& model) {
  Json out;
  out["name"] = model.name();
  out["address"] = model.address();
  out["ends"] = model.end_tokens();
  out["pooling"] = static_cast<int>(model.pooling());
  out["vocabulary"] = model.config().vocabulary;
  const auto tokenizer = model.tokenizer();
  out["plain"] = tokenizer->encode(kText);
  out["special"] = tokenizer->encode_with_special(kText);
  out["edges"] = {tokenizer->bos(), tokenizer->eos(), tokenizer->add_bos(), tokenizer->add_eos()};
  if (const auto chat_template = model.chat_template()) {
    text::ChatInput input;
    input.messages = {{{"role", "user"}, {"content", "Hi"}}};
    out["prompt"] = chat_template->render(input).text;
    input.tools = Json::array({{{"type", "function"}}});
    out["prompt with tools"] = chat_template->render(input).text;
    out["special tokens"] = chat_template->special_tokens();
  }
  return to_text(out, 1);
}

std::string problem(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& e) {
    return e.message() + " | " + e.hint();
  }
  return "no error";
}

TEST(ModelPackage, SaysTheSamePackedAsInItsFolder) {
  const Folder folder;
  const auto same = [&] {
    const std::string plain = said(folder.open());
    EXPECT_EQ(said(folder.packed(folder.path)), plain);
    return parse_json(plain, "said");
  };
  EXPECT_THAT(same()["prompt"].get<std::string>(), HasSubstr("<|user|>Hi"));

  folder.write("generation_config.json", R"({"eos_token_id": [7, 1]})");
  folder.write("1_Pooling/config.json", R"({"pooling_mode_lasttoken": true})");
  folder.write("special_tokens_map.json", R"({"cls_token": "<cls>"})");
  EXPECT_EQ(same()["ends"], (Json{1, 7}));
  EXPECT_EQ(same()["special tokens"]["cls_token"], "<cls>");

  folder.set("tokenizer_config.json", "chat_template",
             Json::array({{{"name", "default"}, {"template", "listed {{ bos_token }}"}},
                          {{"name", "tool_use"}, {"template", "listed tools"}}}));
  EXPECT_EQ(same()["prompt with tools"], "listed tools");
  folder.write("chat_template.json", R"({"chat_template": "in a file of its own"})");
  EXPECT_EQ(same()["prompt"], "in a file of its own");
  folder.write("chat_template.jinja", "plain jinja");
  folder.write("additional_chat_templates/tool_use.jinja", "more jinja");
  EXPECT_EQ(same()["prompt"], "plain jinja");
  EXPECT_EQ(same()["prompt with tools"], "more jinja");

  Manifest manifest;
  manifest.kind = "model";
  manifest.add_file(folder.path, "model.safetensors");
  manifest.save(folder.path / "manifest.json");
  EXPECT_EQ(same()["address"], manifest.address());
}

TEST(ModelPackage, PacksATokenizerOfRanksToo) {
  const Folder folder;
  fs::remove(folder.path / "tokenizer.json");
  std::string ranks;
  for (int byte = 0; byte < 256; ++byte) {
    ranks += encode_base64(std::string(1, static_cast<char>(byte))) + " " + std::to_string(byte);
    ranks += "\n";
  }
  folder.write("own.tiktoken", ranks);
  folder.write("own.tiktoken.json", R"({"split": "gpt2"})");
  EXPECT_EQ(said(folder.packed(folder.path)), said(folder.open()));
}

// The vocabulary of a tokenizer.json, as a converter writes it.
void add_vocabulary(const fs::path& tokenizer_json, test::GgufWriter& out) {
  const Json json = read_json_file(tokenizer_json);
  std::map<TokenId, std::string> tokens;
  for (const auto& [piece, id] : json["model"]["vocab"].items()) tokens[id.get<TokenId>()] = piece;
  std::vector<std::int32_t> types(tokens.size(), 1);
  for (const Json& token : json["added_tokens"]) {
    tokens[token["id"].get<TokenId>()] = token["content"];
    types.resize(tokens.size(), 1);
    if (token["special"] == true) types[token["id"].get<std::size_t>()] = 3;
  }
  std::vector<std::string> pieces, merges;
  for (const auto& [id, piece] : tokens) pieces.push_back(piece);
  for (const Json& merge : json["model"]["merges"]) {
    merges.push_back(merge.is_string()
                         ? merge.get<std::string>()
                         : merge[0].get<std::string>() + " " + merge[1].get<std::string>());
  }
  out.add_text("tokenizer.ggml.model", "gpt2");
  out.add_text("tokenizer.ggml.pre", "llama-bpe");
  out.add_texts("tokenizer.ggml.tokens", pieces);
  out.add_i32s("tokenizer.ggml.token_type", types);
  out.add_texts("tokenizer.ggml.merges", merges);
  out.add_u32("tokenizer.ggml.bos_token_id", 0);
}

TEST(ModelPackage, SaysTheSameAsGgufAndPackedFromIt) {
  const Folder folder;
  folder.write("generation_config.json", R"({"eos_token_id": [1, 7]})");
  folder.write("1_Pooling/config.json", R"({"pooling_mode_cls_token": true})");
  const auto gguf = folder.dir.path() / "mine.gguf";
  const Json config = read_json_file(folder.path / "tokenizer_config.json");
  test::write_gguf_of(folder.path, gguf, nn::DType::kBF16, [&](test::GgufWriter& out) {
    add_vocabulary(folder.path / "tokenizer.json", out);
    out.add_text("tokenizer.chat_template", config["chat_template"]);
    out.add_u32("tokenizer.ggml.eot_token_id", 7);
    out.add_u32("tokenizer.ggml.padding_token_id", 1);
    out.add_u32("llama.pooling_type", 2);
  });
  const ModelPackage converted(gguf);
  EXPECT_EQ(said(folder.packed(gguf)), said(converted));
  EXPECT_FALSE(fs::exists(folder.dir.path() / "packed" / "tokenizer.json"));

  // The files are others, so is their hash.
  Json of_folder = parse_json(said(folder.open()), "folder"),
       of_gguf = parse_json(said(converted), "gguf");
  EXPECT_NE(of_folder["address"], of_gguf["address"]);
  of_folder.erase("address");
  of_gguf.erase("address");
  EXPECT_EQ(to_text(of_folder, 1), to_text(of_gguf, 1));

  // A folder with one GGUF file is that file.
  fs::create_directories(folder.dir.path() / "alone");
  fs::copy(gguf, folder.dir.path() / "alone" / "any.gguf");
  EXPECT_EQ(ModelPackage(folder.dir.path() / "alone").end_tokens(), converted.end_tokens());
}

TEST(ModelPackage, KnowsWhatEndsAReplyWhereverItIsNamed) {
  const Folder folder;
  const auto ends = [&] { return folder.open().end_tokens(); };
  EXPECT_THAT(ends(), ElementsAre(1));
  folder.set("config.json", "text_config", {{"eos_token_id", 4}});
  folder.write("generation_config.json", R"({"eos_token_id": [1, 9, null, -1]})");
  EXPECT_THAT(ends(), ElementsAre(1, 4, 9));
  folder.write("generation_config.json", R"({"eos_token_id": 5})");
  EXPECT_THAT(ends(), ElementsAre(1, 4, 5));
  // The tokenizer's own may be the only one that names the end of a turn.
  folder.set("config.json", "eos_token_id", 7);
  EXPECT_THAT(ends(), ElementsAre(7, 4, 5, 1));
  folder.write("generation_config.json", "{}");
  folder.set("config.json", "text_config", nullptr);
  folder.set("config.json", "eos_token_id", nullptr);
  folder.set("tokenizer_config.json", "eos_token", "<|end|>");
  EXPECT_THAT(ends(), ElementsAre(1));
  folder.set("tokenizer_config.json", "eos_token", nullptr);
  EXPECT_THAT(ends(), ElementsAre());
}

// A vocabulary in two files, as older checkpoints and continued trainings have it.
TEST(ModelPackage, TakesTheTokensBesideAVocabulary) {
  const Folder folder;
  fs::remove(folder.path / "tokenizer.json");
  fs::copy(test::tokenizer_fixtures() / "unigram.model", folder.path / "tokenizer.model");
  folder.write("tokenizer_config.json", R"({"eos_token": "</s>"})");
  folder.set("config.json", "vocab_size", 302);
  folder.set("config.json", "eos_token_id", 301);
  EXPECT_THAT(problem([&] { folder.open().tokenizer(); }),
              HasSubstr("a reply ends with token 301, which the tokenizer of 300 tokens lacks"));
  folder.write("added_tokens.json", R"({"<|turn|>": 300, "~stop~": 301})");
  EXPECT_EQ(folder.open().tokenizer()->find("~stop~"), 301);
  EXPECT_THAT(folder.open().end_tokens(), ElementsAre(301, 2));
  const auto tokenizer = folder.open().tokenizer();
  EXPECT_THAT(tokenizer->encode_with_special("<|turn|>~stop~"), ElementsAre(300, 301));
  const auto typed = tokenizer->encode("<|turn|>~stop~");
  EXPECT_TRUE(std::ranges::all_of(typed, [](TokenId id) { return id < 300; }));
  EXPECT_TRUE(folder.open().described_files().contains("added_tokens.json"));  // packed with it

  folder.set("config.json", "eos_token_id", 2);
  folder.write("added_tokens.json", R"({"<far>": 302})");
  EXPECT_THAT(problem([&] { folder.open().tokenizer(); }),
              HasSubstr("the last of them \"<far>\", the model's vocabulary 302"));
}

TEST(ModelPackage, AConvertedModelKeepsAllItsTemplates) {
  const Folder folder;
  const auto gguf = folder.dir.path() / "mine.gguf";
  const auto convert = [&](const std::vector<std::string>& names) {
    test::write_gguf_of(folder.path, gguf, nn::DType::kBF16, [&](test::GgufWriter& out) {
      add_vocabulary(folder.path / "tokenizer.json", out);
      for (const std::string& name : names)
        out.add_text("tokenizer.chat_template" + name, "It is" + name + " {{ bos_token }}");
    });
  };
  convert({"", ".rag", ".tool_use"});
  Json told = parse_json(said(ModelPackage(gguf)), "gguf");
  EXPECT_EQ(told["prompt"], "It is <|bos|>");
  EXPECT_EQ(told["prompt with tools"], "It is.tool_use <|bos|>");
  EXPECT_EQ(parse_json(said(folder.packed(gguf)), "packed"), told);
  convert({".chatml"});
  EXPECT_EQ(parse_json(said(ModelPackage(gguf)), "gguf")["prompt"], "It is.chatml <|bos|>");
  convert({});
  EXPECT_EQ(ModelPackage(gguf).chat_template(), nullptr);
}

// Added tokens that no file flags as special, but that the files show to steer the model.
TEST(ModelPackage, GuardsTheTokensThatSteerTheModel) {
  const Folder folder;
  Json tokenizer = read_json_file(folder.path / "tokenizer.json");
  const TokenId id = test::add_token(tokenizer, "~end~", false, false);
  folder.write("tokenizer.json", to_text(tokenizer));
  folder.set("config.json", "vocab_size", id + 1);
  const auto guards = [&](const std::string& name, const std::string& text) {
    const bool there = fs::exists(folder.path / name);
    const std::string before = there ? read_file(folder.path / name) : "";
    folder.write(name, text);
    const auto ids = folder.open().tokenizer()->encode(kText);
    there ? folder.write(name, before) : void(fs::remove(folder.path / name));
    return std::ranges::count(ids, id) == 0;
  };
  const std::string number = std::to_string(id);
  EXPECT_FALSE(guards("generation_config.json", "{}"));
  EXPECT_TRUE(guards("generation_config.json", R"({"eos_token_id": [3, )" + number + "]}"));
  EXPECT_TRUE(guards("chat_template.json", R"({"chat_template": "x ~end~"})"));
  EXPECT_TRUE(guards("chat_template.jinja", "x ~end~"));
  EXPECT_TRUE(guards("additional_chat_templates/tool_use.jinja", "~end~"));
  EXPECT_TRUE(guards("tokenizer_config.json",
                     R"({"chat_template": [{"name": "a", "template": "\"~end~\""}]})"));
  EXPECT_TRUE(guards("tokenizer_config.json", R"({"eos_token": "~end~"})"));
  Json config = read_json_file(folder.path / "config.json");
  config["eos_token_id"] = id;
  EXPECT_TRUE(guards("config.json", to_text(config)));
}

TEST(ModelPackage, IsNamedAsItsFolderOrFile) {
  const Folder folder;
  EXPECT_TRUE(is_model(folder.path));
  EXPECT_FALSE(is_model(folder.dir.path()));
  EXPECT_FALSE(is_model(folder.path / "config.json"));
  EXPECT_FALSE(is_model(folder.dir.path() / "none.gguf"));
  fs::create_directory_symlink("mine", folder.dir.path() / "current");
  EXPECT_EQ(ModelPackage(folder.dir.path() / "current").name(), "mine");
  EXPECT_EQ(model_name(folder.dir.path() / "current"), "current");
  EXPECT_EQ(model_name("a/llama-3.2.gguf"), "llama-3.2");
}

TEST(ModelPackage, NamesWhatIsWrong) {
  const Folder folder;
  const auto opening = [](const fs::path& path) {
    return problem([&] { ModelPackage model(path); });
  };
  EXPECT_THAT(opening(folder.dir.path() / "none"), HasSubstr("none: no such model"));
  EXPECT_THAT(opening(folder.dir.path()), HasSubstr("neither config.json nor a .gguf file"));

  const auto gguf = folder.dir.path() / "m.gguf";
  test::write_gguf_of(folder.path, gguf, nn::DType::kBF16);
  EXPECT_THAT(problem([&] { ModelPackage(gguf).tokenizer(); }),
              HasSubstr("m.gguf: tokenizer.ggml.model is missing | the file holds no tokenizer"));

  const auto packed = folder.dir.path() / "m.parley";
  pack_model(folder.open(), packed, {});
  std::string bytes = read_file(packed);
  bytes[8] = 2;
  write_file_atomically(packed, bytes);
  EXPECT_THAT(opening(packed), HasSubstr("m.parley: has version 2, expected 1"));

  folder.set("config.json", "vocab_size", 200);
  EXPECT_THAT(problem([&] { folder.open().tokenizer(); }),
              HasSubstr("the model's vocabulary 200 | the two belong to different models"));
  fs::remove(folder.path / "tokenizer.json");
  EXPECT_THAT(problem([&] { folder.open().tokenizer(); }),
              HasSubstr("mine: has no tokenizer | looked for tokenizer.json"));
  folder.write("generation_config.json", R"({"eos_token_id": [1, 99999999999]})");
  EXPECT_THAT(problem([&] { folder.open().tokenizer(); }),
              HasSubstr("generation_config.json: eos_token_id is 99999999999, no token of the"));
  folder.write("generation_config.json", R"({"eos_token_id": "</s>"})");
  EXPECT_THAT(problem([&] { folder.open().tokenizer(); }), HasSubstr("eos_token_id is \"</s>\""));
  folder.write("1_Pooling/config.json", R"({"pooling_mode_max_tokens": true})");
  EXPECT_THAT(problem([&] { folder.open().pooling(); }),
              HasSubstr("1_Pooling/config.json: its pooling is not supported"));
  fs::remove(folder.path / "model.safetensors");
  EXPECT_THAT(opening(folder.path), HasSubstr("has neither model.safetensors nor"));
}

TEST(PackModel, PacksOnlyWhatIsWhole) {
  const Folder folder;
  const auto packing = [&](const fs::path& from, const char* to) {
    return problem([&] { pack_model(ModelPackage(from), folder.dir.path() / to, {}); });
  };
  EXPECT_THAT(packing(folder.path, "m.bin"), HasSubstr("name ends in .parley"));
  EXPECT_EQ(packing(folder.path, "m.parley"), "no error");
  EXPECT_THAT(packing(folder.path, "m.parley"), HasSubstr("exists already"));
  EXPECT_THAT(packing(folder.dir.path() / "m.parley", "again.parley"),
              HasSubstr("is packed already"));
  folder.write("chat_template.jinja", "{% if %}");
  EXPECT_THAT(packing(folder.path, "other.parley"), HasSubstr("chat_template.jinja:1: "));
  fs::remove(folder.path / "tokenizer.json");
  EXPECT_THAT(packing(folder.path, "other.parley"), HasSubstr("has no tokenizer"));
  EXPECT_FALSE(fs::exists(folder.dir.path() / "other.parley"));
}

}  // namespace model_package_test
}  // namespace parley::package
