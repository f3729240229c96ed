// /api: what the chat page asks for. Every participant sees only its own threads.
#pragma once

#include <memory>
#include <string>

#include "chat/assistant.hpp"
#include "server/http/http.hpp"
#include "server/http/metrics.hpp"

namespace parley::server {

inline constexpr std::string_view kParticipantCookie = "parley_participant";

// The participant's secret that the request carries; empty when there is none or it is malformed.
std::string participant_secret(const Request& request);
// The header that gives a participant its secret.
std::string participant_cookie(const std::string& secret);

// All of these run on a work thread and may throw Error.
class PageApi {
 public:
  PageApi(chat::Assistant& assistant, Metrics& metrics, std::string version);

  using ExchangePtr = std::shared_ptr<Exchange>;
  void config(const ExchangePtr& exchange);
  void list_threads(const ExchangePtr& exchange);
  void create_thread(const ExchangePtr& exchange);
  void get_thread(const ExchangePtr& exchange, const std::string& id);
  void change_thread(const ExchangePtr& exchange, const std::string& id);
  void delete_thread(const ExchangePtr& exchange, const std::string& id);
  void take_turn(const ExchangePtr& exchange, const std::string& id);
  void stop_turn(const ExchangePtr& exchange, const std::string& id);
  void set_feedback(const ExchangePtr& exchange, const std::string& id);

 private:
  chat::Assistant& assistant_;
  store::Store& store_;
  Metrics& metrics_;
  std::string version_;
};

Json thread_json(const store::Thread& thread);
Json message_json(const store::Message& message);

}  // namespace parley::server
