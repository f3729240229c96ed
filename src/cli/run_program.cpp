#include "cli/run_program.hpp"

#include <cstdio>
#include <exception>
#include <new>
#include <string>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/terminal.hpp"

namespace parley::cli {
namespace {

void print_error(const std::string& message, const std::string& hint) {
  const Style style = Style::when(stderr_has_color());
  std::fprintf(stderr, "%s%serror:%s %s\n", style.bold, style.red, style.off, message.c_str());
  if (!hint.empty())
    std::fprintf(stderr, "%s%s hint:%s %s\n", style.bold, style.cyan, style.off, hint.c_str());
}

}  // namespace

int run_program(CLI::App& app, const Action& action, int argc, char** argv) {
  log::configure(log::Level::kWarn);
  try {
    app.parse(argc, argv);
    if (action) action();
    return 0;
  } catch (const CLI::CallForHelp& e) {
    return app.exit(e);
  } catch (const CLI::CallForAllHelp& e) {
    return app.exit(e);
  } catch (const CLI::CallForVersion& e) {
    return app.exit(e);
  } catch (const CLI::RuntimeError& e) {
    // A command that ran and reports failure (parley test, parley doctor).
    return e.get_exit_code();
  } catch (const CLI::ParseError& e) {
    print_error(e.what(), "run `" + app.get_name() + " --help`, or `" + app.get_name() +
                              " COMMAND --help`, for the options and examples");
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

}  // namespace parley::cli
