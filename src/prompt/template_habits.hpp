// What a chat template wants of the messages it is given, where templates differ: found out by
// rendering a conversation of our own, as only the template can tell.
#pragma once

#include <string_view>

#include "base/json.hpp"
#include "prompt/jinja/template.hpp"

namespace parley::text {

struct TemplateHabits {
  // The arguments of a call are written as they are: they must be OpenAI's JSON text. Else they
  // are an object, which the template writes with tojson, or member by member.
  bool text_arguments = false;
  bool null_content = true;      // takes the null that stands beside calls; else it is ""
  bool named_thinking = false;   // reads an assistant's reasoning under the name `thinking`
  bool tools_in_system = false;  // reads the tools, as JSON text, from the system message
};

// `special_tokens` as of ChatTemplate. Takes as long as a few renderings.
TemplateHabits habits_of(const jinja::Template& parsed, std::string_view source,
                         const Json& special_tokens);

// The messages as the template wants them, and `tools` with them where they belong there. Arguments
// may come as text or as an object; text that is no JSON stays as it is, but nothing is {}.
Json fit_messages(Json messages, const Json& tools, const TemplateHabits& habits);

}  // namespace parley::text
