// The server as a whole: routes, guards and everything behind them. Composed by `parley serve`.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "chat/assistant.hpp"
#include "chat/model/model_pool.hpp"
#include "server/http/guard.hpp"
#include "server/http/http_server.hpp"
#include "server/http/metrics.hpp"
#include "server/http/static_pages.hpp"
#include "server/openai/completions.hpp"
#include "server/page/page_api.hpp"

namespace parley::server {

struct AppOptions {
  HttpOptions http;
  std::vector<std::string> cors_origins;
  std::string version;
  chat::ModelPool* pool = nullptr;  // models beside the assistant's own; outlives the App
};

class App {
 public:
  // Listens and serves at once. `assistant` outlives it. Errors: as HttpServer.
  App(chat::Assistant& assistant, std::span<const web::EmbeddedFile> pages,
      const AppOptions& options);
  ~App();  // what is still running is stopped

  int port() const { return http_->port(); }

  // From here on: no new connections, /readyz answers 503, so does every new request; what is being
  // answered goes on.
  void begin_shutdown();
  // True when nothing is being answered any more.
  bool drained() const { return http_->active() == 0; }

  // Ends every reply that is still being generated, as interrupted.
  void stop_replies() { assistant_.stop_all(chat::StopCause::kShutdown); }

 private:
  using ExchangePtr = std::shared_ptr<Exchange>;
  void handle(const ExchangePtr& exchange);
  bool handle_probe(const ExchangePtr& exchange);
  // False when there is nothing at the path.
  bool route_page(const ExchangePtr& exchange);
  bool route_openai(const ExchangePtr& exchange);
  bool route_page_api(const ExchangePtr& exchange);
  // Runs `work` on a work thread; an Error becomes the answer.
  void later(const ExchangePtr& exchange, std::function<void(const ExchangePtr&)> work);

  // The same with the request's body and the model that it names, once that is loaded.
  using WithModel = std::function<void(const ExchangePtr&, const Json&, chat::ModelLease)>;
  void with_model(const ExchangePtr& exchange, WithModel work);
  void hold();  // one more job that the destructor waits for
  void run_held(const ExchangePtr& exchange, const std::function<void()>& work);

  chat::Assistant& assistant_;
  chat::ModelPool* const pool_;
  Guard guard_;
  StaticPages pages_;
  Metrics metrics_;
  Completions completions_;
  PageApi page_api_;
  std::atomic<bool> shutting_down_ = false;
  std::mutex pending_mutex_;
  std::condition_variable nothing_pending_;
  int pending_ = 0;                   // jobs of later() that have not ended
  std::unique_ptr<HttpServer> http_;  // last: its thread uses all of the above
};

}  // namespace parley::server
