// parley: the one program. Composes the commands and turns errors into exit codes.
#include <cstdio>
#include <exception>
#include <new>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/progress.hpp"
#include "cli/commands.hpp"

namespace {

void print_error(const std::string& message, const std::string& hint) {
  const bool color = parley::stderr_is_terminal();
  std::fprintf(stderr, "%serror:%s %s\n", color ? "\x1b[31;1m" : "", color ? "\x1b[0m" : "",
               message.c_str());
  if (!hint.empty()) {
    std::fprintf(stderr, "%s hint:%s %s\n", color ? "\x1b[36;1m" : "", color ? "\x1b[0m" : "",
                 hint.c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  using namespace parley;
  log::configure(log::Level::kWarn);
  CLI::App app{
      "Parley: from your conversations and documents to your own private assistant.\n\n"
      "Start here:\n"
      "  parley new my-assistant --template entertainment\n"
      "  cd my-assistant && parley data add && parley train && parley serve\n",
      "parley"};
  app.set_version_flag("--version", "parley " PARLEY_VERSION);
  app.require_subcommand(1);
  cli::add_new(app);
  cli::add_doctor(app);
  cli::add_data(app);
  cli::add_train(app);
  cli::add_model(app);
  cli::add_generate(app);
  cli::add_verify(app);
  cli::add_eval(app);
  cli::add_test(app);
  cli::add_serve(app);
  cli::add_chat(app);
  try {
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::CallForHelp& e) {
    return app.exit(e);
  } catch (const CLI::CallForAllHelp& e) {
    return app.exit(e);
  } catch (const CLI::CallForVersion& e) {
    return app.exit(e);
  } catch (const CLI::RuntimeError&
               e) {  // a command that ran and reports failure (parley test, parley doctor)
    return e.get_exit_code();
  } catch (const CLI::ParseError& e) {
    print_error(e.what(),
                "run `parley --help`, or `parley COMMAND --help`, for the options and examples");
    return exit_code(ErrorKind::kUsage);
  } catch (const Error& e) {
    print_error(e.message(), e.hint());
    return exit_code(e.kind());
  } catch (const std::bad_alloc&) {
    print_error("out of memory", "close other programs, or choose a smaller model.size");
    return exit_code(ErrorKind::kLimit);
  } catch (const std::exception& e) {
    print_error(std::string("internal error: ") + e.what(),
                "please report this with the command you ran");
    return exit_code(ErrorKind::kInternal);
  }
}
