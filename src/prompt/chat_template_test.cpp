#include "prompt/chat_template.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/test_support.hpp"
#include "tokenizer/bpe_trainer.hpp"
#include "tokenizer/files/tokenizer_json.hpp"

namespace parley::text {
namespace chat_template_test {

using testing::HasSubstr;

template <typename Call>
std::string refusal(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return std::string(kind_name(error.kind())) + ": " + error.message();
  }
  return "none";
}

void write(const std::filesystem::path& path, std::string_view text) {
  std::filesystem::create_directories(path.parent_path());
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

ChatInput one_message() {
  ChatInput input;
  input.messages = {{{"role", "user"}, {"content", "Hi"}}};
  return input;
}

TEST(ChatTemplate, TheNativeTemplateRendersWhatTheNativeFormatEncodes) {
  BpeTrainOptions options;
  options.special_tokens = kSpecialTokens;
  options.vocabulary = 300;
  bool given = false;
  const BpeTokenizer tokenizer(train_bpe(
      [&](std::string& out) {
        out = "hello there, how are you";
        return !std::exchange(given, true);
      },
      options));
  const ChatTemplate native(kChatTemplateJinja, "native", {{"bos_token", kBos}});
  const auto spelled = [&](const std::vector<TokenId>& ids) {
    std::string out;
    for (const TokenId id : ids) {
      out += tokenizer.is_special(id) ? kSpecialTokens[id] : tokenizer.token_bytes(id);
    }
    return out;
  };
  EXPECT_TRUE(rc::check([&] {
    const std::vector<std::string> roles = {"system", "user", "assistant"};
    const std::vector<std::string> texts = {"",        "hello",   "Grüße\n",
                                            "<|end|>", "{{ x }}", "日本 \\ '\""};
    std::vector<ChatMessage> messages;
    const int count = *rc::gen::inRange(1, 6);
    for (int i = 0; i < count; ++i) {
      messages.push_back({*rc::gen::elementOf(roles), *rc::gen::elementOf(texts)});
    }
    ChatInput input;
    input.messages = messages_json(messages);
    RC_ASSERT(native.render(input).text == spelled(encode_prompt(tokenizer, messages)));
    input.add_generation_prompt = false;
    RC_ASSERT(native.render(input).text == spelled(encode_chat(tokenizer, messages).ids));
  }));
}

TEST(ChatTemplate, ReadsTheFilesOfAModelFolder) {
  const test::TempDir dir;
  const auto folder = dir.path();
  EXPECT_FALSE(ChatTemplate::exists(folder));
  EXPECT_THAT(refusal([&] { ChatTemplate::load(folder); }), HasSubstr("not-found: "));

  write(
      folder / "tokenizer_config.json",
      R"({"bos_token": {"content": "<b>", "lstrip": false}, "eos_token": "</e>", "unk_token": null,
            "chat_template": "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}{{ pad_token }}"})");
  write(folder / "special_tokens_map.json",
        R"({"bos_token": "<other>", "pad_token": {"content": "<pad>"}})");
  EXPECT_TRUE(ChatTemplate::exists(folder));
  EXPECT_EQ(ChatTemplate::load(folder).render(one_message()).text, "<b>Hi</e><pad>");

  write(folder / "tokenizer_config.json",
        R"({"chat_template": [{"name": "default", "template": "plain"},
                              {"name": "tool_use", "template": "tools {{ tools | length }}"}]})");
  ChatInput input = one_message();
  EXPECT_EQ(ChatTemplate::load(folder).render(input).text, "plain");
  input.tools = Json::array({{{"type", "function"}}});
  EXPECT_EQ(ChatTemplate::load(folder).render(input).text, "tools 1");

  write(folder / "chat_template.jinja", "from file\n");
  write(folder / "additional_chat_templates/tool_use.jinja", "more tools");
  EXPECT_EQ(ChatTemplate::load(folder).render(one_message()).text, "from file");
  EXPECT_EQ(ChatTemplate::load(folder).render(input).text, "more tools");
  EXPECT_EQ(ChatTemplate::load(folder).source(true), "more tools");
  EXPECT_EQ(ChatTemplate::all_sources(folder),
            "from file\n\nmore tools\nplain\ntools {{ tools | length }}\n");
}

TEST(ChatTemplate, ATemplateThatIsNullIsNone) {
  const test::TempDir dir;
  write(dir.path() / "tokenizer_config.json", R"({"chat_template": null})");
  write(dir.path() / "chat_template.json", "{}");
  EXPECT_FALSE(ChatTemplate::exists(dir.path()));
  EXPECT_EQ(ChatTemplate::all_sources(dir.path()), "");
  write(dir.path() / "chat_template.json", R"({"chat_template": "mine"})");
  EXPECT_TRUE(ChatTemplate::exists(dir.path()));
  EXPECT_EQ(ChatTemplate::load(dir.path()).render(one_message()).text, "mine");
}

TEST(ChatTemplate, BadFilesAreNamed) {
  const test::TempDir dir;
  write(dir.path() / "tokenizer_config.json", R"({"chat_template": 5})");
  EXPECT_THAT(refusal([&] { ChatTemplate::load(dir.path()); }),
              HasSubstr("tokenizer_config.json: chat_template: expected text"));
  write(dir.path() / "tokenizer_config.json", R"({"chat_template": "a\n{% if %}"})");
  EXPECT_THAT(refusal([&] { ChatTemplate::load(dir.path()); }),
              HasSubstr("tokenizer_config.json: chat_template:2: expected an expression"));
  write(dir.path() / "tokenizer_config.json", R"([1])");
  EXPECT_THAT(refusal([&] { ChatTemplate::load(dir.path()); }), HasSubstr("a JSON object"));
  write(dir.path() / "tokenizer_config.json", R"({"chat_template": [{"name": "a", "template": "x"},
                                                  {"name": "b", "template": "y"}]})");
  EXPECT_THAT(refusal([&] { ChatTemplate::load(dir.path()).render(one_message()); }),
              HasSubstr("several chat templates"));
}

TEST(ChatTemplate, PassesWhatTransformersPasses) {
  const ChatTemplate all(
      "{{ tools is none }} {{ documents is none }} {{ add_generation_prompt }} "
      "{{ enable_thinking is defined and enable_thinking is false }} {{ bos_token is defined }}",
      "t");
  ChatInput input = one_message();
  EXPECT_EQ(all.render(input).text, "True True True False False");
  input.extra = {{"enable_thinking", false}};
  input.add_generation_prompt = false;
  EXPECT_EQ(all.render(input).text, "True True False True False");
  input.extra = {{"messages", 1}};
  EXPECT_THAT(refusal([&] { all.render(input); }), HasSubstr("usage: "));
}

TEST(ChatTemplate, ARefusalOfTheTemplateIsAnInvalidInput) {
  const ChatTemplate strict(
      "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% "
      "endif %}",
      "strict");
  ChatInput input;
  input.messages = messages_json({{"system", "Be brief"}, {"user", "Hi"}});
  EXPECT_EQ(refusal([&] { strict.render(input); }),
            "invalid-input: strict:1: System role not supported");
}

TEST(ChatTemplate, WhatTrainingWritesIsRead) {
  const test::TempDir dir;
  write_chat_tokenizer_config(dir.path() / "tokenizer_config.json", 128);
  const ChatTemplate saved = ChatTemplate::load(dir.path());
  EXPECT_EQ(saved.render(one_message()).text, "<|bos|><|user|>Hi<|end|><|assistant|>");
}

}  // namespace chat_template_test
}  // namespace parley::text
