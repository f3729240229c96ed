// What an error becomes for a client: its status, its name, and what of it is told.
#include "server/http/problem.hpp"

#include <gtest/gtest.h>

namespace parley::server {
namespace problem_test {

TEST(Problem, EachKindOfErrorHasAStatus) {
  const std::vector<std::pair<ErrorKind, int>> statuses = {
      {ErrorKind::kUsage, 400},        {ErrorKind::kInvalidInput, 422},
      {ErrorKind::kNotFound, 404},     {ErrorKind::kConflict, 409},
      {ErrorKind::kIo, 500},           {ErrorKind::kLimit, 413},
      {ErrorKind::kUnavailable, 503},  {ErrorKind::kInternal, 500},
      {ErrorKind::kContextLength, 400}};
  for (const auto& [kind, status] : statuses) {
    const Error error(kind, "what", "hint");
    EXPECT_EQ(problem_response(error, "r1").status, status) << kind_name(kind);
    // OpenAI's clients know no 422.
    EXPECT_EQ(openai_error_response(error, "r1").status, status == 422 ? 400 : status);
    EXPECT_EQ(problem_json(error, "r1").at("type"),
              "urn:parley:problem:" + std::string(kind_name(kind)));
  }
  EXPECT_EQ(problem_response(Error(ErrorKind::kUnavailable, "full", ""), "r1", 429).status, 429);
}

TEST(Problem, APromptThatIsTooLongHasTheCodeThatClientsLookFor) {
  const Error error(ErrorKind::kContextLength, "too long", "shorten it");
  EXPECT_EQ(openai_error_json(error, "r1")["error"]["code"], "context_length_exceeded");
  EXPECT_EQ(openai_error_json(error, "r1")["error"]["type"], "invalid_request_error");
}

TEST(Problem, WhatWentWrongInsideIsToldInGeneralWords) {
  const Json told = problem_json(Error(ErrorKind::kIo, "/secret/path: disk full", "x"), "r1");
  EXPECT_EQ(to_text(told).find("secret"), std::string::npos);
  EXPECT_NE(told.at("hint").get<std::string>().find("r1"), std::string::npos);
}

}  // namespace problem_test
}  // namespace parley::server
