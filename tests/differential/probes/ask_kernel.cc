// ask_kernel [--json] FILE.scn...: runs scenarios on the running kernel, and says where what they
// expect is not what Linux does. Needs root. The files lie in a new directory below TMPDIR.
//
// This is how the expectations of tests/scenarios/article-*.scn came to be.
#include <sys/stat.h>
#include <sys/utsname.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "faultline/scenario.h"
#include "sim/scenario/parser.h"
#include "sim/scenario/runner.h"
#include "tests/differential/probes/host_machine.h"

namespace {

class Printer final : public faultline::LineSink {
 public:
  bool on_line(std::string_view line) override {
    std::printf("%.*s\n", static_cast<int>(line.size()), line.data());
    return true;
  }
};

int ask(const std::string& file, const faultline::ScenarioOptions& options) {
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  auto program = faultline::scenario::parse(file, text.str());
  if (!program.ok()) {
    std::fprintf(stderr, "%s\n", program.error().to_string().c_str());
    return 2;
  }
  const char* parent = std::getenv("TMPDIR");
  std::string directory = std::string(parent != nullptr ? parent : "/var/tmp") + "/ask.XXXXXX";
  if (mkdtemp(directory.data()) == nullptr) return 2;
  chmod(directory.c_str(), 0777);
  faultline::probes::HostMachine machine(directory);
  Printer printer;
  const auto report =
      faultline::scenario::run(std::move(program).value(), machine, options, printer);
  std::filesystem::remove_all(directory);
  if (!report.ok()) {
    std::fprintf(stderr, "%s\n", report.error().to_string().c_str());
    return 2;
  }
  return report->failed_expectations == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  utsname kernel{};
  uname(&kernel);
  std::fprintf(stderr, "Linux %s\n", kernel.release);
  faultline::ScenarioOptions options;
  int worst = 0;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--json") {
      options.output = faultline::ScenarioOutput::kJson;
      continue;
    }
    const int status = ask(argv[i], options);
    if (status > worst) worst = status;
  }
  return worst;
}
