// The server as a whole: routes, guards and everything behind them. Composed by `parley serve`.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "chat/assistant.hpp"
#include "chat/model/model_pool.hpp"
#include "server/http/exchange_work.hpp"
#include "server/http/guard.hpp"
#include "server/http/http_server.hpp"
#include "server/http/metrics.hpp"
#include "server/http/router.hpp"
#include "server/http/static_pages.hpp"
#include "server/openai/completions.hpp"
#include "server/page/page_api.hpp"

namespace parley::server {

// Where each bundle of the program is served.
std::span<const Mount> web_mounts();

struct AppOptions {
  HttpOptions http;
  std::vector<std::string> cors_origins, allowed_hosts;  // GuardOptions
  std::string version;
  std::span<const Mount> mounts = web_mounts();  // their names live as long as the App
  chat::ModelPool* pool = nullptr;  // models beside the assistant's own; outlives the App
};

class App {
 public:
  // Listens and serves at once. `assistant` outlives it. A mount whose bundle has no files, or is
  // not among `bundles`, serves nothing. Errors: as HttpServer.
  App(chat::Assistant& assistant, std::span<const web::Bundle> bundles, const AppOptions& options);
  ~App();  // what is still running is stopped

  int port() const { return http_->port(); }
  bool has_page() const;  // whether there is one at "/"

  // From here on: no new connections, /readyz answers 503, so does every new request; what is being
  // answered goes on.
  void begin_shutdown();
  // True when nothing is being answered any more.
  bool drained() const { return http_->active() == 0; }

  // Ends every reply that is still being generated, as interrupted.
  void stop_replies() { assistant_.stop_all(chat::StopCause::kShutdown); }

 private:
  using ExchangePtr = std::shared_ptr<Exchange>;
  // The request's body and the model that it names, once that is loaded.
  using WithModel = std::function<void(const ExchangePtr&, const Json&, chat::ModelLease)>;

  void add_operator_routes();
  void add_page_routes();
  void add_page_api_routes();
  void add_openai_routes();
  void handle(const ExchangePtr& exchange);
  void with_model(const ExchangePtr& exchange, WithModel work);

  chat::Assistant& assistant_;
  chat::ModelPool* const pool_;
  Guard guard_;
  std::vector<StaticPages> pages_;  // the routes point into it
  Metrics metrics_;
  ExchangeWork work_;
  Completions completions_;
  PageApi page_api_;
  Router router_;
  std::atomic<bool> shutting_down_ = false;
  std::unique_ptr<HttpServer> http_;  // last: its thread uses all of the above
};

}  // namespace parley::server
