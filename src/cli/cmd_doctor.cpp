// parley doctor: looks at the machine, the programs and the project, and says what to do about what
// it finds.
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>
#include <string>

#include "base/cpu.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/progress.hpp"
#include "base/terminal.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/program_files.hpp"
#include "cli/templates.hpp"
#include "data/sources/source_files.hpp"
#include "dialogue/grammar.hpp"
#include "eval/scenario.hpp"
#include "package/model_package.hpp"
#include "settings/project.hpp"

namespace parley::cli {
namespace {
namespace fs = std::filesystem;

enum class Verdict { kOk, kWarn, kFail };

struct Finding {
  Verdict verdict = Verdict::kOk;
  std::string check;   // stable name, for --json
  std::string detail;  // what was seen
  std::string advice;  // what to do; empty when ok
};

class Doctor {
 public:
  void ok(const char* check, std::string detail) {
    add(Verdict::kOk, check, std::move(detail), "");
  }
  void warn(const char* check, std::string detail, std::string advice) {
    add(Verdict::kWarn, check, std::move(detail), std::move(advice));
  }
  void bad(const char* check, std::string detail, std::string advice) {
    add(Verdict::kFail, check, std::move(detail), std::move(advice));
  }
  // Runs `look`; an Error becomes a failed check.
  void attempt(const char* check, const std::function<std::string()>& look) {
    try {
      ok(check, look());
    } catch (const Error& e) {
      bad(check, e.message(), e.hint());
    }
  }
  const std::vector<Finding>& findings() const { return findings_; }

 private:
  void add(Verdict verdict, const char* check, std::string detail, std::string advice) {
    findings_.push_back({verdict, check, std::move(detail), std::move(advice)});
  }
  std::vector<Finding> findings_;
};

void check_machine(Doctor& doctor, const fs::path& where) {
  const CpuFeatures& cpu = cpu_features();
  std::string sets;
  if (cpu.avx2) sets += " AVX2";
  if (cpu.avx512_vnni) sets += " AVX-512-VNNI";
  if (cpu.avx512_bf16) sets += " AVX-512-BF16";
  if (cpu.amx_bf16) sets += " AMX-BF16";
  if (sets.empty()) {
    doctor.warn("processor", cpu_name() + ": no AVX2",
                "replies and training will be slow; any x86-64 since 2013 has AVX2");
  } else {
    doctor.ok("processor", cpu_name() + ":" + sets);
  }
  const int cores = usable_cpus();
  if (cores < 2) {
    doctor.warn("cores", "1 usable core",
                "training takes about twice as long; give the process or its cgroup two");
  } else {
    doctor.ok("cores", fmt::format("{} usable (affinity and cgroup quota counted)", cores));
  }
  const double memory = static_cast<double>(usable_memory());
  if (memory < 1e9) {
    doctor.bad("memory", human_bytes(memory),
               "training needs about 1 GB: raise the cgroup's limit or take another machine");
  } else if (memory < 2e9) {
    doctor.warn("memory", human_bytes(memory), "enough for the sizes nano to mini");
  } else {
    doctor.ok("memory", human_bytes(memory));
  }
  std::error_code error;
  const fs::space_info disk = fs::space(where, error);
  const double free = static_cast<double>(disk.available);
  if (error) {
    doctor.bad("disk", where.string() + ": " + error.message(), "check the path");
  } else if (free < 200e6) {
    doctor.bad("disk", human_bytes(free) + " free",
               "free some space: data, checkpoints and models need about 1 GB");
  } else if (free < 2e9) {
    doctor.warn("disk", human_bytes(free) + " free",
                "enough for a small project; larger data needs more");
  } else {
    doctor.ok("disk", human_bytes(free) + " free");
  }
}

void check_programs(Doctor& doctor) {
  if (const auto trainer = find_trainer()) {
    doctor.ok("trainer", trainer->string());
  } else {
    doctor.warn("trainer",
                "no parley-train beside " + (program_folder() / "parley").string() + " or on PATH",
                "`parley train` needs it: build with PARLEY_TRAIN=ON (libtorch-dev); serving works "
                "without");
  }
  if (template_folders().empty()) {
    doctor.warn("templates", "none found", "set PARLEY_TEMPLATES to the folder that holds them");
  } else {
    doctor.ok("templates", template_folders().front().string());
  }
}

void check_sources(Doctor& doctor, const fs::path& root, const data::DataSettings& settings) {
  if (settings.sources.empty()) {
    doctor.warn("sources", "parley.yaml names no data",
                "list files under data.sources, or run parley data add PATH");
  }
  for (const data::DataSource& source : settings.sources) {
    if (!source.grammar.empty()) {
      doctor.attempt("grammar", [&] {
        // A few dialogues exercise the whole grammar's checks without writing them all.
        int written = 0;
        dialogue::generate_dialogues(root / source.grammar, 20, source.seed,
                                     [&](dialogue::Dialogue&&) { ++written; });
        return fmt::format("{}: well formed, to write {} dialogues", source.grammar, source.count);
      });
    } else if (data::is_absent(root, source.path)) {
      doctor.warn("source", source.path + ": nothing there",
                  "put conversations or documents there; `parley data add` passes it over until "
                  "then");
    } else {
      doctor.ok("source", source.path);
    }
  }
}

void check_state(Doctor& doctor, const ProjectFolder& project) {
  if (fs::exists(project.dataset_dir() / "manifest.json")) {
    doctor.ok("dataset", project.dataset_dir().string());
  } else {
    doctor.warn("dataset", "none yet", "run: parley data add");
  }
  const fs::path model = project.current_model();
  if (fs::is_symlink(model) && !fs::exists(model)) {
    doctor.bad("model", model.string() + " points at a folder that is gone", "run: parley train");
  } else if (!fs::exists(model)) {
    doctor.warn("model", "none yet", "run: parley train");
  } else {
    doctor.attempt("model", [&] {
      const package::ModelPackage opened(model);
      opened.tokenizer();
      opened.chat_template();
      return opened.name();
    });
  }
}

void check_port(Doctor& doctor, const server::ServerSettings& server) {
  const std::string place = fmt::format("{}:{}", server.host, server.port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (const int code =
          ::getaddrinfo(server.host.c_str(), std::to_string(server.port).c_str(), &hints, &found);
      code != 0) {
    doctor.bad("port", fmt::format("{}: {}", place, ::gai_strerror(code)),
               "correct serving.host in parley.yaml");
    return;
  }
  const int fd = ::socket(found->ai_family, found->ai_socktype | SOCK_CLOEXEC, found->ai_protocol);
  const int on = 1;
  if (fd >= 0) ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const bool bound = fd >= 0 && ::bind(fd, found->ai_addr, found->ai_addrlen) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  ::freeaddrinfo(found);
  if (bound) {
    doctor.ok("port", place + " is free");
  } else if (error == EADDRINUSE) {
    doctor.bad("port", place + " is in use",
               "stop the program that uses it (a parley serve?), or change serving.port");
  } else {
    doctor.bad("port", place + ": " + std::strerror(error),
               "change serving.host or serving.port in parley.yaml");
  }
}

void check_project(Doctor& doctor, const std::string& dir, bool asked_for) {
  if (!asked_for && !fs::exists(fs::path(dir) / "parley.yaml")) {
    doctor.warn("project", "no parley.yaml here",
                "name one with --project DIR, or make one: parley new DIR");
    return;
  }
  settings::Project project;
  try {
    project = settings::load_project(dir);
  } catch (const Error& e) {
    doctor.bad("project", e.message(), e.hint());
    return;
  }
  doctor.ok("project", project.name + " (" + project.folder.file().string() + ")");
  check_sources(doctor, project.folder.root, project.data);
  if (fs::exists(project.folder.root / "tests") && !fs::is_empty(project.folder.root / "tests")) {
    doctor.attempt("scenarios", [&] {
      return fmt::format("{} well formed",
                         eval::load_scenarios(project.folder.root).scenarios.size());
    });
  } else {
    doctor.warn("scenarios", "none in tests/", "write some: docs/project.md shows how");
  }
  check_state(doctor, project.folder);
  check_port(doctor, project.serving.server);
}

void print_findings(const std::vector<Finding>& findings) {
  const Style style = Style::when(stdout_has_color());
  static constexpr const char* kWords[] = {"ok", "warn", "FAIL"};
  const char* colors[] = {style.green, style.yellow, style.red};
  for (const Finding& finding : findings) {
    const int i = static_cast<int>(finding.verdict);
    fmt::print("{}{:<5}{} {:<10} {}\n", colors[i], kWords[i], style.off, finding.check,
               finding.detail);
    if (!finding.advice.empty()) fmt::print("                 → {}\n", finding.advice);
  }
}

void examine(const std::string& dir, bool asked_for, bool json) {
  Doctor doctor;
  const bool there = fs::is_directory(dir);
  check_machine(doctor, there ? fs::path(dir) : fs::path("."));
  check_programs(doctor);
  check_project(doctor, dir, asked_for);
  int warnings = 0, failures = 0;
  Json list = Json::array();
  for (const Finding& finding : doctor.findings()) {
    warnings += finding.verdict == Verdict::kWarn;
    failures += finding.verdict == Verdict::kFail;
    static constexpr const char* kNames[] = {"ok", "warn", "fail"};
    list.push_back({{"check", finding.check},
                    {"verdict", kNames[static_cast<int>(finding.verdict)]},
                    {"detail", finding.detail},
                    {"advice", finding.advice}});
  }
  if (json) {
    fmt::print("{}\n",
               to_text(Json{{"warnings", warnings}, {"failures", failures}, {"checks", list}}, 2));
  } else {
    print_findings(doctor.findings());
    fmt::print("{} checks, {} warnings, {} failures\n", doctor.findings().size(), warnings,
               failures);
  }
  std::fflush(stdout);
  if (failures > 0) throw CLI::RuntimeError(1);
}

}  // namespace

void add_doctor(CLI::App& app, Action& action) {
  struct DoctorOptions {
    std::string project = ".";
    bool json = false;
  };
  auto options = std::make_shared<DoctorOptions>();
  auto* command =
      app.add_subcommand("doctor", "Check machine, programs, project and port, and say what to do");
  command->footer(
      "\nExit status: 0 when nothing failed (warnings may remain), 1 otherwise.\n\n"
      "Examples:\n"
      "  parley doctor\n"
      "  parley doctor --project my-assistant --json\n");
  const CLI::Option* project = add_project_option(*command, options->project);
  command->add_flag("--json", options->json, "Print the findings as JSON");
  command->callback([options, project, &action] {
    action = [options, asked_for = project->count() > 0] {
      examine(options->project, asked_for, options->json);
    };
  });
}

}  // namespace parley::cli
