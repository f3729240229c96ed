// parley chat: the assistant in the terminal, through the same pipeline and store as the server.
#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/terminal.hpp"
#include "cli/assistant_setup.hpp"
#include "cli/commands.hpp"
#include "cli/reply_text.hpp"

namespace parley::cli {
namespace {

// Not a possible value of the web cookie, so no browser can claim to be the terminal.
constexpr std::string_view kTerminalSecret = "the terminal of this machine";

volatile std::sig_atomic_t interrupted = 0;
void on_interrupt(int) {
  interrupted = 1;
}

// Lines of standard input. A terminal edits them itself; here it is only told that text is UTF-8,
// so that Backspace takes back whole characters.
class LineReader {
 public:
  LineReader() : terminal_(::isatty(STDIN_FILENO) != 0) {
    if (!terminal_ || ::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios now = before_;
    now.c_iflag |= IUTF8;
    changed_ = ::tcsetattr(STDIN_FILENO, TCSANOW, &now) == 0;
  }
  ~LineReader() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  bool terminal() const { return terminal_; }

  enum class Result { kLine, kEnd, kInterrupted };
  Result next(std::string& line) {
    for (;;) {
      if (const auto end = buffer_.find('\n'); end != std::string::npos) {
        line = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        return Result::kLine;
      }
      char bytes[4096];
      const ssize_t n = ::read(STDIN_FILENO, bytes, sizeof bytes);
      if (n < 0 && errno == EINTR) {
        if (!interrupted) continue;
        buffer_.clear();
        return Result::kInterrupted;
      }
      if (n <= 0) {
        line = std::exchange(buffer_, {});
        return line.empty() ? Result::kEnd : Result::kLine;
      }
      buffer_.append(bytes, static_cast<std::size_t>(n));
    }
  }

 private:
  bool terminal_;
  bool changed_ = false;
  termios before_{};
  std::string buffer_;
};

// Prints a reply as it comes and lets the main thread wait for its end.
class Printer : public chat::TurnListener {
 public:
  explicit Printer(ReplyText text) : text_(std::move(text)) {}

  void said(const chat::Turn&, const message::PartEvents& events) override {
    const std::string words = text_.add(events);
    std::fwrite(words.data(), 1, words.size(), stdout);
    std::fflush(stdout);
  }
  void ended(const chat::Turn& turn, const Error* error) override {
    const std::lock_guard lock(mutex_);
    status_ = turn.status;
    seconds_ = turn.finished_s - turn.first_text_s;
    tokens_ = turn.reply_tokens;
    if (error) error_ = *error;
    done_ = true;
    ended_.notify_all();
  }
  bool wait_for(int milliseconds) {
    std::unique_lock lock(mutex_);
    return ended_.wait_for(lock, std::chrono::milliseconds(milliseconds), [this] { return done_; });
  }
  // After the end.
  store::MessageStatus status() const { return status_; }
  const std::optional<Error>& error() const { return error_; }
  double tokens_per_second() const {
    return tokens_ > 1 && seconds_ > 0 ? (tokens_ - 1) / seconds_ : 0;
  }

 private:
  ReplyText text_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool done_ = false;
  store::MessageStatus status_ = store::MessageStatus::kComplete;
  double seconds_ = 0;
  int tokens_ = 0;
  std::optional<Error> error_;
};

class Terminal {
 public:
  explicit Terminal(AssistantSetup& setup)
      : setup_(setup), style_(Style::when(stdout_has_color())) {
    me_ = setup_.store->participants().ensure(kTerminalSecret);
  }

  void open(const std::string& id) {
    const auto thread = setup_.store->threads().find(me_, id);
    if (!thread) {
      fail(ErrorKind::kNotFound, "no thread '" + id + "' in the terminal's history",
           "type /threads in `parley chat` to see them, or use --continue for the last one");
    }
    thread_ = thread->id;
  }
  void open_last() {
    store::ThreadQuery last;
    last.limit = 1;
    const auto page = setup_.store->threads().list(me_, last);
    if (!page.threads.empty()) thread_ = page.threads.front().id;
  }

  void run() {
    if (lines_.terminal()) welcome();
    std::string line;
    for (;;) {
      if (lines_.terminal()) {
        std::printf("%syou ›%s ", style_.bold, style_.off);
        std::fflush(stdout);
      }
      interrupted = 0;
      const auto result = lines_.next(line);
      if (result == LineReader::Result::kEnd) break;
      if (result == LineReader::Result::kInterrupted) {
        if (!lines_.terminal()) break;
        std::printf("\n%s/quit or Ctrl-D ends the chat%s\n", style_.dim, style_.off);
        continue;
      }
      if (!line.empty() && line.back() == '\r') line.pop_back();
      if (line.find_first_not_of(" \t") == std::string::npos) continue;
      if (line[0] == '/' && lines_.terminal()) {
        if (!command(line)) break;
      } else {
        ask(line);
        if (interrupted && !lines_.terminal()) break;
      }
    }
    if (lines_.terminal()) {
      std::printf("\n");
      if (!thread_.empty() && !setup_.store_file.empty()) {
        std::printf("%sparley chat --continue takes up this thread again%s\n", style_.dim,
                    style_.off);
      }
    }
  }

 private:
  void welcome() {
    std::printf("\n%s%s%s", style_.bold, setup_.persona.name.c_str(), style_.off);
    if (!setup_.persona.tagline.empty()) std::printf(" · %s", setup_.persona.tagline.c_str());
    std::printf("\n%s%s · /help lists the commands%s\n\n", style_.dim,
                setup_.model->info().kernels.c_str(), style_.off);
    if (thread_.empty()) {
      if (!setup_.persona.greeting.empty()) say(setup_.persona.greeting);
    } else {
      history();
    }
  }

  void speaker() { std::printf("%s%s ›%s ", style_.cyan, setup_.persona.name.c_str(), style_.off); }
  void say(const std::string& text) {
    speaker();
    std::printf("%s\n\n", text.c_str());
  }

  void ask(const std::string& text) {
    if (thread_.empty()) thread_ = setup_.store->threads().create(me_, "terminal", "").id;
    chat::TurnInput input;
    input.participant = me_;
    input.thread_id = thread_;
    input.text = text;
    input.settings = setup_.assistant->defaults();
    if (lines_.terminal()) {
      speaker();
      std::fflush(stdout);
    }
    interrupted = 0;
    const auto printer = std::make_shared<Printer>(ReplyText(style_, lines_.terminal()));
    const auto control = setup_.assistant->start(std::move(input), printer);
    while (!printer->wait_for(50)) {
      if (interrupted) control->stop(chat::StopCause::kParticipant);
    }
    if (printer->error() &&
        !lines_.terminal()) {  // a script wants to fail, with the usual two lines
      const Error& error = *printer->error();
      fail(error.kind(), error.message(), error.hint());
    }
    if (printer->error()) {
      std::printf("%s%s%s", style_.red, printer->error()->message().c_str(), style_.off);
    } else if (lines_.terminal()) {
      note(*printer);
    }
    std::printf(lines_.terminal() ? "\n\n" : "\n");
    std::fflush(stdout);
  }

  void note(const Printer& printer) {
    const char* why = printer.status() == store::MessageStatus::kStopped ? " stopped ·"
                      : printer.status() == store::MessageStatus::kLength
                          ? " cut at serving.max_tokens ·"
                          : "";
    if (printer.tokens_per_second() > 0) {
      std::printf("\n%s—%s %.0f tokens/s%s", style_.dim, why, printer.tokens_per_second(),
                  style_.off);
    }
  }

  void history() {
    if (thread_.empty()) {
      std::printf("%snothing said yet%s\n\n", style_.dim, style_.off);
      return;
    }
    const auto thread = setup_.store->threads().find(me_, thread_);
    if (!thread || !thread->head_id) return;
    for (const store::Message& message :
         setup_.store->messages().branch(me_, thread_, *thread->head_id)) {
      if (message.role == "user") {
        std::printf("%syou ›%s %s\n", style_.bold, style_.off, message.text().c_str());
      } else {
        say(message.text());
      }
    }
  }

  void threads() {
    store::ThreadQuery query;
    query.limit = 20;
    for (const store::Thread& thread : setup_.store->threads().list(me_, query).threads) {
      std::printf("  %s%s%s  %s  %s\n", style_.dim,
                  format_utc(thread.updated_ms).substr(0, 16).c_str(), style_.off,
                  thread.id.c_str(), thread.title.c_str());
    }
    std::printf("\n");
  }

  // False: the chat is over.
  bool command(const std::string& line) {
    const auto space = line.find(' ');
    const std::string name = line.substr(0, space);
    const std::string rest = space == std::string::npos ? "" : line.substr(space + 1);
    if (name == "/quit" || name == "/exit") return false;
    if (name == "/new") {
      thread_.clear();
      std::printf("%sa new thread%s\n\n", style_.dim, style_.off);
    } else if (name == "/history") {
      history();
    } else if (name == "/threads") {
      threads();
    } else if (name == "/open" && setup_.store->threads().find(me_, rest)) {
      thread_ = rest;
      history();
    } else if (name == "/open") {
      std::printf("no such thread; /threads lists them\n\n");
    } else if (name == "/help") {
      std::printf(
          "  /new         start a new thread\n"
          "  /history     show this thread\n"
          "  /threads     list recent threads\n"
          "  /open ID     go on with one of them\n"
          "  /quit        end (or Ctrl-D)\n"
          "  Ctrl-C       stop the reply\n\n");
    } else {
      std::printf("unknown command %s; /help lists them\n\n", name.c_str());
    }
    return true;
  }

  AssistantSetup& setup_;
  const Style style_;
  LineReader lines_;
  std::string me_;
  std::string thread_;  // empty: begins with the next message
};

struct ChatOptions {
  AssistantOptions assistant;
  std::string thread;
  bool go_on = false;
};

void chat(const ChatOptions& options) {
  struct sigaction action{};
  action.sa_handler = on_interrupt;  // without SA_RESTART: a waiting read() must notice
  ::sigaction(SIGINT, &action, nullptr);
  AssistantSetup setup = set_up_assistant(options.assistant);
  Terminal terminal(setup);
  if (!options.thread.empty()) {
    terminal.open(options.thread);
  } else if (options.go_on) {
    terminal.open_last();
  }
  terminal.run();
}

}  // namespace

void add_chat(CLI::App& app, Action& action) {
  auto options = std::make_shared<ChatOptions>();
  CLI::App* command = app.add_subcommand("chat", "Chat with the assistant in the terminal");
  command->footer(
      "Examples:\n"
      "  parley chat                                   the project in this folder\n"
      "  parley chat --continue                        go on where you left off\n"
      "  echo \"What shall I watch?\" | parley chat      one question a line, one reply each\n"
      "  parley chat --model .parley/models/current    a model alone, nothing kept");
  add_assistant_options(*command, options->assistant);
  command->add_option("--thread", options->thread, "Go on with this thread")->type_name("ID");
  command->add_flag("--continue", options->go_on, "Go on with the last thread")
      ->excludes("--thread");
  command->callback([options, &action] { action = [options] { chat(*options); }; });
}

}  // namespace parley::cli
