// The command line. CLI11's exceptions end here.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "faultline/machine.h"
#include "faultline/trace.h"
#include "faultline/trace_writer.h"
#include "faultline/verify.h"
#include "sim/base/log.h"
#include "sim/cli/commands.h"
#include "sim/cli/message.h"
#include "sim/cli/subcommands.h"

namespace faultline::cli {
namespace {

constexpr const char* kVersion = "faultline 0.1.0";

constexpr const char* kFooter =
    "Exit status: 0 done, 1 an expectation failed, 2 bad input or usage, 3 a resource ran out,\n"
    "130 interrupted (what was done so far is printed).\n"
    "\n"
    "Example: faultline replay traces/sort.lackey.zst --memory 256p --policy clock\n";

constexpr const char* kRecordFooter =
    "The exit status is the command's, unless the recording itself fails (2 or 3).\n"
    "\n"
    "Examples:\n"
    "  faultline record -o sort.flt -- sort words.txt\n"
    "  faultline record -o - -- python3 -c 'print(1)' | faultline replay -\n";

constexpr const char* kConvertFooter =
    "The form of OUT follows from its name: OUT.din.gz is din under gzip; what says nothing is "
    "flt.\n"
    "\n"
    "Examples:\n"
    "  faultline convert traces/sort.lackey.zst sort.flt\n"
    "  faultline convert --filter runs traces/sort.lackey.zst sort.flt\n"
    "  faultline convert --lossy sort.flt sort.din.gz\n";

constexpr const char* kRunFooter = "Example: faultline run my.scn --json\n";

constexpr const char* kVerifyFooter =
    "Examples:\n"
    "  faultline verify my.scn\n"
    "  faultline verify --random fault --seed 7 --statements 100000\n";

// What the user said besides the commands' own options.
struct Loudness {
  int verbose = 0;
  bool quiet = false;
};

void add_loudness(CLI::App& app, Loudness& loudness) {
  app.add_flag("-v,--verbose", loudness.verbose, "Say more on standard error; -vv: even more");
  app.add_flag("-q,--quiet", loudness.quiet, "Say nothing on standard error but errors");
}

void add_record(CLI::App& app, RecordCommand& to, Loudness& loudness) {
  CLI::App& record = *app.add_subcommand(
      "record", "Run a real program (-- CMD...); write its accesses and mapping calls as a trace");
  record.footer(kRecordFooter);
  record.add_option("-o,--output", to.output,
                    "The trace to write, in the format flt; '-' is standard "
                    "output, and the command's own goes to standard error then");
  record
      .add_option("--backend", to.backend,
                  "What watches the program: 'qemu' (its user mode), 'lackey' (Valgrind's; the "
                  "first process alone), or 'auto': the first that is installed")
      ->capture_default_str();
  record
      .add_option("--filter", to.filter,
                  "What is kept of accesses: 'runs' (of one page each, with their number), or "
                  "'off' (each, with its address and size)")
      ->capture_default_str();
  record
      .add_option("--fetch", to.fetch,
                  "What a fetch stands for: 'insn' (an instruction), or 'block' (a basic block)")
      ->capture_default_str();
  record.add_option("--limit", to.limit, "Keep that many accesses at most");
  add_loudness(record, loudness);
  record.prefix_command();
  // What it does not know begins the command that is to be recorded.
  record.fallthrough(false);
}

void add_convert(CLI::App& app, ConvertCommand& to, Loudness& loudness) {
  CLI::App& convert =
      *app.add_subcommand("convert", "Convert traces to our own format, or to another's");
  convert.footer(kConvertFooter);
  convert.add_option("FILE", to.traces,
                     "Traces, read one after another as one, and last OUT; '-' is standard input "
                     "or output");
  convert.add_option("--to", to.to, "OUT's format, whatever its name; 'list' names them");
  convert.add_option("--filter", to.filter,
                     "What flt holds: 'off' every access, 'runs' pages and counts alone; without "
                     "it, as the first trace has it");
  add_part(convert, {to.traces, to.format, to.skip, to.limit, to.salvage, to.progress}, "Convert");
  convert.add_flag("--lossy", to.lossy, "Leave out what OUT's format cannot hold");
  convert.add_flag("--salvage", to.salvage,
                   "Convert what can be read of a damaged trace, and warn of what cannot");
  add_progress(convert, to.progress);
  add_loudness(convert, loudness);
}

void add_run(CLI::App& app, RunCommand& to, Loudness& loudness) {
  CLI::App& run =
      *app.add_subcommand("run", "Run scenarios: system calls and accesses with what is expected");
  run.footer(kRunFooter);
  run.add_option("SCENARIO", to.scenarios, "Scenarios; '-' is standard input");
  run.add_option("--memory", to.memory, "SIZE of memory; without it, unlimited");
  run.add_option("--seed", to.seed, "Seed of the random numbers");
  run.add_flag("--json", to.json, "Print one JSON object a statement");
  run.add_flag("--paranoid", to.paranoid, "Check every invariant after each statement");
  add_loudness(run, loudness);
}

void add_verify(CLI::App& app, VerifyCommand& to, Loudness& loudness) {
  CLI::App& verify = *app.add_subcommand(
      "verify", "Run scenarios on the running kernel too, and show the first difference");
  verify.footer(kVerifyFooter);
  verify.add_option("SCENARIO", to.scenarios, "Scenarios; '-' is standard input");
  verify.add_option("--random", to.random,
                    "Random scenarios of this profile instead; 'list' names them");
  verify.add_option("--seed", to.seed, "Seed of the random scenarios")->capture_default_str();
  verify.add_option("--statements", to.statements, "How many random statements")
      ->capture_default_str();
  verify.add_flag("--answers", to.answers,
                  "Print what the kernel answers, as JSON Lines, and compare nothing");
  verify.add_flag("--json", to.json, "Print one JSON object a scenario");
  verify.add_flag("--paranoid", to.paranoid, "Check every invariant after each statement");
  add_loudness(verify, loudness);
}

Finished usage_error(std::string_view message) {
  print_error(fmt::format("{}; see 'faultline --help'", message));
  return {.status = ExitStatus::kBadInput};
}

// What a file of --config says of options that are not on the command line. Commas are parts of
// values: lists of them are the commands' own.
void add_config(CLI::App& app) {
  const auto form = std::make_shared<CLI::ConfigTOML>();
  form->arrayDelimiter(';');
  app.config_formatter(form);
  app.set_config("--config", "", "A file of options, by command: [replay], and memory = \"256p\"");
  app.allow_config_extras(CLI::config_extras_mode::error);
}

// The first option that was given nothing, as by a variable of a script that is not set.
const CLI::Option* find_empty(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options())
    if (std::ranges::count(option->results(), "") != 0) return option;
  return nullptr;
}

// Names in a column, what is said about them in the next.
template <class Choices>
Finished list_of(const Choices& choices) {
  size_t width = 0;
  for (const auto& choice : choices) width = std::max(width, choice.name.size());
  Finished list;
  for (const auto& choice : choices) {
    fmt::format_to(std::back_inserter(list.text), "{:<{}}  {}\n", choice.name, width,
                   choice.description);
  }
  return list;
}

// -q is --no-progress, too, unless the user wants both.
void quieten(ShowProgress& progress, const Loudness& loudness) {
  if (loudness.quiet && progress == ShowProgress::kOnTerminal) progress = ShowProgress::kNo;
}

Command checked(ReplayCommand command, const Loudness& loudness) {
  if (command.format == "list") return list_of(trace_formats());
  if (command.policy == "list") return list_of(policy_names());
  if (command.paging == "list") return list_of(paging_names());
  if (command.traces.empty()) return usage_error("replay: no TRACE is named");
  quieten(command.progress, loudness);
  return command;
}

Command checked(RecordCommand command, const Loudness& loudness) {
  if (command.output.empty()) return usage_error("record: no trace is named: -o TRACE");
  if (command.command.empty()) return usage_error("record: no command is given: -- CMD...");
  command.quiet = loudness.quiet;
  command.verbose = loudness.verbose > 0;
  return command;
}

Command checked(ConvertCommand command, const Loudness& loudness) {
  if (command.format == "list") return list_of(trace_formats());
  if (command.to == "list") {
    Finished list;
    for (const std::string_view name : writable_formats()) list.text += std::string(name) + "\n";
    return list;
  }
  if (command.traces.size() < 2) return usage_error("convert: a TRACE and an OUT have to be named");
  command.output = command.traces.back();
  command.traces.pop_back();
  quieten(command.progress, loudness);
  return command;
}

Command checked(RunCommand command) {
  if (command.scenarios.empty()) return usage_error("run: no SCENARIO is named");
  return command;
}

Command checked(VerifyCommand command) {
  if (command.random == "list") return list_of(random_profiles());
  if (command.random.empty() && command.scenarios.empty()) {
    return usage_error("verify: no SCENARIO and no --random profile is named");
  }
  if (!command.random.empty() && !command.scenarios.empty()) {
    return usage_error("verify: either SCENARIOs or --random");
  }
  return command;
}

Command checked(MrcCommand command, const Loudness& loudness) {
  if (command.format == "list") return list_of(trace_formats());
  if (command.paging == "list") return list_of(paging_names());
  if (command.traces.empty()) return usage_error("mrc: no TRACE is named");
  quieten(command.progress, loudness);
  return command;
}

Command checked(SweepCommand command, const Loudness& loudness) {
  if (command.format == "list") return list_of(trace_formats());
  if (command.lists.policy == "list") return list_of(policy_names());
  if (command.lists.paging == "list") return list_of(paging_names());
  if (command.traces.empty()) return usage_error("sweep: no TRACE is named");
  quieten(command.progress, loudness);
  return command;
}

Command checked(MergeCommand command) {
  if (command.shards.empty()) return usage_error("merge: no SHARD is named");
  return command;
}

void apply(const Loudness& loudness) {
  base::set_log_level(loudness.quiet         ? base::LogLevel::kError
                      : loudness.verbose > 1 ? base::LogLevel::kDebug
                      : loudness.verbose > 0 ? base::LogLevel::kInfo
                                             : base::LogLevel::kWarning);
}

// What follows "--" in the command line of record is somebody else's command line; CLI11 is to see
// nothing of it. Shortens `argc` by it.
std::vector<std::string> take_recorded_command(int& argc, const char* const* argv) {
  const char* const* const end = argv + argc;
  if (argc < 2 || std::string_view(argv[1]) != "record") return {};
  const char* const* const mark =
      std::find_if(argv, end, [](const char* word) { return std::string_view(word) == "--"; });
  if (mark == end) return {};
  argc = int(mark - argv);
  return {mark + 1, end};
}

// Nothing: the command can be done.
std::optional<Finished> parse(CLI::App& app, int argc, const char* const* argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const auto chosen = app.get_subcommands();
    return Finished{.text = chosen.empty() ? app.help() : chosen.front()->help()};
  } catch (const CLI::CallForAllHelp&) {
    return Finished{.text = app.help("", CLI::AppFormatMode::All)};
  } catch (const CLI::CallForVersion& version) {
    return Finished{.text = std::string(version.what()) + "\n"};
  } catch (const CLI::ConfigError& error) {
    return usage_error(
        fmt::format("--config: {}: {}", app.get_config_ptr()->results().front(), error.what()));
  } catch (const CLI::Error& error) {
    return usage_error(error.what());
  }
  for (const CLI::App* const chosen : app.get_subcommands()) {
    if (const CLI::Option* const empty = find_empty(*chosen))
      return usage_error(fmt::format("{}: {} has no value", chosen->get_name(), empty->get_name()));
  }
  return std::nullopt;
}

}  // namespace

Command parse_command_line(int argc, const char* const* argv) {
  ReplayCommand replay;
  RecordCommand record{.command = take_recorded_command(argc, argv)};
  ConvertCommand convert;
  RunCommand run;
  VerifyCommand verify;
  MrcCommand mrc;
  SweepCommand sweep;
  MergeCommand merge;
  Loudness loudness;
  CLI::App app("Faultline simulates Linux's virtual memory: MMU, page tables, faults, page cache.",
               "faultline");
  app.footer(kFooter);
  // At most one, and a file that is named like a command is a file.
  app.require_subcommand(0, 1);
  add_config(app);
  // Options of all commands may stand behind the command's name as well.
  app.fallthrough();
  app.set_version_flag("--version", kVersion);
  add_loudness(add_replay(app, replay), loudness);
  add_record(app, record, loudness);
  add_convert(app, convert, loudness);
  add_run(app, run, loudness);
  add_verify(app, verify, loudness);
  add_loudness(add_mrc(app, mrc), loudness);
  add_loudness(add_sweep(app, sweep), loudness);
  add_loudness(add_merge(app, merge), loudness);
  if (auto finished = parse(app, argc, argv)) return *std::move(finished);
  apply(loudness);
  if (app.got_subcommand("replay")) return checked(std::move(replay), loudness);
  if (app.got_subcommand("record")) {
    // Without "--", what is no option begins the command.
    const auto rest = app.get_subcommand("record")->remaining();
    record.command.insert(record.command.begin(), rest.begin(), rest.end());
    return checked(std::move(record), loudness);
  }
  if (app.got_subcommand("convert")) return checked(std::move(convert), loudness);
  if (app.got_subcommand("run")) return checked(std::move(run));
  if (app.got_subcommand("verify")) return checked(std::move(verify));
  if (app.got_subcommand("mrc")) return checked(std::move(mrc), loudness);
  if (app.got_subcommand("sweep")) return checked(std::move(sweep), loudness);
  if (app.got_subcommand("merge")) return checked(std::move(merge));
  return usage_error("no command is given");
}

}  // namespace faultline::cli
