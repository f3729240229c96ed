#include "data/sources/speakers.hpp"

#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "text/fold.hpp"

namespace parley::data {
namespace {

struct Known {
  Speaker speaker;
  std::string_view names;  // separated by commas
};

constexpr Known kKnown[] = {
    {Speaker::kUser, "user,human,customer,client,visitor,guest,caller,prompter,question,q"},
    // German, French, Spanish, Portuguese, Italian, Dutch
    {Speaker::kUser,
     "Kunde,Kundin,Nutzer,Nutzerin,Benutzer,Frage,utilisateur,cliente,usuario,pregunta,pergunta,"
     "utente,domanda,klant,gebruiker,vraag"},
    // Polish, Turkish, Russian, Chinese, Japanese, Arabic
    {Speaker::kUser,
     "klient,użytkownik,pytanie,müşteri,kullanıcı,soru,клиент,пользователь,вопрос,用户,客户,顾客,"
     "问,"
     "お客様,ユーザー,عميل,مستخدم"},
    {Speaker::kAssistant,
     "assistant,agent,bot,chatbot,gpt,chatgpt,model,ai,support,support agent,customer support,"
     "customer service,representative,rep,advisor,operator,helpdesk,answer,a"},
    {Speaker::kAssistant,
     "Assistent,Assistentin,Berater,Beraterin,Mitarbeiter,Mitarbeiterin,Kundendienst,Kundenservice,"
     "Antwort,assistante,conseiller,conseillère,réponse,asistente,agente,respuesta,atendente,"
     "resposta,assistente,operatore,risposta,medewerker,antwoord"},
    {Speaker::kAssistant,
     "asystent,konsultant,odpowiedź,asistan,temsilci,cevap,ассистент,оператор,поддержка,ответ,客服,"
     "助手,助理,答,オペレーター,アシスタント,مساعد"},
    {Speaker::kSystem, "system,developer,system prompt"},
    {Speaker::kTool,
     "tool,function,function call,function response,observation,tool call,tool response,"
     "tool result,ipython"},
};

// As text::fold_words(), which takes "Support-Agent" and "support_agent" for the same words.
std::string fold_name(std::string_view name) {
  std::string spaced(name);
  std::replace(spaced.begin(), spaced.end(), '_', ' ');
  const std::string folded = text::fold_words(spaced);
  return folded.empty() ? folded : folded.substr(1);
}

const std::map<std::string, Speaker>& known_speakers() {
  static const auto all = [] {
    std::map<std::string, Speaker> map;
    for (const Known& known : kKnown) {
      for (std::string_view left = known.names; !left.empty();) {
        const std::size_t comma = std::min(left.find(','), left.size());
        map.emplace(fold_name(left.substr(0, comma)), known.speaker);
        left.remove_prefix(std::min(comma + 1, left.size()));
      }
    }
    return map;
  }();
  return all;
}

}  // namespace

Role role_of(Speaker speaker) {
  return speaker == Speaker::kUser     ? Role::kUser
         : speaker == Speaker::kSystem ? Role::kSystem
                                       : Role::kAssistant;
}

Speakers::Speakers(std::string_view mapping) {
  while (!mapping.empty()) {
    const std::size_t comma = std::min(mapping.find(','), mapping.size());
    const std::string_view pair = mapping.substr(0, comma);
    mapping.remove_prefix(std::min(comma + 1, mapping.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view role = pair.substr(0, equals);
    const Speaker speaker = role == "user"        ? Speaker::kUser
                            : role == "assistant" ? Speaker::kAssistant
                            : role == "system"    ? Speaker::kSystem
                            : role == "tool"      ? Speaker::kTool
                                                  : Speaker::kUnknown;
    std::string folded = equals < pair.size() ? fold_name(pair.substr(equals + 1)) : std::string();
    if (speaker == Speaker::kUnknown || folded.empty()) {
      fail(ErrorKind::kUsage, "--speakers: \"" + std::string(pair) + "\" is not ROLE=NAME",
           "ROLE is user, assistant, system or tool; for example --speakers "
           "user=Anna,assistant=Ben");
    }
    names_.push_back({std::move(folded), speaker});
  }
}

bool Speakers::is_mapped(std::string_view name) const {
  const std::string folded = fold_name(name);
  return std::any_of(names_.begin(), names_.end(),
                     [&](const Name& each) { return each.folded == folded; });
}

Speaker Speakers::of(std::string_view name) const {
  // What nearly every record says.
  if (names_.empty()) {
    if (name == "user") return Speaker::kUser;
    if (name == "assistant") return Speaker::kAssistant;
  }
  const std::string folded = fold_name(name);
  for (const Name& each : names_) {
    if (each.folded == folded) return each.speaker;
  }
  const auto found = known_speakers().find(folded);
  return found == known_speakers().end() ? Speaker::kUnknown : found->second;
}

}  // namespace parley::data
