// parley serve: the assistant behind HTTP, until a signal ends it.
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <ctime>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/progress.hpp"
#include "base/terminal.hpp"
#include "cli/assistant_setup.hpp"
#include "cli/commands.hpp"
#include "cli/model_folder.hpp"
#include "cli/options.hpp"
#include "server/app.hpp"
#include "server/settings.hpp"
#include "web/embedded.hpp"

extern char** environ;

namespace parley::cli {
namespace {

struct ServeOptions {
  AssistantOptions assistant;
  std::string host;
  int port = -1;
  bool open = false;
  double shutdown_seconds = 120;
  std::vector<std::string> cors_origins, allowed_hosts;
  std::string models;             // folder of further models; empty: none
  std::size_t models_memory = 0;  // bytes; 0: half of the machine's
};

// Every stream holds a socket; the usual soft limit of 1,024 is soon reached.
void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Blocked in every thread started from here on; the main thread waits for them.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signals;
}

// The first signal that comes within `seconds`, or 0.
int wait_for_signal(const sigset_t& signals, double seconds) {
  timespec time{};
  time.tv_sec = static_cast<time_t>(seconds);
  time.tv_nsec = static_cast<long>((seconds - static_cast<double>(time.tv_sec)) * 1e9);
  const int got = ::sigtimedwait(&signals, nullptr, &time);
  return got > 0 ? got : 0;
}

void open_browser(const std::string& url) {
  const char* arguments[] = {"xdg-open", url.c_str(), nullptr};
  pid_t process = 0;
  posix_spawn_file_actions_t quiet;
  posix_spawn_file_actions_init(&quiet);
  posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_t attributes;  // the child must not inherit our blocked signals
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  if (::posix_spawnp(&process, "xdg-open", &quiet, &attributes, const_cast<char**>(arguments),
                     environ) != 0) {
    std::printf("  (no xdg-open here: open the address by hand)\n");
  }
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&quiet);
}

std::string url_of(const std::string& host, int port) {
  std::string name = host;
  if (host == "0.0.0.0" || host == "::") name = "localhost";
  if (name.find(':') != std::string::npos) name = "[" + name + "]";
  return "http://" + name + ":" + std::to_string(port) + "/";
}

void greet(const AssistantSetup& setup, const std::string& url, const std::string& host,
           bool has_page) {
  const Style style = Style::when(stdout_has_color());
  const char *bold = style.bold, *accent = style.cyan, *dim = style.dim, *off = style.off;
  const engine::ModelInfo info = setup.model->info();
  std::printf("\n  %s%s%s is ready\n\n", bold, setup.name.c_str(), off);
  if (has_page) std::printf("  %s%s%s\n", accent, url.c_str(), off);
  std::printf("  %s%sv1%s   %sfor OpenAI clients, model \"%s\"%s\n\n", accent, url.c_str(), off,
              dim, setup.model->name().c_str(), off);
  std::printf("  %smodel    %s · %s parameters · context %d%s\n", dim, info.name.c_str(),
              human_count(static_cast<double>(info.parameters)).c_str(), info.context, off);
  std::printf("  %skernels  %s%s\n", dim, info.kernels.c_str(), off);
  if (setup.pool) {
    const std::size_t count = setup.pool->list().size();
    std::printf("  %smore      %zu model%s, loaded when a request names one (GET %sv1/models)%s\n",
                dim, count, count == 1 ? "" : "s", url.c_str(), off);
  }
  std::printf("  %sstore    %s%s\n", dim,
              setup.store_file.empty() ? "in memory: nothing is kept" : setup.store_file.c_str(),
              off);
  if (!server::is_loopback_name(host)) {
    std::printf(
        "  %severyone who reaches this machine on the network can use it: there are no "
        "accounts%s\n  %sby its addresses, localhost, and the names of --allow-host and "
        "serving.allow_hosts%s\n",
        dim, off, dim, off);
  }
  std::printf("\n  %sCtrl-C stops it%s\n\n", dim, off);
  std::fflush(stdout);
}

// --host and --port stand for what the project says, --allow-host and --cors-origin add to it.
server::ServerSettings server_settings_of(const ServeOptions& options,
                                          server::ServerSettings settings) {
  if (!options.host.empty()) settings.host = options.host;
  if (options.port >= 0) settings.port = options.port;
  const auto add = [](const std::vector<std::string>& more, std::vector<std::string>& to) {
    to.insert(to.end(), more.begin(), more.end());
  };
  add(options.allowed_hosts, settings.allowed_hosts);
  add(options.cors_origins, settings.cors_origins);
  return settings;
}

void serve(const ServeOptions& options) {
  log::configure(log::Level::kInfo);
  raise_file_limit();
  const sigset_t signals = block_signals();
  AssistantSetup setup = set_up_assistant(options.assistant);

  server::AppOptions app_options;
  const server::ServerSettings settings = server_settings_of(options, setup.serving.server);
  app_options.http.host = settings.host;
  app_options.http.port = settings.port;
  app_options.cors_origins = settings.cors_origins;
  app_options.allowed_hosts = settings.allowed_hosts;
  app_options.version = PARLEY_VERSION;
  setup.pool = make_model_pool(options.models, options.models_memory, options.assistant, setup);
  app_options.pool = setup.pool.get();
  server::App app(*setup.assistant, web::bundles(), app_options);
  const std::string url = url_of(app_options.http.host, app.port());
  greet(setup, url, app_options.http.host, app.has_page());
  log::info("serving", {{"url", url},
                        {"model", setup.model->info().name},
                        {"kernels", setup.model->info().kernels}});
  if (options.open) open_browser(url);

  int signal = 0;
  while (signal == 0) signal = wait_for_signal(signals, 3600);
  app.begin_shutdown();
  log::info("stopping", {{"signal", signal}, {"replies", setup.assistant->running()}});
  if (stdout_is_terminal() && setup.assistant->running() > 0) {
    std::printf("\n  Finishing %d replies; Ctrl-C again ends them.\n", setup.assistant->running());
  }
  const Clock& clock = Clock::system();
  const double deadline = clock.monotonic_s() + options.shutdown_seconds;
  bool at_once = false;
  while (!app.drained() && !at_once) {
    at_once = wait_for_signal(signals, 0.05) != 0 || clock.monotonic_s() > deadline;
  }
  if (at_once) {  // what is cut is told so, and kept
    app.stop_replies();
    const double last = clock.monotonic_s() + 2;
    while (!app.drained() && clock.monotonic_s() < last) wait_for_signal(signals, 0.01);
  }
  log::info("stopped");
}

CLI::Validator that_is(bool (*right)(std::string_view), const std::string& otherwise) {
  return CLI::Validator(
      [right, otherwise](const std::string& text) {
        return right(text) ? std::string() : "'" + text + "' " + otherwise;
      },
      "");
}

}  // namespace

void add_serve(CLI::App& app, Action& action) {
  auto options = std::make_shared<ServeOptions>();
  CLI::App* command = app.add_subcommand("serve", "Serve the assistant: chat page and HTTP API");
  command->footer(
      "Examples:\n"
      "  parley serve --open                                    the project in this folder\n"
      "  parley serve --project my-assistant --port 9000\n"
      "  parley serve --model .parley/models/current            a model alone, nothing kept\n"
      "  parley serve --models ~/models --models-memory 8GiB    others too, loaded when asked for\n"
      "  parley serve --host 0.0.0.0 --allow-host chat.example.org\n"
      "  parley serve --cors-origin https://app.example         its pages may use /v1\n\n"
      "SIGTERM or Ctrl-C lets running replies finish; a second one ends them at once.");
  add_assistant_options(*command, options->assistant);
  command->add_option("--host", options->host,
                      "Address to listen on (default: as the project says, or 127.0.0.1)");
  command
      ->add_option("--port", options->port,
                   "Port to listen on; 0: any free one (default: as the project says, or 8080)")
      ->type_name("N")
      ->check(CLI::Range(0, 65535));
  command
      ->add_option(
          "--cors-origin", options->cors_origins,
          "Web site whose pages may use /v1 and /tokenize, or '*' (repeatable; besides those of "
          "serving.cors_origins in parley.yaml)")
      ->type_name("ORIGIN")
      ->check(
          that_is(server::is_origin, "is no origin: give scheme and name, without a path, or '*'"));
  command
      ->add_option("--allow-host", options->allowed_hosts,
                   "Name that the server answers to besides localhost, IP addresses, --host and "
                   "serving.allow_hosts of parley.yaml (repeatable): what its users, or a proxy "
                   "before it, call it by")
      ->type_name("NAME")
      ->check(that_is(server::is_host_name,
                      "is no host name: give it alone, without scheme, port or path"));
  command
      ->add_option("--shutdown-seconds", options->shutdown_seconds,
                   "How long running replies may take to finish")
      ->capture_default_str()
      ->check(between(0.0, 86400.0));
  command
      ->add_option("--models", options->models,
                   "Folder of further models: each folder, .gguf or .parley file in it is served "
                   "under its name, and loaded when a request first names it")
      ->type_name("DIR");
  add_memory_option(*command, "--models-memory", options->models_memory,
                    "Memory that those may take together, such as 8GiB; the one used longest ago "
                    "goes when another needs its room (default: half of the machine's)");
  command->add_flag("--open", options->open, "Open the chat page in the browser");
  command->callback([options, &action] { action = [options] { serve(*options); }; });
}

}  // namespace parley::cli
